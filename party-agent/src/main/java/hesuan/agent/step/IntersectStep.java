package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.psi.IntersectionEnd;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionReceiver;
import hesuan.psi.IntersectionSender;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import java.security.SecureRandom;
import java.util.BitSet;
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
    try (OwnPeople people = OwnPeople.read(own, step.products(), session, context, workers)) {
      int first = people.firstOpen();
      IntersectionEnd end =
          context.leads()
              ? new IntersectionReceiver(parameters, people.items(), peerSize, workers, random)
                  .run(channel, first, people.sink())
              : new IntersectionSender(parameters, people.items(), peerSize, workers, random)
                  .run(channel, first, people.sink());
      return new StepResult(
          end.transcript(),
          context.leads() ? output(step, people) : null,
          receivers.contains(context.self()) ? kept(step, people) : null);
    }
  }

  static IntersectionParameters.Engine engine(Plan.IntersectEngine engine) {
    return switch (engine) {
      case VOLE -> IntersectionParameters.Engine.VOLE;
      case VOLE_MALICIOUS -> IntersectionParameters.Engine.VOLE_MALICIOUS;
      case ECDH -> IntersectionParameters.Engine.ECDH;
      case UNBALANCED -> throw new IllegalArgumentException("a step of its own: LookupStep");
    };
  }

  private static KeptPeople kept(Plan.Intersect step, OwnPeople people) {
    BitSet kept =
        switch (step.keep()) {
          case SHARED -> people.shared();
          case MISSING -> people.items().others(people.shared());
        };
    return people.keep(kept, step.list());
  }

  private static Output output(Plan.Intersect step, OwnPeople people) {
    return output(step, people.column(), people.items().size(), people.shared().cardinality());
  }

  /**
   * The document that travels: how many, and no one's name. A list of almost everybody names the
   * few who are not on it, so what policies judge is the smaller side.
   */
  static Output output(Plan.Intersect step, String column, int own, int shared) {
    int people =
        switch (step.keep()) {
          case SHARED -> shared;
          case MISSING -> own - shared;
        };
    ObjectNode body = Json.mapper().createObjectNode().put("form", "members").put("people", people);
    return new Output(List.of(column), Math.min(shared, people), 0, body);
  }
}
