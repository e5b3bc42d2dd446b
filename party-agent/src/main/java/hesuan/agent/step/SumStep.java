package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.StoreStatistics;
import hesuan.agent.query.StoreTotals;
import hesuan.aggregate.CellRange;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.StatisticCells;
import hesuan.aggregate.SumOutcome;
import hesuan.aggregate.TwoAggregatorSettings;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
    StatisticCells cells = step.statistics() == null ? null : StatisticCells.of(step);
    long[] addend = new long[cells == null ? step.keys().size() : cells.cells()];
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      if (rows != null) {
        addend =
            cells == null
                ? new StoreTotals(step).run(rows.connection())
                : new StoreStatistics(step, cells).run(rows.connection());
        rows.requireUntouched();
      }
    }
    if (!step.aggregators().isEmpty()) {
      return overTwoAggregators(step, cells, context, addend);
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
        .run(context, step.name(), settings, addend, sum -> output(step, cells, sum));
  }

  private StepResult overTwoAggregators(
      Plan.SecureSum step, @Nullable StatisticCells cells, StepContext context, long[] addend) {
    TwoAggregatorSettings settings =
        new TwoAggregatorSettings(
            context.session(step.name()),
            step.products().stream().map(ProductRef::party).toList(),
            step.aggregators().getFirst(),
            step.aggregators().getLast(),
            addend.length,
            COHORT_MIN,
            step.tolerateLoss(),
            ranges(step, cells));
    return new JointSum(signatures, random)
        .run(context, step.name(), settings, addend, sum -> output(step, cells, sum));
  }

  private static List<CellRange> ranges(Plan.SecureSum step, @Nullable StatisticCells cells) {
    if (cells != null) {
      return cells.ranges();
    }
    return step.range() == null
        ? List.of()
        : List.of(new CellRange(step.keys().size(), step.range().lower(), step.range().upper()));
  }

  private static Output output(
      Plan.SecureSum step, @Nullable StatisticCells cells, SumOutcome sum) {
    return cells == null ? totals(step, sum) : statistics(step, cells, sum);
  }

  private static Output totals(Plan.SecureSum step, SumOutcome sum) {
    ObjectNode body = Json.mapper().createObjectNode();
    List<String> columns = List.of(Objects.requireNonNull(step.by()), step.column());
    ArrayNode rows = body.putArray("rows");
    for (int k = 0; k < step.keys().size(); k++) {
      rows.addArray().add(step.keys().get(k)).add(sum.sum()[k]);
    }
    return exact(body, columns, step.keys().size(), sum);
  }

  private static Output statistics(Plan.SecureSum step, StatisticCells cells, SumOutcome sum) {
    int owners =
        (int) step.products().stream().filter(p -> sum.survivors().contains(p.party())).count();
    List<StatisticCells.Column> columns = cells.columns();
    ObjectNode body = Json.mapper().createObjectNode();
    ArrayNode rows = body.putArray("rows");
    for (List<@Nullable String> each : cells.rows(sum.sum(), owners)) {
      ArrayNode row = rows.addArray();
      for (int c = 0; c < each.size(); c++) {
        Output.add(row, each.get(c), !columns.get(c).key());
      }
    }
    ArrayNode numbers = body.putArray("numbers");
    columns.stream().filter(c -> !c.key()).forEach(c -> numbers.add(c.name()));
    return exact(
        body, columns.stream().map(StatisticCells.Column::name).toList(), cells.groups(), sum);
  }

  /** Nothing is held back: the figures are of no person. */
  private static Output exact(ObjectNode body, List<String> columns, int rows, SumOutcome sum) {
    columns.forEach(body.putArray("columns")::add);
    body.put("suppressed", 0).put("form", "aggregate");
    sum.survivors().forEach(p -> body.withArray("contributors").add(p.value()));
    return new Output(columns, rows, 0, body);
  }
}
