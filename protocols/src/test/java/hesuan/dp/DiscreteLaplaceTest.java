package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.privacy.differentialprivacy.Count;
import com.google.privacy.differentialprivacy.LaplaceNoise;
import hesuan.wire.Epsilon;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscreteLaplaceTest {
  static SecretBytes seed(int value) {
    byte[] seed = new byte[BitPool.SEED_BYTES];
    Arrays.fill(seed, (byte) value);
    return new SecretBytes(seed);
  }

  private static LongSupplier draws(NoiseScale scale, String label) {
    DiscreteLaplace noise = new DiscreteLaplace(scale);
    BitPool bits = BitPool.of(seed(7), label);
    return () -> noise.draw(bits);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,3", "10,1", "7,2", "1000000,900001", "123456789,1000"})
  void draw_manyTimes_followsTheExactDistribution(long numerator, long denominator) {
    NoiseScale scale = new NoiseScale(numerator, denominator);
    assertTrue(ChiSquare.accepts(draws(scale, "real"), 1_000_000, scale));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "10,1", "123456789,1000"})
  void check_noiseOfASmallerScale_isRejected(long numerator, long denominator) {
    NoiseScale scale = new NoiseScale(numerator, denominator);
    NoiseScale mutant = new NoiseScale(numerator * 85, denominator * 100);
    assertFalse(ChiSquare.accepts(draws(mutant, "mutant"), 1_000_000, scale));
  }

  @Test
  void check_zeroCountedForBothSigns_isRejected() {
    NoiseScale scale = new NoiseScale(10, 1);
    DiscreteLaplace noise = new DiscreteLaplace(scale);
    BitPool bits = BitPool.of(seed(7), "mutant");
    // A sampler that forgets to reject minus zero would show zero twice as often.
    LongSupplier mutant =
        () -> {
          long x = noise.draw(bits);
          return x == 1 && bits.nextBit() || x == -1 && bits.nextBit() ? 0 : x;
        };
    assertFalse(ChiSquare.accepts(mutant, 1_000_000, scale));
  }

  @Test
  void draw_sameSeedAndLabel_repeats_andOtherLabelsDoNot() {
    DiscreteLaplace noise = new DiscreteLaplace(new NoiseScale(1_000_000, 1));
    long[] once = noise.draw(BitPool.of(seed(1), "job", "step"), 1000);
    assertArrayEquals(once, noise.draw(BitPool.of(seed(1), "job", "step"), 1000));
    for (BitPool other :
        new BitPool[] {
          BitPool.of(seed(1), "job", "step2"),
          BitPool.of(seed(1), "jobs", "tep"),
          BitPool.of(seed(1), "jobstep"),
          BitPool.of(seed(2), "job", "step")
        }) {
      long[] drawn = noise.draw(other, 1000);
      int equal = 0;
      for (int i = 0; i < once.length; i++) {
        equal += once[i] == drawn[i] ? 1 : 0;
      }
      // Two independent draws agree with probability below 10^-6: three times by chance in 10^-10.
      assertTrue(equal < 3, "noise reused: " + equal);
    }
  }

  @Test
  void spread_ofANoisyCount_agreesWithGooglesLibrary() {
    int runs = 100_000;
    double theirs = 0;
    for (int i = 0; i < runs; i++) {
      Count count =
          Count.builder()
              .epsilon(0.5)
              .noise(new LaplaceNoise())
              .maxPartitionsContributed(3)
              .build();
      count.incrementBy(1000);
      double off = count.computeResult() - 1000;
      theirs += off * off / runs;
    }
    NoiseScale scale = NoiseScale.of(Epsilon.parse("0.5"), 3);
    LongSupplier draws = draws(scale, "spread");
    double ours = 0;
    for (int i = 0; i < runs; i++) {
      double off = draws.getAsLong();
      ours += off * off / runs;
    }
    // Both are near 2 * 6^2; a sample variance of Laplace noise is off by sqrt(5 / runs) = 0.7 %
    // a standard deviation, so 6 % is more than 6 deviations of the difference.
    assertEquals(1, ours / theirs, 0.06);
    assertEquals(72, ours, 72 * 0.06);
  }

  @Test
  void scale_outsideItsLimits_isRefused() {
    assertThrows(ProblemException.class, () -> NoiseScale.of(Epsilon.ZERO, 1));
    assertThrows(ProblemException.class, () -> NoiseScale.of(Epsilon.parse("1"), 0));
    assertThrows(ProblemException.class, () -> NoiseScale.of(Epsilon.parse("1"), Long.MAX_VALUE));
    assertThrows(ProblemException.class, () -> NoiseScale.of(new Epsilon(1), 1L << 40));
    assertEquals(new NoiseScale(2, 1), NoiseScale.of(Epsilon.parse("0.5"), 1));
  }
}
