package hesuan.join;

import hesuan.okvs.BinLoad;
import hesuan.okvs.BlockHash;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Into which three bins an item may go, and how the bins are cut into segments of equal size, which
 * are worked on one after the other so that memory stays flat. Both parties compute the same from
 * both numbers of items and the valuer's seed.
 *
 * <p>{@code 1.3 n + 192} bins leave no place for one of n items with probability below 2^-44:
 * {@code BinTableTest} computes the bound (docs/protocols/hidden-join.md).
 */
record Bins(int segments, int segmentBins) {
  static final int WAYS = 3;
  static final int SEED_BYTES = 16;

  /** More bins than this are cut. */
  static final int SEGMENT_MAX = 1 << 19;

  /** Keys of the matcher in a segment, about; more are cut too. */
  private static final int KEYS_MAX = 1 << 21;

  private static final int SLACK = 192;
  private static final int LOAD_BITS = 44;

  /** The statistical security of equality, over all bins. */
  private static final int MATCH_BITS = 40;

  static Bins of(int valuerItems, int matcherItems) {
    int least = (int) ((long) valuerItems * 13 / 10) + 1 + SLACK;
    int segments =
        Math.max(Math.ceilDiv(least, SEGMENT_MAX), Math.ceilDiv(WAYS * matcherItems + 1, KEYS_MAX));
    return new Bins(segments, Math.ceilDiv(least, segments));
  }

  int total() {
    return segments * segmentBins;
  }

  /** Bits that two unlike values of a bin share with probability 2^-40 over all bins. */
  int matchBits() {
    return MATCH_BITS + Integer.SIZE - Integer.numberOfLeadingZeros(total() - 1);
  }

  /** The most of that many items, each put in all its bins, that fall into a segment. */
  int loadMax(int items) {
    // each of the three bins of an item is uniform, and items are independent
    return WAYS * BinLoad.max(items, segments, LOAD_BITS);
  }

  /**
   * The three bins of each item, all different.
   *
   * @param blocks two longs for each item
   */
  int[] places(byte[] seed, long[] blocks) {
    MessageDigest sha256 = hesuan.wire.Digest.sha256();
    sha256.update((JoinParameters.PROTOCOL + "/bins/").getBytes(StandardCharsets.US_ASCII));
    BlockHash hash = new BlockHash(Arrays.copyOf(sha256.digest(seed), BlockHash.KEY_BYTES));
    int items = blocks.length / 2;
    int bins = total();
    int[] places = new int[WAYS * items];
    long[] piece = new long[2 * BlockHash.PIECE];
    for (int from = 0; from < items; from += BlockHash.PIECE) {
      int count = Math.min(BlockHash.PIECE, items - from);
      hash.hash(blocks, from, count, piece, 0);
      for (int i = 0; i < count; i++) {
        // What a range leaves over makes the next draw: two of at most 23 bits of one long.
        long draw = piece[2 * i];
        int a = (int) Math.unsignedMultiplyHigh(draw, bins);
        int b = (int) Math.unsignedMultiplyHigh(draw * bins, bins - 1);
        int c = (int) Math.unsignedMultiplyHigh(piece[2 * i + 1], bins - 2);
        b += b >= a ? 1 : 0;
        c += c >= Math.min(a, b) ? 1 : 0;
        c += c >= Math.max(a, b) ? 1 : 0;
        int at = WAYS * (from + i);
        places[at] = a;
        places[at + 1] = b;
        places[at + 2] = c;
      }
    }
    return places;
  }
}
