package hesuan.dp;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.function.LongToDoubleFunction;

/**
 * The scale of discrete Laplace noise, sensitivity over epsilon, as a fraction in lowest terms: the
 * noise is {@code x} with probability proportional to {@code exp(-|x| * denominator / numerator)}.
 *
 * <p>The limits keep every step of the sampler and a sum over a thousand parties inside 64 bits.
 */
public record NoiseScale(long numerator, long denominator) implements Noise {
  private static final long NUMERATOR_MAX = 1L << 56;
  private static final long SCALE_MAX = 1L << 48;
  private static final long MICROS = 1_000_000;

  public NoiseScale {
    if (numerator < 1 || denominator < 1) {
      throw new IllegalArgumentException("scale " + numerator + "/" + denominator);
    }
    long divisor = gcd(numerator, denominator);
    numerator /= divisor;
    denominator /= divisor;
    if (numerator > NUMERATOR_MAX || numerator / denominator > SCALE_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "noise",
          "a scale (sensitivity over epsilon) below 2^48",
          numerator + "/" + denominator);
    }
  }

  /**
   * @param sensitivity the most by which one person can change the figures noised at this scale,
   *     all of them together (L1)
   */
  public static NoiseScale of(Epsilon epsilon, long sensitivity) {
    if (epsilon.micros() == 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "epsilon", "above 0", "0");
    }
    if (sensitivity < 1 || sensitivity > Long.MAX_VALUE / MICROS) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "sensitivity",
          "1 to " + Long.MAX_VALUE / MICROS,
          "" + sensitivity);
    }
    return new NoiseScale(sensitivity * MICROS, epsilon.micros());
  }

  /** Rate of decay per unit, {@code denominator / numerator}: for reported intervals only. */
  double rate() {
    return (double) denominator / numerator;
  }

  @Override
  public NoiseSource source() {
    return new DiscreteLaplace(this);
  }

  @Override
  public LongToDoubleFunction tail(int addends) {
    return LaplaceTail.of(rate(), addends);
  }

  private static long gcd(long a, long b) {
    while (b != 0) {
      long rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }
}
