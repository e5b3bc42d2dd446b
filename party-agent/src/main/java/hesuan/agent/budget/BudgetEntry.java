package hesuan.agent.budget;

import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;

/**
 * One entry of the chain.
 *
 * @param number counts up; only a resolved rollback leaves a gap
 * @param previous head before this entry
 */
record BudgetEntry(long number, long atSeconds, Digest previous, BudgetEvent event) {
  /** Before the first entry. */
  static final BudgetHead.Head NONE = new BudgetHead.Head(0, Digest.of("hesuan/budget/v1"));

  /** The chain up to here; {@code previous} is in the bytes, and so is everything before it. */
  BudgetHead.Head head() {
    return new BudgetHead.Head(number, Digest.ofDocument(this));
  }
}
