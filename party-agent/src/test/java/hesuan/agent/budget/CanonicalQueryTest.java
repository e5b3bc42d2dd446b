package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.Figure;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CanonicalQueryTest {
  private static final PartyId SHOP = new PartyId("shop-a");
  private static final PartyId BRAND = new PartyId("brand-b");
  private static final PartyId OTHER = new PartyId("brand-c");
  private static final ProductRef ORDERS = ProductRef.parse("shop-a/orders@3");
  private static final String SOFTWARE = "hesuan/test";

  private static Plan.DpQuery step(String where) {
    return step(where, "city", new Plan.Outcome(List.of(), null, List.of(), 0, 0), List.of());
  }

  private static Plan.DpQuery step(
      String where, String key, Plan.Outcome outcome, List<Plan.Read> reads) {
    return new Plan.DpQuery(
        "query",
        List.of(ORDERS),
        "SELECT \"@unit\", \"city\" AS \"@k0\" FROM \"@part\" WHERE " + where,
        List.of(key),
        List.of(List.of("a"), List.of("b")),
        null,
        null,
        List.of(
            new Plan.Aggregate(
                Plan.AggregateKind.COUNT, "n", "*", null, 0, 0, 1, Epsilon.parse("0.5"))),
        outcome,
        reads,
        2,
        3,
        1000,
        false,
        List.of());
  }

  private static Plan plan(String token, PartyId analyst, Plan.Step step, String data) {
    return new Plan(
        JobId.of(analyst, token),
        Digest.of("spec of " + token),
        new ContractId("ctr-one"),
        Digest.of("contract"),
        "audience.report",
        List.of(SHOP, analyst),
        analyst,
        List.of(new Plan.ProductPin(ORDERS, Digest.of("document"), Digest.of(data))),
        List.of(step),
        List.of(),
        List.of(new Plan.Reveal(analyst, "dp-table")),
        List.of(new Plan.Charge(ORDERS, SHOP, "phone", Epsilon.parse("0.5"), "0.0000001")),
        List.of(),
        List.of(new JobSpec.Output("table", List.of(analyst), "aggregate")),
        20,
        600,
        3,
        new Plan.Estimate(1000, 1));
  }

  private static Digest query(Plan plan) {
    return CanonicalQuery.of(plan, SOFTWARE);
  }

  private static final Rho RHO = Rho.parse("0.01");
  private static final Plan PLAN = plan("one", BRAND, step("TRUE"), "rows");

  @Test
  void sameQuestion_underAnotherJobTokenAndAnalyst_isTheSame() {
    assertEquals(query(PLAN), query(plan("two", BRAND, step("TRUE"), "rows")));
    assertEquals(query(PLAN), query(plan("one", OTHER, step("TRUE"), "rows")));
  }

  @Test
  void otherDataRephrasedOrOtherSoftware_isAnother() {
    assertNotEquals(query(PLAN), query(plan("one", BRAND, step("TRUE"), "other rows")));
    assertNotEquals(query(PLAN), query(plan("one", BRAND, step("1 = 1"), "rows")));
    assertNotEquals(query(PLAN), CanonicalQuery.of(PLAN, "hesuan/next"));
  }

  /** What is made of figures that have their noise can't be averaged: they are the same. */
  @Test
  void namesFormulasOrderAndPlaces_areNotTheQuestion() {
    Plan.Outcome top =
        new Plan.Outcome(
            List.of(new Plan.Column("seen", new Figure.Noised(0))),
            new Figure.Comparison(
                Figure.Relation.LESS, new Figure.Number("9"), new Figure.Noised(0)),
            List.of(new Plan.Order(new Figure.Noised(0), true)),
            3,
            1);
    List<Plan.Read> reads =
        List.of(new Plan.Read("city", Disclosure.AGGREGATE, "what.sql 9:9 city = 'a'"));
    assertEquals(query(PLAN), query(plan("two", OTHER, step("TRUE", "town", top, reads), "rows")));
  }

  /** Own noise protects whoever adds the parts, and whoever else is in the sum. */
  @Test
  void whoAddsTheParts_andWithoutWhom_isNotTheQuestion() {
    ObjectNode over = (ObjectNode) Json.node(PLAN);
    ObjectNode step = (ObjectNode) over.path("steps").path(0);
    step.put("tolerateLoss", true);
    step.putArray("aggregators").add(BRAND.value()).add(OTHER.value());
    assertEquals(query(PLAN), query(Json.read(over, Plan.class)));
  }

  /** Every other field of a query that is there today, and any that comes, is. */
  @Test
  void everyFieldOfAQueryThatIsNotLeftOut_isTheQuestion() {
    ObjectNode plain = (ObjectNode) Json.node(PLAN);
    Set<String> fields = new TreeSet<>();
    plain.path("steps").path(0).fieldNames().forEachRemaining(fields::add);
    assertTrue(fields.containsAll(CanonicalQuery.LEFT_OUT_OF_QUERY));
    fields.removeAll(CanonicalQuery.LEFT_OUT_OF_QUERY);
    fields.removeAll(Set.of("kind", "selection", "shared", "products"));
    for (String field : fields) {
      ObjectNode changed = plain.deepCopy();
      ObjectNode step = (ObjectNode) changed.path("steps").path(0);
      JsonNode value = step.path(field);
      step.set(
          field,
          switch (value.getNodeType()) {
            case NUMBER -> Json.node(value.asInt() + 1);
            case BOOLEAN -> Json.node(!value.asBoolean());
            case ARRAY -> Json.mapper().createArrayNode().add(value.get(0)).add(value.get(0));
            default -> Json.node(value.asText() + "x");
          });
      assertNotEquals(query(PLAN), query(Json.read(changed, Plan.class)), field);
    }
  }

  /** A peer could change its list under the same noise. */
  @Test
  void stepThatAPeersListHasAPartIn_isNewEachTime() {
    Plan.Step overlap =
        new Plan.Overlap(
            "overlap", List.of(ORDERS), null, List.of(), Epsilon.parse("0.5"), "0.0000001");
    assertNotEquals(
        query(plan("one", BRAND, overlap, "rows")), query(plan("two", BRAND, overlap, "rows")));
  }

  /** A peer that has forgotten the question would draw its share anew, and this party not. */
  @Test
  void sharedNoise_isNewEachTime_unlessEachShareIsTheWhole() {
    Plan.DpQuery own = step("TRUE");
    Plan.DpQuery two = withOwners(own, 2).withNoise(new Plan.SharedNoise(1, "0.0000001", RHO));
    assertEquals(query(plan("one", BRAND, two, "rows")), query(plan("two", BRAND, two, "rows")));
    assertNotEquals(
        query(plan("one", BRAND, two, "rows")),
        query(plan("one", BRAND, withOwners(own, 2), "rows")));
    Plan.DpQuery three = withOwners(own, 3).withNoise(new Plan.SharedNoise(1, "0.0000001", RHO));
    assertNotEquals(
        query(plan("one", BRAND, three, "rows")), query(plan("two", BRAND, three, "rows")));
  }

  private static Plan.DpQuery withOwners(Plan.DpQuery of, int owners) {
    return new Plan.DpQuery(
        of.name(),
        IntStream.range(0, owners).mapToObj(o -> ProductRef.parse("shop-" + o + "/t@1")).toList(),
        of.rows(),
        of.keys(),
        of.groups(),
        null,
        null,
        of.aggregates(),
        of.outcome(),
        of.reads(),
        of.maxGroups(),
        of.maxRows(),
        of.rowsMax(),
        of.tolerateLoss(),
        List.of());
  }

  /** Every field of a plan that is there today, and any that comes: kept unless it is listed. */
  @Test
  void everyFieldThatIsNotLeftOut_makesAnotherQuery() {
    Set<String> fields =
        new TreeSet<>(
            Arrays.stream(Plan.class.getRecordComponents()).map(RecordComponent::getName).toList());
    assertTrue(fields.containsAll(CanonicalQuery.LEFT_OUT));
    fields.removeAll(CanonicalQuery.LEFT_OUT);
    assertEquals(
        Set.of("contract", "contractDigest", "products", "steps", "charges", "minGroup"), fields);
    for (String field : fields) {
      ObjectNode changed = (ObjectNode) Json.node(PLAN);
      changed.set(field, changed(changed.path(field)));
      assertNotEquals(query(PLAN), query(Json.read(changed, Plan.class)), field);
    }
  }

  private static JsonNode changed(JsonNode value) {
    if (value.isInt()) {
      return Json.node(value.asInt() + 1);
    }
    if (value.isArray()) {
      return Json.mapper().createArrayNode().addAll(List.of(value.get(0), value.get(0)));
    }
    return value.asText().startsWith("ctr-")
        ? Json.node("ctr-two")
        : Json.node(Digest.of("another"));
  }
}
