package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.StoreTotals;
import hesuan.aggregate.CellRange;
import hesuan.aggregate.OpeningAggregator;
import hesuan.aggregate.OtherAggregator;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import hesuan.aggregate.TwoAggregatorContributor;
import hesuan.aggregate.TwoAggregatorSettings;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.List;

/**
 * {@link Plan.SecureSum}: figures that are no personal data, added so that nobody sees an addend.
 */
final class SumStep {
  private static final int COHORT_MIN = 3;

  private final OwnProducts own;
  private final Signatures signatures;
  private final SecureRandom random;

  SumStep(OwnProducts own, Signatures signatures, SecureRandom random) {
    this.own = own;
    this.signatures = signatures;
    this.random = random;
  }

  StepResult run(Plan.SecureSum step, StepContext context) throws SQLException {
    long[] addend = new long[step.keys().size()];
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      if (rows != null) {
        addend = new StoreTotals(step).run(rows.connection());
        rows.requireUntouched();
      }
    }
    if (!step.aggregators().isEmpty()) {
      return overTwoAggregators(step, context, addend);
    }
    SecureSumSettings settings =
        new SecureSumSettings(
            context.session(step.name()),
            context.plan().parties(),
            context.plan().leader(),
            addend.length,
            COHORT_MIN,
            step.tolerateLoss(),
            false);
    return new JointSum(signatures, random)
        .run(context, step.name(), settings, addend, sum -> output(step, sum));
  }

  private StepResult overTwoAggregators(Plan.SecureSum step, StepContext context, long[] addend) {
    PartyId opening = step.aggregators().getFirst();
    PartyId other = step.aggregators().getLast();
    TwoAggregatorSettings settings =
        new TwoAggregatorSettings(
            context.session(step.name()),
            step.products().stream().map(ProductRef::party).toList(),
            opening,
            other,
            step.keys().size(),
            COHORT_MIN,
            step.tolerateLoss(),
            step.range() == null
                ? List.of()
                : List.of(
                    new CellRange(step.keys().size(), step.range().lower(), step.range().upper())));
    if (context.self().equals(opening)) {
      SumOutcome sum =
          new OpeningAggregator(
                  settings, context.others(step.name()), signatures, signatures, random)
              .run(addend, null);
      return new StepResult(sum.transcript(), output(step, sum));
    }
    if (context.self().equals(other)) {
      return new StepResult(
          new OtherAggregator(settings, context.others(step.name()), signatures, signatures, random)
              .run(addend, null)
              .transcript(),
          null);
    }
    return new StepResult(
        new TwoAggregatorContributor(
                settings,
                context.channels().apply(opening, step.name()),
                context.channels().apply(other, step.name()),
                signatures,
                signatures,
                random)
            .run(addend)
            .transcript(),
        null);
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
