package hesuan.vole;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * v[0] H^(N+1) + v[1] H^N + ... + v[N-1] H^2 for a key's point H: equal for different vectors with
 * probability at most (N + 1) / 2^128 over H. It is the hash inside AES-GCM, whose field is this one with
 * the bits of each byte the other way round; that is the only fast way to a carry-less product
 * from here, so the authentication tag is taken and its other terms are taken off again.
 */
final class PowerSum {
  static final int KEY_BYTES = 16;
  static final int CHUNK = 1 << 13;
  private static final int BLOCK = 16;

  private final SecretKeySpec key;
  private final Cipher ecb;
  private final Cipher gcm;
  private final long[] powers = new long[2 * 32];
  private int nonce;

  PowerSum(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
    try {
      ecb = Cipher.getInstance("AES/ECB/NoPadding");
      ecb.init(Cipher.ENCRYPT_MODE, this.key);
      gcm = Cipher.getInstance("AES/GCM/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
    take(encrypt(new byte[BLOCK]), powers, 0);
    for (int i = 1; i < 32; i++) {
      Gf128.square(powers, i, powers, i - 1);
    }
  }

  /** r[ri] = the factor of element i in a sum over count. */
  void factor(int i, int count, long[] r, int ri) {
    power(count - i + 1L, r, ri);
  }

  private void power(long exponent, long[] r, int ri) {
    long[] product = {1, 0};
    for (int i = 0; i < 32; i++) {
      if ((exponent >>> i & 1) == 1) {
        Gf128.multiply(product, 0, product, 0, powers, i);
      }
    }
    r[2 * ri] = product[0];
    r[2 * ri + 1] = product[1];
  }

  /** The sum over the first count elements, two words. */
  long[] of(long[] vector, int count) {
    long[] sum = new long[2];
    long[] part = new long[2];
    long[] step = new long[2];
    byte[] block = new byte[CHUNK * BLOCK];
    ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < count; from += CHUNK) {
      int length = Math.min(CHUNK, count - from);
      for (int i = 0; i < 2 * length; i++) {
        bytes.putLong(8 * i, turned(vector[2 * from + i]));
      }
      chunk(block, length, part);
      power(length, step, 0);
      Gf128.multiply(sum, 0, sum, 0, step, 0);
      sum[0] ^= part[0];
      sum[1] ^= part[1];
    }
    Arrays.fill(block, (byte) 0);
    return sum;
  }

  private void chunk(byte[] block, int length, long[] part) {
    byte[] nonceBytes = ByteBuffer.allocate(BLOCK).putInt(8, nonce++).putInt(12, 1).array();
    byte[] tag;
    try {
      gcm.init(
          Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(8 * BLOCK, nonceBytes, 0, BLOCK - 4));
      gcm.updateAAD(block, 0, length * BLOCK);
      tag = gcm.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no message, whole blocks beside it", e);
    }
    byte[] pad = encrypt(nonceBytes);
    for (int i = 0; i < BLOCK; i++) {
      tag[i] ^= pad[i];
    }
    take(tag, part, 0);
    // Last came the length in bits, times H.
    byte[] lengths = ByteBuffer.allocate(BLOCK).putLong(0, 8L * BLOCK * length).array();
    long[] term = new long[2];
    take(lengths, term, 0);
    Gf128.multiply(term, 0, term, 0, powers, 0);
    part[0] ^= term[0];
    part[1] ^= term[1];
  }

  private byte[] encrypt(byte[] block) {
    try {
      return ecb.doFinal(block);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("one whole block", e);
    }
  }

  private static void take(byte[] block, long[] to, int ti) {
    ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    to[2 * ti] = turned(bytes.getLong(0));
    to[2 * ti + 1] = turned(bytes.getLong(8));
  }

  /** The bits of each byte the other way round. */
  private static long turned(long x) {
    return Long.reverseBytes(Long.reverse(x));
  }
}
