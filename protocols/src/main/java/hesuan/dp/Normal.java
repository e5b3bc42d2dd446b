package hesuan.dp;

/** The normal law, to about 13 digits also far out. For reports and accounts, not for drawing. */
public final class Normal {
  private static final double ROOT_PI = Math.sqrt(Math.PI);
  private static final double SERIES_BELOW = 2;

  private Normal() {}

  /** {@code P(Z > z)}. */
  public static double above(double z) {
    double x = z / Math.sqrt(2);
    return x >= 0 ? erfc(x) / 2 : 1 - erfc(-x) / 2;
  }

  /** {@code P(|Z| > z)} for z at least 0. */
  public static double beyond(double z) {
    return erfc(z / Math.sqrt(2));
  }

  private static double erfc(double x) {
    double bell = Math.exp(-x * x) / ROOT_PI;
    if (x < SERIES_BELOW) {
      double term = 2 * x * bell;
      double sum = 0;
      for (int n = 1; term > 1e-18; n++) {
        sum += term;
        term *= 2 * x * x / (2 * n + 1);
      }
      return 1 - sum;
    }
    double fraction = 0; // the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...
    for (int n = 120; n > 0; n--) {
      fraction = n / 2.0 / (x + fraction);
    }
    return bell / (x + fraction);
  }
}
