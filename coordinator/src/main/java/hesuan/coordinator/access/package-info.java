/**
 * Who calls the HTTP API and what they may touch: bearer tokens (stored hashed) and client
 * certificates become a {@link hesuan.coordinator.access.Caller}, and nothing else ever says which
 * party a caller speaks for.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.access;
