package hesuan.job;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;

/**
 * What the coordinator hears. Who said it comes from the certificate of the connection, never from
 * the message.
 */
public sealed interface JobEvent {
  /** At any time before the end: a refusal may also come of the policy as it is at the start. */
  record VerdictGiven(PartyVerdict verdict) implements JobEvent {}

  /** Every party is connected now. */
  record Begin() implements JobEvent {}

  record StepDone(PartyId party, int attempt, String step) implements JobEvent {}

  /** The attempt has ended badly at that party. */
  record Trouble(PartyId party, int attempt, Problem problem) implements JobEvent {}

  record Released(PartyId party, int attempt, Digest release) implements JobEvent {}

  record DeadlinePassed() implements JobEvent {}

  record Cancel(PartyId by) implements JobEvent {}

  /** The coordinator's own receipt is in the federation's log. */
  record ReceiptWritten() implements JobEvent {}

  /** A party's receipt is in the federation's log. */
  record ReceiptTaken(PartyId party) implements JobEvent {}
}
