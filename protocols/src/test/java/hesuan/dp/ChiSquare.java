package hesuan.dp;

import java.util.function.LongSupplier;
import java.util.function.LongToDoubleFunction;

/**
 * Holds draws against the exact distribution. The statistic of a right sampler exceeds its degrees
 * of freedom by 6 standard deviations less than once in 10^6 runs (Wilson and Hilferty's normal
 * approximation), and draws are seeded, so a pass stays a pass.
 */
final class ChiSquare {
  private static final double DEVIATIONS_MAX = 6;
  private static final int EXPECTED_MIN = 50;

  private ChiSquare() {}

  static boolean accepts(LongSupplier draws, int count, NoiseScale scale) {
    double q = Math.exp(-scale.rate());
    int width = (int) Math.max(1, Math.round(0.2 / scale.rate()));
    return accepts(draws, count, width, x -> Math.pow(q, x) / (1 + q));
  }

  static boolean accepts(LongSupplier draws, int count, NoiseVariance variance) {
    double sigma = variance.sigma();
    int width = (int) Math.max(1, Math.round(0.2 * sigma));
    if (sigma > 1000) {
      // The midpoint rule, whose error is far below what the draws can tell.
      return accepts(draws, count, width, x -> Normal.above((x - 0.5) / sigma));
    }
    double[] above = new double[(int) (20 * sigma) + 2]; // above[x]: mass of all values from x on
    for (int x = above.length - 2; x >= 0; x--) {
      above[x] = above[x + 1] + Math.exp(-0.5 * (x / sigma) * (x / sigma));
    }
    double total = above[0] + above[1];
    return accepts(draws, count, width, x -> above[(int) Math.min(x, above.length - 1)] / total);
  }

  /**
   * @param width how many values make a bin
   * @param atLeast {@code P(draw >= x)}, for x from 1 on
   */
  private static boolean accepts(
      LongSupplier draws, int count, int width, LongToDoubleFunction atLeast) {
    // Each bin must expect enough; half is their number on one side.
    int half = 0;
    while (count * atLeast.applyAsDouble((half + 1) * (long) width) > EXPECTED_MIN) {
      half++;
    }
    long[] seen = new long[2 * half + 1];
    for (int i = 0; i < count; i++) {
      long x = draws.getAsLong();
      long bin = Math.floorDiv(x, width);
      seen[(int) Math.clamp(bin + half, 0, 2L * half)]++;
    }
    double statistic = 0;
    for (int b = 0; b <= 2 * half; b++) {
      double least = b == 0 ? 1 : both(atLeast, (b - half) * (long) width);
      double next = b == 2 * half ? 0 : both(atLeast, (b - half + 1) * (long) width);
      double expected = count * (least - next);
      statistic += (seen[b] - expected) * (seen[b] - expected) / expected;
    }
    double degrees = 2.0 * half;
    double spread = 2 / (9 * degrees);
    double deviations = (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
    return deviations < DEVIATIONS_MAX;
  }

  private static double both(LongToDoubleFunction atLeast, long x) {
    return x > 0 ? atLeast.applyAsDouble(x) : 1 - atLeast.applyAsDouble(1 - x);
  }
}
