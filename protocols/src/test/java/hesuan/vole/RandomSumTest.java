package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RandomSumTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 511, 512, 513, 3001})
  void of_agreesWithItsFactors(int count) {
    long[] vector = new Random(count).longs(2L * count).toArray();
    RandomSum sum = new RandomSum(new byte[16]);
    long[] factors = sum.factors(IntStream.range(0, count).toArray());
    long[] expected = new long[2];
    for (int i = 0; i < count; i++) {
      Gf128.multiply(factors, i, factors, i, vector, i);
      expected[0] ^= factors[2 * i];
      expected[1] ^= factors[2 * i + 1];
    }
    assertArrayEquals(expected, sum.of(vector));
    for (int i = 0; i < 2 * count; i += 97) {
      vector[i] ^= 1L << i % 64;
      assertFalse(Arrays.equals(expected, sum.of(vector)));
      vector[i] ^= 1L << i % 64;
    }
  }
}
