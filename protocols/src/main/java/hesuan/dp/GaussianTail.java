package hesuan.dp;

import java.util.function.LongToDoubleFunction;

/**
 * Tails of sums of discrete Gaussians. From sigma = 2 on, the sum of n is a discrete Gaussian of n
 * times the variance up to a factor within {@code 10 n exp(-pi^2 sigma^2)} of 1 (Kairouz, Liu,
 * Steinke 2021, theorem 1), which is below 10^-13 for n up to 1000; narrower ones are convolved.
 */
final class GaussianTail {
  private static final double CLOSED_FROM = 2;
  private static final double SUMMED_UP_TO = 1000;
  private static final double SLACK = 1 + 1e-12;

  private GaussianTail() {}

  /** At least {@code w -> P(|x| > w)}. */
  static LongToDoubleFunction of(double sigma, int addends) {
    if (addends < 1) {
      throw new IllegalArgumentException("addends " + addends);
    }
    if (addends > 1 && sigma < CLOSED_FROM) {
      double[] mass = convolved(sigma, addends);
      return w -> outside(mass, w);
    }
    double spread = sigma * Math.sqrt(addends);
    // The masses fall with |x| and their total is at least sigma sqrt(2 pi), so the integral from w
    // bounds their sum above w.
    return w -> (spread <= SUMMED_UP_TO ? summed(spread, w) : Normal.beyond(w / spread)) * SLACK;
  }

  private static double summed(double sigma, long w) {
    long reach = (long) Math.ceil(40 * sigma) + 1;
    double outside = 0;
    double inside = 0.5; // half the mass at zero, both sides being doubled
    for (long x = reach; x > 0; x--) {
      double mass = Math.exp(-0.5 * (x / sigma) * (x / sigma));
      if (x > w) {
        outside += mass;
      } else {
        inside += mass;
      }
    }
    return w < 0 ? 1 : outside / (outside + inside);
  }

  private static double[] convolved(double sigma, int addends) {
    int reach = (int) Math.ceil(12 * sigma) + 1;
    double[] one = new double[2 * reach + 1];
    double total = 0;
    for (int x = -reach; x <= reach; x++) {
      one[x + reach] = Math.exp(-0.5 * (x / sigma) * (x / sigma));
      total += one[x + reach];
    }
    double[] sum = {1};
    for (int i = 0; i < addends; i++) {
      double[] next = new double[sum.length + 2 * reach];
      for (int a = 0; a < sum.length; a++) {
        for (int b = 0; b < one.length; b++) {
          next[a + b] += sum[a] * one[b] / total;
        }
      }
      sum = next;
    }
    return sum;
  }

  private static double outside(double[] mass, long w) {
    int centre = mass.length / 2;
    double outside = 1e-15; // what the reach of twelve sigma leaves out
    for (int i = 0; i < mass.length; i++) {
      outside += Math.abs(i - centre) > w ? mass[i] : 0;
    }
    return outside;
  }
}
