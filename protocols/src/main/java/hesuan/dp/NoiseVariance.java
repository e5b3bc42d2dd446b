package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigInteger;
import java.util.function.LongToDoubleFunction;

/**
 * The parameter sigma squared of discrete Gaussian noise as a fraction in lowest terms: the noise
 * is {@code x} with probability proportional to {@code exp(-x^2 * denominator / (2 * numerator))}.
 * Its variance is at most that, and equal to it for all practical purposes from sigma = 2 on.
 *
 * <p>A fraction, because the privacy loss {@code sensitivity^2 / (2 sigma^2)} and the shares of
 * several parties are then exact.
 */
public record NoiseVariance(BigInteger numerator, BigInteger denominator) implements Noise {
  private static final BigInteger MICROS = BigInteger.valueOf(1_000_000);
  private static final BigInteger VARIANCE_MAX = BigInteger.ONE.shiftLeft(96);
  private static final int BITS_MAX = 160;

  public NoiseVariance {
    if (numerator.signum() < 1 || denominator.signum() < 1) {
      throw new IllegalArgumentException("variance " + numerator + "/" + denominator);
    }
    BigInteger divisor = numerator.gcd(denominator);
    numerator = numerator.divide(divisor);
    denominator = denominator.divide(divisor);
    if (numerator.compareTo(denominator.multiply(VARIANCE_MAX)) > 0
        || numerator.bitLength() > BITS_MAX
        || denominator.bitLength() > BITS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "noise",
          "a standard deviation below 2^48, and a fraction within " + BITS_MAX + " bits",
          numerator + "/" + denominator);
    }
  }

  public static NoiseVariance of(long numerator, long denominator) {
    return new NoiseVariance(BigInteger.valueOf(numerator), BigInteger.valueOf(denominator));
  }

  /**
   * Noise that costs rho of zero-concentrated differential privacy.
   *
   * @param sensitivitySquared the square of the most by which one person can move the figures
   *     noised together, as a distance (L2): for k cells changed by at most c each, k c^2
   * @param rhoMicros rho in millionths
   */
  public static NoiseVariance ofRho(BigInteger sensitivitySquared, long rhoMicros) {
    if (rhoMicros < 1 || sensitivitySquared.signum() < 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "noise",
          "rho and sensitivity above 0",
          rhoMicros + " millionths and " + sensitivitySquared);
    }
    return new NoiseVariance(
        sensitivitySquared.multiply(MICROS), BigInteger.valueOf(rhoMicros).shiftLeft(1));
  }

  /** The variance of the sum of this many of these. */
  public NoiseVariance times(int factor) {
    return new NoiseVariance(numerator.multiply(BigInteger.valueOf(factor)), denominator);
  }

  /** What each of several parties adds so that this many of them together add this. */
  public NoiseVariance dividedBy(int parts) {
    return new NoiseVariance(numerator, denominator.multiply(BigInteger.valueOf(parts)));
  }

  /** For reports, never for what is drawn. */
  public double sigma() {
    return Math.sqrt(numerator.doubleValue() / denominator.doubleValue());
  }

  @Override
  public NoiseSource source() {
    return new DiscreteGaussian(this);
  }

  @Override
  public LongToDoubleFunction tail(int addends) {
    return GaussianTail.of(sigma(), addends);
  }

  @Override
  public String toString() {
    return numerator + "/" + denominator;
  }
}
