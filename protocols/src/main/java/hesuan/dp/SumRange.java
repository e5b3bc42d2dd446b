package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigInteger;

/**
 * Proof before anything runs, from public limits only, that a sum stays inside 64 bits. A check on
 * the data themselves would tell, by failing, what they are.
 */
public final class SumRange {
  private static final BigInteger SUM_MAX = BigInteger.ONE.shiftLeft(62);

  private SumRange() {}

  /**
   * @param at what is summed, for the refusal
   * @param parties how many addends the secure sum may have
   * @param rowsMax most rows that one party may add, from a public limit
   * @param magnitudeMax largest absolute value of one row after clamping
   */
  public static void requireFits(String at, int parties, long rowsMax, long magnitudeMax) {
    requireFits(at, parties, rowsMax, BigInteger.valueOf(magnitudeMax));
  }

  /** The same where one row alone may leave 64 bits. */
  public static void requireFits(String at, int parties, long rowsMax, BigInteger magnitudeMax) {
    if (parties < 1 || rowsMax < 0 || magnitudeMax.signum() < 0) {
      throw new IllegalArgumentException(
          "parties %d, rows %d, magnitude %d".formatted(parties, rowsMax, magnitudeMax));
    }
    BigInteger most =
        BigInteger.valueOf(parties).multiply(BigInteger.valueOf(rowsMax)).multiply(magnitudeMax);
    if (most.compareTo(SUM_MAX) >= 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          at,
          "parties x rows x largest value below 2^62",
          parties + " x " + rowsMax + " x " + magnitudeMax);
    }
  }
}
