package hesuan.agent.job;

import hesuan.agent.Contracts;
import hesuan.agent.Members;
import hesuan.agent.budget.Budget;
import hesuan.agent.budget.BudgetEvent;
import hesuan.agent.budget.CanonicalQuery;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.control.Propose;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.VerifiedEnvelopes;
import hesuan.job.PlanOpinion;
import hesuan.job.Refusal;
import hesuan.plan.PlanResult;
import hesuan.plan.Planner;
import hesuan.plan.PublishedProduct;
import hesuan.policy.Decision;
import hesuan.policy.PolicyEngine;
import hesuan.policy.PolicyInput;
import hesuan.wire.Contract;
import hesuan.wire.Countersignature;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.Software;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether this party takes part. Everything that the coordinator says is checked against what this
 * party knows by itself: signatures against the keys pinned in a contract that it signed, the plan
 * by compiling the job again, the products against its own, and then its own policy and budget.
 * Asked again before each attempt and before each release, because an earlier yes is no permission.
 */
public final class Admission {
  private static final Pattern LEFT = Pattern.compile("(epsilon|delta) of at most ([0-9.]+)");

  private record Facts(
      Contract contract,
      Map<ProductRef, PublishedProduct> published,
      List<PolicyInput.ProductState> products) {}

  private final PartyId self;
  private final SigningKeys keys;
  private final Contracts contracts;
  private final Members members;
  private final OwnProducts own;
  private final PolicyEngine policy;
  private final Budget budget;
  private final JobBook book;
  private final Clock clock;
  private final VerifiedEnvelopes verified = new VerifiedEnvelopes();

  public Admission(
      SigningKeys keys,
      Contracts contracts,
      Members members,
      OwnProducts own,
      PolicyEngine policy,
      Budget budget,
      JobBook book,
      Clock clock) {
    this.self = keys.party();
    this.keys = keys;
    this.contracts = contracts;
    this.members = members;
    this.own = own;
    this.policy = policy;
    this.budget = budget;
    this.book = book;
    this.clock = clock;
  }

  static List<Plan.Charge> ownCharges(Plan plan, PartyId self) {
    return plan.charges().stream().filter(c -> c.owner().equals(self)).toList();
  }

  /** What the plan lets others ask of this party's products. */
  List<BudgetEvent.Query> queries(Plan plan) {
    List<BudgetEvent.Query> queries = new ArrayList<>();
    boolean lookup =
        plan.steps().stream()
            .anyMatch(
                s ->
                    s instanceof Plan.Intersect i && i.engine() == Plan.IntersectEngine.UNBALANCED);
    for (Plan.Ask ask : plan.asks()) {
      if (ask.product().party().equals(self)) {
        long rows = own.find(ask.product()).map(held -> held.product().rows()).orElse(0L);
        queries.add(QueryBudgets.query(ask.product(), ask.by(), lookup, ask.items(), rows));
      }
    }
    return queries;
  }

  static Digest query(Plan plan) {
    return CanonicalQuery.of(plan, Software.NAME);
  }

  Envelope sign(String type, Object document) {
    return Envelope.signDocument(type, document, keys);
  }

  /** Every reason against a job that was proposed; none: it may be countersigned. */
  List<Refusal> decide(JobEntry entry) {
    return refusals(
        "admit",
        () -> {
          Facts facts = facts(entry);
          List<Refusal> refusals = new ArrayList<>(compiledAlike(entry, facts));
          if (refusals.isEmpty()) {
            Decision decision =
                keep(
                    entry.id(),
                    policy.decide(
                        PolicyInput.admit(
                            self,
                            entry.plan(),
                            state(facts, entry.id()),
                            facts.products,
                            clock.instant())));
            refusals.addAll(refusals(decision));
          }
          if (refusals.isEmpty()) {
            checkBudget(entry);
            entry.plan().products().stream()
                .map(Plan.ProductPin::ref)
                .filter(ref -> ref.party().equals(self))
                .forEach(own::requireUnchanged);
          }
          return refusals;
        });
  }

