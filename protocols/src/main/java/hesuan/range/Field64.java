package hesuan.range;

/**
 * The prime field of 2^64 - 2^32 + 1 elements (VDAF, section 6.1.2), whose group has roots of unity
 * of every order 2^n up to 2^32. Elements are unsigned, below the modulus. Without branches on
 * secrets but for what the compiler makes of comparisons.
 */
public final class Field64 {
  public static final long MODULUS = 0xffff_ffff_0000_0001L;

  /** Up to this number an element is itself, above a negative one. */
  public static final long SIGNED_MAX = MODULUS >>> 1;

  /** 2^64 modulo the modulus. */
  private static final long WRAP = 0xffff_ffffL;

  static final long HALF = inverse(2);

  private Field64() {}

  static boolean isElement(long a) {
    return Long.compareUnsigned(a, MODULUS) < 0;
  }

  public static long add(long a, long b) {
    long sum = a + b;
    if (Long.compareUnsigned(sum, a) < 0) {
      return sum + WRAP;
    }
    return reduced(sum);
  }

  public static long subtract(long a, long b) {
    long difference = a - b;
    return Long.compareUnsigned(a, b) < 0 ? difference - WRAP : difference;
  }

  public static long multiply(long a, long b) {
    long high = Math.unsignedMultiplyHigh(a, b);
    long low = a * b;
    long top = high >>> 32; // times 2^96, which is -1
    long difference = low - top;
    if (Long.compareUnsigned(low, top) < 0) {
      difference -= WRAP;
    }
    long middle = (high & WRAP) * WRAP; // times 2^64, which is 2^32 - 1
    long sum = difference + middle;
    if (Long.compareUnsigned(sum, middle) < 0) {
      sum += WRAP;
    }
    return reduced(sum);
  }

  static long power(long a, long exponent) {
    long result = 1;
    for (long left = exponent; left != 0; left >>>= 1) {
      if ((left & 1) != 0) {
        result = multiply(result, a);
      }
      a = multiply(a, a);
    }
    return result;
  }

  static long inverse(long a) {
    return power(a, MODULUS - 2);
  }

  /**
   * A primitive root of unity of that order, a power of two: the one that the specification has.
   */
  static long root(int order) {
    return power(power(7, 0xffff_ffffL), (1L << 32) / order);
  }

  /** The number nearest to zero. */
  public static long toSigned(long element) {
    return Long.compareUnsigned(element, MODULUS >>> 1) > 0 ? element + WRAP : element;
  }

  private static long reduced(long a) {
    return Long.compareUnsigned(a, MODULUS) >= 0 ? a - MODULUS : a;
  }
}
