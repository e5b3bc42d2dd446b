package hesuan.coordinator;

import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Two parties with a product each and a contract, on a coordinator: where the tests trade. */
final class Market implements AutoCloseable {
  static final PartyId BRAND = new PartyId("brand-a");
  static final PartyId MALL = new PartyId("mall-b");
  static final String CONTRACT = "ctr-autumn";

  final TestFederation federation;
  final ScriptedAgent brand;
  final ScriptedAgent mall;
  final String analyst;
  final String admin;

  private Market(TestFederation federation, Path folder) {
    this.federation = federation;
    this.brand = ScriptedAgent.enrol(federation, BRAND, folder).connect(federation);
    this.mall = ScriptedAgent.enrol(federation, MALL, folder).connect(federation);
    this.analyst = federation.token(BRAND, "analyst");
    this.admin = federation.token(BRAND, "admin");
  }

  static Market open(Path folder) throws Exception {
    Market market =
        new Market(TestFederation.start(folder.resolve("coordinator")), folder.resolve("agents"));
    market.brand.publish(product("brand-a/members@1", "city"));
    market.mall.publish(product("mall-b/orders@1", "amount_fen"));
    ScriptedAgent.await(
        "products",
        () ->
            market.brand.accepted("product brand-a/members@1")
                && market.mall.accepted("product mall-b/orders@1"));
    TestFederation.Answer created =
        market.federation.post(market.admin, "/contracts", market.contract(CONTRACT));
    if (created.status() != 201) {
      throw new IllegalStateException(created.text());
    }
    ScriptedAgent.await("the contract in force", () -> market.contractState().equals("inForce"));
    return market;
  }

  String contractState() {
    return federation.get(admin, "/contracts/" + CONTRACT).json().path("state").asText();
  }

  static Product product(String ref, String column) {
    LocalDate until = LocalDate.now().plusYears(1);
    List<String> all = List.of("*");
    return new Product(
        Product.VERSION,
        ProductRef.parse(ref),
        ref,
        List.of(
            new Product.Column("phone", Product.ColumnType.STRING),
            new Product.Column(column, Product.ColumnType.STRING)),
        new Product.Id("phone", IdRule.PHONE_CN),
        List.of(
            new Product.DisclosureRule("phone", Disclosure.JOIN_KEY, all, all, until),
            new Product.DisclosureRule("*", Disclosure.AGGREGATE, all, all, until)),
        new Product.Terms(50, Epsilon.parse("1")),
        hesuan.wire.Digest.of("data of " + ref),
        70_000);
  }

  Map<String, Object> contract(String id) {
    List<Map<String, String>> parties = new ArrayList<>();
    for (ScriptedAgent each : List.of(brand, mall)) {
      parties.add(
          Map.of("party", each.party.value(), "keys", each.keys.publicKeys().digest().hex()));
    }
    return Map.ofEntries(
        Map.entry("apiVersion", "hesuan/v1"),
        Map.entry("id", id),
        Map.entry("parties", parties),
        Map.entry("purposes", List.of("audience.overlap")),
        Map.entry("products", List.of("brand-a/members", "mall-b/orders")),
        Map.entry("protocols", List.of("overlap")),
        Map.entry("outputs", List.of(Map.of("form", "aggregate", "to", List.of("brand-a")))),
        Map.entry("notBefore", LocalDate.now().minusDays(1).toString()),
        Map.entry("notAfter", LocalDate.now().plusYears(1).toString()),
        Map.entry("jobsMax", 1000),
        Map.entry("assumptions", List.of()));
  }

  static String spec(String token) {
    return spec(token, "PT10M", 3, "50");
  }

  static String spec(String token, String deadline, int attempts, String minGroup) {
    return """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: overlap, submitToken: token-of-%s}
        purpose: {code: audience.overlap, basis: consent, retention: P30D}
        contract: ctr-autumn
        inputs:
          members: brand-a/members@1
          orders: mall-b/orders@1
        what:
          template:
            name: audience.overlap
            parameters: {by: members.city, groups: [上海, 北京]}
        privacy: {unit: phone, epsilon: 0.5, delta: 1e-7, minGroup: %s}
        outputs:
          - {name: people_by_city, to: [brand-a]}
        run: {deadline: %s, attempts: %d}
        """
        .formatted(token, minGroup, deadline, attempts);
  }

  TestFederation.Answer submit(String spec) {
    return federation.post(analyst, "/jobs", Map.of("spec", spec));
  }

  /** Submits and answers the id. */
  String submitted(String spec) {
    TestFederation.Answer answer = submit(spec);
    if (answer.status() != 201) {
      throw new IllegalStateException(answer.text());
    }
    return answer.json().path("id").asText();
  }

  TestFederation.Answer job(String id) {
    return federation.get(analyst, "/jobs/" + id);
  }

  String state(String id) {
    return job(id).json().path("state").asText();
  }

  void awaitState(String id, String state) {
    ScriptedAgent.await(state + " of " + id, () -> state(id).equals(state));
  }

  /** Also every receipt has come in. */
  void awaitSettled(String id, String state) {
    awaitState(id, state);
    ScriptedAgent.await(
        "receipts of " + id,
        () ->
            job(id).json().path("receiptWritten").asBoolean()
                && job(id).json().path("waitingFor").isEmpty());
  }

  @Override
  public void close() {
    brand.close();
    mall.close();
    federation.close();
  }
}
