package hesuan.vole;

/** 64 by 64 bits, a word a row. */
public final class BitSquare {
  private BitSquare() {}

  /** Bit i of word m becomes bit m of word i: halves are swapped, then quarters, down to bits. */
  public static void transpose(long[] block) {
    long mask = 0x00000000ffffffffL;
    for (int j = 32; j != 0; j >>= 1, mask ^= mask << j) {
      for (int k = 0; k < 64; k = k + j + 1 & ~j) {
        long swap = (block[k] >>> j ^ block[k + j]) & mask;
        block[k] ^= swap << j;
        block[k + j] ^= swap;
      }
    }
  }
}
