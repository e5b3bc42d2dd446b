package hesuan.join;

import java.util.Arrays;
import java.util.List;

/**
 * Several figures in one number: each gets the bits that its largest sum needs, one above the
 * other, as many to a word of 64 bits as fit. Words add up as figures do, modulo 2^64, so that a
 * count and an amount cost one transfer.
 */
final class FigureWords {
  private final int[] bits;
  private final int[] word;
  private final int[] shift;
  private final int words;

  /**
   * @param sumsMax of each figure the largest sum, of either sign
   */
  FigureWords(List<Long> sumsMax) {
    int figures = sumsMax.size();
    bits = new int[figures];
    word = new int[figures];
    shift = new int[figures];
    int last = 0;
    int used = 0;
    for (int figure = 0; figure < figures; figure++) {
      // one for the sign
      bits[figure] = Long.SIZE - Long.numberOfLeadingZeros(sumsMax.get(figure)) + 1;
      if (used + bits[figure] > Long.SIZE) {
        last++;
        used = 0;
      }
      word[figure] = last;
      shift[figure] = used;
      used += bits[figure];
    }
    words = last + 1;
  }

  int words() {
    return words;
  }

  int figures() {
    return bits.length;
  }

  /** Row after row: the figures of each as words. */
  long[] packed(long[] figures) {
    int rows = figures.length / bits.length;
    long[] packed = new long[rows * words];
    for (int row = 0; row < rows; row++) {
      for (int figure = 0; figure < bits.length; figure++) {
        packed[row * words + word[figure]] += figures[row * bits.length + figure] << shift[figure];
      }
    }
    return packed;
  }

  /** The other way, from sums of words. */
  long[] unpacked(long[] packed) {
    int rows = packed.length / words;
    long[] rest = Arrays.copyOf(packed, packed.length);
    long[] figures = new long[rows * bits.length];
    for (int row = 0; row < rows; row++) {
      for (int figure = 0; figure < bits.length; figure++) {
        int at = row * words + word[figure];
        int above = Long.SIZE - bits[figure];
        long value = rest[at] >>> shift[figure] << above >> above;
        figures[row * bits.length + figure] = value;
        // a negative one borrowed from those above
        rest[at] -= value << shift[figure];
      }
    }
    return figures;
  }
}
