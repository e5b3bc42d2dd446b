package hesuan.policy;

import hesuan.policy.PolicyInput.ChargeView;
import hesuan.policy.PolicyInput.ContractView;
import hesuan.policy.PolicyInput.ProductView;
import hesuan.policy.PolicyInput.ReleaseView;
import hesuan.policy.PolicyInput.RuleView;
import hesuan.policy.PolicyInput.UseView;
import hesuan.wire.Contract;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Questions and settings drawn from small domains, so that every rule is met from both sides. */
final class RandomQuestions {
  private static final List<PartyId> PARTIES =
      List.of(Questions.BRAND, Questions.SHOP, new PartyId("pay-c"));
  private static final List<ProductRef> REFS =
      List.of(Questions.MEMBERS, Questions.ORDERS, ProductRef.parse("pay-c/payments@3"));
  private static final List<String> PURPOSES =
      List.of("audience", "audience.overlap", "audience.lift", "risk", "risk.fraud", "service");
  private static final List<String> COLUMNS = List.of("uid", "city", "age", "城市😀");
  private static final List<String> PROTOCOLS = List.of("overlap", "secureSum", "dpQuery", "train");
  private static final long DAY = 20_778;

  private final RandomGenerator random;

  RandomQuestions(RandomGenerator random) {
    this.random = random;
  }

  PolicyInput question() {
    Phase phase = pick(Arrays.asList(Phase.values()));
    List<ProductView> products =
        phase == Phase.PUBLISH
            ? List.of(product(pick(REFS)))
            : most(REFS).stream().map(this::product).toList();
    return new PolicyInput(
        phase,
        pick(PARTIES),
        phase == Phase.PUBLISH ? null : pick(PURPOSES),
        phase == Phase.PUBLISH ? null : contract(),
        most(PARTIES),
        products.isEmpty() ? List.of(product(pick(REFS))) : products,
        few(PROTOCOLS),
        many(() -> new UseView(pick(REFS), pick(COLUMNS), level(), few(PARTIES), "where")),
        many(() -> new Plan.Reveal(pick(PARTIES), "what \"\\\u4e0a\n")),
        many(
            () ->
                new ChargeView(
                    pick(REFS), pick(PARTIES), pick(0L, 500_000L), pick(0L, 2_000_000L))),
        many(() -> new JobSpec.Output("n", few(PARTIES), pick("aggregate", "model"))),
        pick(0, 10, 50),
        pick(0L, 1L, 3L),
        pick(0, 1),
        DAY * 86_400 + pick(-1L, 0L, 86_399L, 86_400L),
        phase == Phase.RELEASE ? release() : null);
  }

  PartySettings settings() {
    return new PartySettings(
        PartySettings.VERSION,
        random.nextInt(4) == 0 ? few(PURPOSES) : PURPOSES,
        rarely(PURPOSES),
        rarely(PARTIES),
        rarely(PROTOCOLS),
        rarely(COLUMNS),
        pick(1, 10, 51),
        new Epsilon(pick(400_000L, 500_000L, 1_000_000L)),
        pick("0", "0.000002", "1"),
        random.nextInt(10) == 0,
        rarely(PARTIES),
        rarely(List.of("shop-b/orders", "shop-b/orders@40", "brand-a/members@11")),
        rarely(List.of("ctr-2031", "ctr-1")));
  }

  private ContractView contract() {
    return new ContractView(
        pick("ctr-2031", "ctr-2032"),
        most(PARTIES),
        few(PURPOSES),
        most(REFS.stream().map(ProductRef::asset).toList()),
        most(PROTOCOLS),
        List.of(
            new Contract.Output("aggregate", most(PARTIES)),
            new Contract.Output("model", few(PARTIES))),
        DAY - pick(0, 1),
        DAY + pick(-1, 0, 1),
        5,
        pick(0, 4, 5),
        random.nextInt(10) == 0);
  }

  private ProductView product(ProductRef ref) {
    List<RuleView> rules = new ArrayList<>(many(this::rule));
    rules.add(new RuleView("*", Disclosure.PLAIN, List.of("*"), List.of("*"), DAY + 10));
    return new ProductView(
        ref,
        ref.asset(),
        random.nextInt(10) == 0 ? pick(PARTIES) : ref.party(),
        "uid",
        COLUMNS.subList(0, pick(3, 4)),
        rules,
        pick(5, 10, 50),
        pick(500_000L, 1_000_000L),
        random.nextInt(10) == 0);
  }

  private RuleView rule() {
    return new RuleView(
        pick(COLUMNS),
        level(),
        random.nextBoolean() ? List.of("*") : few(PARTIES).stream().map(PartyId::value).toList(),
        random.nextBoolean() ? List.of("*") : few(PURPOSES),
        DAY + pick(-1, 0, 1));
  }

  private ReleaseView release() {
    return new ReleaseView(
        pick("n", "m"),
        pick("aggregate", "aggregate", "model"),
        few(PARTIES),
        few(COLUMNS),
        pick(0L, 1L, 3L),
        pick(0L, 1L),
        pick(9, 50),
        pick(0L, 500_000L));
  }

  private Disclosure level() {
    return pick(Arrays.asList(Disclosure.values()));
  }

  private <T> List<T> many(Supplier<T> each) {
    List<T> list = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      list.add(each.get());
    }
    return list;
  }

  private <T> List<T> few(List<T> of) {
    return of.stream().filter(x -> random.nextInt(3) == 0).toList();
  }

  private <T> List<T> most(List<T> of) {
    return of.stream().filter(x -> random.nextInt(12) != 0).toList();
  }

  private <T> List<T> rarely(List<T> of) {
    return of.stream().filter(x -> random.nextInt(12) == 0).toList();
  }

  <T> T pick(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  @SafeVarargs
  private final <T> T pick(T... of) {
    return of[random.nextInt(of.length)];
  }
}
