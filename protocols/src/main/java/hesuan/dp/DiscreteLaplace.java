package hesuan.dp;

/**
 * Discrete Laplace noise drawn exactly (Canonne, Kamath, Steinke 2020, algorithms 1 and 2): every
 * branch has a rational probability or is a convergent series of such, so no rounding shapes the
 * distribution. The number of bits drawn depends on the noise; who could time single draws could
 * learn about it, so noise is drawn as a whole vector before anything is sent.
 */
public final class DiscreteLaplace implements NoiseSource {
  private final long numerator;
  private final long denominator;

  public DiscreteLaplace(NoiseScale scale) {
    this.numerator = scale.numerator();
    this.denominator = scale.denominator();
  }

  @Override
  public long draw(BitPool bits) {
    while (true) {
      long rest = bits.below(numerator);
      if (!exponential(bits, rest)) {
        continue;
      }
      long whole = 0;
      while (exponentialOfOne(bits)) {
        whole++;
      }
      // Overflow needs whole >= 64, which has probability e^-64.
      long magnitude = Math.addExact(rest, Math.multiplyExact(numerator, whole)) / denominator;
      boolean negative = bits.nextBit();
      if (negative && magnitude == 0) {
        continue; // zero must not count twice
      }
      return negative ? -magnitude : magnitude;
    }
  }

  /** True with probability {@code exp(-part / numerator)}, for part below numerator. */
  private boolean exponential(BitPool bits, long part) {
    int k = 1;
    while (bits.below(numerator) < part && (k == 1 || bits.oneIn(k))) {
      k++;
    }
    return (k & 1) == 1;
  }

  private static boolean exponentialOfOne(BitPool bits) {
    int k = 2; // the first trial, with probability 1/1, always succeeds
    while (bits.oneIn(k)) {
      k++;
    }
    return (k & 1) == 1;
  }
}
