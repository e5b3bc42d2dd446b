package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.Delta;
import hesuan.dp.NoiseVariance;
import hesuan.dp.QueryNoise;
import hesuan.dp.account.Accountant;
import hesuan.job.Refusal;
import hesuan.wire.Contract;
import hesuan.wire.Disclosure;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code privacy.noise: shared}: what a plan says of it, and when there is none. */
class SqlNoiseTest {
  private static final LocalDate DAY = Market.TODAY;
  private static final String COUNTS =
      "SELECT city, COUNT(DISTINCT phone) AS people, SUM(CLAMP(amount_fen, 0, 100)) AS s FROM orders WHERE city IN ('x', 'y') GROUP BY city";

  private static List<PartyId> owners(int count) {
    return IntStream.range(0, count).mapToObj(o -> new PartyId("shop-%03d".formatted(o))).toList();
  }

  private static PlanResult plan(
      int owners, List<String> assumptions, String sql, String privacy, String run) {
    Map<ProductRef, PublishedProduct> products = new TreeMap<>();
    owners(owners).forEach(o -> Market.add(products, Market.orders(o, open())));
    JobSpec job =
        JobReader.read(
            """
            apiVersion: hesuan/v1
            kind: Job
            metadata: {name: a-job, submitToken: token-of-the-test}
            purpose: {code: market.insight}
            contract: ctr-autumn
            inputs: {orders: [%s]}
            what:
              sql: |
                %s
            privacy: {unit: phone, maxGroups: 2, maxRows: 5, noise: shared, %s}
            outputs: [{name: n, to: [shop-001]}]
            run: {%s}
            """
                .formatted(
                    owners(owners).stream()
                        .map(o -> o + "/orders@1")
                        .collect(Collectors.joining(", ")),
                    sql,
                    privacy,
                    run));
    Contract of = Market.contract(owners(owners).toArray(PartyId[]::new));
    Contract contract =
        new Contract(
            of.apiVersion(),
            of.id(),
            of.parties(),
            of.purposes(),
            of.products(),
            of.protocols(),
            of.outputs(),
            of.notBefore(),
            of.notAfter(),
            of.jobsMax(),
            assumptions);
    return Planner.plan(
        job, JobId.of(owners(1).getFirst(), "token-of-the-test"), products, contract, DAY);
  }

  private static List<Product.DisclosureRule> open() {
    return List.of(Market.rule("*", Disclosure.AGGREGATE, List.of("*")));
  }

  private static Plan planned(PlanResult result) {
    return assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
  }

  private static Refusal refused(PlanResult result) {
    return assertInstanceOf(PlanResult.Refused.class, result, result::toString)
        .refusals()
        .getFirst();
  }

  private static Plan.SharedNoise shared(Plan plan) {
    return assertInstanceOf(Plan.DpQuery.class, plan.steps().getFirst()).shared();
  }

  @Test
  void plan_ofSharedNoise_saysWhoMayBeUnreliable_andWhatItCostsTwice() {
    Plan plan =
        planned(
            plan(
                3,
                List.of("shared-noise:1-of-3", "shared-noise:2-of-4"),
                COUNTS,
                "epsilon: 1, delta: 1e-6",
                ""));
    assertEquals(1, shared(plan).unreliable());
    assertEquals("0.000001", shared(plan).delta());
    // Balle and Wang's sigma for 1 and 10^-6 is 4.2247
    assertEquals(0.5 / (4.2247 * 4.2247), shared(plan).rho().picos() / 1e12, 3e-5);
    for (Plan.Charge charge : plan.charges()) {
      assertEquals("1", charge.epsilon().toString());
      assertEquals("0.000001", charge.delta());
      assertEquals(shared(plan).rho(), charge.rho());
      assertEquals("0", charge.outside());
    }
    Plan.DpQuery query = (Plan.DpQuery) plan.steps().getFirst();
    assertTrue(Accountant.spent(SqlNoise.event(query), Delta.parse("1e-6")).epsilon() <= 1);
    // the same job, planned by another, is the same to the byte
    assertEquals(
        plan.digest(),
        planned(
                plan(
                    3,
                    List.of("shared-noise:1-of-3", "shared-noise:2-of-4"),
                    COUNTS,
                    "epsilon: 1, delta: 1e-6",
                    ""))
            .digest());
  }

  /** With fewer to rely on, each adds more, for the same promise. */
  @Test
  void plan_takesTheMostThatTheContractSays() {
    Plan plan =
        planned(
            plan(
                5,
                List.of("shared-noise:1-of-5", "shared-noise:3-of-5", "shared-noise:4-of-6"),
                COUNTS,
                "epsilon: 1",
                ""));
    assertEquals(3, shared(plan).unreliable());
    QueryNoise noise = QueryNoise.of((Plan.DpQuery) plan.steps().getFirst(), 1);
    NoiseVariance share = assertInstanceOf(NoiseVariance.class, noise.noise(0));
    assertEquals(noise.shielded().getFirst().variance(), share.times(2));
  }

