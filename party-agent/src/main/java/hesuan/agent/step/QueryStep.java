package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.BoundedQuery;
import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import hesuan.dp.QueryNoise;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Plan.DpQuery}: each owner bounds and sums its own part in DuckDB, adds noise for the full
 * epsilon, and the secure sum adds the parts.
 */
final class QueryStep {
  /** Each addend carries its own noise, so two are enough. */
  private static final int COHORT_MIN = 2;

  /**
   * A public bound for the proof that sums fit; a part with more rows is refused before it is read.
   */
  private static final long ROWS_MAX = 1_000_000_000L;

  private final OwnProducts own;
  private final Signatures signatures;
  private final SecureRandom random;

  QueryStep(OwnProducts own, Signatures signatures, SecureRandom random) {
    this.own = own;
    this.random = random;
    this.signatures = signatures;
  }

  StepResult run(Plan.DpQuery step, StepContext context) throws SQLException {
    QueryNoise noise = QueryNoise.of(step, context.plan().minGroup(), ROWS_MAX);
    long[] addend = new long[noise.cells()];
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      if (rows != null) {
        addend = noise.noised(part(step, rows, context.noiseSeed()), context.noiseSeed());
        rows.requireUntouched();
      }
    }
    SecureSumSettings settings =
        new SecureSumSettings(
            context.session(step.name()),
            context.plan().parties(),
            context.plan().leader(),
            addend.length,
            COHORT_MIN,
            step.tolerateLoss(),
            true);
    if (!context.leads()) {
      return new StepResult(
          new SecureSumMember(settings, context.leader(step.name()), signatures, signatures, random)
              .run(addend)
              .transcript(),
          null);
    }
    SumOutcome sum =
        new SecureSumLeader(settings, context.others(step.name()), signatures).run(addend);
    int noises =
        (int) step.products().stream().filter(p -> sum.survivors().contains(p.party())).count();
    return new StepResult(sum.transcript(), output(step, noise.released(sum.sum(), noises)));
  }

  private static long[] part(Plan.DpQuery step, OwnRows rows, SecretBytes seed)
      throws SQLException {
    byte[] secret = seed.exposeCopy();
    long order = ByteBuffer.wrap(Digest.of(secret).bytes()).getLong();
    Arrays.fill(secret, (byte) 0);
    rows.findPeople(seed);
    return new BoundedQuery(step, rows.product().id().column(), order).run(rows.connection());
  }

  private static Output output(Plan.DpQuery step, QueryNoise.Released released) {
    ObjectNode body = Json.mapper().createObjectNode();
    List<String> columns = new ArrayList<>();
    if (step.by() != null) {
      columns.add(step.by());
    }
    for (Plan.Aggregate aggregate : step.aggregates()) {
      columns.addAll(List.of(aggregate.as(), aggregate.as() + "_low", aggregate.as() + "_high"));
    }
    ArrayNode rows = body.putArray("rows");
    for (QueryNoise.Group group : released.groups()) {
      ArrayNode row = rows.addArray();
      if (step.by() != null) {
        row.add(group.key());
      }
      group.cells().forEach(c -> row.add(c.value()).add(c.low()).add(c.high()));
    }
    columns.forEach(body.putArray("columns")::add);
    body.put("suppressed", released.suppressed())
        .put("confidencePercent", released.confidencePercent())
        .put("form", "aggregate");
    return new Output(columns, released.groups().size(), released.suppressed(), body);
  }
}
