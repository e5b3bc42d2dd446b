package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockAccumulateCodeTest {
  private static final byte[] SEED = new byte[32];

  private static long[] encode(BlockAccumulateCode code, long[] vector, int outputs) {
    long[] out = new long[2 * outputs];
    code.encode(vector.clone(), new long[vector.length], new long[vector.length], out);
    return out;
  }

  /** The same map as its definition says it, element by element. */
  private static long[] plain(BlockAccumulateCode code, long[] vector, int outputs) {
    int inputs = vector.length / 2;
    long[] state = vector.clone();
    for (int layer = 0; layer < 2; layer++) {
      int[] sources = code.sources(layer);
      BitSet seen = new BitSet();
      long[] sums = new long[2 * inputs];
      long[] x = {2, 0};
      long[] sum = new long[2];
      for (int i = 0; i < inputs; i++) {
        Gf128.multiply(sum, 0, sum, 0, x, 0);
        sum[0] ^= state[2 * i];
        sum[1] ^= state[2 * i + 1];
        sums[2 * i] = sum[0];
        sums[2 * i + 1] = sum[1];
      }
      for (int i = 0; i < inputs; i++) {
        assertFalse(seen.get(sources[i]));
        seen.set(sources[i]);
        state[2 * i] = sums[2 * sources[i]];
        state[2 * i + 1] = sums[2 * sources[i] + 1];
      }
    }
    long[] out = new long[2 * outputs];
    for (int block = 0; block < outputs; block += 32) {
      int width = Math.min(32, outputs - block);
      for (int k = 0; k < width; k++) {
        for (int word = 0; word < 2; word++) {
          long sum = state[2 * (2 * block + k) + word];
          for (int j = 0; j < width; j++) {
            long bit = code.bit(block + k, j) ? -1 : 0;
            sum ^= state[2 * (2 * block + width + j) + word] & bit;
          }
          out[2 * (block + k) + word] = sum;
        }
      }
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({"2,1", "64,32", "65,32", "131,64", "2003,1001", "40000,20000", "40009,19997"})
  void encode_agreesWithItsDefinition(int inputs, int outputs) {
    Random random = new Random(inputs);
    long[] vector = random.longs(2L * inputs).toArray();
    BlockAccumulateCode code = new BlockAccumulateCode(inputs, outputs, SEED);
    assertArrayEquals(plain(code, vector, outputs), encode(code, vector, outputs));
    long[] scratch = new long[vector.length];
    long[] out = new long[2 * outputs];
    long[] expected = encode(code, vector, outputs);
    code.encode(vector, scratch, vector, out);
    assertArrayEquals(expected, out);
  }

  /** A map that does not accumulate shows one noisy input in a handful of outputs. */
  @Test
  void encode_oneNoisyInput_reachesMostOutputs() {
    BlockAccumulateCode code = new BlockAccumulateCode(60_000, 30_000, SEED);
    for (int place : new int[] {0, 17, 29_999, 45_000}) {
      long[] vector = new long[120_000];
      vector[2 * place] = 1;
      long[] out = encode(code, vector, 30_000);
      int reached = 0;
      for (int i = 0; i < 30_000; i++) {
        reached += (out[2 * i] | out[2 * i + 1]) != 0 ? 1 : 0;
      }
      assertTrue(reached > 29_000, place + " reaches " + reached);
    }
  }

  /** A map over GF(2) would leave all outputs in the span of three noise values. */
  @Test
  void encode_fewNoiseValues_outputsSpanTheField() {
    BlockAccumulateCode code = new BlockAccumulateCode(60_000, 30_000, SEED);
    long[] vector = new long[120_000];
    for (int i = 0; i < 3; i++) {
      vector[2 * (i * 11_111)] = i + 1L;
    }
    assertEquals(128, rank(Arrays.copyOf(encode(code, vector, 30_000), 2 * 1000)));
  }

  private static int rank(long[] elements) {
    long[] basis = new long[256];
    int rank = 0;
    for (int i = 0; i < elements.length; i += 2) {
      long low = elements[i];
      long high = elements[i + 1];
      while ((low | high) != 0) {
        int top =
            high != 0 ? 127 - Long.numberOfLeadingZeros(high) : 63 - Long.numberOfLeadingZeros(low);
        if ((basis[2 * top] | basis[2 * top + 1]) == 0) {
          basis[2 * top] = low;
          basis[2 * top + 1] = high;
          rank++;
          break;
        }
        low ^= basis[2 * top];
        high ^= basis[2 * top + 1];
      }
    }
    return rank;
  }

  @Test
  void code_otherSeed_isAnotherMap() {
    long[] vector = new Random(1).longs(4000).toArray();
    byte[] other = SEED.clone();
    other[31] = 1;
    assertFalse(
        Arrays.equals(
            encode(new BlockAccumulateCode(2000, 1000, SEED), vector, 1000),
            encode(new BlockAccumulateCode(2000, 1000, other), vector, 1000)));
  }

  /** Fixed points of a uniform permutation are Poisson with mean 1: above 9 with 10^-7. */
  @Test
  void permutation_fixedPoints_areFew() {
    BlockAccumulateCode code = new BlockAccumulateCode(100_000, 50_000, SEED);
    for (int layer = 0; layer < 2; layer++) {
      int[] sources = code.sources(layer);
      int fixed = 0;
      int near = 0;
      for (int i = 0; i < sources.length; i++) {
        fixed += sources[i] == i ? 1 : 0;
        near += Math.abs(sources[i] - i) < 500 ? 1 : 0;
      }
      assertTrue(fixed < 10, fixed + " fixed points");
      // Expected 997, standard deviation below 32.
      assertTrue(Math.abs(near - 997) < 200, near + " stay near");
    }
  }
}
