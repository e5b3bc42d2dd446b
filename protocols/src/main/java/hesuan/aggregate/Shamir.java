package hesuan.aggregate;

import java.security.SecureRandom;

/**
 * Shamir's sharing, byte by byte over GF(2^8) with the polynomial of AES. Multiplication runs
 * without tables or branches on secrets, because tables show through the cache.
 */
final class Shamir {
  private Shamir() {}

  /**
   * One share for each point; any {@code threshold} of them give the secret back, fewer say
   * nothing.
   *
   * @param points distinct, 1 to 255
   */
  static byte[][] split(byte[] secret, int threshold, int[] points, SecureRandom random) {
    byte[][] coefficients = new byte[threshold][];
    coefficients[0] = secret;
    for (int c = 1; c < threshold; c++) {
      coefficients[c] = new byte[secret.length];
      random.nextBytes(coefficients[c]);
    }
    byte[][] shares = new byte[points.length][secret.length];
    for (int p = 0; p < points.length; p++) {
      for (int i = 0; i < secret.length; i++) {
        int value = 0;
        for (int c = threshold - 1; c >= 0; c--) {
          value = multiply(value, points[p]) ^ (coefficients[c][i] & 0xff);
        }
        shares[p][i] = (byte) value;
      }
    }
    return shares;
  }

  /** The secret behind exactly {@code threshold} shares. */
  static byte[] combine(int[] points, byte[][] shares) {
    byte[] secret = new byte[shares[0].length];
    for (int p = 0; p < points.length; p++) {
      int above = 1; // Lagrange at zero: one quotient
      int below = 1;
      for (int other = 0; other < points.length; other++) {
        if (other != p) {
          above = multiply(above, points[other]);
          below = multiply(below, points[other] ^ points[p]);
        }
      }
      int weight = multiply(above, inverse(below));
      for (int i = 0; i < secret.length; i++) {
        secret[i] = (byte) (secret[i] ^ multiply(weight, shares[p][i] & 0xff));
      }
    }
    return secret;
  }

  static int multiply(int a, int b) {
    int product = 0;
    for (int bit = 0; bit < 8; bit++) {
      product ^= a & -(b >>> bit & 1);
      a = a << 1 ^ 0x11b & -(a >>> 7);
    }
    return product;
  }

  static int inverse(int a) {
    int power = a; // a^254, by squaring
    int result = 1;
    for (int bit = 1; bit < 8; bit++) {
      power = multiply(power, power);
      result = multiply(result, power);
    }
    return result;
  }
}
