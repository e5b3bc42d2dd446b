package hesuan.vole;

/**
 * The field GF(2)[x] modulo x^128 + x^7 + x^2 + x + 1. Elements lie in flat arrays, two words each:
 * element i is {@code v[2 i]} (low) and {@code v[2 i + 1]} (high), bit k of the low word being the
 * coefficient of x^k. Nothing here branches or indexes on a value.
 */
public final class Gf128 {
  /** x^128 in terms of lower powers. */
  static final long REDUCTION = 0x87;

  private static final long M0 = 0x1111111111111111L;
  private static final long M1 = 0x2222222222222222L;
  private static final long M2 = 0x4444444444444444L;
  private static final long M3 = 0x8888888888888888L;

  private Gf128() {}

  /** r[ri] = x[xi] y[yi], indexes counting elements; r may be x or y. */
  public static void multiply(long[] r, int ri, long[] x, int xi, long[] y, int yi) {
    multiply(r, ri, x[2 * xi], x[2 * xi + 1], y[2 * yi], y[2 * yi + 1]);
  }

  /** r[ri] = (x0, x1) (y0, y1), low words first. */
  public static void multiply(long[] r, int ri, long x0, long x1, long y0, long y1) {
    long x0r = Long.reverse(x0);
    long x1r = Long.reverse(x1);
    long y0r = Long.reverse(y0);
    long y1r = Long.reverse(y1);
    long z0 = low(x0, y0);
    long z2 = low(x1, y1);
    long z1 = low(x0 ^ x1, y0 ^ y1) ^ z0 ^ z2;
    long z0h = Long.reverse(low(x0r, y0r)) >>> 1;
    long z2h = Long.reverse(low(x1r, y1r)) >>> 1;
    long z1h = (Long.reverse(low(x0r ^ x1r, y0r ^ y1r)) >>> 1) ^ z0h ^ z2h;
    reduce(r, ri, z0, z0h ^ z1, z2 ^ z1h, z2h);
  }

  /** r[ri] = x[xi]^2. */
  public static void square(long[] r, int ri, long[] x, int xi) {
    long low = x[2 * xi];
    long high = x[2 * xi + 1];
    reduce(r, ri, spread(low), spread(low >>> 32), spread(high), spread(high >>> 32));
  }

  /** r[ri] = x[xi]^-1, or 0 for 0: x^(2^128 - 2). */
  public static void invert(long[] r, int ri, long[] x, int xi) {
    long[] power = {x[2 * xi], x[2 * xi + 1]};
    long[] product = {1, 0};
    for (int i = 1; i < 128; i++) {
      square(power, 0, power, 0);
      multiply(product, 0, product, 0, power, 0);
    }
    r[2 * ri] = product[0];
    r[2 * ri + 1] = product[1];
  }

  /** The low 64 bits of the carry-less product: integer products of every fourth bit. */
  private static long low(long x, long y) {
    long x0 = x & M0;
    long x1 = x & M1;
    long x2 = x & M2;
    long x3 = x & M3;
    long y0 = y & M0;
    long y1 = y & M1;
    long y2 = y & M2;
    long y3 = y & M3;
    long z0 = (x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1);
    long z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2);
    long z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3);
    long z3 = (x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0);
    return (z0 & M0) | (z1 & M1) | (z2 & M2) | (z3 & M3);
  }

  /** The lower 32 bits at the even places. */
  private static long spread(long x) {
    long z = x & 0xffffffffL;
    z = (z | z << 16) & 0x0000ffff0000ffffL;
    z = (z | z << 8) & 0x00ff00ff00ff00ffL;
    z = (z | z << 4) & 0x0f0f0f0f0f0f0f0fL;
    z = (z | z << 2) & 0x3333333333333333L;
    return (z | z << 1) & 0x5555555555555555L;
  }

  private static void reduce(long[] r, int ri, long z0, long z1, long z2, long z3) {
    long low = z0 ^ z2 ^ z2 << 1 ^ z2 << 2 ^ z2 << 7;
    long high = z1 ^ z3 ^ z3 << 1 ^ z3 << 2 ^ z3 << 7;
    high ^= z2 >>> 63 ^ z2 >>> 62 ^ z2 >>> 57;
    long over = z3 >>> 63 ^ z3 >>> 62 ^ z3 >>> 57;
    r[2 * ri] = low ^ over ^ over << 1 ^ over << 2 ^ over << 7;
    r[2 * ri + 1] = high;
  }
}
