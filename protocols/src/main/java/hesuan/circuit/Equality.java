package hesuan.circuit;

import hesuan.transfer.Transfers;
import hesuan.vole.BitSquare;
import java.util.Arrays;

/**
 * Whether the values of two parties are alike, bin by bin, as XOR-shared bits: bits are cut across
 * the bins, compared by XOR, and ANDed in a tree, all bins of a layer together. One thread's.
 */
public final class Equality {
  private final Gates gates;
  private final boolean first;

  public Equality(Transfers transfers, Gates gates) {
    this.gates = gates;
    first = transfers.first();
  }

  /**
   * Shares of one bit a value: whether it is the peer's in the low bits. Both ends pass as many
   * values.
   *
   * @param bits 1 to 64
   * @return a bitset, spare bits 0
   */
  public long[] shares(long[] values, int bits) {
    if (bits < 1 || bits > 64) {
      throw new IllegalArgumentException(bits + " bits");
    }
    int words = (values.length + 63) / 64;
    long[] columns = columns(values, bits, words);
    int left = bits;
    while (left > 1) {
      int pairs = left / 2;
      // The last pairs columns onto the first; with an odd number the middle one stays.
      int kept = left - pairs;
      gates.and(columns, 0, columns, kept * words, columns, 0, pairs * words);
      left = kept;
    }
    long[] shares = Arrays.copyOf(columns, words);
    Arrays.fill(columns, 0);
    if (values.length % 64 != 0) {
      shares[words - 1] &= (1L << values.length % 64) - 1;
    }
    return shares;
  }

  /** Bit c of all values is column c; one end flips its bits, so that alike is 1. */
  private long[] columns(long[] values, int bits, int words) {
    long[] columns = new long[Math.multiplyExact(bits, words)];
    long[] block = new long[64];
    for (int word = 0; word < words; word++) {
      int have = Math.min(64, values.length - 64 * word);
      System.arraycopy(values, 64 * word, block, 0, have);
      Arrays.fill(block, have, 64, 0);
      BitSquare.transpose(block);
      for (int c = 0; c < bits; c++) {
        columns[c * words + word] = first ? ~block[c] : block[c];
      }
    }
    Arrays.fill(block, 0);
    return columns;
  }
}
