package hesuan.aggregate;

import hesuan.range.RangeParameters;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;

/**
 * Where each cell of each addend must lie, both ends included. At most 2^{@value
 * RangeParameters#BITS_MAX} numbers.
 */
public record CellRange(long lower, long upper) {
  private static final long WIDTH_MAX = (1L << RangeParameters.BITS_MAX) - 1;

  public CellRange {
    if (upper <= lower || upper - lower < 0 || upper - lower > WIDTH_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "range",
          "lower below upper, by less than 2^" + RangeParameters.BITS_MAX,
          lower + " to " + upper);
    }
  }

  RangeParameters parameters(int length) {
    return RangeParameters.of(length, upper - lower);
  }

  byte[] bytes() {
    return ByteBuffer.allocate(2 * Long.BYTES).putLong(lower).putLong(upper).array();
  }

  /**
   * Distances from the lower end.
   *
   * @throws ProblemException where a cell lies outside: it does not say which, nor by how much
   */
  long[] distances(long[] addend) {
    long[] distances = new long[addend.length];
    for (int i = 0; i < addend.length; i++) {
      if (addend[i] < lower || addend[i] > upper) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "addend",
            "figures from %d to %d".formatted(lower, upper),
            "a figure outside");
      }
      distances[i] = addend[i] - lower;
    }
    return distances;
  }
}
