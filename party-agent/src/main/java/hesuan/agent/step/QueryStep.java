package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.BoundedQuery;
import hesuan.agent.query.SelectedQuery;
import hesuan.aggregate.GroupUnion;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import hesuan.aggregate.TwoAggregatorSettings;
import hesuan.dp.Answer;
import hesuan.dp.GroupSelection;
import hesuan.dp.QueryNoise;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * {@link Plan.DpQuery}: each owner bounds and sums its own part in DuckDB, adds noise for the full
 * epsilon or its share of one noise, and the secure sum adds the parts.
 */
final class QueryStep {
  /** Where each addend carries its own noise, two are enough. */
  private static final int COHORT_MIN = 2;

  /** Over two aggregators. */
  private static final int CONTRIBUTORS_MIN = 3;

  private final OwnProducts own;
  private final JointSum sums;

  QueryStep(OwnProducts own, Signatures signatures, SecureRandom random) {
    this.own = own;
    this.sums = new JointSum(signatures, random);
  }

  StepResult run(Plan.DpQuery step, StepContext context) throws SQLException {
    Ticks ticks = new Ticks();
    return step.selection() == null
        ? overPublicGroups(step, context, ticks)
        : overSelected(step, context, ticks);
  }

  private StepResult overPublicGroups(Plan.DpQuery step, StepContext context, Ticks ticks)
      throws SQLException {
    QueryNoise noise = QueryNoise.of(step, context.plan().minGroup());
    long[] addend = new long[noise.cells()];
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      if (rows != null) {
        addend = noise.noised(part(step, rows, context.noiseSeed()), context.noiseSeed());
        rows.requireUntouched();
      }
    }
    ticks.awaitNext();
    return added(step, context, noise, addend);
  }

  /** In two talks: which groups there are, then what they come to. */
  private StepResult overSelected(Plan.DpQuery step, StepContext context, Ticks ticks)
      throws SQLException {
    try (OwnRows rows = own.open(step.products()).orElse(null)) {
      SelectedQuery part = null;
      List<List<String>> told = List.of();
      if (rows != null) {
        rows.keep(step.rows());
        rows.findPeople(context.noiseSeed());
        part =
            SelectedQuery.open(
                step,
                rows.product().id().column(),
                orderSecret(context.noiseSeed()),
                rows.connection());
        told = GroupSelection.of(step).told(part.people(), context.noiseSeed());
        rows.requireUntouched();
      }
      ticks.awaitNext();
      List<List<String>> groups = union(step, context, told);
      Plan.DpQuery asked = step.withGroups(groups);
      QueryNoise noise = QueryNoise.of(asked, context.plan().minGroup());
      Digest talk = Digest.ofDocument(groups);
      if (groups.isEmpty()) {
        return new StepResult(
            talk,
            context.leads()
                ? output(asked, noise, new QueryNoise.Released(List.of(), 0), 1)
                : null);
      }
      long[] addend = new long[noise.cells()];
      if (part != null) {
        addend = noise.noised(part.cells(asked), context.noiseSeed());
        rows.requireUntouched();
      }
      ticks.awaitNext();
      StepResult result = added(asked, context, noise, addend);
      return new StepResult(
          Digest.of(talk + "\n" + result.transcript()), result.output(), result.people());
    }
  }

  private static List<List<String>> union(
      Plan.DpQuery step, StepContext context, List<List<String>> told) {
    String name = step.name() + ".groups";
    GroupUnion union =
        new GroupUnion(
            context.session(name),
            step.keys().size(),
            Objects.requireNonNull(step.selection()).groupsMax(),
            step.products().size(),
            step.tolerateLoss());
    return context.leads()
        ? union.lead(told, context.others(name))
        : union.join(told, context.leader(name));
  }

  private StepResult added(
      Plan.DpQuery step, StepContext context, QueryNoise noise, long[] addend) {
    Function<SumOutcome, Output> output =
        sum -> {
          int noises =
              (int)
                  step.products().stream().filter(p -> sum.survivors().contains(p.party())).count();
          return output(step, noise, noise.released(sum.sum(), noises), noises);
        };
    return step.aggregators().isEmpty()
        ? sums.run(context, step.name(), settings(step, context, addend.length), addend, output)
        : sums.run(
            context,
            step.name(),
            new TwoAggregatorSettings(
                context.session(step.name()),
                step.products().stream().map(ProductRef::party).toList(),
                step.aggregators().getFirst(),
                step.aggregators().getLast(),
                addend.length,
                CONTRIBUTORS_MIN,
                step.tolerateLoss(),
                List.of()),
            addend,
            output);
  }

  private static SecureSumSettings settings(Plan.DpQuery step, StepContext context, int cells) {
    Plan.SharedNoise shared = step.shared();
    return shared == null
        ? new SecureSumSettings(
            context.session(step.name()),
            context.plan().parties(),
            context.plan().leader(),
            cells,
            COHORT_MIN,
            step.tolerateLoss(),
            true)
        : SecureSumSettings.ofShares(
            context.session(step.name()),
            context.plan().parties(),
            context.plan().leader(),
            cells,
            step.products().stream().map(ProductRef::party).toList(),
            shared.unreliable(),
            step.tolerateLoss());
  }

  private static long[] part(Plan.DpQuery step, OwnRows rows, SecretBytes seed)
      throws SQLException {
    rows.keep(step.rows());
    rows.findPeople(seed);
    return new BoundedQuery(step, rows.product().id().column(), orderSecret(seed))
        .run(rows.connection());
  }

  /** Orders rows that are bounded; the same in every attempt. */
  static long orderSecret(SecretBytes seed) {
    byte[] secret = seed.exposeCopy();
    long order = ByteBuffer.wrap(Digest.of(secret).bytes()).getLong();
    Arrays.fill(secret, (byte) 0);
    return order;
  }

  static Output output(
      Plan.DpQuery step, QueryNoise noise, QueryNoise.Released released, int noises) {
    Answer answer = Answer.of(step, noise, released, noises);
    List<String> columns = answer.columns().stream().map(Answer.Column::name).toList();
    ObjectNode body = Json.mapper().createObjectNode();
    ArrayNode rows = body.putArray("rows");
    for (List<@Nullable String> each : answer.rows()) {
      ArrayNode row = rows.addArray();
      for (int c = 0; c < each.size(); c++) {
        Output.add(row, each.get(c), answer.columns().get(c).number());
      }
    }
    columns.forEach(body.putArray("columns")::add);
    body.put("suppressed", released.suppressed())
        .put("confidencePercent", QueryNoise.CONFIDENCE_PERCENT)
        .put("form", "aggregate");
    return new Output(columns, answer.rows().size(), released.suppressed(), body);
  }
}
