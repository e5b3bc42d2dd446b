/**
 * The coordinator: it introduces parties, keeps the catalogue and the contracts, plans and
 * schedules jobs over their agents, relays ciphertext, and logs what happened. It can delay or
 * refuse work; it holds no row, no result and no party's signing key. {@link
 * hesuan.coordinator.Coordinator} assembles the process from the packages below it.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator;
