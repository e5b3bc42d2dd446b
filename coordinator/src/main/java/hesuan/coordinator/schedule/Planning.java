package hesuan.coordinator.schedule;

import hesuan.control.Propose;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.evidence.JobRecord;
import hesuan.job.Refusal;
import hesuan.plan.PlanResult;
import hesuan.plan.Planner;
import hesuan.plan.PublishedProduct;
import hesuan.policy.Decision;
import hesuan.policy.PolicyEngine;
import hesuan.policy.PolicyInput;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * From an accepted spec to a plan and the coordinator's own word on it. Decides nothing for the
 * parties: each compiles and decides again. Safe for many threads.
 */
public final class Planning {
  /**
   * @param plan null where the job cannot be put to the parties; then there are refusals
   */
  public record Prepared(
      JobId id,
      JobSpec spec,
      Contracts.Offered contract,
      List<Products.Published> products,
      @Nullable Plan plan,
      List<Refusal> refusals,
      JobRecord.@Nullable Policy policy) {}

  private final Products products;
  private final Contracts contracts;
  private final Jobs jobs;
  private final PolicyEngine policy;
  private final PartyId coordinator;
  private final Clock clock;

  public Planning(
      Products products,
      Contracts contracts,
      Jobs jobs,
      PolicyEngine policy,
      PartyId coordinator,
      Clock clock) {
    this.products = products;
    this.contracts = contracts;
    this.jobs = jobs;
    this.policy = policy;
    this.coordinator = coordinator;
    this.clock = clock;
  }

  /** What a party is shown: the plan, and everything signed that it needs to compile it itself. */
  Propose proposal(JobId id, JobSpec spec, Plan plan, long deadlineMillis) {
    return Messages.propose(
        id,
        spec,
        plan,
        plan.products().stream().map(pin -> products.require(pin.ref()).envelope()).toList(),
        contracts.require(plan.contract()),
        deadlineMillis);
  }

  /**
   * @throws ProblemException for what is not known or cannot be compiled; what is known and not
   *     allowed is a refusal
   */
  public Prepared prepare(PartyId submitter, JobSpec spec) {
    JobId id = JobId.of(submitter, spec.metadata().submitToken());
    Contracts.Offered contract = contracts.requireSeen(submitter, spec.contract());
    List<Products.Published> inputs = inputs(spec);
    List<Refusal> refusals = new ArrayList<>(inForce(contract, inputs));
    PlanResult result =
        Planner.plan(
            spec,
            id,
            published(inputs),
            contract.contract(),
            LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC));
    return switch (result) {
      case PlanResult.Refused(var found) -> {
        found.stream()
            .filter(refusal -> refusal.party() == null)
            .findFirst()
            .ifPresent(
                refusal -> {
                  throw refusal.problem().asException();
                });
        refusals.addAll(found);
        yield new Prepared(id, spec, contract, inputs, null, refusals, null);
      }
      case PlanResult.Planned(var plan) -> {
        Decision decision = policy.decide(question(plan, contract, inputs));
        decision.reasons().forEach(reason -> refusals.add(refusal(reason)));
        yield new Prepared(
            id,
            spec,
            contract,
            inputs,
            refusals.isEmpty() ? plan : null,
            refusals,
            new JobRecord.Policy(decision.bundle(), List.of(decision.id())));
      }
    };
  }

  private List<Products.Published> inputs(JobSpec spec) {
    return spec.inputs().values().stream()
        .flatMap(List::stream)
        .distinct()
        .sorted()
        .map(products::require)
        .toList();
  }

  private static Map<ProductRef, PublishedProduct> published(List<Products.Published> inputs) {
    Map<ProductRef, PublishedProduct> all = new TreeMap<>();
    inputs.forEach(
        each -> all.put(each.product().ref(), new PublishedProduct(each.product(), each.digest())));
    return all;
  }

  /** What stands in the way by the state of things alone. */
  List<Refusal> inForce(Contracts.Offered contract, List<Products.Published> inputs) {
    List<Refusal> refusals = new ArrayList<>();
    for (PartyId party : contract.parties()) {
      if (!contract.signatures().containsKey(party)) {
        refusals.add(
            new Refusal(
                party,
                "contract.signed",
                new Problem(
                    ErrorCode.CONTRACT_VIOLATED,
                    contract.contract().id().value(),
                    "a signature of every party",
                    "none of " + party),
                "sign " + contract.contract().id()));
      }
    }
    if (contract.withdrawn()) {
      refusals.add(withdrawn(coordinator, contract.contract().id().value()));
    }
    inputs.stream()
        .filter(Products.Published::withdrawn)
        .map(each -> each.product().ref())
        .forEach(ref -> refusals.add(withdrawn(ref.party(), ref.toString())));
    return refusals;
  }

  static Refusal withdrawn(PartyId by, String what) {
    return new Refusal(
        by, "withdrawn", new Problem(ErrorCode.WITHDRAWN, what, "in force", "withdrawn"), "");
  }

  private PolicyInput question(
      Plan plan, Contracts.Offered contract, List<Products.Published> inputs) {
    return PolicyInput.propose(
        coordinator,
        plan,
        new PolicyInput.ContractState(
            contract.contract(), jobs.usesOf(plan.contract(), plan.job()), contract.withdrawn()),
        inputs.stream()
            .map(each -> new PolicyInput.ProductState(each.product(), each.withdrawn()))
            .toList(),
        clock.instant());
  }

  private Refusal refusal(Decision.Reason reason) {
    return new Refusal(coordinator, reason.rule(), reason.problem(), reason.change().text());
  }
}
