package hesuan.dp.account;

import hesuan.dp.Delta;
import hesuan.dp.NoiseVariance;
import hesuan.dp.Normal;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Rho;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.function.Function;

/** The least Gaussian noise that keeps a given epsilon and delta. */
public final class GaussianCalibration {
  private static final int VARIANCE_BITS = 24;
  private static final double TRILLION = 1e12;

  private GaussianCalibration() {}

  /**
   * Sigma in units of the sensitivity, from the exact condition for the Gaussian (Balle, Wang
   * 2018), rounded up.
   */
  public static double sigma(Epsilon epsilon, Delta delta) {
    if (epsilon.micros() == 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "epsilon", "above 0", "0");
    }
    double asked = Accountant.toDouble(epsilon);
    double low = 1e-9;
    double high = 1e15;
    for (int i = 0; i < 200 && high > low * (1 + 1e-13); i++) {
      double middle = Math.sqrt(low * high);
      if (delta(asked, 1 / middle) * (1 + 1e-9) > delta.toDouble()) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high * (1 + 1e-9);
  }

  private static double delta(double epsilon, double distance) {
    double far = Normal.above(epsilon / distance + distance / 2);
    return Normal.above(epsilon / distance - distance / 2)
        - (far == 0 ? 0 : Math.exp(epsilon + Math.log(far)));
  }

  /**
   * The most that figures may cost for which epsilon and delta are kept: the rho of the Gaussian,
   * less what the discrete law of the figures takes, which the accountant checks. Rounded down to
   * six digits, so that whoever computes it comes to the same whatever its machine makes of the
   * last bits.
   *
   * @param figures what is released for a rho
   */
  public static Rho rho(Epsilon epsilon, Delta delta, Function<Rho, PrivacyEvent> figures) {
    double asked = Accountant.toDouble(epsilon);
    double one = sigma(epsilon, delta);
    double rho = TRILLION / (2 * one * one);
    while (true) {
      double digits = Math.pow(10, Math.max(0, Math.floor(Math.log10(rho)) - 5));
      Rho tried = new Rho((long) (Math.floor(rho / digits) * digits));
      if (tried.equals(Rho.ZERO)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "epsilon", "more of it, or of delta", epsilon.toString());
      }
      double spent = Accountant.spent(figures.apply(tried), delta).epsilon();
      if (spent <= asked) {
        return tried;
      }
      rho = tried.picos() * (1 - 2 * Math.clamp(spent / asked - 1, 1e-5, 0.25));
    }
  }

  /**
   * Discrete noise for integers, checked with the accountant on the discrete law itself.
   *
   * @param shift the most by which one person changes one figure
   * @param cells how many figures one person changes
   */
  public static NoiseVariance variance(Epsilon epsilon, Delta delta, long shift, int cells) {
    double one = sigma(epsilon, delta);
    BigDecimal share = BigDecimal.valueOf(one * one * (1 + 1e-9));
    BigInteger squared = BigInteger.valueOf(shift).pow(2).multiply(BigInteger.valueOf(cells));
    BigDecimal wanted = share.multiply(new BigDecimal(squared));
    while (true) {
      NoiseVariance variance =
          new NoiseVariance(
              wanted
                  .multiply(BigDecimal.valueOf(1L << VARIANCE_BITS))
                  .setScale(0, RoundingMode.UP)
                  .toBigInteger(),
              BigInteger.ONE.shiftLeft(VARIANCE_BITS));
      double spent =
          Accountant.spent(new PrivacyEvent.DiscreteGaussian(variance, shift, cells), delta)
              .epsilon();
      if (spent <= Accountant.toDouble(epsilon)) {
        return variance;
      }
      // What the grid rounds up, or a sigma so small that the discrete law shows.
      double over = Math.clamp(spent / Accountant.toDouble(epsilon) - 1, 1e-4, 1);
      wanted = wanted.multiply(BigDecimal.valueOf(1 + 2 * over));
    }
  }
}