  /**
   * What one party would say to a plan that only was asked about; nothing but the decision is kept.
   */
  public PlanOpinion preview(Propose proposal) {
    Plan plan = Json.read(proposal.getPlan().toByteArray(), Plan.class);
    List<Refusal> refusals =
        refusals(
            "preview",
            () ->
                decide(
                    new JobEntry(
                        new JobId(proposal.getJob()),
                        proposal,
                        plan,
                        new hesuan.job.PartyJobState.Considered(),
                        null,
                        List.of(),
                        null,
                        clock.instant().getEpochSecond(),
                        proposal.getDeadlineMillis())));
    boolean mayKnow =
        refusals.stream().allMatch(r -> r.problem().code() == ErrorCode.BUDGET_EXHAUSTED);
    return new PlanOpinion(
        self, refusals, mayKnow ? budget.stands(ownCharges(plan, self)) : List.of());
  }

  private void checkBudget(JobEntry entry) {
    budget.check(entry.id(), query(entry.plan()), ownCharges(entry.plan(), self));
    budget.queries().check(entry.id(), queries(entry.plan()));
  }

  /** Before an attempt: everyone has signed this very plan, and the policy of now still agrees. */
  List<Refusal> mayStart(JobEntry entry, List<Envelope> countersignatures, int attempt) {
    return refusals(
        "start",
        () -> {
          Facts facts = facts(entry);
          Digest plan = entry.plan().digest();
          for (PartyId party : entry.plan().parties()) {
            Countersignature expected = new Countersignature(party, entry.id(), plan);
            boolean signed = isSigned(countersignatures, facts.contract, expected);
            if (!signed) {
              throw new ProblemException(
                  ErrorCode.SIGNATURE_REFUSED,
                  entry.id().value(),
                  "the plan countersigned by every party",
                  "not by " + party);
            }
          }
          checkBudget(entry);
          return refusals(
              keep(
                  entry.id(),
                  policy.decide(
                      PolicyInput.step(
                          self,
                          entry.plan(),
                          state(facts, entry.id()),
                          facts.products,
                          attempt,
                          clock.instant()))));
        });
  }

  /** Before an output leaves: its shape, by the policy of now. */
  List<Refusal> mayRelease(JobEntry entry, int attempt, List<PolicyInput.ReleaseShape> shapes) {
    return refusals(
        "release",
        () -> {
          Facts facts = facts(entry);
          List<Refusal> refusals = new ArrayList<>();
          for (PolicyInput.ReleaseShape shape : shapes) {
            refusals.addAll(
                refusals(
                    keep(
                        entry.id(),
                        policy.decide(
                            PolicyInput.release(
                                self,
                                entry.plan(),
                                state(facts, entry.id()),
                                facts.products,
                                attempt,
                                shape,
                                clock.instant())))));
          }
          return refusals;
        });
  }

  private boolean isSigned(List<Envelope> envelopes, Contract contract, Countersignature expected) {
    PartyKeys pinned;
    try {
      pinned =
          expected.party().equals(self)
              ? keys.publicKeys()
              : members.pinned(contract, expected.party());
    } catch (ProblemException e) {
      return false;
    }
    return envelopes.stream()
        .sorted(Comparator.comparing(e -> !e.hintsAt(pinned)))
        .anyMatch(e -> isSigned(e, pinned, expected));
  }

  private static boolean isSigned(Envelope envelope, PartyKeys pinned, Countersignature expected) {
    try {
      return envelope
          .verify(Countersignature.PAYLOAD_TYPE, pinned, Countersignature.class)
          .equals(expected);
    } catch (ProblemException e) {
      return false;
    }
  }

