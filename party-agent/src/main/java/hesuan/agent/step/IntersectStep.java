package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.psi.IntersectionOutcome;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionReceiver;
import hesuan.psi.IntersectionSender;
import hesuan.psi.ItemBlocks;
import hesuan.psi.ItemSource;
import hesuan.source.IdSet;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import java.security.SecureRandom;
import java.util.List;

/** {@link Plan.Intersect}: which of its own people each receiver shares with the other owner. */
final class IntersectStep {
  private final OwnProducts own;
  private final QueryBudgets queries;
  private final Workers workers;
  private final SecureRandom random;

  IntersectStep(OwnProducts own, QueryBudgets queries, Workers workers, SecureRandom random) {
    this.own = own;
    this.queries = queries;
    this.workers = workers;
    this.random = random;
  }

  StepResult run(Plan.Intersect step, StepContext context) {
    Digest session = context.session(step.name());
    PartyId leader = step.products().getFirst().party();
    PartyId other = step.products().getLast().party();
    List<PartyId> receivers = context.plan().outputs().getFirst().to();
    IntersectionParameters parameters =
        new IntersectionParameters(
            session,
            leader,
            other,
            engine(step.engine()),
            receivers.contains(other),
            IntersectionParameters.BUCKET_ITEMS,
            step.sizeStep());
    PeerSize peerSize = PeerSize.of(context, context.leads() ? other : leader, queries);
    Channel channel = context.others(step.name()).values().iterator().next();
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      IdSet ids = rows.ids(null, List.of());
      rows.requireUntouched();
      if (receivers.contains(context.self())) {
        PeerSize.requireCrowd(ids.size(), context.plan().minGroup());
      }
      ItemBlocks blocks = new ItemBlocks(session);
      for (int i = 0; i < ids.size(); i++) {
        blocks.add(ids.arena(), ids.offset(i), ids.length(i));
      }
      ItemSource items = ItemSource.of(blocks.toArray());
      IntersectionOutcome outcome =
          context.leads()
              ? new IntersectionReceiver(parameters, items, peerSize, workers, random)
                  .run(channel)
              : new IntersectionSender(parameters, items, peerSize, workers, random)
                  .run(channel);
      KeptPeople people = null;
      if (receivers.contains(context.self())) {
        people = KeptPeople.of(rows.product().id().column(), ids, kept(step, ids, outcome));
      } else {
        ids.close();
      }
      return new StepResult(
          outcome.transcript(),
          context.leads() ? output(step, rows.product(), ids.size(), outcome) : null,
          people);
    }
  }

  static IntersectionParameters.Engine engine(Plan.IntersectEngine engine) {
    return switch (engine) {
      case VOLE -> IntersectionParameters.Engine.VOLE;
      case VOLE_MALICIOUS -> IntersectionParameters.Engine.VOLE_MALICIOUS;
      case ECDH -> IntersectionParameters.Engine.ECDH;
    };
  }

  private static int[] kept(Plan.Intersect step, IdSet ids, IntersectionOutcome outcome) {
    return switch (step.keep()) {
      case SHARED -> outcome.matches();
      case MISSING -> missing(ids.size(), outcome.matches());
    };
  }

  /** Those from 0 to {@code size} that are not among the ascending matches. */
  static int[] missing(int size, int[] matches) {
    int[] missing = new int[size - matches.length];
    int match = 0;
    int at = 0;
    for (int i = 0; i < size; i++) {
      if (match < matches.length && matches[match] == i) {
        match++;
      } else {
        missing[at++] = i;
      }
    }
    return missing;
  }

  /**
   * The document that travels: how many, and no one's name. A list of almost everybody names the
   * few who are not on it, so what policies judge is the smaller side.
   */
  private static Output output(
      Plan.Intersect step, Product product, int own, IntersectionOutcome outcome) {
    int shared = outcome.matches().length;
    int people =
        switch (step.keep()) {
          case SHARED -> shared;
          case MISSING -> own - shared;
        };
    ObjectNode body = Json.mapper().createObjectNode().put("form", "members").put("people", people);
    return new Output(List.of(product.id().column()), Math.min(shared, people), 0, body);
  }
}
