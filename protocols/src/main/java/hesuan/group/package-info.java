/**
 * The prime-order group ristretto255 (RFC 9496) and what the overlap protocol needs of it: hashing
 * to the group, batches of scalar multiplications over flat arrays, ElGamal labels. Secret scalars
 * meet no branch and no index in {@link hesuan.group.Points}, {@link hesuan.group.FixedBase} and
 * {@link hesuan.group.ElGamal}, as far as the JIT leaves that so; {@link hesuan.group.Scalar} uses
 * BigInteger and is for the few operations a run does once. Large batches are computed in vector
 * lanes where the Vector API is there.
 */
@org.jspecify.annotations.NullMarked
package hesuan.group;
