package hesuan.psi;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.HashMap;
import java.util.Map;

/**
 * What a holder lets a counterparty ask under one version. Charged before any answer and never
 * given back: a failed run has answered, too. An implementation that outlives the process stores
 * the charge before it returns.
 */
@FunctionalInterface
public interface QueryBudget {
  /**
   * @throws ProblemException QUERIES_EXHAUSTED if that many are not left; then none is charged
   */
  void charge(PartyId asker, UnbalancedVersion version, int items);

  /**
   * All that is asked has come, and no answer has left.
   *
   * @param elements digest of what is asked: an asker that asks the same again under the same blind
   *     sends the same
   * @throws ProblemException QUERIES_EXHAUSTED if this may not be answered
   */
  default void answering(PartyId asker, Digest elements) {}

  /** So many items for every counterparty and version, as long as the process lives. */
  static QueryBudget upTo(long itemsMax) {
    record Pair(PartyId asker, UnbalancedVersion version) {}
    Map<Pair, Long> asked = new HashMap<>();
    return (asker, version, items) -> {
      synchronized (asked) {
        long left = itemsMax - asked.getOrDefault(new Pair(asker, version), 0L);
        if (items > left) {
          throw new ProblemException(
              ErrorCode.QUERIES_EXHAUSTED, asker.value(), "at most " + left + " items", "" + items);
        }
        asked.merge(new Pair(asker, version), (long) items, Long::sum);
      }
    };
  }
}
