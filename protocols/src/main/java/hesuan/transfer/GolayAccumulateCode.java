package hesuan.transfer;

import hesuan.vole.BucketPermutation;
import hesuan.vole.PublicStream;
import hesuan.vole.Words;
import hesuan.wire.Digest;
import java.util.Arrays;

/**
 * The public linear map over GF(2) from N rows to n of which the syndrome of sparse noise looks
 * random: add up, permute, add up, permute, and make 12 of each 24 by the extended Golay code. Its
 * smallest distance is bounded in docs/protocols/silent-ot.md. Immutable; shared by threads.
 */
final class GolayAccumulateCode {
  static final String NAME = "golay-accumulate-2-gf2";

  /** Inputs and outputs of a block. */
  static final int IN = 24;

  static final int OUT = 12;

  private final int inputs;
  private final BucketPermutation first;
  private final BucketPermutation second;

  /** Both sides with the same session get the same map; its quality does not rest on secrecy. */
  GolayAccumulateCode(int inputs, Digest session) {
    this.inputs = inputs;
    first = new BucketPermutation(inputs, new PublicStream(NAME + "/first", session.bytes()));
    second = new BucketPermutation(inputs, new PublicStream(NAME + "/second", session.bytes()));
  }

  int inputs() {
    return inputs;
  }

  int outputs() {
    return inputs / IN * OUT;
  }

  /** Where the row at each place comes from, for a test of the definition. */
  int[] sources(int layer) {
    return (layer == 0 ? first : second).sources();
  }

  /** Whether output k of a block has input 12 + j; it has input k, too. */
  static boolean has(int k, int j) {
    if (k == 0 || j == 0) {
      return k != j;
    }
    return switch (Math.floorMod(j - k, 11)) {
      case 0, 1, 3, 4, 5, 9 -> true;
      default -> false;
    };
  }

  /** One map at a time: inputs come in order, in pieces, then all outputs are made. */
  final class Encoder {
    private final long[] once = new long[2 * inputs];
    private final long[] twice = new long[2 * inputs];
    private int[] cursor = {};
    private long low;
    private long high;
    private int taken;

    int outputWords() {
      return 2 * outputs();
    }

    void start() {
      cursor = first.starts.clone();
      low = 0;
      high = 0;
      taken = 0;
    }

    /** The next rows, two words each. */
    void take(byte[] rows, int at, int count) {
      byte[] route = first.route;
      long l = low;
      long h = high;
      for (int i = 0; i < count; i++) {
        l ^= Words.at(rows, at + 16 * i);
        h ^= Words.at(rows, at + 16 * i + 8);
        int to = 2 * cursor[route[taken + i] & 255]++;
        once[to] = l;
        once[to + 1] = h;
      }
      low = l;
      high = h;
      taken += count;
    }

    /** The outputs, once all inputs are taken. */
    void finish(long[] out) {
      if (taken != inputs) {
        throw new IllegalStateException(taken + " of " + inputs + " inputs");
      }
      cursor = second.starts.clone();
      long[] sum = new long[2];
      long[] near = new long[2 * Math.max(first.longestBucket(), second.longestBucket())];
      for (int bucket = 0; bucket < first.buckets(); bucket++) {
        int start = first.starts[bucket];
        int length = first.starts[bucket + 1] - start;
        // Read in order once: in the cache, order matters no more.
        System.arraycopy(once, 2 * start, near, 0, 2 * length);
        addUp(near, first.order, start, length, sum);
      }
      compress(near, out);
      Arrays.fill(near, 0);
    }

    private void addUp(long[] near, char[] order, int start, int length, long[] sum) {
      byte[] route = second.route;
      long l = sum[0];
      long h = sum[1];
      for (int i = start; i < start + length; i++) {
        int from = 2 * order[i];
        l ^= near[from];
        h ^= near[from + 1];
        int to = 2 * cursor[route[i] & 255]++;
        twice[to] = l;
        twice[to + 1] = h;
      }
      sum[0] = l;
      sum[1] = h;
    }

    private void compress(long[] near, long[] out) {
      long[] block = new long[2 * IN];
      char[] order = second.order;
      int have = 0;
      int done = 0;
      for (int bucket = 0; bucket < second.buckets(); bucket++) {
        int start = second.starts[bucket];
        int end = second.starts[bucket + 1];
        System.arraycopy(twice, 2 * start, near, 0, 2 * (end - start));
        int next = start;
        while (next < end) {
          int take = Math.min(IN - have, end - next);
          for (int i = 0; i < take; i++) {
            int from = 2 * order[next + i];
            block[have + i] = near[from];
            block[IN + have + i] = near[from + 1];
          }
          next += take;
          have += take;
          if (have == IN) {
            golay(block, 0, out, 2 * done);
            golay(block, IN, out, 2 * done + 1);
            done += OUT;
            have = 0;
          }
        }
      }
      Arrays.fill(block, 0);
    }

    void wipe() {
      Arrays.fill(once, 0);
      Arrays.fill(twice, 0);
    }
  }

  /**
   * One word of 24 inputs to one word of 12 outputs, every other place. Written out so that the
   * twelve sums stay in registers; {@link #has} is the definition.
   */
  private static void golay(long[] in, int at, long[] out, int to) {
    long y0 = in[at + 12];
    long y1 = in[at + 13];
    long y2 = in[at + 14];
    long y3 = in[at + 15];
    long y4 = in[at + 16];
    long y5 = in[at + 17];
    long y6 = in[at + 18];
    long y7 = in[at + 19];
    long y8 = in[at + 20];
    long y9 = in[at + 21];
    long y10 = in[at + 22];
    long y11 = in[at + 23];
    long all = y0 ^ y1 ^ y2 ^ y3 ^ y4 ^ y5 ^ y6 ^ y7 ^ y8 ^ y9 ^ y10 ^ y11;
    out[to] = in[at] ^ all ^ y0;
    out[to + 2] = in[at + 1] ^ all ^ y3 ^ y7 ^ y8 ^ y9 ^ y11;
    out[to + 4] = in[at + 2] ^ all ^ y1 ^ y4 ^ y8 ^ y9 ^ y10;
    out[to + 6] = in[at + 3] ^ all ^ y2 ^ y5 ^ y9 ^ y10 ^ y11;
    out[to + 8] = in[at + 4] ^ all ^ y1 ^ y3 ^ y6 ^ y10 ^ y11;
    out[to + 10] = in[at + 5] ^ all ^ y1 ^ y2 ^ y4 ^ y7 ^ y11;
    out[to + 12] = in[at + 6] ^ all ^ y1 ^ y2 ^ y3 ^ y5 ^ y8;
    out[to + 14] = in[at + 7] ^ all ^ y2 ^ y3 ^ y4 ^ y6 ^ y9;
    out[to + 16] = in[at + 8] ^ all ^ y3 ^ y4 ^ y5 ^ y7 ^ y10;
    out[to + 18] = in[at + 9] ^ all ^ y4 ^ y5 ^ y6 ^ y8 ^ y11;
    out[to + 20] = in[at + 10] ^ all ^ y1 ^ y5 ^ y6 ^ y7 ^ y9;
    out[to + 22] = in[at + 11] ^ all ^ y2 ^ y6 ^ y7 ^ y8 ^ y10;
  }
}
