package hesuan.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.job.JobBook;
import hesuan.agent.job.JobEntry;
import hesuan.evidence.Receipt;
import hesuan.evidence.Statement;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;

/** The jobs in which this party takes part: what it decided, what they cost, what came to it. */
@Controller("/api/v1/jobs")
@ExecuteOn(TaskExecutors.BLOCKING)
@Requires(beans = AgentView.class)
@Tag(name = "jobs")
final class JobsController {
  private final AgentView agent;

  JobsController(AgentView agent) {
    this.agent = agent;
  }

  @Get
  List<Views.JobLine> list(@Parameter(hidden = true) Owner owner) {
    return agent.jobs().all().stream()
        .map(
            e ->
                new Views.JobLine(
                    e.id().value(),
                    state(e).path("state").asText(),
                    e.plan().purpose(),
                    e.countersignature() != null,
                    e.createdSeconds()))
        .toList();
  }

  @Get("/{id}")
  Views.Job get(@Parameter(hidden = true) Owner owner, String id) {
    JobEntry entry = entry(id);
    JsonNode state = state(entry);
    return new Views.Job(
        entry.id().value(),
        state.path("state").asText(),
        state,
        entry.plan(),
        agent.jobs().decisions(entry.id()),
        entry.plan().charges().stream()
            .filter(c -> c.owner().equals(agent.config().party()))
            .map(
                (Plan.Charge c) ->
                    new Views.Spent(
                        c.product().toString(),
                        c.unit(),
                        agent.budget().charged(entry.id(), c).toString()))
            .toList());
  }

  /** The result, where this party is a receiver of it. */
  @Get("/{id}/result")
  Views.Result result(@Parameter(hidden = true) Owner owner, String id) {
    JobEntry entry = entry(id);
    JobBook.Result result =
        agent
            .jobs()
            .result(entry.id())
            .filter(r -> entry.facts().receivers().contains(agent.config().party()))
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.UNKNOWN_JOB,
                        id,
                        "a result that was released to " + agent.config().party(),
                        "none here"));
    return new Views.Result(
        id,
        Json.tree(result.body()),
        new Views.Released(
            entry.plan().leader(),
            result.release().digest(),
            result.consents().stream()
                .map(e -> Statement.read(e.unverifiedPayload()).predicate().party())
                .toList()));
  }

  /** This party's receipt of the job, to be verified by anyone, offline. */
  @Get("/{id}/receipt")
  Receipt receipt(@Parameter(hidden = true) Owner owner, String id) {
    return agent
        .receipts()
        .find(new JobId(id).value(), "job")
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_JOB, id, "a job that has ended here", "none or not yet"));
  }

  private JobEntry entry(String id) {
    return agent
        .jobs()
        .find(new JobId(id))
        .orElseThrow(
            () -> new ProblemException(ErrorCode.UNKNOWN_JOB, "job", "a job of this party", id));
  }

  private static JsonNode state(JobEntry entry) {
    return Json.node(entry.state());
  }
}
