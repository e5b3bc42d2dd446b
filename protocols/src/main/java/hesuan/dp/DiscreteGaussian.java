package hesuan.dp;

import java.math.BigInteger;

/**
 * Discrete Gaussian noise drawn exactly (Canonne, Kamath, Steinke 2020, algorithm 3): a discrete
 * Laplace draw y of scale {@code t = floor(sigma) + 1} is kept with probability {@code exp(-(|y| -
 * sigma^2/t)^2 / (2 sigma^2))}. With {@code sigma^2 = n/d} and {@code w = | |y| d t - n |} that
 * exponent is the product {@code w/n * w/(2 d t^2)} of two fractions, each of which is tossed by
 * itself, so that up to a sigma of 2^27 no number exceeds 64 bits. Wider noise takes big integers:
 * the same steps, about three times as slow.
 *
 * <p>As with the Laplace, the number of bits drawn depends on the noise: draw a whole vector before
 * anything is sent.
 */
public final class DiscreteGaussian implements NoiseSource {
  /** A Laplace draw stays below 65 t (see there), so products with this headroom fit 63 bits. */
  private static final int NARROW_BITS = 54;

  private final DiscreteLaplace proposal;
  private final BigInteger stepWide; // d t
  private final BigInteger firstWide; // n
  private final BigInteger secondWide; // 2 d t^2
  private final boolean narrow;
  private final long step;
  private final long first;
  private final long second;

  public DiscreteGaussian(NoiseVariance variance) {
    BigInteger t = variance.numerator().divide(variance.denominator()).sqrt().add(BigInteger.ONE);
    this.proposal = new DiscreteLaplace(new NoiseScale(t.longValueExact(), 1));
    this.stepWide = variance.denominator().multiply(t);
    this.firstWide = variance.numerator();
    this.secondWide = stepWide.multiply(t).shiftLeft(1);
    this.narrow = firstWide.bitLength() <= NARROW_BITS && secondWide.bitLength() <= NARROW_BITS;
    this.step = narrow ? stepWide.longValueExact() : 0;
    this.first = narrow ? firstWide.longValueExact() : 0;
    this.second = narrow ? secondWide.longValueExact() : 0;
  }

  @Override
  public long draw(BitPool bits) {
    while (true) {
      long y = proposal.draw(bits);
      if (narrow ? keeps(Math.abs(y), bits) : keepsWide(Math.abs(y), bits)) {
        return y;
      }
    }
  }

  private boolean keeps(long magnitude, BitPool bits) {
    long w = Math.abs(magnitude * step - first);
    // exp(-x) is the m-th power of exp(-x/m), whose two fractions are at most 1.
    long firsts = Math.max(1, Math.ceilDiv(w, first));
    long seconds = Math.max(1, Math.ceilDiv(w, second));
    for (long i = firsts * seconds; i > 0; i--) {
      if (!exponential(w, first * firsts, second * seconds, bits)) {
        return false;
      }
    }
    return true;
  }

  /** True with probability {@code exp(-(w/first)(w/second))}. */
  private static boolean exponential(long w, long first, long second, BitPool bits) {
    int k = 1;
    while (bits.below(second) < w && bits.below(first) < w && (k == 1 || bits.oneIn(k))) {
      k++;
    }
    return (k & 1) == 1;
  }

  private boolean keepsWide(long magnitude, BitPool bits) {
    BigInteger w = BigInteger.valueOf(magnitude).multiply(stepWide).subtract(firstWide).abs();
    BigInteger firsts = w.divide(firstWide).add(BigInteger.ONE);
    BigInteger seconds = w.divide(secondWide).add(BigInteger.ONE);
    BigInteger scaledFirst = firstWide.multiply(firsts);
    BigInteger scaledSecond = secondWide.multiply(seconds);
    for (long i = firsts.multiply(seconds).longValueExact(); i > 0; i--) {
      int k = 1;
      while (bits.chance(w, scaledSecond)
          && bits.chance(w, scaledFirst)
          && (k == 1 || bits.oneIn(k))) {
        k++;
      }
      if ((k & 1) == 0) {
        return false;
      }
    }
    return true;
  }
}
