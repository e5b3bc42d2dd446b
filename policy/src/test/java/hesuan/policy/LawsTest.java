package hesuan.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.policy.PolicyInput.ContractView;
import hesuan.policy.PolicyInput.ProductView;
import hesuan.policy.PolicyInput.RuleView;
import hesuan.wire.Contract;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds for every question: a stricter word never allows more. */
final class LawsTest {
  private static final int CASES = 400;

  private final PolicyEngine engine = PolicyEngine.builtIn(PartySettings.defaults());

  @Test
  void stricterSettings_neverAllowMore() {
    List<BiFunction<RandomQuestions, PartySettings, PartySettings>> stricter =
        List.of(
            (r, s) -> with(s, s.minGroup() + 1, s.maxEpsilon(), s.maxDelta(), s.frozen(), s),
            (r, s) -> with(s, s.minGroup(), Epsilon.ZERO, s.maxDelta(), s.frozen(), s),
            (r, s) -> with(s, s.minGroup(), s.maxEpsilon(), "0", s.frozen(), s),
            (r, s) -> with(s, s.minGroup(), s.maxEpsilon(), s.maxDelta(), true, s),
            (r, s) ->
                with(s, s.minGroup(), s.maxEpsilon(), s.maxDelta(), s.frozen(), r.settings()));
    RandomQuestions questions = new RandomQuestions(new Random(7));
    Random random = new Random(8);
    int allowed = 0;
    for (int i = 0; i < CASES; i++) {
      PartySettings lax = i % 2 == 0 ? PartySettings.defaults() : questions.settings();
      PolicyInput input = relaxed(questions.question());
      PartySettings strict = stricter.get(random.nextInt(stricter.size())).apply(questions, lax);
      engine.settings(lax);
      boolean before = engine.decide(input).allow();
      engine.settings(strict);
      boolean after = engine.decide(input).allow();
      assertTrue(before || !after, () -> lax + " -> " + strict + " on " + input);
      allowed += before ? 1 : 0;
    }
    assertTrue(allowed > CASES / 20, "the law is met by questions that are allowed: " + allowed);
  }

  /** Not at publishing: there a rule of its own may tame a column that the star rule left open. */
  @Test
  void stricterContractOrProduct_neverAllowsMore() {
    List<UnaryOperator<PolicyInput>> stricter =
        List.of(
            i -> contract(i, c -> view(c, c.parties().subList(0, 1), c.purposes(), true)),
            i -> contract(i, c -> view(c, c.parties().subList(0, 1), c.purposes(), c.withdrawn())),
            i -> contract(i, c -> view(c, c.parties(), List.of(), c.withdrawn())),
            i -> products(i, p -> view(p, p.rules(), p.minGroup(), true)),
            i -> products(i, p -> view(p, p.rules(), p.minGroup() + 1000, p.withdrawn())),
            i -> products(i, p -> view(p, withNever(p), p.minGroup(), p.withdrawn())));
    RandomQuestions questions = new RandomQuestions(new Random(9));
    for (int i = 0; i < CASES; i++) {
      PolicyInput lax = relaxed(questions.question());
      boolean before = engine.decide(lax).allow();
      for (UnaryOperator<PolicyInput> each : stricter) {
        if (!before && lax.phase() != Phase.PUBLISH) {
          PolicyInput strict = each.apply(lax);
          assertFalse(engine.decide(strict).allow(), () -> lax + " -> " + strict);
        }
      }
    }
  }

