package hesuan.okvs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * A hash of 16-byte blocks, two longs each: AES under a fixed key, the block added to what comes
 * out (Matyas-Meyer-Oseas with the key in the place of the chaining value). Models a random
 * function for who draws the key after the inputs are fixed. One thread's; it works in pieces of 64
 * KiB, which the JDK's AES needs to be fast.
 */
public final class BlockHash {
  public static final int KEY_BYTES = 16;

  /** Blocks in a piece. */
  public static final int PIECE = 4096;

  private final Cipher aes;
  private final byte[] in = new byte[PIECE * 16];
  private final byte[] out = new byte[PIECE * 16];
  private final LongBuffer inLongs = longs(in);
  private final LongBuffer outLongs = longs(out);

  public BlockHash(byte[] key) {
    try {
      aes = Cipher.getInstance("AES/ECB/NoPadding");
      aes.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, 0, KEY_BYTES, "AES"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  private static LongBuffer longs(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }

  /** Hashes count blocks from number {@code from} of x to number {@code to} of y, another array. */
  public void hash(long[] x, int from, int count, long[] y, int to) {
    for (int done = 0; done < count; done += PIECE) {
      int longs = 2 * Math.min(PIECE, count - done);
      int read = 2 * (from + done);
      int write = 2 * (to + done);
      inLongs.put(0, x, read, longs);
      try {
        aes.update(in, 0, longs * Long.BYTES, out, 0);
      } catch (ShortBufferException e) {
        throw new IllegalStateException(e);
      }
      outLongs.get(0, y, write, longs);
      for (int i = 0; i < longs; i++) {
        y[write + i] ^= x[read + i];
      }
    }
  }

  /** Clears what the last hashes left. */
  public void wipe() {
    Arrays.fill(in, (byte) 0);
    Arrays.fill(out, (byte) 0);
  }
}
