package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.account.Accountant;
import hesuan.dp.account.GaussianCalibration;
import hesuan.dp.account.PrivacyEvent;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Figure;
import hesuan.wire.Plan;
import hesuan.wire.Plan.AggregateKind;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.math.BigInteger;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A query whose owners share the noise: from the plan to what is released. */
class SharedNoiseTest {
  private static final Delta DELTA = Delta.parse("0.000001");
  private static final int MAX_ROWS = 5;

  private static Plan.Aggregate aggregate(AggregateKind kind, long lower, long upper, String part) {
    boolean count = kind == AggregateKind.COUNT || kind == AggregateKind.COUNT_DISTINCT_UNIT;
    return new Plan.Aggregate(
        kind, kind.name(), "x", count ? null : 0, 0, lower, upper, Epsilon.parse(part));
  }

  private static final Plan.Aggregate PEOPLE =
      aggregate(AggregateKind.COUNT_DISTINCT_UNIT, 0, 1, "0.5");
  private static final Plan.Aggregate ROWS = aggregate(AggregateKind.COUNT, 0, 1, "0.25");
  private static final Plan.Aggregate TOTAL = aggregate(AggregateKind.SUM, -10, 1000, "0.125");
  private static final Plan.Aggregate SQUARES =
      aggregate(AggregateKind.SUM_SQUARED, 0, 100, "0.125");
  private static final Plan.Aggregate TREE = aggregate(AggregateKind.QUANTILES, 0, 900, "0.5");

  private static Plan.DpQuery query(
      int owners, int unreliable, long rho, int groups, Plan.Aggregate... aggregates) {
    return new Plan.DpQuery(
        "q",
        IntStream.range(0, owners).mapToObj(o -> ProductRef.parse("shop-" + o + "/t@1")).toList(),
        "",
        List.of("key"),
        IntStream.range(0, groups).mapToObj(g -> List.of("g" + g)).toList(),
        null,
        new Plan.SharedNoise(unreliable, "0.000001", new Rho(rho)),
        List.of(aggregates),
        new Plan.Outcome(
            List.of(new Plan.Column("c", new Figure.Noised(0))), null, List.of(), 0, 0),
        List.of(),
        2,
        MAX_ROWS,
        1000,
        true,
        List.of());
  }

  private static PrivacyEvent event(Plan.DpQuery query) {
    return PrivacyEvent.of(QueryNoise.of(query, 1).shielded());
  }

  private static long calibrated(
      String epsilon, int owners, int unreliable, int groups, Plan.Aggregate... aggregates) {
    return GaussianCalibration.rho(
            Epsilon.parse(epsilon),
            DELTA,
            rho -> event(query(owners, unreliable, rho.picos(), groups, aggregates)))
        .picos();
  }

  /** By hand, from the bounds: 2 groups, 5 rows in each. */
  @Test
  void sensitivity_isADistance_andRhoIsSharedByEpsilon() {
    Plan.DpQuery query = query(3, 1, 1_000_000_000_000L, 9, PEOPLE, ROWS, TOTAL, SQUARES, TREE);
    assertEquals(BigInteger.TWO, QueryNoise.sensitivitySquared(query, PEOPLE));
    assertEquals(BigInteger.valueOf(2 * 25), QueryNoise.sensitivitySquared(query, ROWS));
    assertEquals(BigInteger.valueOf(2 * 25_000_000L), QueryNoise.sensitivitySquared(query, TOTAL));
    assertEquals(
        BigInteger.valueOf(2 * 25 * 2500L * 2500), QueryNoise.sensitivitySquared(query, SQUARES));
    int levels = QueryNoise.tree(TREE).height();
    assertEquals(3, levels);
    assertEquals(BigInteger.valueOf(2 * 25 * 3), QueryNoise.sensitivitySquared(query, TREE));
    assertEquals(BigInteger.ONE, QueryNoise.sensitivitySquared(query(3, 1, 1, 1, PEOPLE), PEOPLE));
    // rho 1 in 12 parts: people have 4 of them, so variance 2 / (2 / 3) = 3, and half for a share
    QueryNoise noise = QueryNoise.of(query, 1);
    assertEquals(NoiseVariance.of(6, 1), noise.noise(0));
    assertEquals(2, noise.fineness(0));
    assertEquals(NoiseVariance.of(75, 1), noise.noise(1));
    assertEquals(1, noise.fineness(1));
  }

