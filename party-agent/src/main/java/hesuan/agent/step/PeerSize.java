package hesuan.agent.step;

import hesuan.agent.budget.QueryBudgets;
import hesuan.psi.SizeCheck;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import org.jspecify.annotations.Nullable;

/**
 * Holds a peer that will learn who is in the own product to the size that the plan says, and has
 * the answer charged, before anything is said that depends on the own rows. Not more than was
 * charged, and not fewer than the smallest list that may be released, since a smaller set only
 * probes. Padding can hide a small set, so an asker that follows the protocol looks at its own set
 * first.
 *
 * @param ask null where the peer learns of nobody
 * @param answering writes down that this attempt is answered
 */
record PeerSize(PartyId peer, Plan.@Nullable Ask ask, int minGroup, Runnable answering)
    implements SizeCheck {
  static PeerSize of(StepContext context, PartyId peer, QueryBudgets queries) {
    Plan.Ask ask =
        context.plan().asks().stream()
            .filter(a -> a.by().equals(peer) && a.product().party().equals(context.self()))
            .findFirst()
            .orElse(null);
    return new PeerSize(
        peer,
        ask,
        context.plan().minGroup(),
        () -> queries.answer(context.plan().job(), peer, context.attempt(), null));
  }

  /** Of the own set, by who will learn which of it others have; how small it is stays here. */
  static void requireCrowd(int items, int minGroup) {
    if (items < minGroup) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "inputs",
          "a receiver's set of at least " + minGroup + " people (privacy.minGroup)",
          "fewer");
    }
  }

  @Override
  public void told(int peerItems) {
    if (ask != null) {
      require(peerItems);
      answering.run();
    }
  }

  /** Whether the size may be told at all; nothing is written down. */
  void require(int peerItems) {
    if (ask == null) {
      return;
    }
    if (peerItems < minGroup) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          peer.value(),
          "a receiver's set of at least " + minGroup + " people (privacy.minGroup)",
          "" + peerItems);
    }
    if (peerItems > ask.items()) {
      throw new ProblemException(
          ErrorCode.QUERIES_EXHAUSTED,
          peer.value(),
          "at most " + ask.items() + " items, as planned and charged",
          "" + peerItems);
    }
  }
}
