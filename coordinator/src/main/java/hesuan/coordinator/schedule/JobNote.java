package hesuan.coordinator.schedule;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.List;
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
}