  /** Whatever the figures and whoever is unreliable: never beyond epsilon, and hardly below. */
  @ParameterizedTest
  @CsvSource({"0.1,3,1,40", "1,2,1,1", "1,5,2,40", "8,3,1,1", "8,10,3,40"})
  void rho_ofDiscreteFigures_keepsEpsilon_andWastesLittle(
      String epsilon, int owners, int unreliable, int groups) {
    for (List<Plan.Aggregate> figures :
        List.of(List.of(PEOPLE), List.of(PEOPLE, ROWS, TOTAL, SQUARES), List.of(ROWS, TREE))) {
      Plan.Aggregate[] asked = figures.toArray(Plan.Aggregate[]::new);
      long rho = calibrated(epsilon, owners, unreliable, groups, asked);
      Plan.DpQuery query = query(owners, unreliable, rho, groups, asked);
      double spent = Accountant.spent(event(query), DELTA).epsilon();
      double promised = Double.parseDouble(epsilon);
      assertTrue(spent <= promised, "" + spent);
      double sigma = GaussianCalibration.sigma(Epsilon.parse(epsilon), DELTA);
      assertEquals(1e12 / (2 * sigma * sigma), rho, 0.02 * rho);
      Plan.DpQuery narrower = query(owners, unreliable, rho * 21 / 20, groups, asked);
      assertTrue(Accountant.spent(event(narrower), DELTA).epsilon() > promised);
    }
  }

  private static LongSupplier sum(QueryNoise noise, int owners, int cells) {
    long[] sum = new long[cells];
    for (int owner = 0; owner < owners; owner++) {
      long[] addend = noise.noised(new long[cells], DiscreteLaplaceTest.seed(40 + owner));
      for (int i = 0; i < cells; i++) {
        sum[i] += addend[i];
      }
    }
    int[] next = {0};
    return () -> sum[next[0]++];
  }

  /** Drawn as the agents draw: what those who are left add is what was promised. */
  @ParameterizedTest
  @CsvSource({"2,1", "3,1", "5,2", "5,4"})
  void noised_ofThoseLeft_isThePromisedNoise_thatMutantsFail(int owners, int unreliable) {
    int cells = 100_000;
    long rho = 100_000_000_000L;
    QueryNoise noise = QueryNoise.of(query(owners, unreliable, rho, cells, PEOPLE), 1);
    int squared = noise.fineness(0) * noise.fineness(0);
    NoiseVariance promised = NoiseVariance.of(10L * squared, 1); // 2 / (2 x 0.1)
    int honest = owners - unreliable;
    assertTrue(ChiSquare.accepts(sum(noise, honest, cells), cells, promised));
    if (honest > 1) {
      assertFalse(ChiSquare.accepts(sum(noise, honest - 1, cells), cells, promised));
    }
    // one group of a person forgotten
    QueryNoise ofOneGroup = QueryNoise.of(query(owners, unreliable, 2 * rho, cells, PEOPLE), 1);
    assertFalse(ChiSquare.accepts(sum(ofOneGroup, honest, cells), cells, promised));
    if (unreliable > 1) {
      // divided by more than are left
      QueryNoise trusting = QueryNoise.of(query(owners, unreliable - 1, rho, cells, PEOPLE), 1);
      assertFalse(ChiSquare.accepts(sum(trusting, honest, cells), cells, promised));
    }
  }

