package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupSelectionTest {
  private static Plan.DpQuery query(String delta, int maxGroups, int peopleMin, int groupsMax) {
    return new Plan.DpQuery(
        "q",
        List.of(ProductRef.parse("shop-a/t@1"), ProductRef.parse("shop-b/t@1")),
        "",
        List.of("city"),
        List.of(),
        new Plan.Selection(Epsilon.parse("1"), delta, peopleMin, groupsMax, List.of("city")),
        null,
        List.of(
            new Plan.Aggregate(
                Plan.AggregateKind.COUNT_DISTINCT_UNIT,
                "a0",
                "id",
                null,
                0,
                0,
                1,
                Epsilon.parse("0.5")),
            new Plan.Aggregate(
                Plan.AggregateKind.SUM, "a1", "x", 0, 0, 0, 9, Epsilon.parse("0.5"))),
        new Plan.Outcome(List.of(), null, List.of(), 0, 0),
        List.of(),
        maxGroups,
        3,
        1000,
        false,
        List.of());
  }

  /** All the groups of a person who is alone in each: exactly, from the table that is tossed by. */
  @ParameterizedTest
  @CsvSource({"0.000001,1", "0.000001,3", "0.001,10", "0.01,100"})
  void groupsOfOnePersonAlone_areToldWithAtMostDelta(String delta, int maxGroups) {
    double one = GroupSelection.of(query(delta, maxGroups, 1, 9)).rule().probability(1);
    double any = -Math.expm1(maxGroups * Math.log1p(-one));
    assertTrue(any <= Double.parseDouble(delta), "" + any);
    assertTrue(any > Double.parseDouble(delta) * (1 - 1e-9), "not wasted");
  }

  @Test
  void evenFrom_isWhereHalfAreTold() {
    assertEquals(14, GroupSelection.of(query("0.000001", 1, 1, 9)).evenFrom());
    assertEquals(63, GroupSelection.of(query("0.000001", 1, 50, 9)).evenFrom());
    assertEquals(132, GroupSelection.of(query("0.000001", 10, 1, 9)).evenFrom());
    KeySelection rule = GroupSelection.of(query("0.000001", 1, 50, 9)).rule();
    assertEquals(0, rule.probability(49));
    assertTrue(rule.probability(50) > 0);
  }

  @Test
  void told_tooFewPeople_neverAndManyAlways() {
    GroupSelection selection = GroupSelection.of(query("0.001", 1, 20, 100));
    for (int i = 0; i < 200; i++) {
      assertEquals(
          List.of(List.of("large")),
          selection.told(
              Map.of(List.of("large"), 500L, List.of("small"), 19L), DiscreteLaplaceTest.seed(i)));
    }
  }

  @Test
  void told_again_isTheSame_andAnotherSeedTellsOthers() {
    GroupSelection selection = GroupSelection.of(query("0.001", 1, 1, 1000));
    Map<List<String>, Long> people = new TreeMap<>(GroupSelection.ORDER);
    for (int g = 0; g < 500; g++) {
      people.put(List.of("g" + g), 5L);
    }
    List<List<String>> told = selection.told(people, DiscreteLaplaceTest.seed(1));
    assertEquals(told, selection.told(new HashMap<>(people), DiscreteLaplaceTest.seed(1)));
    assertNotEquals(told, selection.told(people, DiscreteLaplaceTest.seed(2)));
    assertEquals(told.stream().sorted(GroupSelection.ORDER).toList(), told);
  }

  @Test
  void told_moreThanThePlanAllows_areCut() {
    Map<List<String>, Long> people = new TreeMap<>(GroupSelection.ORDER);
    for (int g = 0; g < 500; g++) {
      people.put(List.of("" + g), 500L);
    }
    List<List<String>> told =
        GroupSelection.of(query("0.001", 1, 1, 20)).told(people, DiscreteLaplaceTest.seed(1));
    assertEquals(20, told.size());
    assertTrue(people.keySet().containsAll(told));
    assertEquals(told.stream().sorted(GroupSelection.ORDER).toList(), told);
  }

  @Test
  void told_whatNoMessageCarries_isNoGroup() {
    Map<List<String>, Long> people =
        Map.of(
            List.of("x".repeat(200)), 500L,
            List.of("上".repeat(67)), 500L,
            List.of("tab\tin"), 500L,
            List.of(""), 500L);
    assertEquals(
        List.of(List.of(""), List.of("x".repeat(200))),
        GroupSelection.of(query("0.001", 1, 1, 9)).told(people, DiscreteLaplaceTest.seed(1)));
  }

  @Test
  void order_isTotal_integersFirst() {
    List<List<String>> sorted =
        List.of(
            List.of("-5"), List.of("9"), List.of("010"), List.of("10"), List.of(""), List.of("1a"));
    List<List<String>> shuffled = new ArrayList<>(sorted);
    Random random = new Random(1);
    for (int i = 0; i < 50; i++) {
      Collections.shuffle(shuffled, random);
      assertEquals(sorted, shuffled.stream().sorted(GroupSelection.ORDER).toList());
    }
  }

  /** Whatever list of groups a leader asks for, a group's figures carry the same noise. */
  @Test
  void noise_hangsOnTheGroupAndNotOnTheList() {
    Plan.DpQuery query = query("0.001", 2, 1, 9);
    long[] some = noises(query, "a", "b", "c");
    long[] others = noises(query, "b", "d", "c", "e");
    for (int a = 0; a < 2; a++) {
      assertEquals(some[3 * a + 1], others[4 * a]);
      assertEquals(some[3 * a + 2], others[4 * a + 2]);
      assertNotEquals(some[3 * a], others[4 * a + 1]);
    }
    assertArrayEquals(some, noises(query, "a", "b", "c"));
  }

  private static long[] noises(Plan.DpQuery query, String... groups) {
    QueryNoise noise =
        QueryNoise.of(query.withGroups(Arrays.stream(groups).map(List::of).toList()), 1);
    return noise.noised(new long[noise.cells()], DiscreteLaplaceTest.seed(7));
  }

  /** One group that was found must not halve the noise of a person who may be in two. */
  @Test
  void noise_isForAsManyGroupsAsAPersonMayHave() {
    Plan.DpQuery query = query("0.001", 4, 1, 9);
    assertEquals(
        4,
        QueryNoise.sensitivity(query.withGroups(List.of(List.of("a"))), query.aggregates().get(0)));
    assertEquals(4 * 3 * 9, QueryNoise.sensitivity(query, query.aggregates().get(1)));
  }

  @Test
  void of_whatCannotBeKept_isRefusedBeforeAnythingRuns() {
    assertThrows(ProblemException.class, () -> QueryNoise.of(query("0", 1, 1, 9), 1));
    assertFalse(QueryNoise.of(query("0.001", 1, 1, 9), 1).cells() > 0);
  }
}