  @ParameterizedTest
  @CsvSource({"2,shared-noise:1-of-2", "3,shared-noise:1-of-3", "5,shared-noise:1-of-5"})
  void plan_withoutTheContractsWord_isRefusedWithTheSmallestChange(int owners, String needed) {
    Refusal refusal =
        refused(
            plan(
                owners,
                List.of("shared-noise:0-of-" + owners, "shared-noise:1-of-9", "honest"),
                COUNTS,
                "epsilon: 1",
                ""));
    assertEquals("contract.assumptions", refusal.rule());
    assertEquals("contract.assumptions: + " + needed, refusal.change());
  }

  @Test
  void plan_ofPrivateKeys_givesHalfOfDeltaToTheirSelection() {
    Plan plan =
        planned(
            plan(
                3,
                List.of("shared-noise:1-of-3"),
                "SELECT city, COUNT(*) AS n FROM orders GROUP BY city",
                "epsilon: 1, delta: 1e-6, keys: private",
                ""));
    Plan.DpQuery query = (Plan.DpQuery) plan.steps().getFirst();
    assertEquals("0.0000005", query.selection().delta());
    assertEquals("0.0000005", query.shared().delta());
    Plan.Charge charge = plan.charges().getFirst();
    assertEquals("0.000001", charge.delta());
    assertEquals("0.0000005", charge.outside());
    assertEquals(query.shared().rho().plus(Rho.of(query.selection().epsilon())), charge.rho());
  }

  /** Whoever is lost is unreliable, and a second sum of other owners would show one share. */
  @ParameterizedTest
  @CsvSource({
    "3,1,1,run.onPartyLoss",
    "3,1,3,run.onPartyLoss",
    "4,2,1,run.onPartyLoss",
    "5,2,3,run.attempts",
    "5,2,1,",
    "3,2,3,"
  })
  void plan_thatToleratesLoss_needsOneAttempt_andSomebodyToSpare(
      int owners, int unreliable, int attempts, String at) {
    PlanResult result =
        plan(
            owners,
            List.of("shared-noise:%d-of-%d".formatted(unreliable, owners)),
            COUNTS,
            "epsilon: 1",
            "onPartyLoss: continue, attempts: " + attempts);
    if (at == null) {
      assertTrue(((Plan.DpQuery) planned(result).steps().getFirst()).tolerateLoss());
    } else {
      assertEquals(at, refused(result).problem().at());
    }
  }

  @Test
  void plan_ofManyOwners_takesNoMoreThanAFifthAsUnreliable() {
    assertEquals(
        "contract.assumptions",
        refused(plan(101, List.of("shared-noise:21-of-101"), COUNTS, "epsilon: 1", ""))
            .problem()
            .at());
    assertEquals(
        20,
        shared(planned(plan(101, List.of("shared-noise:20-of-101"), COUNTS, "epsilon: 1", "")))
            .unreliable());
  }

  @Test
  void plan_withoutDelta_orOfOtherThanOneTableInParts_isRefused() {
    List<String> assumed = List.of("shared-noise:1-of-3");
    assertEquals(
        "privacy.delta",
        refused(plan(3, assumed, COUNTS, "epsilon: 1, delta: 0", "")).problem().at());
    JobSpec template =
        JobReader.read(
            """
            apiVersion: hesuan/v1
            kind: Job
            metadata: {name: a-job}
            purpose: {code: audience.overlap}
            contract: ctr-autumn
            inputs: {members: brand-a/members@1, orders: mall-b/orders@1}
            what: {template: {name: audience.overlap}}
            privacy: {unit: phone, epsilon: 0.5, noise: shared}
            outputs: [{name: n, to: [brand-a]}]
            """);
    assertEquals("privacy.noise", refused(Market.plan(template)).problem().at());
    JobSpec join =
        JobReader.read(
            """
            apiVersion: hesuan/v1
            kind: Job
            metadata: {name: a-job}
            purpose: {code: benchmark.insight}
            contract: ctr-autumn
            inputs: {members: brand-a/members@1, orders: mall-b/orders@1}
            what:
              sql: SELECT COUNT(DISTINCT phone) AS n FROM orders o JOIN members m USING (phone)
            privacy: {unit: phone, epsilon: 0.5, noise: shared}
            outputs: [{name: n, to: [brand-a]}]
            """);
    assertTrue(
        refused(Market.plan(join)).problem().expected().contains("privacy.noise"),
        () -> Market.plan(join).toString());
  }

  /** Own noise is as it was: no delta, nothing said of sharing. */
  @Test
  void plan_ofOwnNoise_sharesNothing() {
    Plan plan = planned(Market.plan(SqlReaderTest.job("SELECT COUNT(*) AS n FROM orders")));
    assertNull(shared(plan));
    assertEquals("0", plan.charges().getFirst().delta());
  }
}
