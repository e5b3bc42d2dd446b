package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * How far from the truth a noised figure may be: half the width of the shortest symmetric interval
 * that holds the noise with at least the given confidence.
 *
 * <p>A sum of n independent discrete Laplaces is the difference of two negative binomials. Its
 * generating function {@code ((1-q)^2 / ((1-qz)(1-q/z)))^n} splits into partial fractions whose
 * coefficients are all positive, so the tail below is a sum of positive terms: exact to rounding at
 * any scale, with no grid and no cancellation.
 *
 * @param halfWidth the noise lies within plus or minus this
 * @param confidencePercent for instance 95
 */
public record NoiseInterval(long halfWidth, int confidencePercent) {
  private static final int ADDENDS_MAX = 200;

  /** Covers the rounding of the doubles, so that the stated confidence is never undershot. */
  private static final double SLACK = 1e-9;

  public static NoiseInterval of(NoiseScale scale, int addends, int confidencePercent) {
    if (confidencePercent < 1 || confidencePercent > 99) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "confidence", "1 to 99", "" + confidencePercent);
    }
    Tail tail = new Tail(scale.rate(), addends);
    double outside = (1 - confidencePercent / 100.0) * (1 - SLACK);
    long low = -1;
    long high = 1;
    while (tail.beyond(high) > outside) {
      low = high;
      high *= 2;
    }
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (tail.beyond(middle) > outside) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return new NoiseInterval(high, confidencePercent);
  }

  /** {@code P(|noise| > w)} for a sum of discrete Laplaces. */
  static double beyond(NoiseScale scale, int addends, long w) {
    return new Tail(scale.rate(), addends).beyond(w);
  }

  private static final class Tail {
    private final double rate;
    private final double miss; // 1 - q
    private final double[] weight; // of the negative binomial with i + 1 failures

    Tail(double rate, int addends) {
      if (addends < 1 || addends > ADDENDS_MAX) {
        throw new IllegalArgumentException("addends " + addends);
      }
      this.rate = rate;
      this.miss = -Math.expm1(-rate);
      // With u = 1 - qz and c = 1 / (1 - q^2): the factor at z = q is c^n * h(u)^n, where
      // h(u) = 1 + sum over j >= 1 of (c^j - c^(j-1)) u^j. To keep the doubles in range, u is
      // measured in units of 1 - q, which also turns each fraction into a probability.
      double c = 1 / -Math.expm1(-2 * rate);
      double step = c * miss; // 1 / (1 + q)
      double[] h = new double[addends];
      h[0] = 1;
      double power = 1;
      for (int j = 1; j < addends; j++) {
        power *= step;
        h[j] = power * Math.exp(-2 * rate); // c^j - c^(j-1) = c^j q^2
      }
      double[] product = {1};
      for (int i = 0; i < addends; i++) {
        product = times(product, h, addends);
      }
      double scale = Math.pow(step, addends);
      weight = new double[addends];
      for (int j = 0; j < addends; j++) {
        weight[addends - 1 - j] = scale * product[j];
      }
    }

    double beyond(long w) {
      double sum = 0;
      for (int i = 0; i < weight.length; i++) {
        sum += weight[i] * negativeBinomialAbove(w, i + 1);
      }
      return 2 * sum;
    }

    /** P(more than w successes before the given number of failures). */
    private double negativeBinomialAbove(long w, int failures) {
      double trials = (double) w + failures;
      double term = -rate * trials; // logarithms: q alone may be too small for a double
      double sum = 0;
      for (int m = 0; m < failures; m++) {
        sum += Math.exp(term);
        term += Math.log((trials - m) / (m + 1)) + Math.log(miss) + rate; // times (1-q)/q
      }
      return sum;
    }

    private static double[] times(double[] a, double[] b, int terms) {
      double[] product = new double[terms];
      for (int i = 0; i < a.length; i++) {
        for (int j = 0; j < b.length && i + j < terms; j++) {
          product[i + j] += a[i] * b[j];
        }
      }
      return product;
    }
  }
}
