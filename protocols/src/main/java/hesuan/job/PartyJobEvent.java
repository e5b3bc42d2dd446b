package hesuan.job;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a party's agent learns about a job. */
public sealed interface PartyJobEvent {
  /**
   * The party's own word: on the proposal, and again before each attempt and before consent, where
   * only a refusal changes anything.
   */
  record Decided(List<Refusal> refusals) implements PartyJobEvent {
    public Decided {
      refusals = List.copyOf(refusals);
    }
  }

  /** Ordered by the coordinator; countersignatures verified, own policy asked again and content. */
  record Start(int attempt) implements PartyJobEvent {}

  /** The attempt is about to send its first message. */
  record Begun(int attempt) implements PartyJobEvent {}

  record StepDone(int attempt, String step) implements PartyJobEvent {}

  /** From this party's own run of the attempt, or the coordinator's word that it is over. */
  record Trouble(int attempt, Problem problem) implements PartyJobEvent {}

  /** By the leader, about an output of that shape; own policy asked and content. */
  record ConsentAsked(int attempt, Digest shape) implements PartyJobEvent {}

  /** At the leader: every contributing party has consented, the release document is complete. */
  record ResultReady(int attempt, Digest release) implements PartyJobEvent {}

  record DeliveryAcknowledged(PartyId by) implements PartyJobEvent {}

  /** At a receiver, from the leader. */
  record ResultArrived(Digest release) implements PartyJobEvent {}

  /** By the coordinator. */
  record Settle(JobVerdict verdict, @Nullable Problem problem) implements PartyJobEvent {}

  record ReceiptWritten(Digest receipt) implements PartyJobEvent {}

  /** By the party's own clock. */
  record DeadlinePassed() implements PartyJobEvent {}

  /** The process has come up again and found this job in its store. */
  record Restarted() implements PartyJobEvent {}
}
