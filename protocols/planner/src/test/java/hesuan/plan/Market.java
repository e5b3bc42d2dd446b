package hesuan.plan;

import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Three parties, their products and their contract: the ground on which the tests plan. */
final class Market {
  static final PartyId BRAND = new PartyId("brand-a");
  static final PartyId MALL = new PartyId("mall-b");
  static final PartyId PAY = new PartyId("pay-c");
  static final LocalDate TODAY = LocalDate.of(2026, 11, 21);
  private static final LocalDate UNTIL = LocalDate.of(2027, 6, 30);

  private Market() {}

  static Contract contract(PartyId... parties) {
    return new Contract(
        "hesuan/v1",
        new ContractId("ctr-autumn"),
        Stream.of(parties).map(p -> new Contract.Member(p, Digest.of("keys of " + p))).toList(),
        List.of("audience", "benchmark", "market", "marketing"),
        List.of("brand-a/members"),
        List.of("overlap", "intersect", "joinStatistics", "secureSum", "dpQuery", "train"),
        List.of(
            new Contract.Output("aggregate", List.of(parties)),
            new Contract.Output("members", List.of(parties))),
        TODAY,
        UNTIL,
        100,
        List.of("no-collusion:brand-a+mall-b", "shared-noise:1-of-3"));
  }

  static Contract contract() {
    return contract(BRAND, MALL, PAY);
  }

  static Map<ProductRef, PublishedProduct> products() {
    Map<ProductRef, PublishedProduct> products = new TreeMap<>();
    for (PartyId party : List.of(BRAND, MALL, PAY)) {
      add(products, orders(party, rules()));
      add(products, features(party));
      add(products, stores(party));
    }
    add(products, members(rules()));
    add(products, product("mall-b/visits@1", visitRules(), "phone STRING", "city STRING"));
    add(products, product("pay-c/users@1", visitRules(), "phone STRING", "city STRING"));
    add(
        products,
        product(
            "pay-c/campaign@1", rules(), "phone STRING", "arm STRING", "theme STRING", "day DATE"));
    return products;
  }

  static void add(Map<ProductRef, PublishedProduct> products, Product product) {
    products.put(product.ref(), PublishedProduct.of(product));
  }

  static List<Product.DisclosureRule> rules() {
    return List.of(
        rule("phone", Disclosure.JOIN_KEY, List.of("brand-a", "mall-b", "pay-c")),
        rule("*", Disclosure.AGGREGATE, List.of("brand-a", "mall-b", "pay-c")));
  }

  /** For an intersection brand-a may learn whom it shares, and nobody else may. */
  static List<Product.DisclosureRule> visitRules() {
    return Stream.concat(
            rules().stream(),
            Stream.of(
                new Product.DisclosureRule(
                    "phone",
                    Disclosure.PLAIN,
                    List.of("brand-a"),
                    List.of("audience.intersect"),
                    UNTIL)))
        .toList();
  }

  static Product.DisclosureRule rule(String column, Disclosure level, List<String> receivers) {
    return new Product.DisclosureRule(
        column, level, receivers, List.of("audience", "benchmark", "market", "marketing"), UNTIL);
  }

  static Product members(List<Product.DisclosureRule> rules) {
    return product(
        "brand-a/members@1", rules, "phone STRING", "city STRING", "tier INTEGER", "joined DATE");
  }

  static Product orders(PartyId party, List<Product.DisclosureRule> rules) {
    return product(
        party + "/orders@1",
        rules,
        "phone STRING",
        "city STRING",
        "amount_fen INTEGER",
        "day DATE",
        "weight DECIMAL",
        "gift BOOLEAN");
  }

  private static Product features(PartyId party) {
    List<String> columns = new ArrayList<>(List.of("phone STRING"));
    for (int i = 1; i <= 8; i++) {
      columns.add("f" + i + " DECIMAL");
    }
    for (String name :
        List.of(
            "recency",
            "visits",
            "spend",
            "coupon_share",
            "night_share",
            "app_minutes",
            "returns",
            "basket")) {
      columns.add(name + " DECIMAL");
    }
    columns.add("bought INTEGER");
    return product(party + "/features@1", rules(), columns.toArray(String[]::new));
  }

  private static Product stores(PartyId party) {
    return product(
        party + "/stores@1",
        24,
        List.of(rule("*", Disclosure.AGGREGATE, List.of("*"))),
        "store STRING",
        "category STRING",
        "city STRING",
        "turnover_fen INTEGER");
  }

  static Product product(String ref, List<Product.DisclosureRule> rules, String... columns) {
    return product(ref, 70_000, rules, columns);
  }

  private static Product product(
      String ref, long rows, List<Product.DisclosureRule> rules, String... columns) {
    return new Product(
        Product.VERSION,
        ProductRef.parse(ref),
        ref,
        Stream.of(columns)
            .map(c -> c.split(" "))
            .map(c -> new Product.Column(c[0], Product.ColumnType.valueOf(c[1])))
            .toList(),
        new Product.Id(
            columns[0].split(" ")[0],
            columns[0].startsWith("phone") ? IdRule.PHONE_CN : IdRule.OPAQUE),
        rules,
        new Product.Terms(50, Epsilon.parse("1")),
        Digest.of("data of " + ref),
        rows);
  }

  static PlanResult plan(JobSpec job) {
    return plan(job, products());
  }

  static PlanResult plan(JobSpec job, Map<ProductRef, PublishedProduct> products) {
    return Planner.plan(
        job, JobId.of(BRAND, job.metadata().submitToken()), products, contract(), TODAY);
  }
}
