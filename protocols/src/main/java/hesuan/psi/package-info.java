/**
 * How many people several parties share, by groups of one of them, and nothing else: the overlap
 * protocol of {@code docs/protocols/overlap.md}, on Diffie-Hellman in ristretto255. {@link
 * hesuan.psi.OverlapLeader} holds the grouping column and gets the noisy counts; each {@link
 * hesuan.psi.OverlapHelper} holds a set and puts the noise in. Both are straight-line code that
 * reads like the document.
 */
@org.jspecify.annotations.NullMarked
package hesuan.psi;
