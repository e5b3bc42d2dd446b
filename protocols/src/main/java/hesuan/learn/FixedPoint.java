package hesuan.learn;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * How a change of a parameter becomes an integer that can be added in the ring: clipped to plus or
 * minus {@code limit}, in steps of {@code 2^-fractionBits}. All parties of a step use the same; it
 * is bound into their session.
 */
public record FixedPoint(int fractionBits, int limit) {
  /** Steps finer than a float's own near 1, and room that plain SGD does not reach in a round. */
  public static final FixedPoint DELTAS = new FixedPoint(24, 8);

  public FixedPoint {
    // With at most 100 parties a sum stays far below 2^62.
    if (fractionBits < 8 || fractionBits > 32 || limit < 1 || limit > 1 << 16) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "fixedPoint",
          "8 to 32 fraction bits and a limit of 1 to 65536",
          fractionBits + " bits, limit " + limit);
    }
  }

  /** Whether {@link #quantise} would clip the value. */
  public boolean clips(float value) {
    return Math.abs(value) > limit;
  }

  /** Refuses what is no number: a diverged model must not spoil everyone's. */
  public long quantise(float value) {
    if (!Float.isFinite(value)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "training",
          "finite parameters (a smaller learningRate helps)",
          "" + value);
    }
    return Math.round((double) Math.clamp(value, -limit, limit) * (1L << fractionBits));
  }

  /** The mean of {@code parties} addends out of their sum. */
  public double mean(long sum, int parties) {
    return (double) sum / (1L << fractionBits) / parties;
  }
}
