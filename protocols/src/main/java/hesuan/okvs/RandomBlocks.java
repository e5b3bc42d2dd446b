package hesuan.okvs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A stream of random 16-byte blocks for every position of an array: AES in counter mode, the
 * position as the nonce, so that threads may fill parts in any order. One thread's.
 */
public final class RandomBlocks {
  public static final int SEED_BYTES = 16;

  private static final int PIECE = 4096;

  private final Cipher aes;
  private final SecretKeySpec key;
  private final byte[] zeros = new byte[PIECE * 16];
  private final byte[] out = new byte[PIECE * 16];
  private final LongBuffer outLongs =
      ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();

  public RandomBlocks(byte[] seed) {
    key = new SecretKeySpec(seed, "AES");
    try {
      aes = Cipher.getInstance("AES/CTR/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /** Ranges of one array that are filled under one seed must not overlap. */
  public void fill(long[] blocks, int from, int count) {
    try {
      byte[] counter = ByteBuffer.allocate(16).putLong(8, from).array();
      aes.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(counter));
      for (int done = 0; done < count; done += PIECE) {
        int size = Math.min(PIECE, count - done);
        aes.update(zeros, 0, size * 16, out, 0);
        outLongs.get(0, blocks, 2 * (from + done), 2 * size);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
