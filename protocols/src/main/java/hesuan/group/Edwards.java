package hesuan.group;

import java.math.BigInteger;

/**
 * The curve behind the group, -x^2 + y^2 = 1 + d x^2 y^2, with the scratch space of one thread. A
 * point is twenty limbs (X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z); a table entry is (Y+X, Y-X,
 * Z, 2dT). Formulas: Hisil, Wong, Carter, Dawson 2008 for a = -1; encoding and map: RFC 9496,
 * section 4.3.
 */
final class Edwards {
  static final int X = 0;
  static final int Y = 5;
  static final int Z = 10;
  static final int T = 15;
  static final int POINT = 20;
  private static final int WINDOW = 8;

  static final BigInteger D_VALUE =
      new BigInteger(
          "37095705934669439343138083508754565189542113879843219016388785533085940283555");
  static final BigInteger SQRT_M1_VALUE =
      new BigInteger(
          "19681161376707505956807079304988542015446066515923890162744021073123829784752");
  static final BigInteger SQRT_AD_MINUS_ONE_VALUE =
      new BigInteger(
          "25063068953384623474111414158702152701244531502492656460079210482610430750235");
  static final BigInteger INVSQRT_A_MINUS_D_VALUE =
      new BigInteger(
          "54469307008909316920995813868745141605393597292927456921205312896311721017578");
  static final BigInteger ONE_MINUS_D_SQ_VALUE = BigInteger.ONE.subtract(D_VALUE.multiply(D_VALUE));
  static final BigInteger D_MINUS_ONE_SQ_VALUE = D_VALUE.subtract(BigInteger.ONE).pow(2);
  static final long[] D = Field.constant(D_VALUE);
  static final long[] D2 = Field.constant(D_VALUE.shiftLeft(1));
  static final long[] SQRT_M1 = Field.constant(SQRT_M1_VALUE);
  static final long[] SQRT_AD_MINUS_ONE = Field.constant(SQRT_AD_MINUS_ONE_VALUE);
  static final long[] INVSQRT_A_MINUS_D = Field.constant(INVSQRT_A_MINUS_D_VALUE);
  static final long[] ONE_MINUS_D_SQ = Field.constant(ONE_MINUS_D_SQ_VALUE);
  static final long[] D_MINUS_ONE_SQ = Field.constant(D_MINUS_ONE_SQ_VALUE);
  static final long[] ONE = Field.constant(BigInteger.ONE);

  private final long[] power = new long[20];
  private final long[] t = new long[60];
  private final long[] half = new long[POINT];
  private final long[] table = new long[WINDOW * POINT];
  private final long[] chosen = new long[POINT];
  private final long[] other = new long[POINT];
  private final byte[] digits = new byte[64];
  private final byte[] check = new byte[32];

  static void identity(long[] p, int o) {
    Field.set(p, o + X, 0);
    Field.set(p, o + Y, 1);
    Field.set(p, o + Z, 1);
    Field.set(p, o + T, 0);
  }

  /** half = 2 p, to be finished by {@link #finish}; needs X, Y, Z of p only. */
  private void twice(long[] p, int o) {
    Field.square(t, 0, p, o + X);
    Field.square(t, 5, p, o + Y);
    Field.square(t, 10, p, o + Z);
    Field.add(t, 15, p, o + X, p, o + Y);
    Field.square(t, 15, t, 15);
    Field.add(half, Y, t, 5, t, 0);
    Field.subtract(half, Z, t, 5, t, 0);
    Field.subtract(half, X, t, 15, half, Y);
    Field.add(half, T, t, 10, t, 10);
    Field.subtract(half, T, half, T, half, Z);
  }

  /** half = p + entry, where the entry is a table entry. */
  private void plus(long[] p, int o, long[] entry, int e) {
    Field.multiply(t, 15, p, o + Z, entry, e + Z);
    sum(p, o, entry, e, e + T);
  }

  /** half = p + entry, where the entry is an affine table entry (Y+X, Y-X, 2dT). */
  private void plusAffine(long[] p, int o, long[] entry, int e) {
    Field.copy(t, 15, p, o + Z);
    sum(p, o, entry, e, e + 10);
  }

