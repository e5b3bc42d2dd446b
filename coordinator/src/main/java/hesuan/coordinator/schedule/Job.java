package hesuan.coordinator.schedule;

import hesuan.evidence.JobRecord;
import hesuan.job.JobFacts;
import hesuan.job.JobState;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored job.
 *
 * @param submittedBy the caller, for the record
 * @param plan null for a job that was refused before it could be planned
 * @param policy the coordinator's own decision; null where it was not asked
 * @param deadlineMillis when it must have ended
 */
public record Job(
    JobId id,
    PartyId submitter,
    String submittedBy,
    JobSpec spec,
    Digest specDigest,
    @Nullable Plan plan,
    ContractId contract,
    JobRecord.@Nullable Policy policy,
    JobState state,
    long createdMillis,
    long deadlineMillis) {

  /** Who takes part; without a plan, nobody but the submitter. */
  public List<PartyId> parties() {
    return plan == null ? List.of(submitter) : plan.parties();
  }

  Plan requirePlan() {
    if (plan == null) {
      throw new IllegalStateException(id + " has no plan");
    }
    return plan;
  }

  public JobFacts facts() {
    return plan == null
        ? new JobFacts(List.of(), submitter, List.of(), List.of(), 0)
        : JobFacts.of(plan);
  }

  public Job with(JobState changed) {
    return new Job(
        id,
        submitter,
        submittedBy,
        spec,
        specDigest,
        plan,
        contract,
        policy,
        changed,
        createdMillis,
        deadlineMillis);
  }

  public boolean ended() {
    return state instanceof JobState.Ended;
  }

  /** Ended, and no receipt is awaited any more. */
  public boolean settled() {
    return state instanceof JobState.Ended ended
        && ended.receipts().written()
        && ended.receipts().owed().isEmpty();
  }

  /** Which attempt is under way, or 0. */
  public int attempt() {
    return switch (state) {
      case JobState.Running running -> running.attempt();
      case JobState.Releasing releasing -> releasing.attempt();
      case JobState.Countersigned countersigned -> countersigned.attempt();
      case JobState.Done done -> done.attempt();
      case JobState.Failed failed -> failed.attempt();
      case JobState.Proposed _, JobState.Refused _, JobState.Aborted _, JobState.Expired _ -> 0;
    };
  }

  public String stateName() {
    return switch (state) {
      case JobState.Proposed _ -> "proposed";
      case JobState.Countersigned _ -> "countersigned";
      case JobState.Running _ -> "running";
      case JobState.Releasing _ -> "releasing";
      case JobState.Ended ended -> ended.verdict().text();
    };
  }
}
