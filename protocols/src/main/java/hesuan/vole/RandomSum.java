package hesuan.vole;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The sum of f[i] v[i], where the factors f[i] are polynomials below degree 64 from a key's stream:
 * different vectors have the same sum with probability 2^-64 over the key. Java has no carry-less
 * product, so elements are first sorted into 8 times 256 sums by the bytes of their factor, and the
 * multiplication is left to the end. The places touched depend on the factors only, which are
 * public.
 */
final class RandomSum {
  static final int KEY_BYTES = 16;
  private static final int CHUNK = 1 << 13;
  private static final int ROW = 2 * 256;

  private final SecretKeySpec key;

  RandomSum(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
  }

  /** The sum over all elements, two words. */
  long[] of(long[] vector) {
    long[] rows = new long[8 * ROW];
    byte[] stream = new byte[CHUNK];
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[16]));
      for (int from = 0; from < vector.length; from += CHUNK / 4) {
        Arrays.fill(stream, (byte) 0);
        cipher.update(stream, 0, CHUNK, stream, 0);
        sort(vector, from, Math.min(CHUNK / 4, vector.length - from), stream, rows);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
    long[] sum = total(rows);
    Arrays.fill(rows, 0);
    return sum;
  }

  private static void sort(long[] vector, int from, int words, byte[] stream, long[] rows) {
    for (int i = 0; i < words; i += 2) {
      long low = vector[from + i];
      long high = vector[from + i + 1];
      long factor = Words.at(stream, 4 * i);
      for (int row = 0; row < 8; row++) {
        int at = row * ROW + 2 * (int) (factor >>> 8 * row & 255);
        rows[at] ^= low;
        rows[at + 1] ^= high;
      }
    }
  }

  /** Horner's rule over the 64 bits of a factor. */
  private static long[] total(long[] rows) {
    long low = 0;
    long high = 0;
    for (int bit = 63; bit >= 0; bit--) {
      long carry = high >> 63 & Gf128.REDUCTION;
      high = high << 1 | low >>> 63;
      low = low << 1 ^ carry;
      for (int value = 0; value < 256; value++) {
        if ((value >> (bit & 7) & 1) == 1) {
          low ^= rows[(bit >> 3) * ROW + 2 * value];
          high ^= rows[(bit >> 3) * ROW + 2 * value + 1];
        }
      }
    }
    return new long[] {low, high};
  }

  /** The factors of the elements at these places, two words each. */
  long[] factors(int[] places) {
    long[] factors = new long[2 * places.length];
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key);
      byte[] blocks = new byte[16 * places.length];
      ByteBuffer counters = ByteBuffer.wrap(blocks);
      for (int i = 0; i < places.length; i++) {
        counters.putLong(16 * i + 8, places[i] / 2);
      }
      cipher.update(blocks, 0, blocks.length, blocks, 0);
      for (int i = 0; i < places.length; i++) {
        factors[2 * i] = Words.at(blocks, 16 * i + places[i] % 2 * 8);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
    return factors;
  }
}
