package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.function.LongToDoubleFunction;

/**
 * How far from the truth a noised figure may be: half the width of the shortest symmetric interval
 * that holds the noise with at least the given confidence.
 *
 * @param halfWidth the noise lies within plus or minus this
 * @param confidencePercent for instance 95
 */
public record NoiseInterval(long halfWidth, int confidencePercent) {
  /** Covers the rounding of the doubles, so that the stated confidence is never undershot. */
  private static final double SLACK = 1e-9;

  /**
   * @param addends how many independent draws the figure holds
   */
  public static NoiseInterval of(Noise noise, int addends, int confidencePercent) {
    if (confidencePercent < 1 || confidencePercent > 99) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "confidence", "1 to 99", "" + confidencePercent);
    }
    return new NoiseInterval(
        halfWidth(noise, addends, 1 - confidencePercent / 100.0), confidencePercent);
  }

  /** The least w with {@code P(|noise| > w) <= outside}. */
  public static long halfWidth(Noise noise, int addends, double outside) {
    LongToDoubleFunction tail = noise.tail(addends);
    double most = outside * (1 - SLACK);
    long low = -1;
    long high = 1;
    while (tail.applyAsDouble(high) > most) {
      low = high;
      high = Math.multiplyExact(high, 2);
    }
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (tail.applyAsDouble(middle) > most) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }
}
