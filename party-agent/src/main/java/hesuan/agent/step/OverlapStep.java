package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.dp.BitPool;
import hesuan.dp.ClippedDummyNoise;
import hesuan.dp.GroupThreshold;
import hesuan.dp.QueryNoise;
import hesuan.group.Workers;
import hesuan.psi.ItemKeys;
import hesuan.psi.OverlapHelper;
import hesuan.psi.OverlapLeader;
import hesuan.psi.OverlapOutcome;
import hesuan.psi.OverlapParameters;
import hesuan.source.IdSet;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** {@link Plan.Overlap}: how many people all the products share, counted under noise. */
final class OverlapStep {
  private static final long SENSITIVITY = 1;

  private final OwnProducts own;
  private final Workers workers;
  private final SecureRandom random;

  OverlapStep(OwnProducts own, Workers workers, SecureRandom random) {
    this.own = own;
    this.workers = workers;
    this.random = random;
  }

  StepResult run(Plan.Overlap step, StepContext context) throws SQLException {
    Digest session = context.session(step.name());
    List<OverlapParameters.Helper> helpers =
        step.products().stream()
            .map(ProductRef::party)
            .filter(p -> !p.equals(context.plan().leader()))
            .sorted()
            .map(p -> new OverlapParameters.Helper(p, step.epsilon()))
            .toList();
    int groups = step.by() == null ? 1 : step.groups().size();
    OverlapParameters parameters =
        new OverlapParameters(session, context.plan().leader(), helpers, groups, step.delta());
    IdSet ids = ids(step, context);
    ItemKeys keys = new ItemKeys(session);
    for (int i = 0; i < ids.size(); i++) {
      keys.add(ids.copy(i));
    }
    if (!context.leads()) {
      BitPool bits = BitPool.of(context.noiseSeed(), "overlap", step.name());
      ClippedDummyNoise noise = ClippedDummyNoise.of(step.epsilon(), step.delta(), SENSITIVITY);
      Digest transcript =
          new OverlapHelper(
                  parameters,
                  context.self(),
                  keys.toArray(),
                  _ -> (int) noise.draw(bits),
                  workers,
                  random)
              .run(context.others(step.name()));
      return new StepResult(transcript, null);
    }
    int[] groupOf = new int[ids.size()];
    for (int i = 0; i < groupOf.length; i++) {
      groupOf[i] = step.by() == null ? 0 : ids.group(i);
    }
    OverlapOutcome outcome =
        new OverlapLeader(parameters, keys.toArray(), groupOf, workers, random)
            .run(context.others(step.name()));
    return new StepResult(outcome.transcript(), output(step, context, helpers.size(), outcome));
  }

  private IdSet ids(Plan.Overlap step, StepContext context) {
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      IdSet ids = rows.ids(context.leads() ? step.by() : null, step.groups());
      rows.requireUntouched();
      return ids;
    }
  }

  private static Output output(
      Plan.Overlap step, StepContext context, int helpers, OverlapOutcome outcome) {
    long halfWidth =
        ClippedDummyNoise.of(step.epsilon(), step.delta(), SENSITIVITY)
            .interval(helpers, QueryNoise.CONFIDENCE_PERCENT)
            .halfWidth();
    GroupThreshold threshold = new GroupThreshold(context.plan().minGroup());
    List<String> columns = new ArrayList<>();
    if (step.by() != null) {
      columns.add(step.by());
    }
    columns.addAll(List.of("people", "people_low", "people_high"));
    ObjectNode body = Json.mapper().createObjectNode();
    ArrayNode rows = body.putArray("rows");
    int suppressed = 0;
    for (int g = 0; g < outcome.noisyCounts().size(); g++) {
      long people = outcome.noisyCounts().get(g);
      if (!threshold.releases(people)) {
        suppressed++;
        continue;
      }
      ArrayNode row = rows.addArray();
      if (step.by() != null) {
        row.add(step.groups().get(g));
      }
      row.add(people).add(people - halfWidth).add(people + halfWidth);
    }
    columns.forEach(body.putArray("columns")::add);
    body.put("suppressed", suppressed)
        .put("confidencePercent", QueryNoise.CONFIDENCE_PERCENT)
        .put("form", "aggregate");
    return new Output(columns, rows.size(), suppressed, body);
  }
}
