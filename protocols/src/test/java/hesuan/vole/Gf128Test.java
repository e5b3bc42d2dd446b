package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Gf128Test {
  private static final BigInteger MODULUS =
      BigInteger.ONE.shiftLeft(128).or(BigInteger.valueOf(0x87));
  private static final long[] EDGES = {0, 1, 2, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x87};

  /** The definition: shift, add, take the modulus off. */
  static BigInteger product(BigInteger x, BigInteger y) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < 128; i++) {
      if (y.testBit(i)) {
        sum = sum.xor(x.shiftLeft(i));
      }
    }
    for (int i = sum.bitLength() - 1; i >= 128; i--) {
      if (sum.testBit(i)) {
        sum = sum.xor(MODULUS.shiftLeft(i - 128));
      }
    }
    return sum;
  }

  static BigInteger value(long[] v, int i) {
    return new BigInteger(HexFormat.of().toHexDigits(v[2 * i + 1]) + hex(v[2 * i]), 16);
  }

  private static String hex(long x) {
    return HexFormat.of().toHexDigits(x);
  }

  private static long[] samples() {
    Random random = new Random(1);
    long[] samples = new long[400];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = i < 98 ? EDGES[i % 2 == 0 ? i / 2 % 7 : i / 14] : random.nextLong();
    }
    return samples;
  }

  @Test
  void multiply_agreesWithTheDefinition() {
    long[] x = samples();
    long[] r = new long[2];
    for (int i = 0; i < 200; i++) {
      int j = (i * 7 + 3) % 200;
      Gf128.multiply(r, 0, x, i, x, j);
      assertEquals(product(value(x, i), value(x, j)), value(r, 0));
      Gf128.square(r, 0, x, i);
      assertEquals(product(value(x, i), value(x, i)), value(r, 0));
    }
  }

  @Test
  void invert_givesOneBack_andZeroForZero() {
    long[] x = samples();
    long[] r = new long[2];
    for (int i = 0; i < 200; i++) {
      Gf128.invert(r, 0, x, i);
      Gf128.multiply(r, 0, r, 0, x, i);
      assertEquals(value(x, i).signum() == 0 ? BigInteger.ZERO : BigInteger.ONE, value(r, 0));
    }
  }

  @Test
  void multiplier_agreesWithMultiply() {
    long[] x = samples();
    long[] expected = new long[x.length];
    for (int f = 0; f < 200; f += 13) {
      Gf128Multiplier multiplier = new Gf128Multiplier(x[2 * f], x[2 * f + 1]);
      for (int i = 0; i < 200; i++) {
        Gf128.multiply(expected, i, x, f, x, i);
      }
      long[] product = new long[x.length];
      multiplier.multiply(x, 0, product, 0, 200);
      assertArrayEquals(expected, product);
      long[] sum = x.clone();
      multiplier.multiplyAdd(x, 0, sum, 0, 200);
      for (int i = 0; i < x.length; i++) {
        assertEquals(x[i] ^ expected[i], sum[i]);
      }
    }
  }
}
