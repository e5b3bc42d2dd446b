package hesuan.vole;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The public linear map from N field elements to n of which the syndrome of sparse noise looks
 * random: accumulate, permute, accumulate, permute, and add 32 by 32 random bits times each block
 * of the second half to a block of the first. To accumulate is s = x s + input, so that the map
 * mixes over GF(2^128): a map over GF(2) would leave each output in the span of the noise values.
 *
 * <p>Immutable; shared by threads.
 */
final class BlockAccumulateCode {
  static final String NAME = "block-accumulate-2x32-gf128";
  static final int BLOCK = 32;
  private static final int BUCKET = BucketPermutation.BUCKET;

  private final int inputs;
  private final int outputs;
  private final BucketPermutation first;
  private final BucketPermutation second;
  private final int[] squares;

  /** Both sides with the same seed get the same map; its quality does not rest on secrecy. */
  BlockAccumulateCode(int inputs, int outputs, byte[] seed) {
    if (outputs < 1 || inputs < 2L * outputs || inputs > 1 << 23) {
      throw new IllegalArgumentException(inputs + " to " + outputs);
    }
    this.inputs = inputs;
    this.outputs = outputs;
    first = new BucketPermutation(inputs, stream(seed, "first"));
    second = new BucketPermutation(inputs, stream(seed, "second"));
    squares = new int[(outputs + BLOCK - 1) / BLOCK * BLOCK];
    stream(seed, "squares").fill(squares);
  }

  private static PublicStream stream(byte[] seed, String use) {
    return new PublicStream(NAME + "/" + use, seed);
  }

  /** out = map of vector, over two arrays of N elements; the second of these may be the vector. */
  void encode(long[] vector, long[] scratch, long[] scratchTwo, long[] out) {
    accumulate(null, vector, first, scratch);
    accumulate(first, scratch, second, scratchTwo);
    compress(scratchTwo, out);
  }

  /** Where the element at each place comes from, for a test of the definition. */
  int[] sources(int layer) {
    return (layer == 0 ? first : second).sources();
  }

  /** A coefficient of the squares, for the same test. */
  boolean bit(int output, int input) {
    return (squares[output] >>> input & 1) == 1;
  }

  /** The second half of the permutation before, the sums, and the first half of the next one. */
  private void accumulate(
      @Nullable BucketPermutation open, long[] in, BucketPermutation next, long[] out) {
    int[] cursor = next.starts.clone();
    long[] sum = new long[2];
    if (open == null) {
      for (int from = 0; from < inputs; from += BUCKET) {
        sums(in, from, Math.min(BUCKET, inputs - from), sum, next.route, cursor, out);
      }
      return;
    }
    long[] near = new long[open.longestBucket() * 2];
    for (int bucket = 0; bucket < open.starts.length - 1; bucket++) {
      int start = open.starts[bucket];
      int length = open.starts[bucket + 1] - start;
      // Read in order once: in the cache, order matters no more.
      System.arraycopy(in, 2 * start, near, 0, 2 * length);
      shuffledSums(near, open.order, start, length, sum, next.route, cursor, out);
    }
    Arrays.fill(near, 0);
  }

  /** A stretch of the sums, each to its bucket; sum is the state before and after. */
  private static void sums(
      long[] in, int start, int length, long[] sum, byte[] route, int[] cursor, long[] out) {
    long low = sum[0];
    long high = sum[1];
    for (int i = start; i < start + length; i++) {
      long carry = high >> 63 & Gf128.REDUCTION;
      high = (high << 1 | low >>> 63) ^ in[2 * i + 1];
      low = low << 1 ^ carry ^ in[2 * i];
      int to = 2 * cursor[route[i] & 255]++;
      out[to] = low;
      out[to + 1] = high;
    }
    sum[0] = low;
    sum[1] = high;
  }

  /** The same over a bucket that is still to be shuffled. */
  private static void shuffledSums(
      long[] near,
      char[] order,
      int start,
      int length,
      long[] sum,
      byte[] route,
      int[] cursor,
      long[] out) {
    long low = sum[0];
    long high = sum[1];
    for (int i = start; i < start + length; i++) {
      int from = 2 * order[i];
      long carry = high >> 63 & Gf128.REDUCTION;
      high = (high << 1 | low >>> 63) ^ near[from + 1];
      low = low << 1 ^ carry ^ near[from];
      int to = 2 * cursor[route[i] & 255]++;
      out[to] = low;
      out[to + 1] = high;
    }
    sum[0] = low;
    sum[1] = high;
  }

  private void compress(long[] in, long[] out) {
    long[] near = new long[(second.longestBucket() + 4 * BLOCK) * 2];
    long[] table = new long[BLOCK / 4 * 32];
    long[] gathered = new long[4 * BLOCK];
    int have = 0;
    int block = 0;
    char[] order = second.order;
    for (int bucket = 0; block < outputs; bucket++) {
      int start = second.starts[bucket];
      int end = second.starts[bucket + 1];
      System.arraycopy(in, 2 * start, near, 0, 2 * (end - start));
      int next = start;
      while (next < end && block < outputs) {
        int width = Math.min(BLOCK, outputs - block);
        int take = Math.min(2 * width - have, end - next);
        for (int k = 0; k < take; k++) {
          int from = 2 * order[next + k];
          gathered[2 * (have + k)] = near[from];
          gathered[2 * (have + k) + 1] = near[from + 1];
        }
        next += take;
        have += take;
        if (have == 2 * width) {
          tables(gathered, 2 * width, width, table);
          multiply(gathered, table, block, width, out);
          block += width;
          have = 0;
        }
      }
    }
    Arrays.fill(near, 0);
  }

  private void multiply(long[] gathered, long[] table, int block, int width, long[] out) {
    for (int k = 0; k < width; k++) {
      int bits = squares[block + k];
      long low = gathered[2 * k];
      long high = gathered[2 * k + 1];
      for (int nibble = 0; nibble < 8; nibble++) {
        int at = nibble * 32 + (bits >>> 4 * nibble & 15) * 2;
        low ^= table[at];
        high ^= table[at + 1];
      }
      out[2 * (block + k)] = low;
      out[2 * (block + k) + 1] = high;
    }
  }

  /** All sums of four elements each. */
  private static void tables(long[] gathered, int at, int width, long[] table) {
    for (int nibble = 0; nibble < 8; nibble++) {
      int to = nibble * 32;
      for (int bit = 0; bit < 4; bit++) {
        int k = 4 * nibble + bit;
        long low = k < width ? gathered[at + 2 * k] : 0;
        long high = k < width ? gathered[at + 2 * k + 1] : 0;
        for (int rest = 0; rest < 1 << bit; rest++) {
          table[to + 2 * ((1 << bit) + rest)] = table[to + 2 * rest] ^ low;
          table[to + 2 * ((1 << bit) + rest) + 1] = table[to + 2 * rest + 1] ^ high;
        }
      }
    }
  }
}
