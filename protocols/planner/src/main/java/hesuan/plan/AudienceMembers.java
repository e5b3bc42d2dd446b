package hesuan.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.Lookup;
import hesuan.psi.many.ManyParameters;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which of its own people a receiver shares with the other owner or with all others, or has alone.
 * Nobody gets an identifier that it did not have, so only owners can receive.
 */
final class AudienceMembers implements Template {
  private static final int OWNERS_MAX = 10;

  private static final String PIVOT = "what.template.parameters.pivot";
  private static final List<String> ENGINES =
      List.of("vole", "vole-malicious", "ecdh", "unbalanced");
  private static final List<String> LISTS = List.of("csv", "parquet");

  /** Fills up with at most so many dummies, which costs nothing beside the rest of a job. */
  static final int SIZE_STEP = 1000;

  static final int SIZE_STEP_MAX = 1 << 20;

  /** Below, what every bucket costs anew outweighs what its people cost. */
  private static final int BUCKET_MIN = 1000;

  private final String name;
  private final Plan.Keep keep;

  AudienceMembers(String name, Plan.Keep keep) {
    this.name = name;
    this.keep = keep;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String form() {
    return "members";
  }

  @Override
  public ObjectNode parameters(Fields written) {
    Fields fields = written.only("engine", "sizeStep", "bucket", "list", "pivot");
    ObjectNode parameters =
        Fields.newObject()
            .put("engine", fields.oneOf("engine", "vole", ENGINES))
            .put("sizeStep", fields.integer("sizeStep", SIZE_STEP, 1, SIZE_STEP_MAX))
            .put(
                "bucket",
                fields.integer(
                    "bucket",
                    IntersectionParameters.BUCKET_ITEMS,
                    BUCKET_MIN,
                    ManyParameters.BUCKET_ITEMS_MAX))
            .put("list", fields.oneOf("list", "csv", LISTS));
    if (fields.has("pivot")) {
      parameters.put("pivot", new PartyId(fields.text("pivot")).value());
    }
    return parameters;
  }

  @Override
  public Plan.Step step(JobSpec job, Inputs inputs) {
    List<Product> products = inputs.wholes();
    int ownersMax = keep == Plan.Keep.SHARED ? OWNERS_MAX : 2;
    if (products.size() > ownersMax) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "inputs",
          ownersMax == 2 ? "two owners" : "two to " + ownersMax + " owners",
          "" + products.size());
    }
    Inputs.onePrivacyUnit(job, products, false);
    List<PartyId> owners = products.stream().map(p -> p.ref().party()).toList();
    List<PartyId> receivers = job.outputs().getFirst().to();
    if (!owners.containsAll(receivers)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          "only owners of the inputs, " + owners + ": a list holds the receiver's own people",
          receivers.toString());
    }
    if (keep == Plan.Keep.MISSING && receivers.size() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          "one receiver: those whom the other lacks",
          receivers.toString());
    }
    requireCrowd(job, products);
    PartyId leader = Inputs.leader(job, products);
    if (products.size() > 2) {
      if (engine(job) == Plan.IntersectEngine.UNBALANCED) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "inputs", "two owners with engine unbalanced", "more");
      }
      return all(job, products, leader);
    }
    if (Planner.parametersOf(job).has("pivot")) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, PIVOT, "nothing between two owners", "a party");
    }
    List<Product> ordered =
        products.getFirst().ref().party().equals(leader) ? products : products.reversed();
    Plan.IntersectEngine engine = engine(job);
    if (engine == Plan.IntersectEngine.UNBALANCED) {
      requireFew(receivers, ordered.getFirst(), sizeStep(job));
    }
    return new Plan.Intersect(
        "intersect", Inputs.refs(ordered), keep, engine, sizeStep(job), bucket(job), list(job));
  }

  /** The holder of a prepared set learns nothing, and its filter errs rarely enough for so many. */
  private static void requireFew(List<PartyId> receivers, Product asking, int sizeStep) {
    if (receivers.size() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          "one receiver with engine unbalanced",
          receivers.toString());
    }
    long asked = Math.ceilDiv(asking.rows(), (long) sizeStep) * sizeStep;
    if (asked > Lookup.ASKED_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "inputs",
          "at most " + Lookup.ASKED_MAX + " rows to ask with engine unbalanced; vole takes more",
          asked + " of " + asking.ref() + ", rounded up to sizeStep");
    }
  }

  /** A receiver's set that is smaller than any list that may be released only probes. */
  private static void requireCrowd(JobSpec job, List<Product> products) {
    int minGroup = job.privacy().minGroup();
    for (Product product : products) {
      boolean receives = job.outputs().getFirst().to().contains(product.ref().party());
      if (receives && product.rows() < minGroup) {
        throw new ProblemException(
            ErrorCode.GROUP_TOO_SMALL,
            "inputs",
            "a receiver's product of at least " + minGroup + " rows (privacy.minGroup)",
            product.rows() + " in " + product.ref());
      }
    }
  }

  private static int bucket(JobSpec job) {
    return Planner.parametersOf(job).get("bucket").intValue();
  }

  private static Plan.ListFormat list(JobSpec job) {
    return Planner.parametersOf(job).get("list").textValue().equals("parquet")
        ? Plan.ListFormat.PARQUET
        : Plan.ListFormat.CSV;
  }

  private static int sizeStep(JobSpec job) {
    return Planner.parametersOf(job).get("sizeStep").intValue();
  }

  /** The leader's product first, then the pivot's, then the others by name. */
  private static Plan.Step all(JobSpec job, List<Product> products, PartyId leader) {
    List<PartyId> receivers = job.outputs().getFirst().to();
    List<PartyId> others =
        products.stream()
            .map(p -> p.ref().party())
            .filter(p -> !p.equals(leader))
            .sorted()
            .toList();
    boolean told = receivers.size() > 1;
    List<PartyId> possible = told ? others.stream().filter(receivers::contains).toList() : others;
    PartyId pivot =
        Planner.parametersOf(job).has("pivot")
            ? new PartyId(Planner.parametersOf(job).get("pivot").textValue())
            : possible.getFirst();
    if (!possible.contains(pivot)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          PIVOT,
          told
              ? "a receiver other than the leader, who proves the list to the rest: " + possible
              : "an owner other than the leader: " + possible,
          pivot.value());
    }
    List<PartyId> order = new ArrayList<>(List.of(leader, pivot));
    others.stream().filter(p -> !p.equals(pivot)).forEach(order::add);
    List<Product> ordered =
        products.stream()
            .sorted(Comparator.comparingInt(p -> order.indexOf(p.ref().party())))
            .toList();
    return new Plan.IntersectAll(
        "intersect", Inputs.refs(ordered), engine(job), sizeStep(job), bucket(job), list(job));
  }

  private static Plan.IntersectEngine engine(JobSpec job) {
    String engine = Planner.parametersOf(job).get("engine").textValue();
    return switch (engine) {
      case "vole" -> Plan.IntersectEngine.VOLE;
      case "vole-malicious" -> Plan.IntersectEngine.VOLE_MALICIOUS;
      case "ecdh" -> Plan.IntersectEngine.ECDH;
      case "unbalanced" -> Plan.IntersectEngine.UNBALANCED;
      default ->
          throw new ProblemException(
              ErrorCode.INVALID_VALUE,
              "what.template.parameters.engine",
              "one of " + ENGINES,
              engine);
    };
  }
}
