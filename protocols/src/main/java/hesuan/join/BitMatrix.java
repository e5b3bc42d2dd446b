package hesuan.join;

/** 128 rows of bits, seen as many columns of 128. */
final class BitMatrix {
  private BitMatrix() {}

  /**
   * @param rows 128 rows of {@code words} longs, one behind the other
   * @return for each column two longs: rows 0 to 63, then 64 to 127, lowest bit first
   */
  static long[] columns(long[] rows, int words) {
    long[] columns = new long[2 * 64 * words];
    long[] block = new long[64];
    for (int half = 0; half < 2; half++) {
      for (int word = 0; word < words; word++) {
        for (int r = 0; r < 64; r++) {
          block[r] = rows[(half * 64 + r) * words + word];
        }
        transpose(block);
        for (int c = 0; c < 64; c++) {
          columns[2 * (word * 64 + c) + half] = block[c];
        }
      }
    }
    return columns;
  }

  /** A square of 64 in place: halves are swapped, then quarters, down to single bits. */
  static void transpose(long[] block) {
    long mask = 0x00000000ffffffffL;
    for (int width = 32; width != 0; width >>= 1, mask ^= mask << width) {
      for (int row = 0; row < 64; row = (row + width + 1) & ~width) {
        long swapped = (block[row] >>> width ^ block[row + width]) & mask;
        block[row + width] ^= swapped;
        block[row] ^= swapped << width;
      }
    }
  }
}
