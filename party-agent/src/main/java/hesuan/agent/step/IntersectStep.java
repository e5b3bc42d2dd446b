package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.psi.BucketSink;
import hesuan.psi.IntersectionEnd;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionReceiver;
import hesuan.psi.IntersectionSender;
import hesuan.source.PeopleItems;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Plan.Intersect}: which of its own people each receiver shares with the other owner. */
final class IntersectStep {
  private static final Logger LOG = LoggerFactory.getLogger(IntersectStep.class);

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
    Digest session = context.lastingSession(step.name());
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
            step.bucketItems(),
            step.sizeStep());
    PeerSize peerSize = PeerSize.of(context, context.leads() ? other : leader, queries);
    Channel channel = context.others(step.name()).values().iterator().next();
    boolean receives = receivers.contains(context.self());
    PeopleItems items;
    Product product;
    try (OwnRows rows = own.open(step.products()).orElseThrow()) {
      product = rows.product();
      items = rows.items(session, receives, workers);
      rows.requireUntouched();
    }
    boolean left = false;
    try {
      if (receives) {
        PeerSize.requireCrowd(items.size(), context.plan().minGroup());
      }
      BitSet shared = new BitSet();
      int first = context.doneBuckets().open(run(session, items));
      BucketSink sink = sink(context, shared);
      IntersectionEnd end =
          context.leads()
              ? new IntersectionReceiver(parameters, items, peerSize, workers, random)
                  .run(channel, first, sink)
              : new IntersectionSender(parameters, items, peerSize, workers, random)
                  .run(channel, first, sink);
      StepResult result =
          new StepResult(
              end.transcript(),
              context.leads() ? output(step, product, items.size(), shared.cardinality()) : null,
              receives ? kept(step, product, items, shared) : null);
      left = receives;
      return result;
    } finally {
      if (!left) {
        items.close();
      }
    }
  }

  /** Buckets of another attempt hold the same people under the same numbers if this is the same. */
  private static Digest run(Digest session, PeopleItems items) {
    return Digest.of(session + "/" + items.size() + "/" + items.order());
  }

  private static BucketSink sink(StepContext context, BitSet shared) {
    return new BucketSink() {
      @Override
      public void begin(int first, int buckets) {
        context.doneBuckets().begin(first, buckets, shared);
        if (buckets > 1) {
          LOG.info("{} begins with bucket {} of {}", context.plan().job(), first, buckets);
        }
      }

      @Override
      public void done(int bucket, int[] matches) {
        for (int number : matches) {
          shared.set(number);
        }
        context.doneBuckets().done(bucket, matches);
      }
    };
  }

  static IntersectionParameters.Engine engine(Plan.IntersectEngine engine) {
    return switch (engine) {
      case VOLE -> IntersectionParameters.Engine.VOLE;
      case VOLE_MALICIOUS -> IntersectionParameters.Engine.VOLE_MALICIOUS;
      case ECDH -> IntersectionParameters.Engine.ECDH;
      case UNBALANCED -> throw new IllegalArgumentException("a step of its own: LookupStep");
    };
  }

  private static KeptPeople kept(
      Plan.Intersect step, Product product, PeopleItems items, BitSet shared) {
    BitSet kept =
        switch (step.keep()) {
          case SHARED -> shared;
          case MISSING -> items.others(shared);
        };
    return new KeptPeople(
        product.id().column(),
        new KeptPeople.Ids() {
          @Override
          public void forEach(PeopleItems.Visitor visitor) throws IOException {
            items.forEach(kept, visitor);
          }

          @Override
          public void close() {
            items.close();
          }
        },
        step.list());
  }

  /**
   * The document that travels: how many, and no one's name. A list of almost everybody names the
   * few who are not on it, so what policies judge is the smaller side.
   */
  static Output output(Plan.Intersect step, Product product, int own, int shared) {
    int people =
        switch (step.keep()) {
          case SHARED -> shared;
          case MISSING -> own - shared;
        };
    ObjectNode body = Json.mapper().createObjectNode().put("form", "members").put("people", people);
    return new Output(List.of(product.id().column()), Math.min(shared, people), 0, body);
  }
}
