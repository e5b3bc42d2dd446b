package hesuan.agent.step;

import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.query.QueryItems;
import hesuan.dp.QueryNoise;
import hesuan.group.Workers;
import hesuan.join.JoinMatcher;
import hesuan.join.JoinOutcome;
import hesuan.join.JoinParameters;
import hesuan.join.JoinValuer;
import hesuan.wire.Digest;
import hesuan.wire.Plan;
import java.security.SecureRandom;
import java.sql.SQLException;

/**
 * {@link Plan.JoinQuery}: each owner runs its text on its rows and bounds its people; the join adds
 * the figures of those in both by group, with both owners' noise on every sum.
 */
final class JoinQueryStep {
  /** Both owners' noise is in every sum. */
  private static final int NOISES = 2;

  private final OwnProducts own;
  private final Workers workers;
  private final SecureRandom random;

  JoinQueryStep(OwnProducts own, Workers workers, SecureRandom random) {
    this.own = own;
    this.workers = workers;
    this.random = random;
  }

  StepResult run(Plan.JoinQuery step, StepContext context) throws SQLException {
    Digest session = context.session(step.name());
    QueryNoise noise = QueryNoise.of(step.figures(), context.plan().minGroup());
    JoinParameters parameters = JoinParameters.of(step, context.plan().minGroup(), session);
    long[] drawn = byGroup(step, noise, noise.noised(new long[noise.cells()], context.noiseSeed()));
    QueryItems items = items(step, context, session);
    if (!context.leads()) {
      return new StepResult(
          new JoinValuer(
                  parameters,
                  items.keys(),
                  items.figures(),
                  drawn,
                  JoinStep.dummies(parameters.matches(), step.name(), context),
                  workers,
                  random)
              .run(context.leader(step.name()))
              .transcript(),
          null);
    }
    JoinOutcome outcome =
        new JoinMatcher(parameters, items.keys(), items.groups(), drawn, workers, random)
            .run(context.others(step.name()).get(parameters.valuer()));
    long[] cells = byAggregate(step, noise, outcome.sums());
    return new StepResult(
        outcome.transcript(),
        QueryStep.output(step.figures(), noise, noise.released(cells, NOISES), NOISES));
  }

  private QueryItems items(Plan.JoinQuery step, StepContext context, Digest session)
      throws SQLException {
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      rows.findPeople(context.noiseSeed());
      String id = rows.product().id().column();
      QueryItems items =
          context.leads()
              ? QueryItems.grouped(step, id, rows.product().id().rule(), session, rows.connection())
              : QueryItems.figured(
                  step,
                  id,
                  rows.product().id().rule(),
                  session,
                  QueryStep.orderSecret(context.noiseSeed()),
                  rows.connection());
      rows.requireUntouched();
      return items;
    }
  }

  /** The join adds group after group, a query's figures stand aggregate after aggregate. */
  private static long[] byGroup(Plan.JoinQuery step, QueryNoise noise, long[] cells) {
    int width = step.figures().aggregates().size();
    long[] turned = new long[cells.length];
    for (int i = 0; i < cells.length; i++) {
      turned[i] = cells[noise.cell(i % width, i / width)];
    }
    return turned;
  }

  private static long[] byAggregate(Plan.JoinQuery step, QueryNoise noise, long[] sums) {
    int width = step.figures().aggregates().size();
    long[] turned = new long[sums.length];
    for (int i = 0; i < sums.length; i++) {
      turned[noise.cell(i % width, i / width)] = sums[i];
    }
    return turned;
  }
}
