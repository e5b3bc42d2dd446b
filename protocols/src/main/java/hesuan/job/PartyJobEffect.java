package hesuan.job;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;

/** What a party's agent does because of a step. */
public sealed interface PartyJobEffect {

  /** Part of the store: written in the same transaction as the state, so it happens once. */
  sealed interface Stored extends PartyJobEffect {}

  record ReserveBudget() implements Stored {}

  /** Reserved becomes spent; the noise seed of the job is drawn and stored with it. */
  record ChargeBudget() implements Stored {}

  record FreeReservation() implements Stored {}

  record StoreConsent(Digest shape) implements Stored {}

  record StoreResult(Digest release) implements Stored {}

  /** After the store; each may be done again without harm. */
  sealed interface Sent extends PartyJobEffect {}

  /** Check the proposal and feed {@link PartyJobEvent.Decided}. */
  record Decide() implements Sent {}

  /** Empty: the countersignature. */
  record SendVerdict(List<Refusal> refusals) implements Sent {
    public SendVerdict {
      refusals = List.copyOf(refusals);
    }
  }

  /** Unless it runs already: feed {@link PartyJobEvent.Begun}, then run the steps. */
  record RunAttempt(int attempt) implements Sent {}

  record StopAttempt(int attempt) implements Sent {}

  record SendStepDone(int attempt, String step) implements Sent {}

  record SendTrouble(int attempt, Problem problem) implements Sent {}

  /** At the leader: ask every contributing party, then feed {@link PartyJobEvent.ResultReady}. */
  record AskConsents(int attempt) implements Sent {}

  /** To the leader: the stored consent. */
  record SendConsent(Digest shape) implements Sent {}

  /** To the leader: this party has consented to another output of this job. */
  record RefuseConsent(Digest asked, Digest given) implements Sent {}

  record SendReleased(int attempt, Digest release) implements Sent {}

  record Deliver(PartyId to) implements Sent {}

  record AcknowledgeDelivery(Digest release) implements Sent {}

  /** To the leader: another result of this job was received before, or none is awaited. */
  record RefuseDelivery(Digest release) implements Sent {}

  /** Log the receipt, once per job, then feed {@link PartyJobEvent.ReceiptWritten}. */
  record WriteReceipt() implements Sent {}

  record SendReceipt(Digest receipt) implements Sent {}
}