  @Test
  void manyThreads_getTheAnswersOfOne() throws InterruptedException, ExecutionException {
    RandomQuestions questions = new RandomQuestions(new Random(10));
    List<PolicyInput> inputs = Stream.generate(questions::question).limit(200).toList();
    List<List<Decision.Reason>> alone =
        inputs.stream().map(i -> engine.decide(i).reasons()).toList();
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Callable<List<Decision.Reason>>> asked = new ArrayList<>();
      inputs.forEach(i -> asked.add(() -> engine.decide(i).reasons()));
      List<Future<List<Decision.Reason>>> answers = pool.invokeAll(asked);
      for (int i = 0; i < alone.size(); i++) {
        assertEquals(alone.get(i), answers.get(i).get());
      }
    }
  }

  @Test
  void sameQuestion_hasTheSameId_andAnotherSettingsAnother() {
    Decision one = engine.decide(Questions.admit());
    assertEquals(one.id(), engine.decide(Questions.admit()).id());
    engine.settings(
        with(
            PartySettings.defaults(),
            20,
            Epsilon.parse("1"),
            "0.000001",
            false,
            PartySettings.defaults()));
    Decision other = engine.decide(Questions.admit());
    assertFalse(one.id().equals(other.id()));
    assertEquals(one.input(), other.input());
  }

  /** Nearer to an allow, so that the laws are not met in vain. */
  private static PolicyInput relaxed(PolicyInput input) {
    List<PartyId> everyone = List.of(Questions.BRAND, Questions.SHOP, new PartyId("pay-c"));
    PolicyInput open =
        contract(
            input,
            c ->
                new ContractView(
                    c.id(),
                    everyone,
                    List.of("*"),
                    List.of("brand-a/members", "shop-b/orders", "pay-c/payments"),
                    List.of("overlap", "secureSum", "dpQuery", "train"),
                    List.of(
                        new Contract.Output("aggregate", everyone),
                        new Contract.Output("model", everyone)),
                    0,
                    100_000,
                    100,
                    0,
                    false));
    PolicyInput live =
        products(
            open,
            p ->
                new ProductView(
                    p.ref(),
                    p.asset(),
                    p.ref().party(),
                    p.idColumn(),
                    p.columns(),
                    p.rules().subList(p.rules().size() - 1, p.rules().size()),
                    10,
                    1_000_000,
                    false));
    return new PolicyInput(
        live.phase(),
        live.party(),
        live.purpose() == null ? null : "audience",
        live.contract(),
        live.parties(),
        live.products(),
        live.protocols(),
        live.uses().stream()
            .filter(
                u ->
                    live.products().stream()
                        .anyMatch(
                            p -> p.ref().equals(u.product()) && p.columns().contains(u.column())))
            .toList(),
        live.reveals(),
        List.of(),
        live.outputs(),
        50,
        live.cells(),
        live.attempt(),
        live.time(),
        live.release());
  }

  private static PolicyInput contract(PolicyInput i, UnaryOperator<ContractView> change) {
    return new PolicyInput(
        i.phase(),
        i.party(),
        i.purpose(),
        i.contract() == null ? null : change.apply(i.contract()),
        i.parties(),
        i.products(),
        i.protocols(),
        i.uses(),
        i.reveals(),
        i.charges(),
        i.outputs(),
        i.minGroup(),
        i.cells(),
        i.attempt(),
        i.time(),
        i.release());
  }

  private static PolicyInput products(PolicyInput i, UnaryOperator<ProductView> change) {
    return new PolicyInput(
        i.phase(),
        i.party(),
        i.purpose(),
        i.contract(),
        i.parties(),
        i.products().stream().map(change).toList(),
        i.protocols(),
        i.uses(),
        i.reveals(),
        i.charges(),
        i.outputs(),
        i.minGroup(),
        i.cells(),
        i.attempt(),
        i.time(),
        i.release());
  }

  private static ContractView view(
      ContractView c, List<PartyId> parties, List<String> purposes, boolean withdrawn) {
    return new ContractView(
        c.id(),
        parties,
        purposes,
        c.products(),
        c.protocols(),
        c.outputs(),
        c.notBefore(),
        c.notAfter(),
        c.jobsMax(),
        c.jobsUsed(),
        withdrawn);
  }

  private static ProductView view(
      ProductView p, List<RuleView> rules, int minGroup, boolean withdrawn) {
    return new ProductView(
        p.ref(),
        p.asset(),
        p.owner(),
        p.idColumn(),
        p.columns(),
        rules,
        minGroup,
        p.maxEpsilonMicros(),
        withdrawn);
  }

  private static List<RuleView> withNever(ProductView product) {
    List<RuleView> rules = new ArrayList<>(product.rules());
    for (String column : product.columns()) {
      rules.add(new RuleView(column, Disclosure.NEVER, List.of("*"), List.of("*"), 0));
    }
    return rules;
  }

  /** The denials of {@code s} and of {@code more}, under the given bounds. */
  private static PartySettings with(
      PartySettings s,
      int minGroup,
      Epsilon maxEpsilon,
      String maxDelta,
      boolean frozen,
      PartySettings more) {
    return new PartySettings(
        s.apiVersion(),
        s.purposes(),
        both(s.deniedPurposes(), more.deniedPurposes()),
        both(s.deniedParties(), more.deniedParties()),
        both(s.deniedProtocols(), more.deniedProtocols()),
        both(s.deniedColumns(), more.deniedColumns()),
        minGroup,
        maxEpsilon,
        maxDelta,
        frozen,
        both(s.frozenParties(), more.frozenParties()),
        both(s.frozenProducts(), more.frozenProducts()),
        both(s.frozenContracts(), more.frozenContracts()));
  }

  private static <T> List<T> both(List<T> one, List<T> other) {
    return Stream.concat(one.stream(), other.stream()).distinct().toList();
  }
}
