package hesuan.coordinator.schedule;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import hesuan.job.JobEvent;
import hesuan.job.JobState;
import hesuan.job.PartyVerdict;
import hesuan.job.TransitionName;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One line of a job's story, as watchers get it.
 *
 * @param what the change: submitted, admit, countersign, begin, advance, release, finish, refuse,
 *     retry, fail, abort, expire, late-release, write-receipt, take-receipt; or waiting, where
 *     nothing changed but parties are not connected, or do not answer
 * @param state the job's state after it
 * @param party who caused it, where a party did
 * @param problem why it ended or is tried again; for waiting, what keeps the first of them
 * @param waitingFor who keeps the job from going on, for waiting
 * @param refusals every reason of a refusal
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobNote(
    String what,
    String state,
    @Nullable PartyId party,
    @Nullable Integer attempt,
    @Nullable String step,
    @Nullable Problem problem,
    @Nullable List<PartyId> waitingFor,
    @Nullable JsonNode refusals) {

  static JobNote submitted(Job job) {
    return new JobNote("submitted", job.stateName(), job.submitter(), null, null, null, null, null);
  }

  static JobNote waiting(Job job, List<PartyId> missing, Problem why) {
    return new JobNote("waiting", job.stateName(), null, job.attempt(), null, why, missing, null);
  }

  /** The line that a stored change adds. */
  static JobNote of(Job after, TransitionName name, JobEvent event) {
    String what =
        name.name().substring("COORDINATOR_".length()).toLowerCase(Locale.ROOT).replace('_', '-');
    int attempt = after.attempt();
    return switch (event) {
      case JobEvent.VerdictGiven(PartyVerdict verdict) ->
          new JobNote(
              what,
              after.stateName(),
              verdict.party(),
              null,
              null,
              verdict.admitted() ? null : verdict.refusals().getFirst().problem(),
              null,
              verdict.admitted() ? null : Json.node(verdict.refusals()));
      case JobEvent.StepDone done ->
          new JobNote(
              what, after.stateName(), done.party(), done.attempt(), done.step(), null, null, null);
      case JobEvent.Trouble trouble ->
          new JobNote(
              what,
              after.stateName(),
              trouble.party(),
              trouble.attempt(),
              null,
              trouble.problem(),
              null,
              null);
      case JobEvent.Released released ->
          new JobNote(
              what,
              after.stateName(),
              released.party(),
              released.attempt(),
              null,
              null,
              null,
              null);
      case JobEvent.Cancel(PartyId by) ->
          new JobNote(what, after.stateName(), by, null, null, reason(after), null, null);
      case JobEvent.ReceiptTaken(PartyId party) ->
          new JobNote(what, after.stateName(), party, null, null, null, null, null);
      case JobEvent.DeadlinePassed _ ->
          new JobNote(what, after.stateName(), null, null, null, reason(after), null, null);
      case JobEvent.Begin _ ->
          new JobNote(what, after.stateName(), null, attempt, null, null, null, null);
      case JobEvent.ReceiptWritten _ ->
          new JobNote(what, after.stateName(), null, null, null, null, null, null);
    };
  }

  private static @Nullable Problem reason(Job job) {
    return job.state() instanceof JobState.Ended ended ? ended.reason() : null;
  }
}
