package hesuan.join;

import hesuan.channel.RecordedChannel;
import hesuan.circuit.Circuit;
import hesuan.group.Workers;
import java.security.SecureRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * From the shares of {@link BinShares} to shares of sums: a circuit finds, bin by bin, whether the
 * block is zero where it must be and in which group it is, and figures are selected by these bits;
 * neither party ever holds one of them in clear.
 */
final class GroupSums implements AutoCloseable {
  /** What the circuit says carries its own tags, 1 to 31, plus this. */
  private static final int CIRCUIT_TAGS = 96;

  private final Bins bins;
  private final int groups;
  private final Circuit circuit;

  /**
   * @param first at the matcher
   */
  GroupSums(
      JoinParameters parameters,
      Bins bins,
      RecordedChannel channel,
      boolean first,
      Workers workers,
      SecureRandom random) {
    this.bins = bins;
    groups = parameters.groups();
    circuit =
        Circuit.open(channel.within(CIRCUIT_TAGS), parameters.digest(), first, random, workers);
  }

  /**
   * Adds this party's shares of a segment's sums.
   *
   * @param blocks two longs for each bin
   * @param values the valuer's, as many words for each bin as there are for each group; null at the
   *     matcher
   * @param sums group after group
   */
  void add(long[] blocks, long @Nullable [] values, long[] sums) {
    int count = bins.segmentBins();
    long[][] chosen = groupBits(blocks, matched(blocks));
    int words = sums.length / groups;
    for (int group = 0; group < groups; group++) {
      long[] shares =
          values == null
              ? circuit.select().peers(chosen[group], count, words)
              : circuit.select().own(chosen[group], values, count, words);
      for (int i = 0; i < shares.length; i++) {
        sums[group * words + i % words] += shares[i];
      }
      Arrays.fill(shares, 0);
    }
  }

  private long[] matched(long[] blocks) {
    long[] lows = new long[bins.segmentBins()];
    for (int bin = 0; bin < lows.length; bin++) {
      lows[bin] = blocks[2 * bin];
    }
    return circuit.equality().shares(lows, bins.matchBits());
  }

  /** For each group the bits of the bins that match in it; the last has what the others leave. */
  private long[][] groupBits(long[] blocks, long[] matched) {
    int width = matched.length;
    long[] all = new long[(groups - 1) * width];
    long[] wide = new long[all.length];
    for (int group = 0; group < groups - 1; group++) {
      int bit = bins.matchBits() + group;
      for (int bin = 0; bin < bins.segmentBins(); bin++) {
        long set = blocks[2 * bin + bit / Long.SIZE] >>> bit & 1;
        all[group * width + bin / Long.SIZE] |= set << bin;
      }
      System.arraycopy(matched, 0, wide, group * width, width);
    }
    if (groups > 1) {
      circuit.gates().and(all, 0, wide, 0, all, 0, all.length);
    }
    long[][] chosen = new long[groups][];
    long[] last = matched.clone();
    for (int group = 0; group < groups - 1; group++) {
      chosen[group] = Arrays.copyOfRange(all, group * width, (group + 1) * width);
      for (int i = 0; i < width; i++) {
        last[i] ^= chosen[group][i];
      }
    }
    chosen[groups - 1] = last;
    return chosen;
  }

  @Override
  public void close() {
    circuit.close();
  }
}
