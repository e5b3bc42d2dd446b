package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.privacy.differentialprivacy.Count;
import com.google.privacy.differentialprivacy.GaussianNoise;
import hesuan.wire.ProblemException;
import java.math.BigInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscreteGaussianTest {
  private static LongSupplier draws(NoiseVariance variance, String label) {
    NoiseSource noise = variance.source();
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(7), label);
    return () -> noise.draw(bits);
  }

  private static NoiseVariance wide(int sigmaBits) {
    return new NoiseVariance(BigInteger.ONE.shiftLeft(2 * sigmaBits), BigInteger.ONE);
  }

  @ParameterizedTest
  @CsvSource({
    "1,5",
    "1,1",
    "4,1",
    "5,1",
    "8,3",
    "100,1",
    "123456789,1000",
    "1000000007,1",
    "17848094,1000000"
  })
  void draw_manyTimes_followsTheExactDistribution(long numerator, long denominator) {
    NoiseVariance variance = NoiseVariance.of(numerator, denominator);
    assertTrue(ChiSquare.accepts(draws(variance, "real"), 300_000, variance));
  }

  @ParameterizedTest
  @CsvSource({"4,1", "100,1", "123456789,1000"})
  void check_noiseOfASmallerScale_isRejected(long numerator, long denominator) {
    NoiseVariance variance = NoiseVariance.of(numerator, denominator);
    NoiseVariance mutant = NoiseVariance.of(numerator * 7225, denominator * 10_000); // 0.85^2
    assertFalse(ChiSquare.accepts(draws(mutant, "mutant"), 300_000, variance));
  }

  /** Beyond 64 bits the sampler takes another path; the law, scaled down, is the same. */
  @ParameterizedTest
  @CsvSource({"26", "27", "28", "40", "47"})
  void draw_wideNoise_followsTheSameLaw(int sigmaBits) {
    NoiseVariance variance = wide(sigmaBits);
    LongSupplier wide = draws(variance, "wide");
    int drop = sigmaBits - 12;
    assertTrue(
        ChiSquare.accepts(
            () -> (wide.getAsLong() + (1L << (drop - 1))) >> drop, 150_000, wide(12)));
  }

  /** The narrow and the wide path toss the same chances. */
  @Test
  void chance_ofBigIntegers_isExact() {
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(1), "chance");
    BigInteger whole = BigInteger.TEN.pow(30);
    BigInteger part = BigInteger.valueOf(37).multiply(BigInteger.TEN.pow(28));
    int runs = 1_000_000;
    int hits = 0;
    for (int i = 0; i < runs; i++) {
      hits += bits.chance(part, whole) ? 1 : 0;
    }
    assertEquals(0.37, (double) hits / runs, 6 * 0.00048);
    assertFalse(bits.chance(BigInteger.ZERO, whole));
    assertTrue(bits.chance(whole, whole));
  }

  @Test
  void spread_ofANoisyCount_agreesWithGooglesLibrary() {
    int runs = 50_000;
    double theirs = 0;
    for (int i = 0; i < runs; i++) {
      Count count =
          Count.builder()
              .epsilon(1.0)
              .delta(1e-6)
              .noise(new GaussianNoise())
              .maxPartitionsContributed(3)
              .build();
      count.incrementBy(1000);
      double off = count.computeResult() - 1000;
      theirs += off * off / runs;
    }
    // The analytic Gaussian: sigma 4.2247 for sensitivity 1, times the root of 3 partitions.
    NoiseVariance variance = NoiseVariance.of(3 * 17_848_090L, 1_000_000);
    LongSupplier draws = draws(variance, "spread");
    double ours = 0;
    for (int i = 0; i < runs; i++) {
      double off = draws.getAsLong();
      ours += off * off / runs;
    }
    // A sample variance is off by sqrt(2 / runs) = 0.6 % a standard deviation; the difference of
    // two
    // by 0.9 %.
    assertEquals(1, ours / theirs, 0.055);
  }

  @Test
  void tail_ofOneOrMany_equalsTheConvolution() {
    for (double variance : new double[] {0.2, 1, 4, 25}) {
      for (int addends : new int[] {1, 2, 5}) {
        NoiseVariance noise = NoiseVariance.of((long) (variance * 10), 10);
        int reach = 250;
        double[] one = new double[2 * reach + 1];
        double total = 0;
        for (int x = -reach; x <= reach; x++) {
          one[x + reach] = Math.exp(-x * x / (2 * variance));
          total += one[x + reach];
        }
        double[] sum = new double[one.length];
        sum[reach] = 1;
        for (int i = 0; i < addends; i++) {
          double[] next = new double[one.length];
          for (int a = 0; a < sum.length; a++) {
            for (int b = 0; b < one.length && sum[a] > 1e-20; b++) {
              int at = a + b - reach;
              if (at >= 0 && at < next.length) {
                next[at] += sum[a] * one[b] / total;
              }
            }
          }
          sum = next;
        }
        for (long w : new long[] {0, 1, 3, 10, 40}) {
          double outside = 0;
          for (int x = -reach; x <= reach; x++) {
            outside += Math.abs(x) > w ? sum[x + reach] : 0;
          }
          double told = noise.tail(addends).applyAsDouble(w);
          assertTrue(told >= outside * (1 - 1e-11), variance + " " + addends + " " + w);
          assertEquals(outside, told, 2e-15 + 1e-9 * outside);
        }
      }
    }
  }

  @Test
  void interval_wideNoise_isTheNormalLaws() {
    assertEquals(
        1.959964 * Math.sqrt(3), NoiseInterval.of(wide(40), 3, 95).halfWidth() / 0x1p40, 1e-5);
    assertEquals(20, NoiseInterval.of(NoiseVariance.of(100, 1), 1, 95).halfWidth(), 1);
  }

  @Test
  void variance_outsideItsLimits_isRefused() {
    assertThrows(ProblemException.class, () -> wide(49));
    assertThrows(ProblemException.class, () -> NoiseVariance.ofRho(BigInteger.ONE, 0));
    assertThrows(IllegalArgumentException.class, () -> NoiseVariance.of(0, 1));
    assertEquals(NoiseVariance.of(50, 1), NoiseVariance.ofRho(BigInteger.ONE, 10_000));
    assertEquals(NoiseVariance.of(100, 3), NoiseVariance.of(100, 1).dividedBy(3));
  }
}
