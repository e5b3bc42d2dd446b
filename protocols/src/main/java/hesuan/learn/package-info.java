/**
 * Federated averaging: each party trains on its own rows, and only the sum of what all learned is
 * seen, through {@link hesuan.aggregate}. What trains is a {@link hesuan.learn.Trainer} behind an
 * interface, found by the agent; the model is data. Held-out figures are sums of counts as well.
 * See {@code docs/protocols/federated-averaging.md}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.learn;
