package hesuan.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a job stands at one party; stored as JSON by {@link hesuan.wire.Json}.
 *
 * <p>{@code consent} is the digest of the output's shape to which this party has consented in an
 * earlier attempt: it holds for the whole job, so that no second output can be had from it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "state")
@JsonSubTypes({
  @JsonSubTypes.Type(value = PartyJobState.Considered.class, name = "considered"),
  @JsonSubTypes.Type(value = PartyJobState.Admitted.class, name = "admitted"),
  @JsonSubTypes.Type(value = PartyJobState.Declined.class, name = "declined"),
  @JsonSubTypes.Type(value = PartyJobState.Charged.class, name = "charged"),
  @JsonSubTypes.Type(value = PartyJobState.Running.class, name = "running"),
  @JsonSubTypes.Type(value = PartyJobState.AwaitingRelease.class, name = "awaitingRelease"),
  @JsonSubTypes.Type(value = PartyJobState.Released.class, name = "released"),
  @JsonSubTypes.Type(value = PartyJobState.Settled.class, name = "settled")
})
public sealed interface PartyJobState {

  /** Proposed by the coordinator, not yet decided. */
  record Considered() implements PartyJobState {}

  /** Countersigned, with the budget reserved. */
  record Admitted() implements PartyJobState {}

  record Declined(List<Refusal> refusals, boolean charged, @Nullable Digest consent)
      implements PartyJobState {
    public Declined {
      refusals = List.copyOf(refusals);
    }
  }

  /**
   * The budget is spent, once for all attempts. The attempt is about to begin, or is over.
   *
   * @param interrupted why the attempt is over; null where it has yet to begin
   */
  record Charged(int attempt, @Nullable Problem interrupted, @Nullable Digest consent)
      implements PartyJobState {}

  record Running(int attempt, List<String> done, @Nullable Digest consent)
      implements PartyJobState {
    public Running {
      done = List.copyOf(done);
    }
  }

  record AwaitingRelease(int attempt, @Nullable Digest consent) implements PartyJobState {}

  /**
   * This party's part in the release is done: the leader has stored the result, another has
   * consented to it or received it.
   *
   * @param release the leader: digest of the release document; another: of the shape consented to,
   *     or of the release received where it was not asked
   * @param undelivered the receivers who have not acknowledged the result; empty but at the leader
   * @param received digest of the release received from the leader
   */
  record Released(int attempt, Digest release, List<PartyId> undelivered, @Nullable Digest received)
      implements PartyJobState {
    public Released {
      undelivered = List.copyOf(undelivered);
    }
  }

  /**
   * The end, in the coordinator's word or, where that never came, by the deadline.
   *
   * @param charged whether budget was spent
   * @param release as in {@link Released}, or the consent given; what happened, whatever the
   *     verdict
   * @param receipt digest of this party's receipt, null until it is in the log
   */
  record Settled(
      JobVerdict verdict,
      @Nullable Problem problem,
      boolean charged,
      @Nullable Digest release,
      List<PartyId> undelivered,
      @Nullable Digest received,
      @Nullable Digest receipt)
      implements PartyJobState {
    public Settled {
      undelivered = List.copyOf(undelivered);
    }
  }
}
