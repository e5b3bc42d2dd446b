package hesuan.agent.step;

import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.agent.lookup.KeptFilters;
import hesuan.agent.lookup.PreparedSets;
import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.psi.IntersectionOutcome;
import hesuan.psi.Lookup;
import hesuan.psi.QueryBudget;
import hesuan.psi.UnbalancedAsker;
import hesuan.psi.UnbalancedDataset;
import hesuan.psi.UnbalancedFilter;
import hesuan.psi.UnbalancedHolder;
import hesuan.psi.UnbalancedParameters;
import hesuan.psi.UnbalancedVersion;
import hesuan.source.IdSet;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@link Plan.Intersect} by a prepared set: the leader asks about a few of its people, the other
 * owner answers and learns how many were asked.
 */
final class LookupStep {
  private final OwnProducts own;
  private final QueryBudgets queries;
  private final PreparedSets prepared;
  private final KeptFilters filters;
  private final Workers workers;

  LookupStep(
      OwnProducts own,
      QueryBudgets queries,
      PreparedSets prepared,
      KeptFilters filters,
      Workers workers) {
    this.own = own;
    this.queries = queries;
    this.prepared = prepared;
    this.filters = filters;
    this.workers = workers;
  }

  StepResult run(Plan.Intersect step, StepContext context) {
    return context.leads() ? ask(step, context) : answer(step, context);
  }

  private static UnbalancedParameters parameters(
      Plan.Intersect step, StepContext context, UnbalancedVersion version) {
    return new UnbalancedParameters(
        context.session(step.name()),
        step.products().getFirst().party(),
        step.products().getLast().party(),
        version,
        step.sizeStep());
  }

  private static Channel channel(StepContext context, String name) {
    return context.others(name).values().iterator().next();
  }

  /** The set is made before its name is said; while it is made the asker waits. */
  private StepResult answer(Plan.Intersect step, StepContext context) {
    UnbalancedDataset set = prepared.of(step.products().getLast());
    Lookup.say(set.version(), channel(context, step.name() + "-set"));
    PartyId asker = step.products().getFirst().party();
    PeerSize size = PeerSize.of(context, asker, queries);
    QueryBudget charged =
        new QueryBudget() {
          @Override
          public void charge(PartyId party, UnbalancedVersion version, int items) {
            size.require(items);
          }

          @Override
          public void answering(PartyId party, Digest elements) {
            queries.answer(context.plan().job(), party, context.attempt(), elements);
          }
        };
    IntersectionOutcome outcome =
        new UnbalancedHolder(parameters(step, context, set.version()), set, charged, workers)
            .run(channel(context, step.name()));
    return new StepResult(outcome.transcript(), null);
  }

  private StepResult ask(Plan.Intersect step, StepContext context) {
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      IdSet ids = rows.ids(null, List.of());
      rows.requireUntouched();
      PeerSize.requireCrowd(ids.size(), context.plan().minGroup());
      UnbalancedVersion version = Lookup.hear(channel(context, step.name() + "-set"));
      ProductRef asked = step.products().getLast();
      UnbalancedFilter before = filters.find(asked.asset(), version).orElse(null);
      UnbalancedAsker.Answer answer =
          new UnbalancedAsker(
                  parameters(step, context, version),
                  ids.blocks(version.dataset()),
                  before,
                  workers,
                  JobRandom.of(context.noiseSeed(), context.plan().job()))
              .run(channel(context, step.name()));
      if (before == null || !before.digest().equals(answer.filter().digest())) {
        filters.keep(asked.asset(), answer.filter());
      }
      IntersectionOutcome outcome = answer.outcome();
      return new StepResult(
          outcome.transcript(),
          IntersectStep.output(
              step, rows.product().id().column(), ids.size(), outcome.matches().length),
          KeptPeople.of(
              rows.product().id().column(),
              ids,
              kept(step.keep(), ids.size(), outcome.matches()),
              step.list()));
    }
  }

  /** Places of those from 0 to {@code size} that are kept, by the ascending matches. */
  static int[] kept(Plan.Keep keep, int size, int[] matches) {
    return switch (keep) {
      case SHARED -> matches;
      case MISSING -> {
        BitSet shared = new BitSet(size);
        Arrays.stream(matches).forEach(shared::set);
        yield IntStream.range(0, size).filter(i -> !shared.get(i)).toArray();
      }
    };
  }
}
