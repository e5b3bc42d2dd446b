package hesuan.dp;

import java.util.function.LongSupplier;

/**
 * Holds draws against the exact discrete Laplace. The statistic of a right sampler exceeds its
 * degrees of freedom by 6 standard deviations less than once in 10^6 runs (Wilson and Hilferty's
 * normal approximation), and draws are seeded, so a pass stays a pass.
 */
final class ChiSquare {
  private static final double DEVIATIONS_MAX = 6;
  private static final int EXPECTED_MIN = 50;

  private ChiSquare() {}

  static boolean accepts(LongSupplier draws, int count, NoiseScale scale) {
    double q = Math.exp(-scale.rate());
    // Values are binned so that each bin expects enough; half is cells on one side.
    int width = (int) Math.max(1, Math.round(0.2 / scale.rate()));
    int half = 0;
    while (count * above(q, (half + 1) * (long) width) > EXPECTED_MIN) {
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
      double least = b == 0 ? 1 : atLeast(q, (b - half) * (long) width);
      double next = b == 2 * half ? 0 : atLeast(q, (b - half + 1) * (long) width);
      double expected = count * (least - next);
      statistic += (seen[b] - expected) * (seen[b] - expected) / expected;
    }
    double degrees = 2.0 * half;
    double spread = 2 / (9 * degrees);
    double deviations = (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
    return deviations < DEVIATIONS_MAX;
  }

  private static double atLeast(double q, long x) {
    return x > 0 ? Math.pow(q, x) / (1 + q) : 1 - above(q, -x);
  }

  private static double above(double q, long x) {
    return Math.pow(q, x + 1) / (1 + q);
  }
}
