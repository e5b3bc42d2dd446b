package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.StoreTotals;
import hesuan.aggregate.SumOutcome;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.List;

/**
 * {@link Plan.SecureSum}: figures that are no personal data, added so that nobody sees an addend.
 */
final class SumStep {
  private static final int COHORT_MIN = 3;

  private final OwnProducts own;
  private final JointSum sums;

  SumStep(OwnProducts own, Signatures signatures, SecureRandom random) {
    this.own = own;
    this.sums = new JointSum(signatures, random, COHORT_MIN, false);
  }

  StepResult run(Plan.SecureSum step, StepContext context) throws SQLException {
    long[] addend = new long[step.keys().size()];
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      if (rows != null) {
        addend = new StoreTotals(step).run(rows.connection());
        rows.requireUntouched();
      }
    }
    return sums.run(context, step.name(), step.tolerateLoss(), addend, sum -> output(step, sum));
  }

  private static Output output(Plan.SecureSum step, SumOutcome sum) {
    ObjectNode body = Json.mapper().createObjectNode();
    List<String> columns = List.of(step.by(), step.column());
    ArrayNode rows = body.putArray("rows");
    for (int k = 0; k < step.keys().size(); k++) {
      rows.addArray().add(step.keys().get(k)).add(sum.sum()[k]);
    }
    columns.forEach(body.putArray("columns")::add);
    body.put("suppressed", 0).put("form", "aggregate");
    sum.survivors().forEach(p -> body.withArray("contributors").add(p.value()));
    return new Output(columns, step.keys().size(), 0, body);
  }
}
