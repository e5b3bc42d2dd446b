package hesuan.aggregate;

import hesuan.range.Field64;
import hesuan.range.RangeParameters;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Where each of so many cells of an addend must lie, both ends included. At most 2^{@value
 * RangeParameters#BITS_MAX} numbers.
 */
public record CellRange(int cells, long lower, long upper) {
  private static final long WIDTH_MAX = (1L << RangeParameters.BITS_MAX) - 1;

  public CellRange {
    if (cells < 1 || upper <= lower || upper - lower < 0 || upper - lower > WIDTH_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "range",
          "cells, and lower below upper by less than 2^" + RangeParameters.BITS_MAX,
          cells + " cells, " + lower + " to " + upper);
    }
  }

  private long width() {
    return upper - lower;
  }

  /**
   * How the cells of one run after another are proved.
   *
   * @throws ProblemException where a proof would be too large
   */
  public static RangeParameters parameters(List<CellRange> ranges) {
    return RangeParameters.of(
        ranges.stream().map(r -> new RangeParameters.Run(r.cells, r.width())).toList());
  }

  static byte[] bytes(List<CellRange> ranges) {
    ByteBuffer out = ByteBuffer.allocate(ranges.size() * (Integer.BYTES + 2 * Long.BYTES));
    ranges.forEach(r -> out.putInt(r.cells).putLong(r.lower).putLong(r.upper));
    return out.array();
  }

  /** The lower end of each cell. */
  static long[] lowers(List<CellRange> ranges, int length) {
    long[] lowers = new long[length];
    int cell = 0;
    for (CellRange range : ranges) {
      for (int end = cell + range.cells; cell < end; cell++) {
        lowers[cell] = range.lower;
      }
    }
    return lowers;
  }

  /**
   * Distances of cells from their lower ends.
   *
   * @throws ProblemException where a cell lies outside: it does not say which, nor by how much
   */
  static long[] distances(List<CellRange> ranges, long[] addend) {
    long[] distances = new long[addend.length];
    int cell = 0;
    for (CellRange range : ranges) {
      for (int end = cell + range.cells; cell < end; cell++) {
        if (addend[cell] < range.lower || addend[cell] > range.upper) {
          throw new ProblemException(
              ErrorCode.INVALID_VALUE,
              "addend",
              "figures from %d to %d".formatted(range.lower, range.upper),
              "a figure outside");
        }
        distances[cell] = addend[cell] - range.lower;
      }
    }
    return distances;
  }

  /** Sums of so many distances must be told apart from negative numbers of the field. */
  static void requireFits(List<CellRange> ranges, int length, int addends) {
    long cells = ranges.stream().mapToLong(CellRange::cells).sum();
    if (cells != length) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "range", "ranges of " + length + " cells", "of " + cells);
    }
    long most = Field64.SIGNED_MAX / addends;
    for (CellRange range : ranges) {
      if (range.width() > most) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "range",
            "ends at most %d apart, with %d contributors".formatted(most, addends),
            range.lower + " to " + range.upper);
      }
    }
    parameters(ranges);
  }
}
