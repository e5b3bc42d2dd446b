package hesuan.dp;

import hesuan.wire.SecretBytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Uniform bits that only the holder of a seed can foresee: AES-256 in counter mode under a key
 * derived from the seed and a label. The same seed and label give the same bits for ever; two
 * labels give unrelated bits. For one thread.
 */
public final class BitPool {
  public static final int SEED_BYTES = 32;
  private static final int BUFFER_BYTES = 4096;
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] ZEROS = new byte[BUFFER_BYTES];

  private final Cipher cipher;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position = BUFFER_BYTES;

  private BitPool(Cipher cipher) {
    this.cipher = cipher;
  }

  /**
   * @param seed 32 bytes that stay with the party
   * @param label what the bits are for, part by part (job, step, aggregate): parts are
   *     length-prefixed, so {@code ("ab","c")} and {@code ("a","bc")} differ
   */
  public static BitPool of(SecretBytes seed, String... label) {
    byte[] seedBytes = seed.exposeCopy();
    if (seedBytes.length != SEED_BYTES) {
      throw new IllegalArgumentException("a noise seed has 32 bytes, this one " + seedBytes.length);
    }
    byte[] key = new byte[0];
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(seedBytes, "HmacSHA256"));
      mac.update("hesuan/dp/bit-pool/v1".getBytes(StandardCharsets.US_ASCII));
      for (String part : label) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        mac.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
        mac.update(bytes);
      }
      key = mac.doFinal();
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
      return new BitPool(cipher);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA-256 and AES", e);
    } finally {
      Arrays.fill(seedBytes, (byte) 0);
      Arrays.fill(key, (byte) 0);
    }
  }

  public int nextInt() {
    int at = take(Integer.BYTES);
    return (int) INT.get(buffer, at);
  }

  public long nextLong() {
    int at = take(Long.BYTES);
    return (long) LONG.get(buffer, at);
  }

  public boolean nextBit() {
    return nextInt() < 0;
  }

  /** Exactly uniform in {@code [0, bound)}: Lemire's multiplication with rejection. */
  public long below(long bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound " + bound);
    }
    long random = nextLong();
    long low = random * bound;
    if (Long.compareUnsigned(low, bound) < 0) {
      long rejectedBelow = Long.remainderUnsigned(-bound, bound);
      while (Long.compareUnsigned(low, rejectedBelow) < 0) {
        random = nextLong();
        low = random * bound;
      }
    }
    return Math.unsignedMultiplyHigh(random, bound);
  }

  /** True with probability exactly 1/k. */
  boolean oneIn(int k) {
    long product = (nextInt() & 0xffff_ffffL) * k;
    long low = product & 0xffff_ffffL;
    if (low < k) {
      long rejectedBelow = (1L << 32) % k;
      while (low < rejectedBelow) {
        product = (nextInt() & 0xffff_ffffL) * k;
        low = product & 0xffff_ffffL;
      }
    }
    return product >>> 32 == 0;
  }

  /**
   * True with probability exactly part/whole, part at most whole: a uniform real number is compared
   * with the fraction, 32 bits at a time, until they differ.
   */
  boolean chance(BigInteger part, BigInteger whole) {
    if (part.equals(whole)) {
      return true;
    }
    BigInteger rest = part;
    while (rest.signum() > 0) {
      BigInteger[] digit = rest.shiftLeft(Integer.SIZE).divideAndRemainder(whole);
      int order = Long.compare(nextInt() & 0xffff_ffffL, digit[0].longValueExact());
      if (order != 0) {
        return order < 0;
      }
      rest = digit[1];
    }
    return false;
  }

  private int take(int bytes) {
    if (position + bytes > BUFFER_BYTES) {
      refill();
    }
    int at = position;
    position += bytes;
    return at;
  }

  private void refill() {
    try {
      cipher.update(ZEROS, 0, BUFFER_BYTES, buffer, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("counter mode fills a buffer of its own size", e);
    }
    position = 0;
  }
}
