package hesuan.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.dp.JoinNoise;
import hesuan.dp.QueryNoise;
import hesuan.job.Refusal;
import hesuan.join.JoinParameters;
import hesuan.wire.Contract;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compiles a job. Pure and deterministic: the same job, products and contract give the same plan to
 * the byte, at the coordinator and at every agent. The day decides only whether a disclosure rule
 * still holds, never what the plan says.
 *
 * <p>Here are refused what cannot work and what an owner's published rules and terms do not grant;
 * whether a contract covers it, and whether a party wants it, is for each party's policy to say.
 */
public final class Planner {
  private Planner() {}

  /**
   * @param products those that the job names, or more; signatures verified by the caller
   * @param on today, by the caller's calendar
   */
  public static PlanResult plan(
      JobSpec job,
      JobId id,
      Map<ProductRef, PublishedProduct> products,
      Contract contract,
      LocalDate on) {
    try {
      Plan plan = compile(job, id, products, contract);
      List<Refusal> refusals = new ArrayList<>();
      refusals.addAll(contractRefusals(plan, contract));
      refusals.addAll(assumptionRefusals(plan, contract));
      refusals.addAll(termRefusals(plan, products));
      refusals.addAll(DisclosureCheck.refusals(plan, products, on));
      return refusals.isEmpty() ? new PlanResult.Planned(plan) : new PlanResult.Refused(refusals);
    } catch (ProblemException e) {
      return new PlanResult.Refused(List.of(new Refusal(null, "plan", e.problem(), "")));
    }
  }

