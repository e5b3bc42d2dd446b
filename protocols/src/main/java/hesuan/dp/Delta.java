package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;

/** A probability of failing to protect, between 10^-30 and 1. */
public record Delta(BigDecimal value) {
  /** Keeps the double normal; smaller ones have no meaning here. */
  private static final BigDecimal LEAST = new BigDecimal("1e-30");

  /** More than the doubles below can be off by. */
  private static final double DOWN = 1 - 1e-12;

  public Delta {
    if (value.compareTo(BigDecimal.ONE) >= 0 || value.compareTo(LEAST) < 0) {
      throw refused(value.toString());
    }
  }

  public static Delta parse(String text) {
    try {
      return new Delta(new BigDecimal(text));
    } catch (NumberFormatException e) {
      throw refused(text);
    }
  }

  private static ProblemException refused(String found) {
    return new ProblemException(
        ErrorCode.INVALID_VALUE, "delta", "0 < delta < 1, as a decimal", found);
  }

  public double toDouble() {
    return value.doubleValue();
  }

  /**
   * What each of this many independent chances may have so that together they stay within this: at
   * most {@code 1 - (1 - delta)^(1/parts)}.
   */
  public double split(int parts) {
    if (parts < 1) {
      throw new IllegalArgumentException("parts " + parts);
    }
    return -Math.expm1(Math.log1p(-toDouble()) / parts) * DOWN;
  }
}
