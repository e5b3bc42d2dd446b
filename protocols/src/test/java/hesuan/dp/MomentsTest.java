package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ProblemException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MomentsTest {
  private static final Moments MOMENTS = new Moments(-10, 91);

  private static long[] values(int count) {
    Random random = new Random(count);
    return random.longs(count, -20, 120).toArray();
  }

  /** Count, sum and sum of squares, as added up for bounded values. */
  private static long[] sums(long[] values) {
    long[] sums = new long[3];
    for (long value : values) {
      long centred = MOMENTS.centred(value);
      assertTrue(Math.abs(centred) <= MOMENTS.magnitude());
      sums[0]++;
      sums[1] += centred;
      sums[2] += centred * centred;
    }
    return sums;
  }

  private static double[] truth(long[] values) {
    double mean = 0;
    for (long value : values) {
      mean += (double) Math.clamp(value, -10, 91) / values.length;
    }
    double variance = 0;
    for (long value : values) {
      double off = Math.clamp(value, -10, 91) - mean;
      variance += off * off / (values.length - 1);
    }
    return new double[] {mean, variance, Math.sqrt(variance)};
  }

  private static Moments.Figure figure(long value, long halfWidth) {
    return new Moments.Figure(value, halfWidth);
  }

  @Test
  void moments_withoutNoise_areThoseOfTheBoundedValues() {
    long[] values = values(777);
    long[] sums = sums(values);
    double[] truth = truth(values);
    Moments.Figure count = figure(sums[0], 0);
    Moments.Figure sum = figure(sums[1], 0);
    Moments.Figure squares = figure(sums[2], 0);
    assertEquals(truth[0], MOMENTS.mean(count, sum).value(), 1e-9);
    assertEquals(truth[1], MOMENTS.variance(count, sum, squares).value(), 1e-8);
    assertEquals(truth[2], MOMENTS.deviation(count, sum, squares).value(), 1e-9);
  }

  /** Whatever the noise does within its half-widths, the truth is within the interval. */
  @Test
  void intervals_underEveryNoise_holdTheTruth() {
    for (int people : new int[] {2, 5, 40, 777}) {
      long[] values = values(people);
      long[] sums = sums(values);
      double[] truth = truth(values);
      for (int corner = 0; corner < 27; corner++) {
        Moments.Figure count = figure(sums[0] + 6L * (corner % 3 - 1), 6);
        Moments.Figure sum = figure(sums[1] + 300L * (corner / 3 % 3 - 1), 300);
        Moments.Figure squares = figure(sums[2] + 9000L * (corner / 9 - 1), 9000);
        holds(truth[0], MOMENTS.mean(count, sum));
        holds(truth[1], MOMENTS.variance(count, sum, squares));
        holds(truth[2], MOMENTS.deviation(count, sum, squares));
      }
    }
  }

  private static void holds(double truth, Moments.Estimate told) {
    assertTrue(told.low() <= truth + 1e-9 && truth - 1e-9 <= told.high(), truth + " in " + told);
    assertTrue(told.low() <= told.value() && told.value() <= told.high(), told.toString());
  }

  @Test
  void bounds_thatCouldOverflow_areRefusedBeforeAnythingRuns() {
    assertThrows(ProblemException.class, () -> new Moments(5, 5));
    assertThrows(ProblemException.class, () -> new Moments(Long.MIN_VALUE, Long.MAX_VALUE));
    new Moments(0, 2_000_000).requireFits("x", 3, 1_000_000);
    assertThrows(
        ProblemException.class, () -> new Moments(0, 4_000_000).requireFits("x", 3, 1_000_000));
  }
}