  private void sum(long[] p, int o, long[] entry, int e, int entryT) {
    Field.add(t, 0, p, o + Y, p, o + X);
    Field.subtract(t, 5, p, o + Y, p, o + X);
    Field.multiply(t, 0, t, 0, entry, e);
    Field.multiply(t, 5, t, 5, entry, e + 5);
    Field.multiply(t, 10, p, o + T, entry, entryT);
    Field.add(t, 15, t, 15, t, 15);
    Field.subtract(half, X, t, 0, t, 5);
    Field.add(half, Y, t, 0, t, 5);
    Field.add(half, Z, t, 15, t, 10);
    Field.subtract(half, T, t, 15, t, 10);
  }

  private void finish(long[] p, int o, boolean withT) {
    Field.multiply(p, o + X, half, X, half, T);
    Field.multiply(p, o + Y, half, Y, half, Z);
    Field.multiply(p, o + Z, half, Z, half, T);
    if (withT) {
      Field.multiply(p, o + T, half, X, half, Y);
    }
  }

  void doubled(long[] r, int ro, long[] p, int o) {
    twice(p, o);
    finish(r, ro, true);
  }

  void add(long[] r, int ro, long[] p, int o, long[] q, int qo) {
    toEntry(other, 0, q, qo);
    plus(p, o, other, 0);
    finish(r, ro, true);
  }

  void subtract(long[] r, int ro, long[] p, int o, long[] q, int qo) {
    toEntry(other, 0, q, qo);
    negateEntry(-1L, other, 0, 15);
    plus(p, o, other, 0);
    finish(r, ro, true);
  }

  /** p = p + affine entry. */
  void addAffine(long[] p, int o, long[] entry, int e) {
    plusAffine(p, o, entry, e);
    finish(p, o, true);
  }

  private static void toEntry(long[] entry, int e, long[] p, int o) {
    Field.add(entry, e, p, o + Y, p, o + X);
    Field.subtract(entry, e + 5, p, o + Y, p, o + X);
    Field.copy(entry, e + 10, p, o + Z);
    Field.multiply(entry, e + 15, p, o + T, D2, 0);
  }

  /** Writes (Y+X, Y-X, 2dT) of p with Z = 1, tight enough to be added to. */
  void toAffineEntry(long[] entry, int e, long[] p, int o) {
    Field.invert(t, 0, p, o + Z, power);
    Field.multiply(t, 5, p, o + X, t, 0);
    Field.multiply(t, 10, p, o + Y, t, 0);
    Field.add(entry, e, t, 10, t, 5);
    Field.subtract(entry, e + 5, t, 10, t, 5);
    Field.multiply(t, 5, t, 5, t, 10);
    Field.multiply(entry, e + 10, t, 5, D2, 0);
  }

  private static void negateEntry(long mask, long[] entry, int e, int entryT) {
    for (int i = 0; i < Field.LIMBS; i++) {
      long swap = mask & (entry[e + i] ^ entry[e + 5 + i]);
      entry[e + i] ^= swap;
      entry[e + 5 + i] ^= swap;
    }
    Field.negateIf(mask, entry, e + entryT);
  }

  /**
   * Copies entry |digit| of eight (or the neutral one for 0) to {@code to}, negated for a negative
   * digit, reading all eight.
   */
  static void choose(long[] to, long[] entries, int at, int size, int digit, int entryT) {
    long sign = digit >> 31;
    int magnitude = (int) ((digit ^ sign) - sign);
    java.util.Arrays.fill(to, 0, size, 0);
    for (int k = 1; k <= WINDOW; k++) {
      long mask = ((long) (k ^ magnitude) - 1) >> 63;
      int from = at + (k - 1) * size;
      for (int i = 0; i < size; i++) {
        to[i] |= mask & entries[from + i];
      }
    }
    long none = ((long) magnitude - 1) >> 63;
    to[0] |= none & 1;
    to[5] |= none & 1;
    if (size == POINT) {
      to[10] |= none & 1;
    }
    negateEntry(sign, to, 0, entryT);
  }

