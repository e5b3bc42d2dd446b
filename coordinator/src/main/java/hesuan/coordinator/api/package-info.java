/**
 * The HTTP edge, and only that: HTTPS, authentication, strict JSON in and canonical JSON out,
 * problems with sentences in both languages. Every decision is made in the packages that the
 * controllers call.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.api;
