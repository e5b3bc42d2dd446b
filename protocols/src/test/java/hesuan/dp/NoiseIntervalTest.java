package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoiseIntervalTest {
  @ParameterizedTest
  @CsvSource({"1,1,1", "10,1,1", "10,1,2", "3,2,3", "25,1,5", "1,4,4"})
  void beyond_sumOfNoises_equalsTheConvolution(long numerator, long denominator, int addends) {
    NoiseScale scale = new NoiseScale(numerator, denominator);
    int reach = 4000;
    double q = Math.exp(-scale.rate());
    double[] one = new double[2 * reach + 1];
    for (int x = -reach; x <= reach; x++) {
      one[x + reach] = (1 - q) / (1 + q) * Math.pow(q, Math.abs(x));
    }
    double[] sum = one;
    for (int i = 1; i < addends; i++) {
      sum = convolve(sum, one, reach);
    }
    for (long w : new long[] {0, 1, 2, 5, 10, 50, 100}) {
      double outside = 0;
      for (int x = -reach; x <= reach; x++) {
        outside += Math.abs(x) > w ? sum[x + reach] : 0;
      }
      assertEquals(outside, scale.tail(addends).applyAsDouble(w), 1e-11 + 1e-9 * outside);
    }
  }

  private static double[] convolve(double[] a, double[] b, int reach) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      if (a[i] < 1e-18) {
        continue;
      }
      for (int j = Math.max(0, reach - i); j < b.length && i + j - reach < sum.length; j++) {
        sum[i + j - reach] += a[i] * b[j];
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"2,1,1", "2,1,3", "50000000,1,3", "1,1,10"})
  void of_realNoise_holdsItAsOftenAsStated_andNoWider(
      long numerator, long denominator, int addends) {
    NoiseScale scale = new NoiseScale(numerator, denominator);
    long halfWidth = NoiseInterval.of(scale, addends, 95).halfWidth();
    DiscreteLaplace noise = new DiscreteLaplace(scale);
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(3), "interval");
    int runs = 200_000;
    int inside = 0;
    int insideNarrower = 0;
    for (int i = 0; i < runs; i++) {
      long sum = 0;
      for (int n = 0; n < addends; n++) {
        sum += noise.draw(bits);
      }
      inside += Math.abs(sum) <= halfWidth ? 1 : 0;
      insideNarrower += Math.abs(sum) <= halfWidth - Math.max(1, halfWidth / 50) ? 1 : 0;
    }
    // One standard deviation of the share is 0.05 %; six of them.
    assertTrue(inside >= runs * (0.95 - 0.003), "inside " + inside);
    assertTrue(insideNarrower < runs * 0.95, "narrower would do: " + insideNarrower);
  }

  @Test
  void of_extremeScales_staysFinite() {
    assertEquals(0, NoiseInterval.of(new NoiseScale(1, 1000), 3, 95).halfWidth());
    long wide = NoiseInterval.of(new NoiseScale(1L << 48, 1), 200, 99).halfWidth();
    // Near the normal law: 2.576 standard deviations of sqrt(2 * 200) scales.
    assertEquals(2.576 * 20, (double) wide / (1L << 48), 0.5);
  }
}
