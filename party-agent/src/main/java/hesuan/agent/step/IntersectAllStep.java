package hesuan.agent.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.group.Workers;
import hesuan.psi.SizeCheck;
import hesuan.psi.many.ManyEnd;
import hesuan.psi.many.ManyIntersection;
import hesuan.psi.many.ManyParameters;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@link Plan.IntersectAll}: which of its own people each receiver shares with all owners. */
final class IntersectAllStep {
  private final OwnProducts own;
  private final QueryBudgets queries;
  private final Workers workers;
  private final SecureRandom random;

  IntersectAllStep(OwnProducts own, QueryBudgets queries, Workers workers, SecureRandom random) {
    this.own = own;
    this.queries = queries;
    this.workers = workers;
    this.random = random;
  }

  StepResult run(Plan.IntersectAll step, StepContext context) {
    Digest session = context.lastingSession(step.name());
    List<PartyId> receivers = context.plan().outputs().getFirst().to();
    ManyParameters parameters =
        new ManyParameters(
            session,
            context.plan().leader(),
            step.pivot(),
            step.products().stream().skip(2).map(ProductRef::party).toList(),
            receivers,
            IntersectStep.engine(step.engine()),
            step.bucketItems(),
            step.sizeStep());
    Map<PartyId, SizeCheck> sizes = new TreeMap<>();
    for (ProductRef product : step.products()) {
      if (!product.party().equals(context.self())) {
        sizes.put(product.party(), PeerSize.of(context, product.party(), queries));
      }
    }
    try (OwnPeople people = OwnPeople.read(own, step.products(), session, context, workers)) {
      ManyIntersection intersection =
          new ManyIntersection(parameters, context.self(), people.items(), sizes, workers, random);
      ManyEnd end =
          intersection.run(context.others(step.name()), people.firstOpen(), people.sink());
      return new StepResult(
          end.transcript(),
          context.leads() ? output(people) : null,
          receivers.contains(context.self()) ? people.keep(people.shared(), step.list()) : null);
    }
  }

  /** The document that travels: how many, and no one's name. */
  private static Output output(OwnPeople kept) {
    int people = kept.shared().cardinality();
    ObjectNode body = Json.mapper().createObjectNode().put("form", "members").put("people", people);
    return new Output(List.of(kept.column()), people, 0, body);
  }
}
