package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * Means, variances and standard deviations from three noised figures: the number of values, the sum
 * of their distances from the middle of the bounds, and the sum of the squares of those. Around the
 * middle, sensitivities are half and a quarter of what they are around zero.
 *
 * @param lower values below count as this
 * @param upper values above count as this
 */
public record Moments(long lower, long upper) {
  private static final long SPREAD_MAX = 1L << 31;

  public Moments {
    if (lower >= upper
        || Math.abs(lower) > Long.MAX_VALUE / 4
        || Math.abs(upper) > Long.MAX_VALUE / 4
        || upper - lower > SPREAD_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "bounds",
          "lower below upper, at most 2^31 apart",
          lower + " to " + upper);
    }
  }

  public long middle() {
    return lower + (upper - lower) / 2;
  }

  /** What is added for a value, and squared for the second sum. */
  public long centred(long value) {
    return Math.clamp(value, lower, upper) - middle();
  }

  /** The most that one value adds to the sum. */
  public long magnitude() {
    return upper - middle();
  }

  /** The most that one value adds to the sum of squares. */
  public long squareMagnitude() {
    return magnitude() * magnitude();
  }

  /** Proof before anything runs that neither sum leaves its range. */
  public void requireFits(String at, int parties, long rowsMax) {
    SumRange.requireFits(at, parties, rowsMax, squareMagnitude());
  }

  /** A noised figure, which lies within halfWidth of the truth but with the stated probability. */
  public record Figure(long value, long halfWidth) {
    double low() {
      return (double) value - halfWidth;
    }

    double high() {
      return (double) value + halfWidth;
    }
  }

  /**
   * An answer and its interval, which misses the truth of the bounded values with at most the sum
   * of the probabilities with which the figures' intervals do.
   */
  public record Estimate(double value, double low, double high) {
    private Estimate within(double least, double most) {
      return new Estimate(
          Math.clamp(value, least, most),
          Math.clamp(low, least, most),
          Math.clamp(high, least, most));
    }

    private Estimate root() {
      return new Estimate(Math.sqrt(value), Math.sqrt(low), Math.sqrt(high));
    }
  }

  public Estimate mean(Figure count, Figure sum) {
    Estimate around = ratio(sum, count);
    return new Estimate(middle() + around.value, middle() + around.low, middle() + around.high)
        .within(lower, upper);
  }

  /**
   * As SQL's VARIANCE: of a sample, so the sum of squares is divided by one less than the count.
   */
  public Estimate variance(Figure count, Figure sum, Figure squares) {
    Estimate mean = ratio(sum, count);
    Estimate square = ratio(squares, count);
    double least = mean.low > 0 ? mean.low : mean.high < 0 ? -mean.high : 0; // of |mean|
    double most = Math.max(Math.abs(mean.low), Math.abs(mean.high));
    return new Estimate(
            (square.value - mean.value * mean.value) * bessel(count.value),
            (square.low - most * most) * bessel(count.high()),
            (square.high - least * least) * bessel(count.low()))
        .within(0, (double) (upper - lower) * (upper - lower) / 2);
  }

  public Estimate deviation(Figure count, Figure sum, Figure squares) {
    return variance(count, sum, squares).root();
  }

  private static double bessel(double count) {
    double people = Math.max(2, count);
    return people / (people - 1);
  }

  /** Of a sum and a count; a group that is told of has someone in it. */
  private static Estimate ratio(Figure sum, Figure count) {
    double few = Math.max(1, count.low());
    double many = Math.max(1, count.high());
    return new Estimate(
        sum.value / Math.max(1.0, count.value),
        Math.min(sum.low() / few, sum.low() / many),
        Math.max(sum.high() / few, sum.high() / many));
  }
}