  private static Plan compile(
      JobSpec job, JobId id, Map<ProductRef, PublishedProduct> products, Contract contract) {
    if (!contract.id().equals(job.contract())) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_CONTRACT, "contract", contract.id().value(), job.contract().value());
    }
    if (job.outputs().size() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "outputs", "one output", "" + job.outputs().size());
    }
    Plan.Step step = step(job, new Inputs(job, products), contract);
    List<ProductRef> refs = productsOf(step);
    allUsed(job, refs);
    checkPrivacy(job, step);
    checkNoise(job, step);
    if (step instanceof Plan.DpQuery query) {
      QueryNoise.of(query, job.privacy().minGroup());
    }
    checkForm(job, step);
    List<Product> used = refs.stream().map(r -> published(products, r).product()).toList();
    PartyId leader = leaderOf(job, step, used);
    Set<PartyId> parties = new TreeSet<>();
    refs.forEach(r -> parties.add(r.party()));
    Set<PartyId> receivers = new TreeSet<>(job.outputs().getFirst().to());
    parties.addAll(receivers);
    parties.addAll(aggregatorsOf(step));
    if (step instanceof Plan.DpQuery query) {
      SqlNoise.requireOneSum(job, query, parties, leader);
    }
    return new Plan(
        id,
        job.digest(),
        contract.id(),
        Digest.ofDocument(contract),
        job.purpose().code(),
        List.copyOf(parties),
        leader,
        refs.stream()
            .sorted()
            .map(
                r -> {
                  PublishedProduct p = published(products, r);
                  return new Plan.ProductPin(r, p.document(), p.product().fingerprint());
                })
            .toList(),
        List.of(step),
        StepUses.uses(step, used, List.copyOf(receivers)),
        StepUses.reveals(step, leader, List.copyOf(receivers), List.copyOf(parties)),
        StepUses.charges(step, used),
        StepUses.asks(step, used, List.copyOf(receivers)),
        job.outputs(),
        job.privacy().minGroup(),
        Math.toIntExact(job.run().deadline().toSeconds()),
        job.run().attempts(),
        StepUses.estimate(step, used));
  }

  private static Plan.Step step(JobSpec job, Inputs inputs, Contract contract) {
    JobSpec.Template template = job.what().template();
    String sql = job.what().sql();
    if ((template == null) == (sql == null)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "what",
          "either a template or sql",
          sql == null ? "neither" : "both");
    }
    if (sql == null && job.privacy().keys().equals(JobReader.PRIVATE_KEYS)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.keys",
          "public: a template's groups are written out",
          job.privacy().keys());
    }
    if (sql == null && job.privacy().matches().equals(JobReader.HIDDEN_MATCHES)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.matches",
          "noised: a template has a parameter for it",
          job.privacy().matches());
    }
    if (sql == null && !job.run().aggregators().isEmpty()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.aggregators",
          "none: a template has a parameter for them",
          job.run().aggregators().toString());
    }
    if (sql == null && SqlNoise.isShared(job)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.noise",
          "own: only a query's owners share noise",
          job.privacy().noise());
    }
    if (sql == null && !job.privacy().weights().isEmpty()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.weights",
          "none: a template shares epsilon out evenly",
          job.privacy().weights().keySet().toString());
    }
    return sql != null
        ? SqlReader.step(sql, job, inputs, contract)
        : Templates.of(template.name(), "what.template.name").step(job, inputs);
  }

  /** The job's parameters, read again: a peer may have sent what no reader of ours has seen. */
  static ObjectNode parametersOf(JobSpec job) {
    JobSpec.Template template = job.what().template();
    if (template == null) {
      throw new IllegalArgumentException("a job without template");
    }
    return Templates.of(template.name(), "what.template.name")
        .parameters(Fields.anyOf(template.parameters(), "what.template.parameters"));
  }

  static boolean toleratesLoss(JobSpec job) {
    return job.run().onPartyLoss().equals("continue");
  }

  static PublishedProduct published(Map<ProductRef, PublishedProduct> products, ProductRef ref) {
    PublishedProduct published = products.get(ref);
    if (published == null) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_PRODUCT, "inputs", "a published version", ref.toString());
    }
    return published;
  }

  private static List<ProductRef> productsOf(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap s -> s.products();
      case Plan.Intersect s -> s.products();
      case Plan.IntersectAll s -> s.products();
      case Plan.JoinStatistics s -> s.products();
      case Plan.JoinQuery s -> s.products();
      case Plan.SecureSum s -> s.products();
      case Plan.DpQuery s -> s.products();
      case Plan.Train s -> s.products();
    };
  }

  /** An input that nothing uses would draw a party into a job that does not need it. */
  private static void allUsed(JobSpec job, List<ProductRef> used) {
    job.inputs()
        .forEach(
            (alias, refs) -> {
              if (!used.containsAll(refs)) {
                throw new ProblemException(
                    ErrorCode.INVALID_VALUE, "inputs." + alias, "an input that is used", alias);
              }
            });
  }

  private static PartyId leaderOf(JobSpec job, Plan.Step step, List<Product> used) {
    return switch (step) {
      case Plan.Overlap s -> s.products().getFirst().party();
      case Plan.Intersect s -> s.products().getFirst().party();
      case Plan.IntersectAll s -> s.products().getFirst().party();
      case Plan.JoinStatistics s -> s.products().getFirst().party();
      case Plan.JoinQuery s -> s.products().getFirst().party();
      case Plan.SecureSum s ->
          s.aggregators().isEmpty()
              ? Inputs.leader(job, used)
              : openingAggregator(job, s.products(), s.aggregators());
      case Plan.DpQuery s ->
          s.aggregators().isEmpty()
              ? Inputs.leader(job, used)
              : openingAggregator(job, s.products(), s.aggregators());
      case Plan.Train _ -> Inputs.leader(job, used);
    };
  }

  /** Two, or none. */
  private static List<PartyId> aggregatorsOf(Plan.Step step) {
    return switch (step) {
      case Plan.SecureSum s -> s.aggregators();
      case Plan.DpQuery s -> s.aggregators();
      case Plan.Overlap _,
          Plan.Intersect _,
          Plan.IntersectAll _,
          Plan.JoinStatistics _,
          Plan.JoinQuery _,
          Plan.Train _ ->
          List.of();
    };
  }

  /** It sees the sum, so it must be one that receives it anyway. */
  private static PartyId openingAggregator(
      JobSpec job, List<ProductRef> products, List<PartyId> aggregators) {
    PartyId opening = aggregators.getFirst();
    List<PartyId> receivers = job.outputs().getFirst().to();
    if (!receivers.contains(opening)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          opening + " among the receivers: the first aggregator opens the sum",
          receivers.toString());
    }
    List<PartyId> present = new ArrayList<>(aggregators);
    products.forEach(product -> present.add(product.party()));
    if (!present.containsAll(receivers)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          "owners and aggregators: " + present.stream().distinct().sorted().toList(),
          receivers.toString());
    }
    return opening;
  }

  private static void checkPrivacy(JobSpec job, Plan.Step step) {
    boolean noised =
        switch (step) {
          case Plan.Overlap _, Plan.JoinStatistics _, Plan.JoinQuery _, Plan.DpQuery _ -> true;
          case Plan.Intersect _, Plan.IntersectAll _, Plan.SecureSum _, Plan.Train _ -> false;
        };
    boolean asked = job.privacy().epsilon().compareTo(Epsilon.ZERO) > 0;
    if (noised != asked) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.epsilon",
          noised ? "more than 0" : "0: this answer carries no noise",
          job.privacy().epsilon().toString());
    }
    boolean mayFail =
        switch (step) {
          case Plan.Overlap _ -> true;
          case Plan.JoinStatistics s -> s.matches() == Plan.Matches.NOISED;
          case Plan.JoinQuery s -> s.matches() == Plan.Matches.NOISED;
          case Plan.DpQuery s -> s.selection() != null || s.shared() != null;
          case Plan.Intersect _, Plan.IntersectAll _, Plan.SecureSum _, Plan.Train _ -> false;
        };
    if (mayFail && new java.math.BigDecimal(job.privacy().delta()).signum() <= 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.delta",
          "more than 0, such as 1e-7",
          job.privacy().delta());
    }
    boolean needsEveryone =
        switch (step) {
          case Plan.Overlap _,
              Plan.Intersect _,
              Plan.IntersectAll _,
              Plan.JoinStatistics _,
              Plan.JoinQuery _ ->
              true;
          case Plan.SecureSum _, Plan.DpQuery _, Plan.Train _ -> false;
        };
    if (needsEveryone && toleratesLoss(job)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.onPartyLoss",
          "fail: what meets row by row needs every party",
          "continue");
    }
  }

  /**
   * What no data could mend is refused here, before a budget is charged; SQL is proved as it is
   * read.
   */
  private static void checkNoise(JobSpec job, Plan.Step step) {
    switch (step) {
      case Plan.JoinStatistics s -> {
        new JoinNoise(s, job.privacy().minGroup(), JoinParameters.ITEMS_MAX);
        JoinParameters.of(s, job.digest());
      }
      case Plan.JoinQuery s -> JoinParameters.of(s, job.privacy().minGroup(), job.digest());
      case Plan.Overlap _,
          Plan.Intersect _,
          Plan.IntersectAll _,
          Plan.SecureSum _,
          Plan.DpQuery _,
          Plan.Train _ -> {}
    }
  }

  private static void checkForm(JobSpec job, Plan.Step step) {
    String form =
        switch (step) {
          case Plan.Train _ -> "model";
          case Plan.Intersect _, Plan.IntersectAll _ -> "members";
          case Plan.Overlap _,
              Plan.JoinStatistics _,
              Plan.JoinQuery _,
              Plan.SecureSum _,
              Plan.DpQuery _ ->
              "aggregate";
        };
    String asked = job.outputs().getFirst().form();
    if (!asked.equals(form)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "outputs[0].form", form, asked);
    }
  }

  /** Its keys are pinned in the contract, so a party outside could not even sign the plan. */
  private static List<Refusal> contractRefusals(Plan plan, Contract contract) {
    return plan.parties().stream()
        .filter(p -> contract.member(p).isEmpty())
        .map(
            p ->
                new Refusal(
                    null,
                    "contract.parties",
                    new Problem(
                        ErrorCode.CONTRACT_VIOLATED,
                        "contract",
                        "one of "
                            + contract.parties().stream().map(Contract.Member::party).toList(),
                        p.value()),
                    "contract.parties: + " + p))
        .toList();
  }

  /** On what others' keeping apart, or reliability, a promise rests: the contract says so. */
  private static List<Refusal> assumptionRefusals(Plan plan, Contract contract) {
    String needed =
        switch (plan.steps().getFirst()) {
          case Plan.IntersectAll step -> noCollusion(List.of(plan.leader(), step.pivot()));
          case Plan.Step step when !aggregatorsOf(step).isEmpty() ->
              noCollusion(aggregatorsOf(step));
          case Plan.DpQuery query when query.shared() != null ->
              SqlNoise.assumption(query, query.shared());
          case Plan.Overlap _,
              Plan.Intersect _,
              Plan.JoinStatistics _,
              Plan.JoinQuery _,
              Plan.SecureSum _,
              Plan.DpQuery _,
              Plan.Train _ ->
              "";
        };
    if (needed.isEmpty() || contract.assumptions().contains(needed)) {
      return List.of();
    }
    return List.of(
        new Refusal(
            null,
            "contract.assumptions",
            new Problem(
                ErrorCode.CONTRACT_VIOLATED,
                "contract.assumptions",
                needed,
                contract.assumptions().toString()),
            "contract.assumptions: + " + needed));
  }

  /** Of two parties by name. */
  private static String noCollusion(List<PartyId> apart) {
    return "no-collusion:"
        + apart.stream().map(PartyId::value).sorted().collect(Collectors.joining("+"));
  }

  private static List<Refusal> termRefusals(Plan plan, Map<ProductRef, PublishedProduct> products) {
    List<Refusal> refusals = new ArrayList<>();
    int minGroup = plan.charges().isEmpty() ? 0 : strictestMinGroup(plan, products);
    for (Plan.Charge charge : plan.charges()) {
      Product.Terms terms = published(products, charge.product()).product().terms();
      boolean ofPeople =
          charge.epsilon().compareTo(Epsilon.ZERO) > 0
              || plan.steps().getFirst() instanceof Plan.Intersect
              || plan.steps().getFirst() instanceof Plan.IntersectAll;
      if (ofPeople && plan.minGroup() < terms.minGroup()) {
        refusals.add(
            refusal(
                charge,
                "terms.minGroup",
                new Problem(
                    ErrorCode.DISCLOSURE_DENIED,
                    "privacy.minGroup",
                    "at least " + terms.minGroup() + " for " + charge.product(),
                    "" + plan.minGroup()),
                "privacy.minGroup: " + minGroup));
      }
      if (charge.epsilon().compareTo(terms.maxEpsilon()) > 0) {
        refusals.add(
            refusal(
                charge,
                "terms.maxEpsilon",
                new Problem(
                    ErrorCode.DISCLOSURE_DENIED,
                    "privacy.epsilon",
                    "at most " + terms.maxEpsilon() + " for " + charge.product(),
                    charge.epsilon().toString()),
                "privacy.epsilon: " + strictestEpsilon(plan, products)));
      }
    }
    return refusals;
  }

  private static Refusal refusal(Plan.Charge charge, String rule, Problem problem, String change) {
    return new Refusal(charge.owner(), rule, problem, change);
  }

  private static int strictestMinGroup(Plan plan, Map<ProductRef, PublishedProduct> products) {
    return plan.charges().stream()
        .mapToInt(c -> published(products, c.product()).product().terms().minGroup())
        .max()
        .orElse(0);
  }

  private static @Nullable Epsilon strictestEpsilon(
      Plan plan, Map<ProductRef, PublishedProduct> products) {
    return plan.charges().stream()
        .map(c -> published(products, c.product()).product().terms().maxEpsilon())
        .min(Epsilon::compareTo)
        .orElse(null);
  }
}