  private Facts facts(JobEntry entry) {
    Propose proposal = entry.proposal();
    List<Envelope> signatures = new ArrayList<>();
    proposal
        .getContract()
        .getEnvelopesList()
        .forEach(b -> signatures.add(Envelope.read(b.toByteArray())));
    Contract contract =
        contracts.binding(
            entry.plan().contract(),
            proposal.getContract().getContract().toByteArray(),
            signatures);
    List<PolicyInput.ProductState> products = new ArrayList<>();
    Map<ProductRef, PublishedProduct> published = published(proposal, contract);
    for (Plan.ProductPin pin : entry.plan().products()) {
      PublishedProduct product = published.get(pin.ref());
      if (product == null) {
        throw new ProblemException(
            ErrorCode.UNKNOWN_PRODUCT,
            "plan",
            "a signed document of every product",
            pin.ref() + " has none");
      }
      if (pin.ref().party().equals(self)) {
        own.requireCurrent(pin.ref(), product.document());
      }
      products.add(new PolicyInput.ProductState(product.product(), false));
    }
    return new Facts(contract, published, products);
  }

  private Map<ProductRef, PublishedProduct> published(Propose proposal, Contract contract) {
    Map<ProductRef, PublishedProduct> products = new HashMap<>();
    proposal
        .getProductsList()
        .forEach(
            bytes -> {
              Envelope envelope = Envelope.read(bytes.toByteArray());
              Product claimed = Json.read(envelope.unverifiedPayload(), Product.class);
              PartyId owner = claimed.ref().party();
              byte[] document =
                  verified.verify(
                      envelope,
                      Product.PAYLOAD_TYPE,
                      owner.equals(self) ? keys.publicKeys() : members.pinned(contract, owner));
              Product product = Json.read(document, Product.class);
              products.put(product.ref(), PublishedProduct.of(product));
            });
    return products;
  }

  private List<Refusal> compiledAlike(JobEntry entry, Facts facts) {
    JobSpec spec = entry.spec();
    return switch (Planner.plan(spec, entry.id(), facts.published, facts.contract, today())) {
      case PlanResult.Refused(var refusals) -> refusals;
      case PlanResult.Planned(Plan plan) when plan.digest().equals(entry.plan().digest()) ->
          List.of();
      case PlanResult.Planned(Plan plan) ->
          List.of(
              new Refusal(
                  self,
                  "plan",
                  new Problem(
                      ErrorCode.SIGNATURE_REFUSED,
                      entry.id().value(),
                      "the plan that this party compiles: " + plan.digest(),
                      entry.plan().digest().hex()),
                  ""));
    };
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  private PolicyInput.ContractState state(Facts facts, JobId job) {
    return new PolicyInput.ContractState(
        facts.contract, book.jobsUnder(facts.contract.id().value(), job), false);
  }

  private Decision keep(JobId job, Decision decision) {
    book.decided(job, decision, clock.instant().getEpochSecond());
    return decision;
  }

  private List<Refusal> refusals(Decision decision) {
    return decision.reasons().stream()
        .map(r -> new Refusal(self, r.rule(), r.problem(), r.change().text()))
        .toList();
  }

  private interface Deciding {
    List<Refusal> decide();
  }

  /** A check that fails with a problem is a refusal by that check. */
  private List<Refusal> refusals(String rule, Deciding deciding) {
    try {
      return deciding.decide();
    } catch (ProblemException e) {
      return List.of(
          new Refusal(self, ruleOf(e.problem(), rule), e.problem(), change(e.problem())));
    }
  }

  private static String ruleOf(Problem problem, String otherwise) {
    return switch (problem.code()) {
      case BUDGET_EXHAUSTED, BUDGET_ROLLED_BACK -> "budget";
      case QUERIES_EXHAUSTED -> "queries";
      case WITHDRAWN -> "withdrawn";
      case SIGNATURE_REFUSED -> "signature";
      case UNKNOWN_CONTRACT, CONTRACT_VIOLATED -> "contract";
      case SOURCE_CHANGED, SOURCE_UNREADABLE, SOURCE_ENCODING, SOURCE_OFFLINE, SOURCE_REFUSED ->
          "source";
      default -> otherwise;
    };
  }

  /** Of a budget that does not suffice: what would, which its refusal begins with. */
  private static String change(Problem problem) {
    Matcher left = LEFT.matcher(problem.expected());
    return problem.code() == ErrorCode.BUDGET_EXHAUSTED && left.lookingAt()
        ? "privacy." + left.group(1) + ": " + left.group(2)
        : "";
  }
}
