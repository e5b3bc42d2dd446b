package hesuan.job;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a job stands at the coordinator; stored as JSON by {@link hesuan.wire.Json}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "state")
@JsonSubTypes({
  @JsonSubTypes.Type(value = JobState.Proposed.class, name = "proposed"),
  @JsonSubTypes.Type(value = JobState.Countersigned.class, name = "countersigned"),
  @JsonSubTypes.Type(value = JobState.Running.class, name = "running"),
  @JsonSubTypes.Type(value = JobState.Releasing.class, name = "releasing"),
  @JsonSubTypes.Type(value = JobState.Done.class, name = "done"),
  @JsonSubTypes.Type(value = JobState.Refused.class, name = "refused"),
  @JsonSubTypes.Type(value = JobState.Failed.class, name = "failed"),
  @JsonSubTypes.Type(value = JobState.Aborted.class, name = "aborted"),
  @JsonSubTypes.Type(value = JobState.Expired.class, name = "expired")
})
public sealed interface JobState {

  /** Accepted, and shown to the parties. */
  record Proposed(List<PartyId> admitted) implements JobState {
    public Proposed {
      admitted = List.copyOf(admitted);
    }
  }

  /**
   * Every party has signed the plan; {@code attempt} begins as soon as all are connected.
   *
   * @param interrupted why the attempt before is over, null before the first
   */
  record Countersigned(int attempt, @Nullable Problem interrupted) implements JobState {}

  record Running(int attempt, List<StepDone> done) implements JobState {
    public Running {
      done = List.copyOf(done);
    }
  }

  record StepDone(PartyId party, String step) {}

  /** The leader has run every step and asks the parties for consent. */
  record Releasing(int attempt) implements JobState {}

  /** An end: its verdict never changes; only the receipts still come in. */
  sealed interface Ended extends JobState {
    Receipts receipts();

    Ended with(Receipts receipts);

    JobVerdict verdict();

    /** Why it did not end well; null when done. */
    @Nullable Problem reason();
  }

  /**
   * @param written the coordinator's own
   * @param owed by the parties that were told of the job and answered
   */
  record Receipts(boolean written, List<PartyId> owed) {
    public Receipts {
      owed = List.copyOf(owed);
    }
  }

  /**
   * @param release digest of the leader's release document
   */
  record Done(int attempt, Digest release, Receipts receipts) implements Ended {
    @Override
    public Done with(Receipts changed) {
      return new Done(attempt, release, changed);
    }

    @Override
    public JobVerdict verdict() {
      return JobVerdict.DONE;
    }

    @Override
    public @Nullable Problem reason() {
      return null;
    }
  }

  /**
   * @param lateRelease the leader had stored a release, and said so only after the end: the verdict
   *     stays, the fact is kept
   */
  record Refused(List<Refusal> refusals, @Nullable Digest lateRelease, Receipts receipts)
      implements Ended {
    public Refused {
      refusals = List.copyOf(refusals);
    }

    @Override
    public Refused with(Receipts changed) {
      return new Refused(refusals, lateRelease, changed);
    }

    @Override
    public JobVerdict verdict() {
      return JobVerdict.REFUSED;
    }

    @Override
    public Problem reason() {
      return refusals.getFirst().problem();
    }
  }

  record Failed(
      int attempt, PartyId party, Problem problem, @Nullable Digest lateRelease, Receipts receipts)
      implements Ended {
    @Override
    public Failed with(Receipts changed) {
      return new Failed(attempt, party, problem, lateRelease, changed);
    }

    @Override
    public JobVerdict verdict() {
      return JobVerdict.FAILED;
    }

    @Override
    public Problem reason() {
      return problem;
    }
  }

  record Aborted(PartyId by, @Nullable Digest lateRelease, Receipts receipts) implements Ended {
    @Override
    public Aborted with(Receipts changed) {
      return new Aborted(by, lateRelease, changed);
    }

    @Override
    public JobVerdict verdict() {
      return JobVerdict.ABORTED;
    }

    @Override
    public Problem reason() {
      return new Problem(ErrorCode.CANCELLED, "job", "to run to its end", "cancelled by " + by);
    }
  }

  /**
   * @param missing whom the job was waiting for
   */
  record Expired(List<PartyId> missing, @Nullable Digest lateRelease, Receipts receipts)
      implements Ended {
    public Expired {
      missing = List.copyOf(missing);
    }

    @Override
    public Expired with(Receipts changed) {
      return new Expired(missing, lateRelease, changed);
    }

    @Override
    public JobVerdict verdict() {
      return JobVerdict.EXPIRED;
    }

    @Override
    public Problem reason() {
      return new Problem(
          ErrorCode.DEADLINE_PASSED, "job", "to end in time", "waiting for " + missing);
    }
  }
}
