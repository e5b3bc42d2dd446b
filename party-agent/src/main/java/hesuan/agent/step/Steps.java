package hesuan.agent.step;

import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.lookup.KeptFilters;
import hesuan.agent.lookup.PreparedSets;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.group.Workers;
import hesuan.learn.Trainer;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.BiFunction;

/** Runs any step of a plan in this party's role. */
public final class Steps {
  private final OwnProducts own;
  private final QueryBudgets queries;
  private final PreparedSets prepared;
  private final KeptFilters filters;
  private final SigningKeys keys;
  private final BiFunction<Plan, PartyId, PartyKeys> pinned;
  private final Workers workers;
  private final Optional<Trainer> trainer;
  private final SecureRandom random;

  /**
   * @param pinned the keys that a plan's contract pins for a party
   * @param trainer none at an agent that doesn't learn
   */
  public Steps(
      OwnProducts own,
      QueryBudgets queries,
      PreparedSets prepared,
      KeptFilters filters,
      SigningKeys keys,
      BiFunction<Plan, PartyId, PartyKeys> pinned,
      Workers workers,
      Optional<Trainer> trainer,
      SecureRandom random) {
    this.own = own;
    this.queries = queries;
    this.prepared = prepared;
    this.filters = filters;
    this.keys = keys;
    this.pinned = pinned;
    this.workers = workers;
    this.trainer = trainer;
    this.random = random;
  }

  public StepResult run(Plan.Step step, StepContext context) throws SQLException {
    Signatures signatures = new Signatures(keys, party -> pinned.apply(context.plan(), party));
    return switch (step) {
      case Plan.Overlap overlap -> new OverlapStep(own, workers, random).run(overlap, context);
      case Plan.Intersect lookup when lookup.engine() == Plan.IntersectEngine.UNBALANCED ->
          new LookupStep(own, queries, prepared, filters, workers).run(lookup, context);
      case Plan.Intersect intersect ->
          new IntersectStep(own, queries, workers, random).run(intersect, context);
      case Plan.IntersectAll all ->
          new IntersectAllStep(own, queries, workers, random).run(all, context);
      case Plan.JoinStatistics join -> new JoinStep(own, workers, random).run(join, context);
      case Plan.JoinQuery join -> new JoinQueryStep(own, workers, random).run(join, context);
      case Plan.SecureSum sum -> new SumStep(own, signatures, random).run(sum, context);
      case Plan.DpQuery query -> new QueryStep(own, signatures, random).run(query, context);
      case Plan.Train train -> new TrainStep(own, signatures, trainer, random).run(train, context);
    };
  }
}
