/**
 * How an identifier as a party happens to store it becomes the bytes that parties match on. Two
 * parties that normalise differently find no common person, so the rules are versioned, named in
 * the product ({@link hesuan.wire.IdRule}) and never changed: a better rule is a new version. The
 * table of rules is in {@code docs/connectors.md}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.ids;
