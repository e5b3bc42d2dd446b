package hesuan.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.vole.Words;
import hesuan.wire.Digest;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GolayAccumulateCodeTest {
  /** The weights on which the bound of the document stands: 1, 759, 2576, 759, 1. */
  @Test
  void block_weights_areThoseOfTheExtendedGolayCode() {
    int[] weights = new int[25];
    for (int message = 0; message < 1 << 12; message++) {
      int weight = Integer.bitCount(message);
      for (int j = 0; j < 12; j++) {
        int parity = 0;
        for (int k = 0; k < 12; k++) {
          parity ^= GolayAccumulateCode.has(k, j) ? message >> k & 1 : 0;
        }
        weight += parity;
      }
      weights[weight]++;
    }
    int[] expected = new int[25];
    expected[0] = 1;
    expected[8] = 759;
    expected[12] = 2576;
    expected[16] = 759;
    expected[24] = 1;
    assertArrayEquals(expected, weights);
  }

  @ParameterizedTest
  @ValueSource(ints = {24, 31, 2400, 40_009})
  void encode_agreesWithItsDefinition(int inputs) {
    GolayAccumulateCode code = new GolayAccumulateCode(inputs, Digest.of("code"));
    byte[] rows = new byte[16 * inputs];
    new Random(inputs).nextBytes(rows);
    GolayAccumulateCode.Encoder encoder = code.new Encoder();
    long[] out = new long[encoder.outputWords()];
    encoder.start();
    for (int at = 0; at < inputs; at += 5) {
      encoder.take(rows, 16 * at, Math.min(5, inputs - at));
    }
    encoder.finish(out);
    for (int word = 0; word < 2; word++) {
      long[] state = new long[inputs];
      for (int i = 0; i < inputs; i++) {
        state[i] = Words.at(rows, 16 * i + 8 * word);
      }
      for (int layer = 0; layer < 2; layer++) {
        for (int i = 1; i < inputs; i++) {
          state[i] ^= state[i - 1];
        }
        int[] sources = code.sources(layer);
        long[] permuted = new long[inputs];
        for (int i = 0; i < inputs; i++) {
          permuted[i] = state[sources[i]];
        }
        state = permuted;
      }
      for (int i = 0; i < code.outputs(); i++) {
        int block = i / 12 * 24;
        long expected = state[block + i % 12];
        for (int j = 0; j < 12; j++) {
          expected ^= GolayAccumulateCode.has(i % 12, j) ? state[block + 12 + j] : 0;
        }
        assertEquals(expected, out[2 * i + word]);
      }
    }
  }
}
