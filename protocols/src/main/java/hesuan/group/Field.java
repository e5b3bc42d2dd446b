package hesuan.group;

import java.math.BigInteger;

/**
 * Integers modulo p = 2^255 - 19 as five signed limbs of radix 2^51 inside a flat {@code long[]}.
 *
 * <p>Results of {@link #multiply} and {@link #square} are tight: every limb is at most 2^50 + 2^10
 * in magnitude. Both accept limbs below 2^53, so up to seven tight values may be added or
 * subtracted in between without a carry. A product of limbs a, b is split at bit 54: {@code
 * multiplyHigh(a << 10, b)} is the part above it; the sum of the parts below is the sum of the
 * wrapped low products less the upper sum shifted up, which is exact because five such parts stay
 * under 2^57.
 */
final class Field {
  static final BigInteger P = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));
  static final int LIMBS = 5;
  private static final long MASK = (1L << 51) - 1;
  private static final long HALF = 1L << 50;

  private Field() {}

  static long[] constant(BigInteger value) {
    long[] r = new long[LIMBS];
    BigInteger rest = value.mod(P);
    for (int i = 0; i < LIMBS; i++) {
      r[i] = rest.longValue() & MASK;
      rest = rest.shiftRight(51);
    }
    return r;
  }

  static void copy(long[] r, int ro, long[] a, int ao) {
    System.arraycopy(a, ao, r, ro, LIMBS);
  }

  static void set(long[] r, int ro, int value) {
    r[ro] = value;
    r[ro + 1] = 0;
    r[ro + 2] = 0;
    r[ro + 3] = 0;
    r[ro + 4] = 0;
  }

  static void add(long[] r, int ro, long[] a, int ao, long[] b, int bo) {
    r[ro] = a[ao] + b[bo];
    r[ro + 1] = a[ao + 1] + b[bo + 1];
    r[ro + 2] = a[ao + 2] + b[bo + 2];
    r[ro + 3] = a[ao + 3] + b[bo + 3];
    r[ro + 4] = a[ao + 4] + b[bo + 4];
  }

  static void subtract(long[] r, int ro, long[] a, int ao, long[] b, int bo) {
    r[ro] = a[ao] - b[bo];
    r[ro + 1] = a[ao + 1] - b[bo + 1];
    r[ro + 2] = a[ao + 2] - b[bo + 2];
    r[ro + 3] = a[ao + 3] - b[bo + 3];
    r[ro + 4] = a[ao + 4] - b[bo + 4];
  }

  static void multiply(long[] r, int ro, long[] a, int ao, long[] b, int bo) {
    long a0 = a[ao];
    long a1 = a[ao + 1];
    long a2 = a[ao + 2];
    long a3 = a[ao + 3];
    long a4 = a[ao + 4];
    long b0 = b[bo];
    long b1 = b[bo + 1];
    long b2 = b[bo + 2];
    long b3 = b[bo + 3];
    long b4 = b[bo + 4];
    long c1 = 19 * b1;
    long c2 = 19 * b2;
    long c3 = 19 * b3;
    long c4 = 19 * b4;
    long s0 = a0 << 10;
    long s1 = a1 << 10;
    long s2 = a2 << 10;
    long s3 = a3 << 10;
    long s4 = a4 << 10;
    long h0 =
        Math.multiplyHigh(s0, b0)
            + Math.multiplyHigh(s1, c4)
            + Math.multiplyHigh(s2, c3)
            + Math.multiplyHigh(s3, c2)
            + Math.multiplyHigh(s4, c1);
    long h1 =
        Math.multiplyHigh(s0, b1)
            + Math.multiplyHigh(s1, b0)
            + Math.multiplyHigh(s2, c4)
            + Math.multiplyHigh(s3, c3)
            + Math.multiplyHigh(s4, c2);
    long h2 =
        Math.multiplyHigh(s0, b2)
            + Math.multiplyHigh(s1, b1)
            + Math.multiplyHigh(s2, b0)
            + Math.multiplyHigh(s3, c4)
            + Math.multiplyHigh(s4, c3);
    long h3 =
        Math.multiplyHigh(s0, b3)
            + Math.multiplyHigh(s1, b2)
            + Math.multiplyHigh(s2, b1)
            + Math.multiplyHigh(s3, b0)
            + Math.multiplyHigh(s4, c4);
    long h4 =
        Math.multiplyHigh(s0, b4)
            + Math.multiplyHigh(s1, b3)
            + Math.multiplyHigh(s2, b2)
            + Math.multiplyHigh(s3, b1)
            + Math.multiplyHigh(s4, b0);
    long l0 = a0 * b0 + a1 * c4 + a2 * c3 + a3 * c2 + a4 * c1 - (h0 << 54);
    long l1 = a0 * b1 + a1 * b0 + a2 * c4 + a3 * c3 + a4 * c2 - (h1 << 54);
    long l2 = a0 * b2 + a1 * b1 + a2 * b0 + a3 * c4 + a4 * c3 - (h2 << 54);
    long l3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + a4 * c4 - (h3 << 54);
    long l4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - (h4 << 54);
    carry(r, ro, l0 + 152 * h4, l1 + (h0 << 3), l2 + (h1 << 3), l3 + (h2 << 3), l4 + (h3 << 3));
  }

  static void square(long[] r, int ro, long[] a, int ao) {
    long a0 = a[ao];
    long a1 = a[ao + 1];
    long a2 = a[ao + 2];
    long a3 = a[ao + 3];
    long a4 = a[ao + 4];
    long d1 = 2 * a1;
    long d2 = 2 * a2;
    long d3 = 2 * a3;
    long d4 = 2 * a4;
    long c3 = 19 * a3;
    long e3 = 38 * a3;
    long c4 = 19 * a4;
    long e4 = 38 * a4;
    long s0 = a0 << 10;
    long s1 = a1 << 10;
    long s2 = a2 << 10;
    long s3 = a3 << 10;
    long s4 = a4 << 10;
    long h0 = Math.multiplyHigh(s0, a0) + Math.multiplyHigh(s1, e4) + Math.multiplyHigh(s2, e3);
    long h1 = Math.multiplyHigh(s0, d1) + Math.multiplyHigh(s2, e4) + Math.multiplyHigh(s3, c3);
    long h2 = Math.multiplyHigh(s0, d2) + Math.multiplyHigh(s1, a1) + Math.multiplyHigh(s3, e4);
    long h3 = Math.multiplyHigh(s0, d3) + Math.multiplyHigh(s1, d2) + Math.multiplyHigh(s4, c4);
    long h4 = Math.multiplyHigh(s0, d4) + Math.multiplyHigh(s1, d3) + Math.multiplyHigh(s2, a2);
    long l0 = a0 * a0 + a1 * e4 + a2 * e3 - (h0 << 54);
    long l1 = a0 * d1 + a2 * e4 + a3 * c3 - (h1 << 54);
    long l2 = a0 * d2 + a1 * a1 + a3 * e4 - (h2 << 54);
    long l3 = a0 * d3 + a1 * d2 + a4 * c4 - (h3 << 54);
    long l4 = a0 * d4 + a1 * d3 + a2 * a2 - (h4 << 54);
    carry(r, ro, l0 + 152 * h4, l1 + (h0 << 3), l2 + (h1 << 3), l3 + (h2 << 3), l4 + (h3 << 3));
  }

  private static void carry(long[] r, int ro, long r0, long r1, long r2, long r3, long r4) {
    long c = (r0 + HALF) >> 51;
    r0 -= c << 51;
    r1 += c;
    c = (r1 + HALF) >> 51;
    r1 -= c << 51;
    r2 += c;
    c = (r2 + HALF) >> 51;
    r2 -= c << 51;
    r3 += c;
    c = (r3 + HALF) >> 51;
    r3 -= c << 51;
    r4 += c;
    c = (r4 + HALF) >> 51;
    r4 -= c << 51;
    r0 += 19 * c;
    c = (r0 + HALF) >> 51;
    r0 -= c << 51;
    r1 += c;
    r[ro] = r0;
    r[ro + 1] = r1;
    r[ro + 2] = r2;
    r[ro + 3] = r3;
    r[ro + 4] = r4;
  }

  /** r = a^(2^count). */
  static void squareTimes(long[] r, int ro, long[] a, int ao, int count) {
    square(r, ro, a, ao);
    for (int i = 1; i < count; i++) {
      square(r, ro, r, ro);
    }
  }

  /** r = a^((p - 5) / 8); {@code t} is scratch for four elements. */
  static void powP58(long[] r, int ro, long[] a, int ao, long[] t) {
    powTo250(t, a, ao);
    squareTimes(t, 0, t, 0, 2);
    multiply(r, ro, t, 0, a, ao);
  }

  /** r = 1 / a, and 0 for 0; {@code t} is scratch for four elements. */
  static void invert(long[] r, int ro, long[] a, int ao, long[] t) {
    powTo250(t, a, ao);
    squareTimes(t, 0, t, 0, 5);
    multiply(r, ro, t, 0, t, 15);
  }

  /** t[0] = a^(2^250 - 1), t[15] = a^11. */
  private static void powTo250(long[] t, long[] a, int ao) {
    square(t, 0, a, ao); // 2
    squareTimes(t, 5, t, 0, 2); // 8
    multiply(t, 5, a, ao, t, 5); // 9
    multiply(t, 15, t, 0, t, 5); // 11
    square(t, 0, t, 15); // 22
    multiply(t, 0, t, 5, t, 0); // 2^5 - 1
    squareTimes(t, 5, t, 0, 5);
    multiply(t, 0, t, 5, t, 0); // 2^10 - 1
    squareTimes(t, 5, t, 0, 10);
    multiply(t, 5, t, 5, t, 0); // 2^20 - 1
    squareTimes(t, 10, t, 5, 20);
    multiply(t, 5, t, 10, t, 5); // 2^40 - 1
    squareTimes(t, 5, t, 5, 10);
    multiply(t, 0, t, 5, t, 0); // 2^50 - 1
    squareTimes(t, 5, t, 0, 50);
    multiply(t, 5, t, 5, t, 0); // 2^100 - 1
    squareTimes(t, 10, t, 5, 100);
    multiply(t, 5, t, 10, t, 5); // 2^200 - 1
    squareTimes(t, 5, t, 5, 50);
    multiply(t, 0, t, 5, t, 0); // 2^250 - 1
  }

  /** Brings each limb into [0, 2^51), the value into [0, p). Accepts limbs below 2^53. */
  static void canonical(long[] r, int ro, long[] a, int ao) {
    // 16 p keeps every limb positive, so that floor carries leave the value under 2^255 + 2^51.
    long r0 = a[ao] + 16 * (MASK - 18);
    long r1 = a[ao + 1] + 16 * MASK;
    long r2 = a[ao + 2] + 16 * MASK;
    long r3 = a[ao + 3] + 16 * MASK;
    long r4 = a[ao + 4] + 16 * MASK;
    for (int round = 0; round < 2; round++) {
      r1 += r0 >> 51;
      r0 &= MASK;
      r2 += r1 >> 51;
      r1 &= MASK;
      r3 += r2 >> 51;
      r2 &= MASK;
      r4 += r3 >> 51;
      r3 &= MASK;
      r0 += 19 * (r4 >> 51);
      r4 &= MASK;
    }
    long q = (r0 + 19) >> 51;
    q = (r1 + q) >> 51;
    q = (r2 + q) >> 51;
    q = (r3 + q) >> 51;
    q = (r4 + q) >> 51;
    r0 += 19 * q;
    r1 += r0 >> 51;
    r2 += r1 >> 51;
    r3 += r2 >> 51;
    r4 += r3 >> 51;
    r[ro] = r0 & MASK;
    r[ro + 1] = r1 & MASK;
    r[ro + 2] = r2 & MASK;
    r[ro + 3] = r3 & MASK;
    r[ro + 4] = r4 & MASK;
  }

  /** All ones if the value is odd in [0, p), else 0; {@code t} is scratch for one element. */
  static long negativeMask(long[] a, int ao, long[] t, int to) {
    canonical(t, to, a, ao);
    return -(t[to] & 1);
  }

  /** All ones if the value is 0 modulo p, else 0. */
  static long zeroMask(long[] a, int ao, long[] t, int to) {
    canonical(t, to, a, ao);
    long any = t[to] | t[to + 1] | t[to + 2] | t[to + 3] | t[to + 4];
    return (any - 1) >> 63;
  }

  /** r = mask ? a : r. */
  static void select(long mask, long[] r, int ro, long[] a, int ao) {
    for (int i = 0; i < LIMBS; i++) {
      r[ro + i] ^= mask & (r[ro + i] ^ a[ao + i]);
    }
  }

  /** r = mask ? -r : r. */
  static void negateIf(long mask, long[] r, int ro) {
    for (int i = 0; i < LIMBS; i++) {
      r[ro + i] = (r[ro + i] ^ mask) - mask;
    }
  }

  /** Reads 255 bits, little-endian; the top bit of the last byte is ignored. */
  static void decode(long[] r, int ro, byte[] in, int at) {
    long w0 = word(in, at);
    long w1 = word(in, at + 8);
    long w2 = word(in, at + 16);
    long w3 = word(in, at + 24);
    r[ro] = w0 & MASK;
    r[ro + 1] = (w0 >>> 51 | w1 << 13) & MASK;
    r[ro + 2] = (w1 >>> 38 | w2 << 26) & MASK;
    r[ro + 3] = (w2 >>> 25 | w3 << 39) & MASK;
    r[ro + 4] = w3 >>> 12 & MASK;
  }

  /** Writes the canonical 32 bytes; {@code t} is scratch for one element. */
  static void encode(byte[] out, int at, long[] a, int ao, long[] t, int to) {
    canonical(t, to, a, ao);
    putWord(out, at, t[to] | t[to + 1] << 51);
    putWord(out, at + 8, t[to + 1] >>> 13 | t[to + 2] << 38);
    putWord(out, at + 16, t[to + 2] >>> 26 | t[to + 3] << 25);
    putWord(out, at + 24, t[to + 3] >>> 39 | t[to + 4] << 12);
  }

  static long word(byte[] in, int at) {
    return (long) WORD.get(in, at);
  }

  static void putWord(byte[] out, int at, long value) {
    WORD.set(out, at, value);
  }

  private static final java.lang.invoke.VarHandle WORD =
      java.lang.invoke.MethodHandles.byteArrayViewVarHandle(
          long[].class, java.nio.ByteOrder.LITTLE_ENDIAN);
}