  @Test
  void noised_retry_repeatsTheShare_otherPartyAndJobDoNot() {
    QueryNoise noise = QueryNoise.of(query(3, 1, 1_000_000_000L, 200, PEOPLE), 1);
    long[] once = noise.noised(new long[200], DiscreteLaplaceTest.seed(1));
    assertArrayEquals(once, noise.noised(new long[200], DiscreteLaplaceTest.seed(1)));
    long[] other = noise.noised(new long[200], DiscreteLaplaceTest.seed(2));
    assertTrue(IntStream.range(0, 200).filter(i -> once[i] == other[i]).count() < 20);
  }

  /** One owner who is missing uses up one who may collude, and the reader is always one. */
  @Test
  void released_withTooFewShares_isRefused() {
    QueryNoise noise = QueryNoise.of(query(5, 2, 1_000_000_000L, 1, PEOPLE), 1);
    assertEquals(1, noise.released(new long[] {500}, 4).groups().size());
    ProblemException refused =
        assertThrows(ProblemException.class, () -> noise.released(new long[] {500}, 3));
    assertEquals(ErrorCode.GROUP_TOO_SMALL, refused.problem().code());
    QueryNoise all = QueryNoise.of(query(5, 1, 1_000_000_000L, 1, PEOPLE), 1);
    assertThrows(ProblemException.class, () -> all.released(new long[] {500}, 4));
  }

  /** Coarse figures travel in parts of one, and are whole again when they are released. */
  @Test
  void released_ofCoarseFigures_areWholeAndInTheirIntervals_andSoAreQuantiles() {
    int owners = 10;
    long rho = calibrated("20", owners, 3, 400, PEOPLE, TREE);
    QueryNoise noise = QueryNoise.of(query(owners, 3, rho, 400, PEOPLE, TREE), 50);
    assertTrue(noise.fineness(0) > 1);
    long[] sum = new long[noise.cells()];
    QuantileTree tree = QueryNoise.tree(TREE);
    for (int owner = 0; owner < owners; owner++) {
      long[] part = new long[noise.cells()];
      for (int g = 0; g < 400; g++) {
        // 60 people in every other group, 30 in the rest, and as many values 0 to 899
        int people = g % 2 == 0 ? 6 : 3;
        part[noise.cell(0, g)] = people;
        long[] values = new long[tree.cells()];
        for (int i = 0; i < 100; i++) {
          tree.add(values, 9 * i);
        }
        System.arraycopy(values, 0, part, noise.cell(1, g), values.length);
      }
      long[] addend = noise.noised(part, DiscreteLaplaceTest.seed(70 + owner));
      for (int i = 0; i < sum.length; i++) {
        sum[i] += addend[i];
      }
    }
    QueryNoise.Released released = noise.released(sum, owners);
    assertEquals(200, released.suppressed());
    long half = noise.halfWidth(0, owners, 1);
    int inside = 0;
    int medians = 0;
    for (QueryNoise.Group group : released.groups()) {
      inside += Math.abs(group.figure(0) - 60) <= half ? 1 : 0;
      QuantileTree.Quantile median =
          tree.quantile(group.figures().get(1), 500_000, noise.noise(1), owners, 0.05);
      medians += median.low() <= 441 && 441 <= median.high() ? 1 : 0;
      assertEquals(445, median.value(), 45);
    }
    assertTrue(inside >= 180, inside + " of 200 within " + half);
    assertTrue(half <= 3);
    assertTrue(medians >= 180, "" + medians);
  }

  @Test
  void of_anImpossibleShare_isRefused() {
    for (Plan.DpQuery query :
        List.of(
            query(3, 0, 1_000_000_000L, 1, PEOPLE),
            query(3, 3, 1_000_000_000L, 1, PEOPLE),
            query(3, 1, 0, 1, PEOPLE))) {
      assertThrows(ProblemException.class, () -> QueryNoise.of(query, 1));
    }
  }
}
