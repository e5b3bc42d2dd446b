/**
 * Adding vectors of integers over several parties so that nobody sees another's: the double masks
 * of Bonawitz and others (CCS 2017) in the ring of 64-bit integers. One of the parties, the leader,
 * collects the masked vectors, adds its own and learns the sum; the others learn who is in it. Read
 * {@link hesuan.aggregate.SecureSumMember} beside {@code docs/protocols/secure-sum.md}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.aggregate;
