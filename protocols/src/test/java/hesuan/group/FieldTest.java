package hesuan.group;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FieldTest {
  private static final int ROUNDS = 20_000;

  private static BigInteger value(long[] a) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 4; i >= 0; i--) {
      sum = sum.shiftLeft(51).add(BigInteger.valueOf(a[i]));
    }
    return sum.mod(Field.P);
  }

  /** Limbs at the edge of what is promised as often as in the middle of it. */
  private static long[] loose(Random random) {
    long[] a = new long[5];
    for (int i = 0; i < 5; i++) {
      a[i] =
          switch (random.nextInt(5)) {
            case 0 -> (1L << 53) - 1;
            case 1 -> 1 - (1L << 53);
            case 2 -> 0;
            default -> random.nextLong() >> 10;
          };
    }
    return a;
  }

  @Test
  void arithmetic_agreesWithBigInteger_upToTheLimbBound() {
    Random random = new Random(11);
    long[] r = new long[5];
    long[] t = new long[20];
    long tight = (1L << 50) + (1L << 10);
    for (int i = 0; i < ROUNDS; i++) {
      long[] a = loose(random);
      long[] b = loose(random);
      Field.multiply(r, 0, a, 0, b, 0);
      assertEquals(value(a).multiply(value(b)).mod(Field.P), value(r));
      for (long limb : r) {
        assertEquals(true, Math.abs(limb) <= tight);
      }
      Field.square(r, 0, a, 0);
      assertEquals(value(a).pow(2).mod(Field.P), value(r));
      Field.canonical(r, 0, a, 0);
      assertEquals(value(a), exact(r));
    }
    for (int i = 0; i < 200; i++) {
      long[] a = loose(random);
      Field.invert(r, 0, a, 0, t);
      assertEquals(value(a).modPow(Field.P.subtract(BigInteger.TWO), Field.P), value(r));
      Field.powP58(r, 0, a, 0, t);
      BigInteger exponent = Field.P.subtract(BigInteger.valueOf(5)).shiftRight(3);
      assertEquals(value(a).modPow(exponent, Field.P), value(r));
    }
  }

  private static BigInteger exact(long[] a) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 4; i >= 0; i--) {
      assertEquals(0, a[i] >> 51);
      sum = sum.shiftLeft(51).add(BigInteger.valueOf(a[i]));
    }
    return sum;
  }

  @Test
  void canonical_ofValuesAroundTheModulus_isReduced() {
    long[] r = new long[5];
    byte[] bytes = new byte[32];
    for (int i = -40; i < 40; i++) {
      for (int multiple = 0; multiple < 3; multiple++) {
        BigInteger v = Field.P.multiply(BigInteger.valueOf(multiple)).add(BigInteger.valueOf(i));
        long[] a = new long[5];
        BigInteger rest = v;
        for (int k = 0; k < 4; k++) {
          a[k] = rest.longValue() & ((1L << 51) - 1);
          rest = rest.shiftRight(51);
        }
        a[4] = rest.longValueExact();
        Field.encode(bytes, 0, a, 0, r, 0);
        assertEquals(v.mod(Field.P), exact(r));
        Field.decode(a, 0, bytes, 0);
        assertEquals(v.mod(Field.P), value(a));
      }
    }
  }

  @Test
  void constants_areWhatTheirNamesSay() {
    BigInteger d = value(Edwards.D);
    BigInteger one = BigInteger.ONE;
    assertEquals(
        BigInteger.valueOf(-121665)
            .multiply(BigInteger.valueOf(121666).modInverse(Field.P))
            .mod(Field.P),
        d);
    assertEquals(Field.P.subtract(one), value(Edwards.SQRT_M1).pow(2).mod(Field.P));
    assertEquals(
        d.negate().subtract(one).mod(Field.P),
        value(Edwards.SQRT_AD_MINUS_ONE).pow(2).mod(Field.P));
    assertEquals(
        one,
        value(Edwards.INVSQRT_A_MINUS_D).pow(2).multiply(one.negate().subtract(d)).mod(Field.P));
  }
}
