package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeySelectionTest {
  private static final MathContext DIGITS = new MathContext(60);
  private static final BigDecimal ONE = BigDecimal.valueOf(1L << 62);

  /** e^x and log(1 - x) by their series, to far more digits than a double has. */
  private static BigDecimal exp(BigDecimal x) {
    BigDecimal sum = BigDecimal.ONE;
    BigDecimal term = BigDecimal.ONE;
    for (int n = 1; n < 200; n++) {
      term = term.multiply(x).divide(BigDecimal.valueOf(n), DIGITS);
      sum = sum.add(term);
    }
    return sum;
  }

  private static BigDecimal power(BigDecimal base, int exponent) {
    return base.pow(exponent, DIGITS);
  }

  @ParameterizedTest
  @CsvSource({
    "1,0.000001,1",
    "1,0.000001,3",
    "1,0.000001,10",
    "0.1,0.001,2",
    "8,0.00000001,1",
    "20,0.01,1",
    "0.05,0.5,7",
    "3,0.1,4"
  })
  void chance_everyPairOfNeighbours_keepsEpsilonAndDeltaExactly(
      String epsilon, String delta, int maxGroups) {
    KeySelection selection =
        KeySelection.of(Epsilon.parse(epsilon), Delta.parse(delta), maxGroups, 1);
    BigDecimal factor = exp(new BigDecimal(epsilon).divide(BigDecimal.valueOf(maxGroups), DIGITS));
    BigDecimal share = BigDecimal.valueOf(selection.chance(1)).divide(ONE, DIGITS);
    // The share is what a key with one person shows; all the person's keys together: delta.
    BigDecimal all = BigDecimal.ONE.subtract(power(BigDecimal.ONE.subtract(share), maxGroups));
    assertTrue(all.compareTo(new BigDecimal(delta)) <= 0);
    assertTrue(all.doubleValue() > Double.parseDouble(delta) * (1 - 1e-9), "not wasted");
    for (long n = 0; n <= selection.certainFrom(); n++) {
      BigDecimal p = BigDecimal.valueOf(selection.chance(n)).divide(ONE, DIGITS);
      BigDecimal next = BigDecimal.valueOf(selection.chance(n + 1)).divide(ONE, DIGITS);
      assertTrue(next.compareTo(p) >= 0);
      assertTrue(next.compareTo(p.multiply(factor).add(share)) <= 0, "told, at " + n);
      BigDecimal hidden = BigDecimal.ONE.subtract(p);
      BigDecimal hiddenNext = BigDecimal.ONE.subtract(next);
      assertTrue(hidden.compareTo(hiddenNext.multiply(factor).add(share)) <= 0, "hidden, at " + n);
    }
    assertEquals(1, selection.probability(selection.certainFrom()));
  }

  /** Half of the keys of this size are kept; the noisy threshold needs more people. */
  @ParameterizedTest
  @CsvSource({"1,14,15", "3,40,45", "10,132,157"})
  void probability_isTheBestThereIs(int maxGroups, long people, long thresholdMost) {
    Epsilon one = Epsilon.parse("1");
    Delta delta = Delta.parse("0.000001");
    KeySelection selection = KeySelection.of(one, delta, maxGroups, 1);
    assertTrue(selection.probability(people) >= 0.5);
    assertTrue(selection.probability(people - 1) < 0.5);
    long threshold =
        GroupThreshold.forPrivateKeys(NoiseScale.of(one, maxGroups), delta, maxGroups, 1)
            .minGroup();
    assertTrue(threshold > people && threshold <= thresholdMost, "threshold " + threshold);
  }

  @Test
  void keeps_asOftenAsStated_andNeverBelowMinUnits() {
    KeySelection selection = KeySelection.of(Epsilon.parse("0.5"), Delta.parse("0.01"), 2, 5);
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(1), "keys");
    int runs = 100_000;
    for (long units = 0; units < selection.certainFrom() + 2; units += 3) {
      int kept = 0;
      for (int i = 0; i < runs; i++) {
        kept += selection.keeps(units, bits) ? 1 : 0;
      }
      double expected = selection.probability(units);
      assertEquals(expected, (double) kept / runs, 6 * Math.sqrt(0.25 / runs));
      assertTrue(units >= 5 || kept == 0);
    }
    assertEquals(
        KeySelection.of(Epsilon.parse("0.5"), Delta.parse("0.01"), 2, 1).chance(1),
        selection.chance(5));
  }

  @ParameterizedTest
  @CsvSource({"0.5,0.01,1", "1,0.01,1", "2,0.01,1", "1,0.000001,10", "0.3,0.001,100"})
  void threshold_isTheLeastThatKeepsDelta(String epsilon, String delta, int maxGroups) {
    NoiseScale scale = NoiseScale.of(Epsilon.parse(epsilon), maxGroups);
    long threshold =
        GroupThreshold.forPrivateKeys(scale, Delta.parse(delta), maxGroups, 1).minGroup();
    double asked = Double.parseDouble(delta);
    assertTrue(exposed(scale, threshold, maxGroups) <= asked);
    assertTrue(exposed(scale, threshold - 1, maxGroups) > asked, "one less would do");
    assertEquals(
        threshold + 9,
        GroupThreshold.forPrivateKeys(scale, Delta.parse(delta), maxGroups, 10).minGroup());
  }

  /** That any of a person's own keys shows, each with that person alone: from the definition. */
  private static double exposed(NoiseScale scale, long threshold, int maxGroups) {
    double q = Math.exp(-scale.rate());
    double one = 0; // P(1 + noise >= threshold)
    for (long x = threshold - 1; x < threshold + 60 / scale.rate(); x++) {
      one += (1 - q) / (1 + q) * Math.pow(q, Math.abs(x));
    }
    return -Math.expm1(maxGroups * Math.log1p(-one));
  }

  @Test
  void threshold_onGaussianNoise_keepsDeltaToo() {
    NoiseVariance noise = NoiseVariance.of(200, 1);
    Delta delta = Delta.parse("0.00001");
    long threshold = GroupThreshold.forPrivateKeys(noise, delta, 10, 1).minGroup();
    double above = 0;
    double total = 0;
    for (long x = -1000; x <= 1000; x++) {
      double mass = Math.exp(-x * x / 400.0);
      total += mass;
      above += 1 + x >= threshold ? mass : 0;
    }
    double next = above + Math.exp(-(threshold - 2) * (threshold - 2) / 400.0);
    assertTrue(-Math.expm1(10 * Math.log1p(-above / total)) <= 1e-5);
    assertTrue(-Math.expm1(10 * Math.log1p(-next / total)) > 1e-5);
  }

  @Test
  void delta_wrongSplit_wouldExposeMore() {
    // Splitting by another bound than the groups is the defect of a well-known library.
    NoiseScale scale = NoiseScale.of(Epsilon.parse("1"), 100);
    long right = GroupThreshold.forPrivateKeys(scale, Delta.parse("0.01"), 100, 1).minGroup();
    long wrong = GroupThreshold.forPrivateKeys(scale, Delta.parse("0.01"), 1, 1).minGroup();
    assertTrue(exposed(scale, right, 100) <= 0.01);
    assertTrue(exposed(scale, wrong, 100) > 0.6);
  }

  @Test
  void of_whatCannotBeKept_isRefused() {
    assertThrows(
        ProblemException.class, () -> KeySelection.of(Epsilon.ZERO, Delta.parse("0.1"), 1, 1));
    assertThrows(
        ProblemException.class, () -> KeySelection.of(new Epsilon(1), Delta.parse("1e-20"), 10, 1));
    for (String bad : new String[] {"0", "1", "-1", "x", "1e-31"}) {
      assertThrows(ProblemException.class, () -> Delta.parse(bad));
    }
    assertFalse(Delta.parse("0.5").split(2) > 1 - Math.sqrt(0.5));
  }
}
