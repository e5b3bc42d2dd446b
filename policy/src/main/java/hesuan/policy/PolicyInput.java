package hesuan.policy;

import com.fasterxml.jackson.annotation.JsonInclude;
import hesuan.wire.Contract;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The question, as the Rego rules read it: numbers are integers (seconds, days, millionths of
 * epsilon, trillionths of delta), so that no engine can read one differently. Make one with the
 * method of its phase; the caller has verified signatures and digests before, because a policy sees
 * only what it is told.
 *
 * @param cells how many cells the plan can release at most
 * @param time seconds since 1970, UTC
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PolicyInput(
    Phase phase,
    PartyId party,
    @Nullable String purpose,
    @Nullable ContractView contract,
    List<PartyId> parties,
    List<ProductView> products,
    List<String> protocols,
    List<UseView> uses,
    List<Plan.Reveal> reveals,
    List<ChargeView> charges,
    List<JobSpec.Output> outputs,
    int minGroup,
    long cells,
    int attempt,
    long time,
    @Nullable ReleaseView release) {

  /**
   * A contract and what has become of it.
   *
   * @param jobsUsed jobs other than this one that the contract has already seen
   */
  public record ContractState(Contract contract, int jobsUsed, boolean withdrawn) {}

  /** A published product and what has become of it. */
  public record ProductState(Product product, boolean withdrawn) {}

  /**
   * The shape of what would leave: never a value.
   *
   * @param output name of the output in the plan
   * @param rows released rows; {@code suppressed} were held back as too small
   * @param minGroup the smallest group that was let through
   */
  public record ReleaseShape(
      String output,
      String form,
      List<PartyId> to,
      List<String> columns,
      long rows,
      long suppressed,
      int minGroup,
      Epsilon epsilon) {
    public ReleaseShape {
      to = List.copyOf(to);
      columns = List.copyOf(columns);
    }
  }

  /**
   * @param notBefore,notAfter days since 1970
   */
  public record ContractView(
      String id,
      List<PartyId> parties,
      List<String> purposes,
      List<String> products,
      List<String> protocols,
      List<Contract.Output> outputs,
      long notBefore,
      long notAfter,
      int jobsMax,
      int jobsUsed,
      boolean withdrawn) {}

  public record ProductView(
      ProductRef ref,
      String asset,
      PartyId owner,
      String idColumn,
      List<String> columns,
      List<RuleView> rules,
      int minGroup,
      long maxEpsilonMicros,
      boolean withdrawn) {}

  /**
   * @param until last day since 1970 on which the rule grants anything
   */
  public record RuleView(
      String column, Disclosure level, List<String> receivers, List<String> purposes, long until) {}

  public record UseView(
      ProductRef product, String column, Disclosure use, List<PartyId> receivers, String where) {}

  public record ChargeView(
      ProductRef product, PartyId owner, long epsilonMicros, long deltaTrillionths) {}

  public record ReleaseView(
      String name,
      String form,
      List<PartyId> to,
      List<String> columns,
      long rows,
      long suppressed,
      int minGroup,
      long epsilonMicros) {}

  public PolicyInput {
    parties = List.copyOf(parties);
    products = List.copyOf(products);
    protocols = List.copyOf(protocols);
    uses = List.copyOf(uses);
    reveals = List.copyOf(reveals);
    charges = List.copyOf(charges);
    outputs = List.copyOf(outputs);
  }

  /** May {@code party} publish this product? */
  public static PolicyInput publish(PartyId party, Product product, Instant now) {
    return new PolicyInput(
        Phase.PUBLISH,
        party,
        null,
        null,
        List.of(),
        List.of(view(new ProductState(product, false))),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        0,
        0,
        0,
        now.getEpochSecond(),
        null);
  }

  /** May the plan be put to the parties? {@code coordinator} is who asks itself. */
  public static PolicyInput propose(
      PartyId coordinator,
      Plan plan,
      ContractState contract,
      List<ProductState> products,
      Instant now) {
    return job(Phase.PROPOSE, coordinator, plan, contract, products, 0, now, null);
  }

  /** Does {@code party} countersign the plan? */
  public static PolicyInput admit(
      PartyId party, Plan plan, ContractState contract, List<ProductState> products, Instant now) {
    return job(Phase.ADMIT, party, plan, contract, products, 0, now, null);
  }

  /** May the next step of the plan read {@code party}'s data? */
  public static PolicyInput step(
      PartyId party,
      Plan plan,
      ContractState contract,
      List<ProductState> products,
      int attempt,
      Instant now) {
    return job(Phase.STEP, party, plan, contract, products, attempt, now, null);
  }

  /** May an output of that shape leave? */
  public static PolicyInput release(
      PartyId party,
      Plan plan,
      ContractState contract,
      List<ProductState> products,
      int attempt,
      ReleaseShape shape,
      Instant now) {
    return job(
        Phase.RELEASE,
        party,
        plan,
        contract,
        products,
        attempt,
        now,
        new ReleaseView(
            shape.output(),
            shape.form(),
            shape.to(),
            shape.columns(),
            shape.rows(),
            shape.suppressed(),
            shape.minGroup(),
            shape.epsilon().micros()));
  }

  private static PolicyInput job(
      Phase phase,
      PartyId party,
      Plan plan,
      ContractState contract,
      List<ProductState> products,
      int attempt,
      Instant now,
      @Nullable ReleaseView release) {
    checkBelongTogether(plan, contract, products);
    return new PolicyInput(
        phase,
        party,
        plan.purpose(),
        view(contract),
        plan.parties(),
        products.stream().map(PolicyInput::view).toList(),
        plan.steps().stream().map(PolicyInput::protocol).distinct().toList(),
        plan.uses().stream().map(PolicyInput::view).toList(),
        plan.reveals(),
        plan.charges().stream().map(PolicyInput::view).toList(),
        plan.outputs(),
        plan.minGroup(),
        plan.steps().stream().mapToLong(PolicyInput::cells).sum(),
        attempt,
        now.getEpochSecond(),
        release);
  }

  private static void checkBelongTogether(
      Plan plan, ContractState contract, List<ProductState> products) {
    if (!plan.contract().equals(contract.contract().id())) {
      throw new ProblemException(
          ErrorCode.CONTRACT_VIOLATED,
          "contract",
          plan.contract().value(),
          contract.contract().id().value());
    }
    Set<ProductRef> pinned = new HashSet<>();
    plan.products().forEach(pin -> pinned.add(pin.ref()));
    Set<ProductRef> known = new HashSet<>();
    products.forEach(state -> known.add(state.product().ref()));
    if (!pinned.equals(known)) {
      throw new ProblemException(ErrorCode.UNKNOWN_PRODUCT, "products", "" + pinned, "" + known);
    }
  }

  /** The name by which contracts and settings speak of a step's protocol. */
  public static String protocol(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap _ -> "overlap";
      case Plan.Intersect _, Plan.IntersectAll _ -> "intersect";
      case Plan.JoinStatistics _, Plan.JoinQuery _ -> "joinStatistics";
      case Plan.SecureSum _ -> "secureSum";
      case Plan.DpQuery _ -> "dpQuery";
      case Plan.Train _ -> "train";
    };
  }

  private static long cells(Plan.Step step) {
    return switch (step) {
      case Plan.Overlap overlap -> Math.max(1, overlap.groups().size());
      case Plan.JoinStatistics join -> join.groups().size();
      case Plan.JoinQuery join -> join.figures().groups().size();
      case Plan.SecureSum sum -> Math.max(1, sum.keys().size());
      case Plan.DpQuery query ->
          query.selection() == null
              ? query.groups().size()
              : (long) query.selection().groupsMax() * query.products().size();
      case Plan.Intersect _, Plan.IntersectAll _, Plan.Train _ -> 0;
    };
  }

  private static ContractView view(ContractState state) {
    Contract contract = state.contract();
    return new ContractView(
        contract.id().value(),
        contract.parties().stream().map(Contract.Member::party).toList(),
        contract.purposes(),
        contract.products(),
        contract.protocols(),
        contract.outputs(),
        contract.notBefore().toEpochDay(),
        contract.notAfter().toEpochDay(),
        contract.jobsMax(),
        state.jobsUsed(),
        state.withdrawn());
  }

  private static ProductView view(ProductState state) {
    Product product = state.product();
    return new ProductView(
        product.ref(),
        product.ref().asset(),
        product.ref().party(),
        product.id().column(),
        product.columns().stream().map(Product.Column::name).toList(),
        product.rules().stream()
            .map(
                rule ->
                    new RuleView(
                        rule.column(),
                        rule.level(),
                        rule.receivers(),
                        rule.purposes(),
                        rule.until().toEpochDay()))
            .toList(),
        product.terms().minGroup(),
        product.terms().maxEpsilon().micros(),
        state.withdrawn());
  }

  private static UseView view(Plan.ColumnUse use) {
    return new UseView(use.product(), use.column(), use.use(), use.receivers(), use.where());
  }

  private static ChargeView view(Plan.Charge charge) {
    return new ChargeView(
        charge.product(),
        charge.owner(),
        charge.epsilon().micros(),
        trillionths("charges.delta", charge.delta()));
  }

  /** A probability in trillionths, rounded up: rounding down would grant what nobody granted. */
  static long trillionths(String at, String decimal) {
    try {
      BigDecimal value = new BigDecimal(decimal);
      if (value.signum() < 0 || value.compareTo(BigDecimal.ONE) > 0) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, at, "0 to 1", decimal);
      }
      return value.movePointRight(12).setScale(0, RoundingMode.UP).longValueExact();
    } catch (NumberFormatException e) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, at, "a decimal such as 0.0000001", decimal);
    }
  }
}
