/**
 * Sums over the items that two parties share, by groups of one and of figures of the other, where
 * neither learns which items those are: docs/protocols/join-statistics.md. Membership is matched by
 * Diffie-Hellman at places in a secret order, figures are selected by oblivious transfer into
 * additive shares, and noise is added before anything is opened. Where not even a noised number of
 * matches may be seen, bins and a circuit do the same: docs/protocols/hidden-join.md.
 */
@org.jspecify.annotations.NullMarked
package hesuan.join;
