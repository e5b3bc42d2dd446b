package hesuan.group;

import java.math.BigInteger;
import java.security.SecureRandom;

/**
 * An exponent: 32 bytes, little-endian, below the group order. Mutable arrays stay inside; the
 * arithmetic is BigInteger's, so not constant-time: once per run, never per item.
 */
public final class Scalar {
  public static final BigInteger ORDER =
      BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));
  public static final int BYTES = 32;

  private static final byte[] ORDER_BYTES = littleEndian(ORDER);

  private final byte[] bytes;

  private Scalar(byte[] bytes) {
    this.bytes = bytes;
  }

  public static Scalar of(BigInteger value) {
    return new Scalar(littleEndian(value.mod(ORDER)));
  }

  private static byte[] littleEndian(BigInteger value) {
    byte[] big = value.toByteArray();
    byte[] little = new byte[BYTES];
    for (int i = 0; i < Math.min(BYTES, big.length); i++) {
      little[i] = big[big.length - 1 - i];
    }
    return little;
  }

  public static Scalar of(long value) {
    return of(BigInteger.valueOf(value));
  }

  /** Uniform on 1 to the order less one. */
  public static Scalar random(SecureRandom random) {
    while (true) {
      byte[] wide = new byte[64];
      random.nextBytes(wide);
      BigInteger value = new BigInteger(1, wide).mod(ORDER);
      if (value.signum() != 0) {
        return of(value);
      }
    }
  }

  /**
   * Random exponents for many items, 32 bytes each: uniform below 2^252, which is within 2^-127 of
   * uniform below the order and needs no reduction.
   */
  public static byte[] randomFlat(int count, SecureRandom random) {
    byte[] flat = new byte[Math.multiplyExact(count, BYTES)];
    random.nextBytes(flat);
    for (int i = 1; i <= count; i++) {
      flat[i * BYTES - 1] &= 0x0f;
    }
    return flat;
  }

  public Scalar times(Scalar other) {
    return of(value().multiply(other.value()));
  }

  /** The multiplicative inverse; zero has none. */
  public Scalar inverse() {
    return of(value().modInverse(ORDER));
  }

  public BigInteger value() {
    byte[] big = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      big[i] = bytes[BYTES - 1 - i];
    }
    return new BigInteger(1, big);
  }

  /** Writes the 32 bytes, least first, for the caller to keep and to wipe. */
  public void copyTo(byte[] to, int at) {
    System.arraycopy(bytes, 0, to, at, BYTES);
  }

  /** What {@link #copyTo} wrote. */
  public static Scalar ofEncoding(byte[] from, int at) {
    return new Scalar(java.util.Arrays.copyOfRange(from, at, at + BYTES));
  }

  byte[] bytes() {
    return bytes;
  }

  /** The bytes of half of it modulo the order; no branch on the value. */
  byte[] halved() {
    int odd = -(bytes[0] & 1);
    byte[] half = new byte[BYTES];
    int carry = 0;
    for (int i = 0; i < BYTES; i++) {
      carry += (bytes[i] & 255) + (ORDER_BYTES[i] & odd & 255);
      half[i] = (byte) carry;
      carry >>= 8;
    }
    for (int i = 0; i < BYTES; i++) {
      int next = i + 1 < BYTES ? half[i + 1] & 1 : carry;
      half[i] = (byte) ((half[i] & 255) >> 1 | next << 7);
    }
    return half;
  }

  /**
   * Sixteen-ary digits in [-8, 8), least first, of any 32 bytes below 2^253; no branch on the
   * value.
   */
  static void digits(byte[] digits, byte[] scalar, int at) {
    int carry = 0;
    for (int i = 0; i < BYTES; i++) {
      int low = (scalar[at + i] & 15) + carry;
      carry = (low + 8) >> 4;
      digits[2 * i] = (byte) (low - (carry << 4));
      int high = (scalar[at + i] >> 4 & 15) + carry;
      carry = (high + 8) >> 4;
      digits[2 * i + 1] = (byte) (high - (carry << 4));
    }
  }

  @Override
  public String toString() {
    return "Scalar[redacted]";
  }
}