  /** r = scalar p; fixed windows of four bits, no branch or index on the scalar. r may be p. */
  void multiply(long[] r, int ro, long[] p, int o, byte[] scalar, int at) {
    toEntry(table, 0, p, o);
    System.arraycopy(p, o, chosen, 0, POINT);
    for (int k = 1; k < WINDOW; k++) {
      plus(chosen, 0, table, 0);
      finish(chosen, 0, true);
      toEntry(table, k * POINT, chosen, 0);
    }
    Scalar.digits(digits, scalar, at);
    identity(r, ro);
    for (int i = 63; i >= 0; i--) {
      if (i != 63) {
        twice(r, ro);
        finish(r, ro, false);
        twice(r, ro);
        finish(r, ro, false);
        twice(r, ro);
        finish(r, ro, false);
        twice(r, ro);
        finish(r, ro, true);
      }
      choose(chosen, table, 0, POINT, digits[i], 15);
      plus(r, ro, chosen, 0);
      finish(r, ro, i == 0);
    }
  }

  /**
   * r = sqrt(u / v) or sqrt(i u / v), never negative.
   *
   * @return all ones when u / v was a square
   */
  private long sqrtRatio(long[] r, int ro, long[] u, int uo, long[] v, int vo) {
    long[] w = sqrtScratch;
    Field.square(w, 0, v, vo);
    Field.multiply(w, 0, w, 0, v, vo); // v^3
    Field.square(w, 5, w, 0);
    Field.multiply(w, 5, w, 5, v, vo); // v^7
    Field.multiply(w, 5, w, 5, u, uo);
    Field.powP58(w, 5, w, 5, power);
    Field.multiply(w, 5, w, 5, w, 0);
    Field.multiply(w, 5, w, 5, u, uo);
    Field.square(w, 10, w, 5);
    Field.multiply(w, 10, w, 10, v, vo); // check
    Field.subtract(w, 15, w, 10, u, uo);
    long correct = Field.zeroMask(w, 15, w, 20);
    Field.add(w, 15, w, 10, u, uo);
    long flipped = Field.zeroMask(w, 15, w, 20);
    Field.multiply(w, 15, u, uo, SQRT_M1, 0);
    Field.add(w, 15, w, 10, w, 15);
    long flippedI = Field.zeroMask(w, 15, w, 20);
    Field.multiply(w, 10, w, 5, SQRT_M1, 0);
    Field.select(flipped | flippedI, w, 5, w, 10);
    Field.negateIf(Field.negativeMask(w, 5, w, 20), w, 5);
    Field.copy(r, ro, w, 5);
    return correct | flipped;
  }

  private final long[] sqrtScratch = new long[25];

  /** Section 4.3.1. Returns false for anything but the encoding of an element. */
  boolean decode(long[] p, int o, byte[] in, int at) {
    Field.decode(t, 0, in, at);
    Field.encode(check, 0, t, 0, t, 5);
    long canonical = 0;
    for (int i = 0; i < 32; i++) {
      canonical |= check[i] ^ in[at + i];
    }
    long negative = in[at] & 1;
    Field.square(t, 5, t, 0); // ss
    Field.subtract(t, 10, ONE, 0, t, 5); // u1
    Field.add(t, 15, ONE, 0, t, 5); // u2
    Field.square(t, 20, t, 15); // u2^2
    Field.square(t, 25, t, 10);
    Field.multiply(t, 25, t, 25, D, 0);
    Field.add(t, 25, t, 25, t, 20);
    Field.negateIf(-1L, t, 25); // v
    Field.multiply(t, 30, t, 25, t, 20);
    long square = sqrtRatio(t, 35, ONE, 0, t, 30);
    Field.multiply(t, 40, t, 35, t, 15); // den_x
    Field.multiply(t, 45, t, 35, t, 40);
    Field.multiply(t, 45, t, 45, t, 25); // den_y
    Field.add(t, 50, t, 0, t, 0);
    Field.multiply(t, 50, t, 50, t, 40);
    Field.negateIf(Field.negativeMask(t, 50, t, 55), t, 50);
    Field.copy(p, o + X, t, 50);
    Field.multiply(p, o + Y, t, 10, t, 45);
    Field.set(p, o + Z, 1);
    Field.multiply(p, o + T, p, o + X, p, o + Y);
    long bad =
        canonical
            | negative
            | ~square
            | Field.negativeMask(p, o + T, t, 55)
            | Field.zeroMask(p, o + Y, t, 55);
    return bad == 0;
  }

