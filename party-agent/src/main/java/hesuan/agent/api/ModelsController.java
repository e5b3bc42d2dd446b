package hesuan.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.job.JobBook;
import hesuan.agent.job.JobEntry;
import hesuan.evidence.Envelope;
import hesuan.evidence.Receipt;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Optional;

/**
 * The models that were released to this party, each with the evidence that it came from. A model is
 * a result, so nothing can stand here that was not released, and nothing is stored twice.
 */
@Controller("/api/v1/models")
@ExecuteOn(TaskExecutors.BLOCKING)
@Requires(beans = AgentView.class)
@Tag(name = "models")
final class ModelsController {
  private static final int ID_DIGITS = 16;

  private final AgentView agent;

  ModelsController(AgentView agent) {
    this.agent = agent;
  }

  @Get
  List<Views.ModelLine> list(@Parameter(hidden = true) Owner owner) {
    return agent.jobs().all().stream()
        .flatMap(entry -> model(entry).map(found -> line(entry, found)).stream())
        .toList();
  }

  /** By the model's id, which names its parameters. */
  @Get("/{id}")
  Views.Model get(@Parameter(hidden = true) Owner owner, String id) {
    for (JobEntry entry : agent.jobs().all()) {
      Optional<Found> found = model(entry).filter(each -> id(each).equals(id));
      if (found.isPresent()) {
        return new Views.Model(
            line(entry, found.get()),
            found.get().body.path("model"),
            found.get().body.path("columns"),
            found.get().body.path("rows"));
      }
    }
    throw new ProblemException(
        ErrorCode.UNKNOWN_MODEL, "model", "a model that was released to this party", id);
  }

  private record Found(JobBook.Result result, JsonNode body) {}

  private Optional<Found> model(JobEntry entry) {
    if (!entry.facts().receivers().contains(agent.config().party())) {
      return Optional.empty();
    }
    return agent
        .jobs()
        .result(entry.id())
        .map(result -> new Found(result, Json.tree(result.body())))
        .filter(found -> found.body.path("form").asText().equals("model"));
  }

  private static String id(Found found) {
    return "mdl-" + found.body.path("model").path("digest").asText().substring(0, ID_DIGITS);
  }

  private Views.ModelLine line(JobEntry entry, Found found) {
    return new Views.ModelLine(
        id(found),
        new Digest(found.body.path("model").path("digest").asText()),
        entry.id().value(),
        agent.receipts().find(entry.id().value(), "job").map(Receipt::envelopeDigest).orElse(null),
        found.result.release().digest(),
        found.result.consents().stream().map(Envelope::digest).toList());
  }
}
