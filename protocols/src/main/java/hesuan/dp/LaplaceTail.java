package hesuan.dp;

import java.util.function.LongToDoubleFunction;

/**
 * The tail of a sum of n independent discrete Laplaces, which is the difference of two negative
 * binomials. Its generating function {@code ((1-q)^2 / ((1-qz)(1-q/z)))^n} splits into partial
 * fractions whose coefficients are all positive, so the tail is a sum of positive terms: exact to
 * rounding at any scale, with no grid and no cancellation.
 */
final class LaplaceTail implements LongToDoubleFunction {
  private static final int ADDENDS_MAX = 1024;

  private final double rate;
  private final double miss; // 1 - q
  private final double[] weight; // of the negative binomial with i + 1 failures

  /** The tail, or for more addends than the exact one can take, Chernoff's bound on it. */
  static LongToDoubleFunction of(double rate, int addends) {
    if (addends < 1) {
      throw new IllegalArgumentException("addends " + addends);
    }
    return addends <= ADDENDS_MAX
        ? new LaplaceTail(rate, addends)
        : w -> chernoff(rate, addends, w);
  }

  private LaplaceTail(double rate, int addends) {
    this.rate = rate;
    this.miss = -Math.expm1(-rate);
    // With u = 1 - qz and c = 1 / (1 - q^2): the factor at z = q is c^n * h(u)^n, where
    // h(u) = 1 + sum over j >= 1 of (c^j - c^(j-1)) u^j. To keep the doubles in range, u is
    // measured in units of 1 - q, which also turns each fraction into a probability.
    double step = miss / -Math.expm1(-2 * rate); // c (1 - q) = 1 / (1 + q)
    double[] factor = new double[addends];
    factor[0] = step;
    double power = step;
    for (int j = 1; j < addends; j++) {
      power *= step;
      factor[j] = power * Math.exp(-2 * rate); // c^j - c^(j-1) = c^j q^2
    }
    double[] product = {1};
    for (int bit = Integer.highestOneBit(addends); bit > 0; bit >>= 1) {
      product = times(product, product, addends);
      if ((addends & bit) != 0) {
        product = times(product, factor, addends);
      }
    }
    weight = new double[addends];
    for (int j = 0; j < addends; j++) {
      weight[addends - 1 - j] = product[j];
    }
  }

  /** {@code P(|x| > w)}. */
  @Override
  public double applyAsDouble(long w) {
    // P(more than w successes before f + 1 failures) grows from that before f by
    // C(w + f, f) (1-q)^f q^(w+1).
    double term = -rate * (w + 1.0); // logarithms: q alone may be too small for a double
    double above = 0;
    double sum = 0;
    for (int f = 0; f < weight.length; f++) {
      above += Math.exp(term);
      sum += weight[f] * above;
      term += Math.log((w + f + 1.0) / (f + 1)) + Math.log(miss);
    }
    return 2 * sum;
  }

  /** {@code 2 inf over s of E[exp(s x)]^n exp(-s (w + 1))}, the exponent being convex in s. */
  private static double chernoff(double rate, int addends, long w) {
    double low = 0;
    double high = rate;
    for (int i = 0; i < 100; i++) {
      double left = low + (high - low) / 3;
      double right = high - (high - low) / 3;
      if (exponent(rate, addends, w, left) < exponent(rate, addends, w, right)) {
        high = right;
      } else {
        low = left;
      }
    }
    return Math.min(1, 2 * Math.exp(exponent(rate, addends, w, low)));
  }

  private static double exponent(double rate, int addends, long w, double s) {
    double one =
        2 * Math.log(-Math.expm1(-rate))
            - Math.log(-Math.expm1(s - rate))
            - Math.log(-Math.expm1(-s - rate));
    return addends * one - s * (w + 1.0);
  }

  private static double[] times(double[] a, double[] b, int terms) {
    double[] product = new double[Math.min(terms, a.length + b.length - 1)];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length && i + j < product.length; j++) {
        product[i + j] += a[i] * b[j];
      }
    }
    return product;
  }
}