  /** Section 4.3.2. */
  void encode(byte[] out, int at, long[] p, int o) {
    Field.add(t, 0, p, o + Z, p, o + Y);
    Field.subtract(t, 5, p, o + Z, p, o + Y);
    Field.multiply(t, 0, t, 0, t, 5); // u1
    Field.multiply(t, 5, p, o + X, p, o + Y); // u2
    Field.square(t, 10, t, 5);
    Field.multiply(t, 10, t, 10, t, 0);
    sqrtRatio(t, 10, ONE, 0, t, 10); // invsqrt
    Field.multiply(t, 0, t, 0, t, 10); // den1
    Field.multiply(t, 5, t, 5, t, 10); // den2
    Field.multiply(t, 15, t, 0, t, 5);
    Field.multiply(t, 15, t, 15, p, o + T); // z_inv
    Field.multiply(t, 20, p, o + T, t, 15);
    long rotate = Field.negativeMask(t, 20, t, 55);
    Field.copy(t, 25, p, o + X);
    Field.multiply(t, 30, p, o + Y, SQRT_M1, 0);
    Field.select(rotate, t, 25, t, 30); // x
    Field.copy(t, 35, p, o + Y);
    Field.multiply(t, 30, p, o + X, SQRT_M1, 0);
    Field.select(rotate, t, 35, t, 30); // y
    Field.multiply(t, 30, t, 0, INVSQRT_A_MINUS_D, 0);
    Field.select(rotate, t, 5, t, 30); // den_inv
    Field.multiply(t, 20, t, 25, t, 15);
    Field.negateIf(Field.negativeMask(t, 20, t, 55), t, 35);
    Field.subtract(t, 20, p, o + Z, t, 35);
    Field.multiply(t, 20, t, 20, t, 5);
    Field.negateIf(Field.negativeMask(t, 20, t, 55), t, 20);
    Field.encode(out, at, t, 20, t, 55);
  }

  /** Section 4.3.4: 64 uniform bytes to an element. */
  void map(long[] p, int o, byte[] uniform, int at) {
    mapHalf(p, o, uniform, at);
    mapHalf(chosen, 0, uniform, at + 32);
    add(p, o, p, o, chosen, 0);
  }

  private void mapHalf(long[] p, int o, byte[] in, int at) {
    Field.decode(t, 0, in, at);
    Field.square(t, 5, t, 0);
    Field.multiply(t, 5, t, 5, SQRT_M1, 0); // r
    Field.add(t, 10, t, 5, ONE, 0);
    Field.multiply(t, 10, t, 10, ONE_MINUS_D_SQ, 0); // u
    Field.multiply(t, 15, t, 5, D, 0);
    Field.add(t, 15, t, 15, ONE, 0);
    Field.negateIf(-1L, t, 15);
    Field.add(t, 20, t, 5, D, 0);
    Field.multiply(t, 15, t, 15, t, 20); // v
    long square = sqrtRatio(t, 20, t, 10, t, 15); // s
    Field.multiply(t, 25, t, 20, t, 0);
    Field.negateIf(~Field.negativeMask(t, 25, t, 55), t, 25); // s' = -|s t|
    Field.select(~square, t, 20, t, 25);
    Field.set(t, 30, -1);
    Field.select(~square, t, 30, t, 5); // c
    Field.subtract(t, 35, t, 5, ONE, 0);
    Field.multiply(t, 35, t, 35, t, 30);
    Field.multiply(t, 35, t, 35, D_MINUS_ONE_SQ, 0);
    Field.subtract(t, 35, t, 35, t, 15); // N
    Field.add(t, 40, t, 20, t, 20);
    Field.multiply(t, 40, t, 40, t, 15); // w0
    Field.multiply(t, 45, t, 35, SQRT_AD_MINUS_ONE, 0); // w1
    Field.square(t, 20, t, 20);
    Field.subtract(t, 50, ONE, 0, t, 20); // w2
    Field.add(t, 20, ONE, 0, t, 20); // w3
    Field.multiply(p, o + X, t, 40, t, 20);
    Field.multiply(p, o + Y, t, 50, t, 45);
    Field.multiply(p, o + Z, t, 45, t, 20);
    Field.multiply(p, o + T, t, 40, t, 50);
  }

  /** The neutral element: X = 0 or Y = 0, because the group is the curve modulo its torsion. */
  boolean isIdentity(long[] p, int o) {
    return (Field.zeroMask(p, o + X, t, 55) | Field.zeroMask(p, o + Y, t, 55)) != 0;
  }
}
