/**
 * What crosses a boundary and what both sides must read alike: identifiers, documents (product,
 * contract, job, plan), their one canonical encoding, and the problems either side may report.
 * Every record validates itself, so a value that exists is well-formed; whether it is
 * <em>allowed</em> is for policy to say.
 */
@org.jspecify.annotations.NullMarked
package hesuan.wire;
