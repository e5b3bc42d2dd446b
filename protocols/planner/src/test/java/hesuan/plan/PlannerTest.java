package hesuan.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.job.Refusal;
import hesuan.psi.IntersectionParameters;
import hesuan.wire.Disclosure;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {
  private static final String OVERLAP =
      """
      apiVersion: hesuan/v1
      kind: Job
      metadata: {name: a-job, submitToken: token-of-the-test}
      purpose: {code: audience.overlap}
      contract: ctr-autumn
      inputs: {members: brand-a/members@1, orders: mall-b/orders@1}
      what: {template: {name: audience.overlap, parameters: {by: members.city, groups: [a, b]}}}
      privacy: {unit: phone, epsilon: 0.5}
      outputs: [{name: people, to: [brand-a]}]
      run: {onPartyLoss: fail}
      """;

  private static JobSpec job(String... replacements) {
    String text = OVERLAP;
    for (int i = 0; i < replacements.length; i += 2) {
      assertTrue(text.contains(replacements[i]), replacements[i]);
      text = text.replace(replacements[i], replacements[i + 1]);
    }
    return JobReader.read(text);
  }

  private static Plan planned(JobSpec job) {
    PlanResult result = Market.plan(job);
    return assertInstanceOf(PlanResult.Planned.class, result, result::toString).plan();
  }

  private static List<Refusal> refused(PlanResult result) {
    return assertInstanceOf(PlanResult.Refused.class, result, result::toString).refusals();
  }

  private static final String MEMBERS =
      """
      apiVersion: hesuan/v1
      kind: Job
      metadata: {name: a-job, submitToken: token-of-the-test}
      purpose: {code: audience.intersect}
      contract: ctr-autumn
      inputs: {members: brand-a/members@1, visits: mall-b/visits@1}
      what: {template: {name: audience.intersect}}
      privacy: {unit: phone, minGroup: 50}
      outputs: [{name: shared, to: [brand-a], form: members}]
      """;

  private static JobSpec members(String from, String to) {
    assertTrue(MEMBERS.contains(from), from);
    return JobReader.read(MEMBERS.replace(from, to));
  }

  @Test
  void plan_ofIntersection_usesIdsAsTheyAre() {
    Plan plan = planned(JobReader.read(MEMBERS));
    Plan.Intersect step = assertInstanceOf(Plan.Intersect.class, plan.steps().getFirst());
    assertEquals(Plan.IntersectEngine.VOLE, step.engine());
    assertEquals(Plan.Keep.SHARED, step.keep());
    assertEquals(ProductRef.parse("brand-a/members@1"), step.products().getFirst());
    assertEquals(
        Set.of(Disclosure.PLAIN),
        plan.uses().stream().map(Plan.ColumnUse::use).collect(Collectors.toSet()));
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.MALL, "intersect.count")));
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.MALL, "intersect.sizesInSteps")));
  }

  @Test
  void plan_ofIntersection_saysHowManyItemsTheReceiverAsks() {
    ProductRef visits = ProductRef.parse("mall-b/visits@1");
    long rows = Market.products().get(ProductRef.parse("brand-a/members@1")).product().rows();
    Plan inSteps =
        planned(
            members(
                "{name: audience.intersect}",
                "{name: audience.intersect, parameters: {sizeStep: 4096}}"));
    long padded = Math.ceilDiv(rows, 4096) * 4096;
    assertEquals(List.of(new Plan.Ask(visits, Market.BRAND, padded)), inSteps.asks());
    Plan exact =
        planned(
            members(
                "{name: audience.intersect}",
                "{name: audience.intersect, parameters: {sizeStep: 1}}"));
    assertEquals(List.of(new Plan.Ask(visits, Market.BRAND, rows)), exact.asks());
    assertTrue(exact.reveals().contains(new Plan.Reveal(Market.MALL, "intersect.sizes")));
  }

  private static JobSpec unbalanced(String receivers, int sizeStep) {
    return JobReader.read(
        MEMBERS
            .replace(
                "{name: audience.intersect}",
                "{name: audience.intersect, parameters: {engine: unbalanced, sizeStep: "
                    + sizeStep
                    + "}}")
            .replace("[brand-a]", receivers));
  }

  /** Brand a's members are a thousand. */
  private static PlanResult ofFew(JobSpec job) {
    Map<ProductRef, PublishedProduct> products = Market.products();
    Product all = products.get(ProductRef.parse("brand-a/members@1")).product();
    Market.add(
        products,
        new Product(
            all.apiVersion(),
            all.ref(),
            all.title(),
            all.columns(),
            all.id(),
            all.rules(),
            all.terms(),
            all.fingerprint(),
            1000));
    return Market.plan(job, products);
  }

  @Test
  void plan_ofAnUnbalancedIntersection_tellsTheAskerOfChanges_andTakesOneReceiverAndFew() {
    Plan plan =
        assertInstanceOf(PlanResult.Planned.class, ofFew(unbalanced("[brand-a]", 100))).plan();
    assertEquals(
        Plan.IntersectEngine.UNBALANCED, ((Plan.Intersect) plan.steps().getFirst()).engine());
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.BRAND, "lookup.changes")));
    assertEquals(
        "outputs[0].to",
        refused(ofFew(unbalanced("[brand-a, mall-b]", 100))).getFirst().problem().at());
    assertEquals(
        ErrorCode.TOO_LARGE,
        refused(ofFew(unbalanced("[brand-a]", 65_537))).getFirst().problem().code());
    assertEquals(
        ErrorCode.TOO_LARGE,
        refused(Market.plan(unbalanced("[brand-a]", 100))).getFirst().problem().code());
  }

  @Test
  void plan_ofIntersection_holdsTheBucketAndTheFormOfTheList() {
    Plan.Intersect usual = (Plan.Intersect) planned(JobReader.read(MEMBERS)).steps().getFirst();
    assertEquals(IntersectionParameters.BUCKET_ITEMS, usual.bucketItems());
    assertEquals(Plan.ListFormat.CSV, usual.list());
    Plan.Intersect other =
        (Plan.Intersect)
            planned(
                    members(
                        "{name: audience.intersect}",
                        "{name: audience.intersect, parameters: {bucket: 1000, list: parquet}}"))
                .steps()
                .getFirst();
    assertEquals(1000, other.bucketItems());
    assertEquals(Plan.ListFormat.PARQUET, other.list());
  }

  @Test
  void plan_ofIntersectionByASetSmallerThanAnyList_isRefused() {
    long rows = Market.products().get(ProductRef.parse("brand-a/members@1")).product().rows();
    Refusal refusal =
        refused(Market.plan(members("minGroup: 50", "minGroup: " + (rows + 1)))).getFirst();
    assertEquals(ErrorCode.GROUP_TOO_SMALL, refusal.problem().code());
  }

  @Test
  void plan_ofIntersectionForBoth_needsTheOthersGrant() {
    List<Refusal> refusals = refused(Market.plan(members("[brand-a]", "[brand-a, mall-b]")));
    assertEquals("disclosure.phone", refusals.getFirst().rule());
    assertEquals(Market.BRAND, refusals.getFirst().party());
  }

  @Test
  void plan_ofIntersectionForAnOutsider_isRefused() {
    Refusal refusal = refused(Market.plan(members("[brand-a]", "[brand-a, pay-c]"))).getFirst();
    assertEquals("outputs[0].to", refusal.problem().at());
  }

  @Test
  void plan_ofIntersectionBelowTheTermsMinimum_isRefused() {
    assertEquals(
        "terms.minGroup",
        refused(Market.plan(members("minGroup: 50", "minGroup: 49"))).getFirst().rule());
  }

  private static JobSpec membersOfAll(String what, String to) {
    return JobReader.read(
        MEMBERS
            .replace("visits: mall-b/visits@1}", "visits: mall-b/visits@1, users: pay-c/users@1}")
            .replace("{name: audience.intersect}", what)
            .replace("[brand-a]", to));
  }

  private static String pivot(String party) {
    return "{name: audience.intersect, parameters: {pivot: " + party + "}}";
  }

  @Test
  void plan_ofIntersectionOfThree_namesThePivot() {
    Plan plan = planned(membersOfAll("{name: audience.intersect}", "[brand-a]"));
    Plan.IntersectAll step = assertInstanceOf(Plan.IntersectAll.class, plan.steps().getFirst());
    assertEquals(Market.MALL, step.pivot());
    assertEquals(Market.BRAND, plan.leader());
    assertEquals(Market.PAY, step.products().getLast().party());
    assertEquals(
        Set.of(Disclosure.PLAIN),
        plan.uses().stream().map(Plan.ColumnUse::use).collect(Collectors.toSet()));
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.BRAND, "intersect.ownMembersOfAll")));
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.PAY, "intersect.countOfAll")));
  }

  /** Nobody has promised that brand-a and pay-c do not collude. */
  @Test
  void plan_ofIntersectionOfThree_needsThePromiseOfBothCentres() {
    Refusal refusal = refused(Market.plan(membersOfAll(pivot("pay-c"), "[brand-a]"))).getFirst();
    assertEquals("contract.assumptions", refusal.rule());
    assertEquals("contract.assumptions: + no-collusion:brand-a+pay-c", refusal.change());
  }

  @Test
  void plan_ofIntersectionOfThree_whosePivotCouldNotProveTheList_isRefused() {
    for (String party : List.of("brand-a", "zoo-z", "pay-c")) {
      Refusal refusal =
          refused(Market.plan(membersOfAll(pivot(party), "[brand-a, mall-b]"))).getFirst();
      assertEquals("what.template.parameters.pivot", refusal.problem().at());
    }
  }

  @Test
  void plan_ofPivotBetweenTwo_andOfDifferenceOfThree_areRefused() {
    Refusal two =
        refused(Market.plan(members("{name: audience.intersect}", pivot("mall-b")))).getFirst();
    assertEquals("what.template.parameters.pivot", two.problem().at());
    Refusal three =
        refused(Market.plan(membersOfAll("{name: audience.difference}", "[brand-a]"))).getFirst();
    assertEquals("inputs", three.problem().at());
  }

  @Test
  void plan_ofDifference_hasOneReceiver() {
    Plan plan = planned(members("{name: audience.intersect}", "{name: audience.difference}"));
    assertEquals(Plan.Keep.MISSING, ((Plan.Intersect) plan.steps().getFirst()).keep());
  }

  private static final String MEASURE =
      """
      apiVersion: hesuan/v1
      kind: Job
      metadata: {name: a-job, submitToken: token-of-the-test}
      purpose: {code: audience.lift}
      contract: ctr-autumn
      inputs: {campaign: pay-c/campaign@1, orders: brand-a/orders@1}
      what:
        template:
          name: measure.join
          parameters: {by: campaign.theme, groups: [a, b], value: orders.amount_fen, upper: 50000}
      privacy: {unit: phone, epsilon: 0.8, minGroup: 50}
      outputs: [{name: sums, to: [pay-c]}]
      """;

  private static Refusal refusedMeasure(String from, String to) {
    assertTrue(MEASURE.contains(from), from);
    return refused(Market.plan(JobReader.read(MEASURE.replace(from, to)))).getFirst();
  }

  @Test
  void plan_ofMeasure_sharesOutEpsilon_andChargesAllOfIt() {
    Plan plan = planned(JobReader.read(MEASURE));
    Plan.JoinStatistics step = assertInstanceOf(Plan.JoinStatistics.class, plan.steps().getFirst());
    assertEquals(4, step.parts(), "matches, count, sum, squares");
    assertEquals("0.2", step.epsilonEach().toString());
    plan.charges().forEach(c -> assertEquals("0.8", c.epsilon().toString()));
    assertEquals(Market.PAY, plan.leader());
  }

  /** What nobody sees is neither told nor paid for, and takes no delta. */
  @Test
  void plan_ofMeasureWithHiddenMatches_spendsNothingOnThem() {
    String hidden = MEASURE.replace("upper: 50000", "upper: 50000, matches: hidden");
    assertNotEquals(MEASURE, hidden);
    Plan plan = planned(JobReader.read(hidden.replace("epsilon: 0.8", "epsilon: 0.9")));
    Plan.JoinStatistics step = assertInstanceOf(Plan.JoinStatistics.class, plan.steps().getFirst());
    assertEquals(Plan.Matches.HIDDEN, step.matches());
    assertEquals(3, step.parts(), "count, sum, squares");
    assertEquals("0.3", step.epsilonEach().toString());
    plan.charges().forEach(c -> assertEquals("0", c.delta()));
    assertEquals(
        Set.of("pay-c join.size", "brand-a join.size", "pay-c join.noisedSums"),
        plan.reveals().stream().map(r -> r.to() + " " + r.what()).collect(Collectors.toSet()));
    assertEquals(
        "what.template.parameters.matches",
        assertThrows(
                ProblemException.class,
                () -> JobReader.read(hidden.replace("matches: hidden", "matches: exact")))
            .problem()
            .at());
  }

  /** A sum that could wrap, or dummies beyond their limit, cost nobody anything. */
  @Test
  void plan_ofMeasureThatCannotBeNoised_isRefusedBeforeAnyCharge() {
    assertEquals(ErrorCode.INVALID_VALUE, refusedMeasure("50000", "1000000000").problem().code());
    assertEquals("noise", refusedMeasure("epsilon: 0.8", "epsilon: 0.000004").problem().at());
  }

  @Test
  void plan_ofMeasureWithoutNoise_orWithPeopleCountedTwice_isRefused() {
    assertEquals("privacy.epsilon", refusedMeasure("epsilon: 0.8", "epsilon: 0").problem().at());
    assertEquals(
        "privacy.maxRows",
        refusedMeasure("minGroup: 50", "minGroup: 50, maxRows: 2").problem().at());
    assertEquals("outputs[0].to", refusedMeasure("[pay-c]", "[brand-a]").problem().at());
  }

  @Test
  void plan_ofOverlapByColumn_isWhole() {
    Plan plan = planned(job());
    Plan.Overlap step = assertInstanceOf(Plan.Overlap.class, plan.steps().getFirst());
    assertEquals(Market.BRAND, plan.leader());
    assertEquals(ProductRef.parse("brand-a/members@1"), step.products().getFirst());
    assertEquals(
        Set.of(
            "brand-a/members@1 phone joinKey",
            "brand-a/members@1 city aggregate",
            "mall-b/orders@1 phone joinKey"),
        plan.uses().stream()
            .map(u -> u.product() + " " + u.column() + " " + u.use().text())
            .collect(Collectors.toSet()));
    assertEquals(
        List.of("brand-a/members@1 0.5", "mall-b/orders@1 0.5"),
        plan.charges().stream().map(c -> c.product() + " " + c.epsilon()).toList());
    plan.charges().forEach(c -> assertNull(c.concentrated()));
    assertTrue(plan.reveals().contains(new Plan.Reveal(Market.BRAND, "overlap.noisedCounts")));
    assertTrue(plan.estimate().bytes() > 0 && plan.estimate().seconds() > 0);
  }

  @Test
  void plan_isAFunctionOfItsArguments_andOfNoOther() {
    Set<Object> digests = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      digests.add(planned(job()).digest());
    }
    // the day only refuses: midnight between two parties must not give two plans
    PlanResult tomorrow =
        Planner.plan(
            job(),
            JobId.of(Market.BRAND, "token-of-the-test"),
            Market.products(),
            Market.contract(),
            Market.TODAY.plusDays(1));
    digests.add(((PlanResult.Planned) tomorrow).plan().digest());
    assertEquals(1, digests.size());
    assertNotEquals(planned(job()).digest(), planned(job("0.5", "0.6")).digest());
  }

  @Test
  void plan_withGroupingColumnOfTheOther_isLedByItsOwner() {
    Plan plan =
        planned(
            job("by: members.city", "by: orders.city", "to: [brand-a]", "to: [brand-a, mall-b]"));
    assertEquals(Market.MALL, plan.leader());
    Plan.Overlap step = assertInstanceOf(Plan.Overlap.class, plan.steps().getFirst());
    assertEquals(ProductRef.parse("mall-b/orders@1"), step.products().getFirst());
    assertEquals(
        "outputs[0].to",
        refused(Market.plan(job("by: members.city", "by: orders.city"))).getFirst().problem().at());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders@1|orders@9|HS2002|inputs.orders",
        "members.city|members.town|HS2004|what.template.parameters.by",
        "members.city|nobody.city|HS1004|what.template.parameters.by",
        "members.city|members.tier|HS1002|what.template.parameters.by",
        "orders: mall-b/orders@1|orders: brand-a/orders@1|HS1004|inputs",
        "orders: mall-b/orders@1|orders: mall-b/stores@1|HS1004|inputs",
        ", orders: mall-b/orders@1|''|HS4006|inputs",
        "ctr-autumn|ctr-winter|HS2003|contract",
        "unit: phone|unit: city|HS1004|privacy.unit",
        "epsilon: 0.5|epsilon: 0|HS1004|privacy.epsilon",
        "epsilon: 0.5|epsilon: 0.5, delta: 0|HS1004|privacy.delta",
        "to: [brand-a]|to: [pay-c]|HS1004|outputs[0].to",
        "to: [brand-a]|to: [brand-a], form: model|HS1004|outputs[0].form",
        "onPartyLoss: fail|onPartyLoss: continue|HS1004|run.onPartyLoss"
      })
  void plan_ofWhatCannotWork_saysWhere(String from, String to, String code, String at) {
    Refusal refusal = refused(Market.plan(job(from, to))).getFirst();
    assertEquals(code + " " + at, refusal.problem().code().code() + " " + refusal.problem().at());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "brand-a/stores@1, mall-b/stores@1|HS4006",
        "brand-a/stores@1, mall-b/stores@1, mall-b/outlets@1|HS1004"
      })
  void plan_ofSumOverTwoOwners_isRefused(String stores, String code) {
    Map<ProductRef, PublishedProduct> products = Market.products();
    Market.add(
        products,
        Market.product(
            "mall-b/outlets@1",
            List.of(Market.rule("*", Disclosure.AGGREGATE, List.of("*"))),
            "store STRING",
            "city STRING",
            "turnover_fen INTEGER"));
    assertInstanceOf(
        PlanResult.Planned.class,
        Market.plan(sum("brand-a/stores@1, mall-b/stores@1, pay-c/stores@1"), products));
    Refusal refusal = refused(Market.plan(sum(stores), products)).getFirst();
    assertEquals(code + " inputs", refusal.problem().code().code() + " " + refusal.problem().at());
  }

  private static JobSpec overAggregators(String aggregators, String receivers) {
    return overAggregators(aggregators, receivers, "");
  }

  private static JobSpec overAggregators(String aggregators, String receivers, String range) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: a-job, submitToken: token-of-the-test}
        purpose: {code: benchmark.store}
        contract: ctr-autumn
        inputs: {stores: [brand-a/stores@1, mall-b/stores@1, pay-c/stores@1]}
        what:
          template:
            name: aggregate.sum
            parameters: {column: turnover_fen, by: city, keys: [a, b], mode: twoAggregators,
              aggregators: [%s]%s}
        outputs: [{name: turnover, to: [%s]}]
        """
            .formatted(aggregators, range, receivers));
  }

  @Test
  void plan_ofASumOverTwoAggregators_isLedByTheFirst_whoReceives() {
    Plan plan = planned(overAggregators("mall-b, brand-a", "mall-b, pay-c"));
    assertEquals(Market.MALL, plan.leader());
    assertEquals(
        List.of(Market.MALL, Market.BRAND),
        assertInstanceOf(Plan.SecureSum.class, plan.steps().getFirst()).aggregators());
    Refusal refusal = refused(Market.plan(overAggregators("brand-a, mall-b", "mall-b"))).getFirst();
    assertEquals("outputs[0].to", refusal.problem().at());
  }

  @Test
  void plan_ofASumWithARange_isOverTwoAggregatorsOnly() {
    Plan plan = planned(overAggregators("mall-b, brand-a", "mall-b", ", lower: -5, upper: 100"));
    assertEquals(
        new Plan.Range(-5, 100),
        assertInstanceOf(Plan.SecureSum.class, plan.steps().getFirst()).range());
    ProblemException refused =
        assertThrows(
            ProblemException.class,
            () -> overAggregators("mall-b, brand-a", "mall-b", ", lower: 9, upper: 9"));
    assertEquals("what.template.parameters.upper", refused.problem().at());
  }

  private static JobSpec query(String run, String privacy, String sql, String receivers) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: a-job, submitToken: token-of-the-test}
        purpose: {code: benchmark.market}
        contract: ctr-autumn
        inputs: {orders: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]}
        what: {sql: "%s"}
        privacy: {unit: phone, epsilon: 1%s}
        outputs: [{name: n, to: [%s]}]
        run: {%s}
        """
            .formatted(sql, privacy, receivers, run));
  }

  private static final String COUNT = "SELECT COUNT(*) AS n FROM orders";
  private static final String OVER_TWO = "aggregators: [mall-b, brand-a], onPartyLoss: continue";

  @Test
  void plan_ofAQueryOverTwoAggregators_isLedByTheFirst_andIsTheSameToTheBudget() {
    JobSpec job = query(OVER_TWO, "", COUNT, "mall-b, pay-c");
    assertEquals(job, JobReader.read(JobReader.write(job)));
    assertEquals(job, JobReader.read(Json.canonical(job)));
    Plan plan = planned(job);
    Plan.DpQuery step = assertInstanceOf(Plan.DpQuery.class, plan.steps().getFirst());
    assertEquals(List.of(Market.MALL, Market.BRAND), step.aggregators());
    assertEquals(Market.MALL, plan.leader());
    assertTrue(step.tolerateLoss());
    Plan masked = planned(query("", "", COUNT, "mall-b, pay-c"));
    assertEquals(plan.charges(), masked.charges());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "aggregators: [brand-a, pay-c]||SELECT COUNT(*) AS n FROM orders|brand-a|contract.assumptions",
        "aggregators: [brand-a, mall-b]||SELECT COUNT(*) AS n FROM orders|pay-c|outputs[0].to",
        "aggregators: [brand-a, mall-b]|, noise: shared|SELECT COUNT(*) AS n FROM orders|brand-a|run.aggregators",
        "aggregators: [brand-a, mall-b]|, keys: private|SELECT city, COUNT(*) AS n FROM orders GROUP BY city|brand-a|run.aggregators"
      })
  void plan_ofAQueryOverAggregatorsThatMayNotBe_isRefused(
      String run, @Nullable String privacy, String sql, String receivers, String at) {
    Refusal refusal =
        refused(Market.plan(query(run, privacy == null ? "" : privacy, sql, receivers))).getFirst();
    assertEquals(at, refusal.problem().at());
  }

  /** A template says its aggregators itself; one party is not two. */
  @Test
  void aggregatorsOfATemplateOrOfOneParty_areRefused() {
    JobSpec sum = sum("brand-a/stores@1, mall-b/stores@1, pay-c/stores@1");
    JobSpec over =
        new JobSpec(
            sum.apiVersion(),
            sum.kind(),
            sum.metadata(),
            sum.purpose(),
            sum.contract(),
            sum.inputs(),
            sum.what(),
            sum.privacy(),
            sum.outputs(),
            new JobSpec.Run(sum.run().deadline(), 1, "fail", List.of(Market.BRAND, Market.MALL)));
    assertEquals("run.aggregators", refused(Market.plan(over)).getFirst().problem().at());
    for (String run : List.of("aggregators: [mall-b]", "aggregators: [mall-b, mall-b]")) {
      assertEquals(
          "run.aggregators",
          assertThrows(ProblemException.class, () -> query(run, "", COUNT, "mall-b"))
              .problem()
              .at());
    }
  }

  /** Nobody signed that these two do not collude. */
  @Test
  void plan_ofASumOverAggregatorsThatTheContractDoesNotName_isRefused() {
    Refusal refusal = refused(Market.plan(overAggregators("brand-a, pay-c", "brand-a"))).getFirst();
    assertEquals("contract.assumptions", refusal.rule());
    assertEquals("contract.assumptions: + no-collusion:brand-a+pay-c", refusal.change());
  }

  private static JobSpec statistics(String parameters, String receivers) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: a-job, submitToken: token-of-the-test}
        purpose: {code: benchmark.store}
        contract: ctr-autumn
        inputs: {orders: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]}
        what:
          template:
            name: aggregate.statistics
            parameters: {column: amount_fen, %s}
        outputs: [{name: turnover, to: [%s]}]
        """
            .formatted(parameters, receivers));
  }

  private static Plan.Statistics statistics(String parameters) {
    return assertInstanceOf(
            Plan.SecureSum.class, planned(statistics(parameters, "brand-a")).steps().getFirst())
        .statistics();
  }

  @Test
  void plan_ofStatistics_saysEachKindOfCellThatTheLeaderSees_andFiguresToTheOthers() {
    Plan plan =
        planned(
            statistics(
                "by: city, keys: [a, b], figures: [variance, max], lower: 0, upper: 100, bins: 4",
                "brand-a, pay-c"));
    assertEquals(
        List.of(
            "brand-a secureSum.counts",
            "brand-a secureSum.totals",
            "brand-a secureSum.squares",
            "brand-a secureSum.histogram",
            "pay-c secureSum.figures"),
        plan.reveals().stream().map(r -> r.to() + " " + r.what()).toList());
    assertEquals(
        List.of("amount_fen", "city"),
        plan.uses().stream().map(Plan.ColumnUse::column).distinct().toList());
    plan = planned(statistics("figures: [rows, median], lower: 0, upper: 9, bins: 3", "brand-a"));
    assertEquals(
        List.of("brand-a secureSum.rows", "brand-a secureSum.histogram"),
        plan.reveals().stream().map(r -> r.to() + " " + r.what()).toList());
    assertEquals(
        List.of("amount_fen"),
        plan.uses().stream().map(Plan.ColumnUse::column).distinct().toList());
  }

  @Test
  void plan_ofStatistics_cutsTheRangeEvenly_orByTheEdges() {
    assertEquals(
        List.of(0L, 3L, 6L), statistics("figures: [min], lower: 0, upper: 9, bins: 3").bins());
    assertEquals(
        List.of(-5L, -4L), statistics("figures: [min], lower: -5, upper: -4, bins: 2").bins());
    Plan.Statistics edged = statistics("figures: [p2.5, sum], edges: [-7, 1, 20]");
    assertEquals(List.of(-7L, 1L), edged.bins());
    assertEquals(List.of(-7L, 20L), List.of(edged.lower(), edged.upper()));
    assertEquals(
        List.of(
            new Plan.Statistic(Plan.StatisticKind.QUANTILE, "p2_5", 25_000),
            new Plan.Statistic(Plan.StatisticKind.SUM, "sum", 0)),
        edged.figures());
    assertEquals(70_000, edged.rowsMax());
    assertEquals(List.of(), statistics("figures: [sum], edges: [-7, 1, 20]").bins());
  }

  /** 3 owners x 70000 rows x the squares of distances from the middle stay below 2^62, or not. */
  @Test
  void plan_ofStatisticsThatCouldLeave64Bits_isRefused() {
    statistics("figures: [variance], lower: 0, upper: 9372000");
    statistics("figures: [sum], lower: -1000000000, upper: 21960000000000");
    for (String[] refused :
        new String[][] {
          {"figures: [stddev], lower: 0, upper: 9373000", "sum.squares"},
          {"figures: [variance], lower: 0, upper: 4000000000000000", "sum.totals"},
          {"figures: [mean], lower: -21961000000000, upper: 0", "sum.totals"}
        }) {
      Refusal refusal = refused(Market.plan(statistics(refused[0], "brand-a"))).getFirst();
      assertEquals(
          "HS1004 " + refused[1], refusal.problem().code().code() + " " + refusal.problem().at());
    }
  }

  @Test
  void plan_ofStatisticsWithProofs_isRefusedWhereTheyWouldBeTooLarge() {
    String two = "mode: twoAggregators, aggregators: [brand-a, mall-b], proofs: ranges, figures: ";
    assertTrue(statistics(two + "[median, mean], lower: 0, upper: 999, bins: 1000").proved());
    String keys =
        java.util.stream.IntStream.range(0, 200)
            .mapToObj(i -> "k" + i)
            .collect(java.util.stream.Collectors.joining(", "));
    Refusal refusal =
        refused(
                Market.plan(
                    statistics(
                        two
                            + "[median], lower: 0, upper: 999, bins: 1000, by: city, keys: ["
                            + keys
                            + "]",
                        "brand-a")))
            .getFirst();
    assertEquals("HS1006 range", refusal.problem().code().code() + " " + refusal.problem().at());
  }

  @Test
  void plan_ofAHistogramTooLargeToBeShown_isRefused() {
    statistics("figures: [histogram], lower: 0, upper: 999, bins: 200");
    ProblemException refused =
        assertThrows(
            ProblemException.class,
            () -> statistics("figures: [histogram], lower: 0, upper: 999, bins: 201", "brand-a"));
    assertEquals("what.template.parameters.figures", refused.problem().at());
  }

  /** A policy would take the figure for the column, and hold it back once all is computed. */
  @Test
  void plan_ofAFigureNamedAsAColumn_isRefused() {
    Map<ProductRef, PublishedProduct> products = Market.products();
    Market.add(
        products,
        Market.product(
            "pay-c/orders@1",
            List.of(Market.rule("*", Disclosure.AGGREGATE, List.of("*"))),
            "phone STRING",
            "amount_fen INTEGER",
            "amount_fen_mean INTEGER"));
    JobSpec job = statistics("figures: [mean], lower: 0, upper: 9", "brand-a");
    Refusal refusal = refused(Market.plan(job, products)).getFirst();
    assertEquals("amount_fen_mean", refusal.problem().found());
  }

  private static JobSpec sum(String stores) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: a-job, submitToken: token-of-the-test}
        purpose: {code: benchmark.store}
        contract: ctr-autumn
        inputs: {stores: [%s]}
        what:
          template:
            name: aggregate.sum
            parameters: {column: turnover_fen, by: city, keys: [a, b]}
        outputs: [{name: turnover, to: [brand-a]}]
        """
            .formatted(stores));
  }

  @Test
  void plan_withPartyOutsideTheContract_isRefused() {
    Refusal refusal =
        refused(
                Planner.plan(
                    job(),
                    JobId.of(Market.BRAND, "token-of-the-test"),
                    Market.products(),
                    Market.contract(Market.BRAND, Market.PAY),
                    Market.TODAY))
            .getFirst();
    assertEquals(ErrorCode.CONTRACT_VIOLATED, refusal.problem().code());
    assertEquals("contract.parties: + mall-b", refusal.change());
  }

  @Test
  void plan_overTheTermsOfOneOwner_namesHimAndTheChange() {
    List<Refusal> refusals =
        refused(Market.plan(job("epsilon: 0.5", "epsilon: 1.000001, minGroup: 49")));
    assertEquals(
        List.of(
            "brand-a terms.minGroup privacy.minGroup: 50",
            "brand-a terms.maxEpsilon privacy.epsilon: 1",
            "mall-b terms.minGroup privacy.minGroup: 50",
            "mall-b terms.maxEpsilon privacy.epsilon: 1"),
        refusals.stream().map(r -> r.party() + " " + r.rule() + " " + r.change()).toList());
    planned(job("epsilon: 0.5", "epsilon: 1, minGroup: 50"));
  }

  private static PlanResult withRules(JobSpec job, Product.DisclosureRule... rules) {
    Map<ProductRef, PublishedProduct> products = Market.products();
    Market.add(products, Market.members(List.of(rules)));
    Market.add(products, Market.orders(Market.MALL, List.of(rules)));
    return Market.plan(job, products);
  }

  @Test
  void plan_aboveTheOwnersRule_isRefused() {
    List<Refusal> refusals =
        refused(withRules(job(), Market.rule("phone", Disclosure.AGGREGATE, List.of("brand-a"))));
    assertEquals(1, refusals.size(), refusals::toString);
    Refusal refusal = refusals.getFirst();
    assertEquals(Market.MALL, refusal.party());
    assertEquals("disclosure.phone", refusal.rule());
    assertEquals("overlap.id", refusal.problem().at());
    assertEquals("joinKey", refusal.problem().found());
    assertEquals(
        "mall-b/orders: {column: phone, level: joinKey, receivers: [brand-a], purposes:"
            + " [audience.overlap]}",
        refusal.change());
  }

  @Test
  void plan_ofColumnThatTheOwnerForbids_isRefusedToHimselfToo() {
    List<Refusal> refusals =
        refused(
            withRules(
                job(),
                Market.rule("phone", Disclosure.JOIN_KEY, List.of("*")),
                Market.rule("city", Disclosure.NEVER, List.of("*"))));
    assertEquals(Market.BRAND, refusals.getFirst().party());
    assertEquals("disclosure.city", refusals.getFirst().rule());
  }

  @ParameterizedTest
  @CsvSource({
    "audience.overlap,audience,0,JOIN_KEY",
    "audience.overlap,audience.overlap,0,JOIN_KEY",
    "audience.overlap,*,0,JOIN_KEY",
    "audience.overlap,audience.over,0,NEVER",
    "audience,audience.overlap,0,NEVER",
    "audience2,audience,0,NEVER",
    "audience.overlap,audience,-1,NEVER"
  })
  void granted_isForPurposeAndDay(String asked, String rule, int daysLeft, Disclosure granted) {
    Product product =
        Market.members(
            List.of(
                new Product.DisclosureRule(
                    "phone",
                    Disclosure.JOIN_KEY,
                    List.of("*"),
                    List.of(rule),
                    Market.TODAY.plusDays(daysLeft))));
    assertEquals(
        granted, DisclosureCheck.granted(product, "phone", Market.PAY, asked, Market.TODAY));
  }

  @Test
  void granted_isTheMostOfWhatApplies_butNeverWins() {
    LocalDate until = Market.TODAY;
    Product.DisclosureRule star =
        new Product.DisclosureRule("*", Disclosure.PLAIN, List.of("*"), List.of("*"), until);
    Product.DisclosureRule compute =
        new Product.DisclosureRule("city", Disclosure.COMPUTE, List.of("*"), List.of("*"), until);
    Product.DisclosureRule aggregate =
        new Product.DisclosureRule(
            "city", Disclosure.AGGREGATE, List.of("pay-c"), List.of("*"), until);
    Product.DisclosureRule never =
        new Product.DisclosureRule(
            "city", Disclosure.NEVER, List.of("pay-c"), List.of("*"), until.minusDays(9));
    assertEquals(Disclosure.PLAIN, granted(Market.PAY, star));
    assertEquals(Disclosure.COMPUTE, granted(Market.PAY, star, compute));
    assertEquals(Disclosure.AGGREGATE, granted(Market.PAY, star, compute, aggregate));
    assertEquals(Disclosure.COMPUTE, granted(Market.MALL, star, compute, aggregate));
    assertEquals(Disclosure.NEVER, granted(Market.PAY, star, compute, aggregate, never));
    assertEquals(Disclosure.PLAIN, granted(Market.BRAND, compute));
    assertEquals(Disclosure.NEVER, granted(Market.PAY));
  }

  private static Disclosure granted(PartyId receiver, Product.DisclosureRule... rules) {
    return DisclosureCheck.granted(
        Market.members(List.of(rules)), "city", receiver, "audience", Market.TODAY);
  }

  @Test
  void plan_ofParametersThatNoReaderSaw_isRefusedAlike() {
    JobSpec job = job();
    JobSpec forged =
        new JobSpec(
            job.apiVersion(),
            job.kind(),
            job.metadata(),
            job.purpose(),
            job.contract(),
            job.inputs(),
            new JobSpec.What(
                new JobSpec.Template("audience.overlap", Fields.newObject().put("code", "x")),
                null),
            job.privacy(),
            job.outputs(),
            job.run());
    assertEquals(ErrorCode.UNKNOWN_FIELD, refused(Market.plan(forged)).getFirst().problem().code());
  }
}
