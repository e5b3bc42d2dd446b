package hesuan.dp.account;

import java.util.function.DoubleUnaryOperator;

/**
 * Between rho and (epsilon, delta): {@code epsilon = alpha rho + (ln(1/delta) + (alpha - 1) ln(1 -
 * 1/alpha) - ln alpha) / (alpha - 1)} for any order alpha above 1 (Canonne, Kamath, Steinke 2020,
 * corollary 13). Any order gives a bound, so the search for the best need not be exact.
 *
 * <p>Budgets are decided by what comes out, on any machine alike: Java's doubles are those of IEEE
 * 754, and logarithms come from {@link StrictMath}. Both directions err towards more privacy, by
 * more than these can be off.
 */
final class Concentration {
  /** Of what is computed; each of a handful of terms is good to two units in the last place. */
  private static final double RELATIVE = 1e-12;

  /** In epsilon; where terms cancel. */
  private static final double ABSOLUTE = 1e-10;

  private static final int LOG_LEAST = -40;
  private static final int LOG_MOST = 60;
  private static final int STEPS = 80;

  private Concentration() {}

  /** At least the epsilon that holds with this delta; infinite for delta 0. */
  static double epsilon(double rho, double delta) {
    double least = -most(x -> -((1 + x) * rho + beside(x, delta)));
    return Math.max(0, least) * (1 + RELATIVE) + ABSOLUTE;
  }

  /** At most the rho that keeps epsilon and delta; 0 where none does. */
  static double rho(double epsilon, double delta) {
    double most = most(x -> (epsilon - ABSOLUTE - beside(x, delta)) / (1 + x));
    return Math.max(0, most) * (1 - RELATIVE);
  }

  /**
   * @param x alpha - 1
   */
  private static double beside(double x, double delta) {
    return -StrictMath.log(delta) / x + StrictMath.log(x) - (1 + 1 / x) * StrictMath.log1p(x);
  }

  /** The best of powers of two, and then by halving around it. */
  private static double most(DoubleUnaryOperator bound) {
    int best = LOG_LEAST;
    double most = Double.NEGATIVE_INFINITY;
    for (int k = LOG_LEAST; k <= LOG_MOST; k++) {
      double value = bound.applyAsDouble(Math.scalb(1.0, k));
      if (value > most) {
        best = k;
        most = value;
      }
    }
    double low = Math.scalb(1.0, best - 1);
    double high = Math.scalb(1.0, best + 1);
    for (int i = 0; i < STEPS; i++) {
      double left = low + (high - low) / 3;
      double right = high - (high - low) / 3;
      double atLeft = bound.applyAsDouble(left);
      double atRight = bound.applyAsDouble(right);
      most = Math.max(most, Math.max(atLeft, atRight));
      if (atLeft > atRight) {
        high = right;
      } else {
        low = left;
      }
    }
    return most;
  }
}
