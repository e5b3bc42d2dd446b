package hesuan.dp.audit;

/** Clopper and Pearson's bounds on a probability of which k hits in n trials were seen. */
final class Binomial {
  private Binomial() {}

  /** The probability is above this, but for a chance of alpha. */
  static double lower(long hits, long trials, double alpha) {
    return hits == 0 ? 0 : quantile(hits, trials - hits + 1, alpha);
  }

  /** The probability is below this, but for a chance of alpha. */
  static double upper(long hits, long trials, double alpha) {
    return hits == trials ? 1 : quantile(hits + 1, trials - hits, 1 - alpha);
  }

  /** Of the beta distribution. */
  private static double quantile(double a, double b, double probability) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (beta(middle, a, b) < probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** The regularised incomplete beta function, by its continued fraction. */
  private static double beta(double x, double a, double b) {
    if (x > (a + 1) / (a + b + 2)) {
      return 1 - beta(1 - x, b, a);
    }
    double front =
        Math.exp(
            logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    double fraction = 1;
    double c = 1;
    double d = 0;
    for (int i = 0; i < 10_000; i++) {
      double m = i / 2;
      double term =
          i == 0
              ? 1
              : i % 2 == 0
                  ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                  : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / (1 + term * d);
      c = 1 + term / c;
      fraction *= c * d;
      if (i > 0 && Math.abs(1 - c * d) < 1e-13) {
        break;
      }
    }
    return front * (fraction - 1) / a;
  }

  /** Stirling's series, after moving up to where it is exact. */
  private static double logGamma(double x) {
    double shift = 0;
    double z = x;
    while (z < 10) {
      shift -= Math.log(z);
      z++;
    }
    double inverse = 1 / (z * z);
    return shift
        + (z - 0.5) * Math.log(z)
        - z
        + 0.5 * Math.log(2 * Math.PI)
        + (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / z;
  }
}
