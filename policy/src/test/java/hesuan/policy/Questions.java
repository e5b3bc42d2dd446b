package hesuan.policy;

import hesuan.policy.PolicyInput.ContractState;
import hesuan.policy.PolicyInput.ProductState;
import hesuan.policy.PolicyInput.ReleaseShape;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;

/** A job that every rule allows; tests change one thing of it. */
final class Questions {
  static final PartyId BRAND = new PartyId("brand-a");
  static final PartyId SHOP = new PartyId("shop-b");
  static final ProductRef MEMBERS = ProductRef.parse("brand-a/members@12");
  static final ProductRef ORDERS = ProductRef.parse("shop-b/orders@40");
  static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  static final LocalDate UNTIL = LocalDate.of(2027, 6, 30);

  private Questions() {}

  static Product product(ProductRef ref) {
    return product(
        ref,
        List.of(
            rule("uid", Disclosure.JOIN_KEY),
            rule("city", Disclosure.AGGREGATE),
            rule("*", Disclosure.COMPUTE)));
  }

  static Product product(ProductRef ref, List<Product.DisclosureRule> rules) {
    return new Product(
        Product.VERSION,
        ref,
        "Example",
        List.of(
            new Product.Column("uid", Product.ColumnType.STRING),
            new Product.Column("city", Product.ColumnType.STRING),
            new Product.Column("age", Product.ColumnType.INTEGER)),
        new Product.Id("uid", IdRule.PHONE_CN),
        rules,
        new Product.Terms(50, Epsilon.parse("1")),
        Digest.of("data"),
        200_000);
  }

  static Product.DisclosureRule rule(String column, Disclosure level) {
    return new Product.DisclosureRule(column, level, List.of("*"), List.of("audience"), UNTIL);
  }

  static List<ProductState> products() {
    return List.of(
        new ProductState(product(MEMBERS), false), new ProductState(product(ORDERS), false));
  }

  static ContractState contract() {
    return new ContractState(
        new Contract(
            "hesuan/v1",
            new ContractId("ctr-2031"),
            List.of(
                new Contract.Member(BRAND, Digest.of("a")),
                new Contract.Member(SHOP, Digest.of("b"))),
            List.of("audience"),
            List.of("brand-a/members", "shop-b/orders"),
            List.of("overlap"),
            List.of(new Contract.Output("aggregate", List.of(BRAND))),
            LocalDate.of(2026, 1, 1),
            LocalDate.of(2026, 12, 31),
            10,
            List.of()),
        0,
        false);
  }

  static Plan plan() {
    return plan("audience.overlap", Disclosure.AGGREGATE, "0.5", 50);
  }

  static Plan plan(String purpose, Disclosure cityUse, String epsilon, int minGroup) {
    return new Plan(
        new JobId("job-aaaaaaaaaaaaaaaa"),
        Digest.of("spec"),
        new ContractId("ctr-2031"),
        Digest.of("contract"),
        purpose,
        List.of(BRAND, SHOP),
        BRAND,
        List.of(
            new Plan.ProductPin(MEMBERS, Digest.of("m"), Digest.of("mf")),
            new Plan.ProductPin(ORDERS, Digest.of("o"), Digest.of("of"))),
        List.of(
            new Plan.Overlap(
                "overlap",
                List.of(MEMBERS, ORDERS),
                "city",
                List.of("上海", "北京", "😀"),
                Epsilon.parse(epsilon),
                "0.0000001")),
        List.of(
            new Plan.ColumnUse(MEMBERS, "uid", Disclosure.JOIN_KEY, List.of(BRAND), "overlap"),
            new Plan.ColumnUse(ORDERS, "uid", Disclosure.JOIN_KEY, List.of(BRAND), "overlap"),
            new Plan.ColumnUse(ORDERS, "city", cityUse, List.of(BRAND), "overlap")),
        List.of(new Plan.Reveal(BRAND, "overlap.noisyCounts")),
        List.of(new Plan.Charge(ORDERS, SHOP, "uid", Epsilon.parse(epsilon), "0.0000001")),
        List.of(),
        List.of(new JobSpec.Output("n_by_city", List.of(BRAND), "aggregate")),
        minGroup,
        1800,
        3,
        new Plan.Estimate(1_000_000, 10));
  }

  static ReleaseShape shape() {
    return new ReleaseShape(
        "n_by_city",
        "aggregate",
        List.of(BRAND),
        List.of("city", "n"),
        2,
        1,
        50,
        Epsilon.parse("0.5"));
  }

  static PolicyInput admit() {
    return PolicyInput.admit(SHOP, plan(), contract(), products(), NOW);
  }

  static PolicyInput release(ReleaseShape shape) {
    return PolicyInput.release(SHOP, plan(), contract(), products(), 1, shape, NOW);
  }
}
