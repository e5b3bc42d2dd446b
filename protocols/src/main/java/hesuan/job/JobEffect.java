package hesuan.job;

import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import org.jspecify.annotations.Nullable;

/** What the coordinator does after a store; each may be done again without harm. */
public sealed interface JobEffect {
  record Propose(PartyId to) implements JobEffect {}

  /** Feed {@link JobEvent.Begin} as soon as every party is connected. */
  record AwaitParties() implements JobEffect {}

  record Start(PartyId to, int attempt) implements JobEffect {}

  /** That attempt is over for everyone: its steps stop. */
  record Interrupt(PartyId to, int attempt, Problem problem) implements JobEffect {}

  record Settle(PartyId to, JobVerdict verdict, @Nullable Problem problem) implements JobEffect {}

  /** Log the coordinator's receipt, once per job, then feed {@link JobEvent.ReceiptWritten}. */
  record WriteReceipt() implements JobEffect {}
}
