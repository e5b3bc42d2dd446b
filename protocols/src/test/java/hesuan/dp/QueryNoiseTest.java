package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueryNoiseTest {
  private static final List<ProductRef> PRODUCTS =
      List.of(
          ProductRef.parse("brand/sales@1"),
          ProductRef.parse("mall/sales@1"),
          ProductRef.parse("pay/sales@1"));

  private static Plan.Aggregate aggregate(
      Plan.AggregateKind kind, String as, long lower, long upper, String epsilon) {
    return new Plan.Aggregate(
        kind,
        as,
        "x",
        kind == Plan.AggregateKind.SUM ? 0 : null,
        0,
        lower,
        upper,
        Epsilon.parse(epsilon));
  }

  private static final Plan.Aggregate PEOPLE =
      aggregate(Plan.AggregateKind.COUNT_DISTINCT_UNIT, "n", 0, 0, "0.5");
  private static final Plan.Aggregate ROWS = aggregate(Plan.AggregateKind.COUNT, "m", 0, 0, "0.5");
  private static final Plan.Aggregate TURNOVER =
      aggregate(Plan.AggregateKind.SUM, "s", -10, 1000, "1");

  private static Plan.DpQuery query(int keys, Plan.Aggregate... aggregates) {
    return query(keys, 2, 1000, aggregates);
  }

  private static Plan.DpQuery query(
      int keys, int maxGroups, long rowsMax, Plan.Aggregate... aggregates) {
    List<List<String>> groups = new ArrayList<>();
    for (int k = 0; k < keys; k++) {
      groups.add(List.of("key" + k));
    }
    return new Plan.DpQuery(
        "q",
        PRODUCTS,
        "",
        List.of("city"),
        groups,
        null,
        null,
        List.of(aggregates),
        new Plan.Outcome(List.of(), null, List.of(), 0, 0),
        List.of(),
        maxGroups,
        5,
        rowsMax,
        false,
        List.of());
  }

  @Test
  void sensitivity_isWhatOnePersonCanChange() {
    Plan.DpQuery query = query(10, PEOPLE, ROWS, TURNOVER);
    assertEquals(2, QueryNoise.sensitivity(query, PEOPLE));
    assertEquals(10, QueryNoise.sensitivity(query, ROWS));
    assertEquals(10_000, QueryNoise.sensitivity(query, TURNOVER));
    // One group can't be entered twice.
    assertEquals(1, QueryNoise.sensitivity(query(1, PEOPLE), PEOPLE));
  }

  @Test
  void noised_realNoise_passesTheCheckThatMutantsFail() {
    int cells = 200_000;
    Plan.DpQuery query = query(cells, PEOPLE);
    QueryNoise noise = QueryNoise.of(query, 0);
    long[] noised = noise.noised(new long[cells], DiscreteLaplaceTest.seed(1));
    NoiseScale promised = new NoiseScale(4, 1);
    assertTrue(ChiSquare.accepts(iterate(noised), cells, promised));

    Plan.DpQuery forgetsGroups = query(cells, 1, 1000, PEOPLE);
    long[] mutant =
        QueryNoise.of(forgetsGroups, 0).noised(new long[cells], DiscreteLaplaceTest.seed(1));
    assertFalse(ChiSquare.accepts(iterate(mutant), cells, promised));
  }

  private static java.util.function.LongSupplier iterate(long[] values) {
    int[] next = {0};
    return () -> values[next[0]++];
  }

  @Test
  void noised_retry_repeatsTheNoise_otherAggregateAndPartyDoNot() {
    Plan.DpQuery query =
        query(1000, PEOPLE, aggregate(Plan.AggregateKind.COUNT_DISTINCT_UNIT, "n2", 0, 0, "0.5"));
    QueryNoise noise = QueryNoise.of(query, 0);
    long[] local = new long[2000];
    long[] first = noise.noised(local, DiscreteLaplaceTest.seed(1));
    assertArrayEquals(first, noise.noised(local, DiscreteLaplaceTest.seed(1)));
    assertFalse(reused(first, noise.noised(local, DiscreteLaplaceTest.seed(2)), 0));
    assertFalse(reused(first, first, 1000));
    assertTrue(reused(first, first, 0), "the check itself must see reuse");
  }

  /** Independent noises of scale 4 agree in about 1 of 12 cells; 300 of 1000 is 25 deviations. */
  private static boolean reused(long[] a, long[] b, int shift) {
    int equal = 0;
    for (int i = 0; i < 1000; i++) {
      equal += a[i] == b[i + shift] ? 1 : 0;
    }
    return equal > 300;
  }

  @Test
  void released_belowTheSmallestGroup_isSuppressedAndCounted() {
    QueryNoise noise = QueryNoise.of(query(3, TURNOVER, PEOPLE), 50);
    QueryNoise.Released released = noise.released(new long[] {111, 222, 333, 50, 49, -3}, 3);
    assertEquals(2, released.suppressed());
    assertEquals(
        List.of("key0"), released.groups().stream().map(g -> g.keys().getFirst()).toList());
    assertEquals(111, released.groups().getFirst().figure(0));
    assertEquals(50, released.groups().getFirst().figure(1));
  }

  @Test
  void released_noOwnersPartInTheSum_isRefused() {
    QueryNoise noise = QueryNoise.of(query(1, PEOPLE), 50);
    ProblemException refused =
        assertThrows(ProblemException.class, () -> noise.released(new long[] {100}, 0));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, refused.problem().code());
  }

  @Test
  void released_byRows_asksForMaxRowsTimesAsMany() {
    QueryNoise noise = QueryNoise.of(query(2, ROWS), 50);
    assertEquals(1, noise.released(new long[] {250, 249}, 3).groups().size());
  }

  @Test
  void of_whatCannotBeKept_isRefusedBeforeAnythingRuns() {
    refused(ErrorCode.MISSING_FIELD, query(2, TURNOVER));
    Plan.Aggregate wide = aggregate(Plan.AggregateKind.SUM, "s", 0, 1L << 40, "1");
    refused(ErrorCode.INVALID_VALUE, query(2, 2, 1L << 22, PEOPLE, wide));
    Plan.Aggregate upsideDown = aggregate(Plan.AggregateKind.SUM, "s", 5, 4, "1");
    refused(ErrorCode.INVALID_VALUE, query(2, PEOPLE, upsideDown));
    Plan.Aggregate empty = aggregate(Plan.AggregateKind.SUM, "s", 0, 0, "1");
    refused(ErrorCode.INVALID_VALUE, query(2, PEOPLE, empty));
    refused(ErrorCode.INVALID_VALUE, query(0, PEOPLE));
    SumRange.requireFits("x", 3, 1L << 20, 1L << 40);
    assertThrows(ProblemException.class, () -> SumRange.requireFits("x", 4, 1L << 20, 1L << 40));
  }

  private static void refused(ErrorCode code, Plan.DpQuery query) {
    ProblemException refused = assertThrows(ProblemException.class, () -> QueryNoise.of(query, 50));
    assertEquals(code, refused.problem().code());
  }
}
