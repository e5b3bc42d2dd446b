package hesuan.aggregate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A seed stretched into a vector of the ring: AES-256 in counter mode, in chunks that stay in the
 * cache. A seed serves one vector of one session only.
 */
final class MaskStream {
  static final int CHUNK_CELLS = 8192; // 64 KiB
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final byte[] ZEROS = new byte[CHUNK_CELLS * Long.BYTES];

  private final Cipher cipher;
  private final byte[] stream = new byte[CHUNK_CELLS * Long.BYTES];

  MaskStream(byte[] seed) {
    try {
      cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(seed, "AES"), new IvParameterSpec(new byte[16]));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /** Adds the next cells of the stream; every call but the last takes whole chunks. */
  void addTo(long[] cells, int from, int count) {
    refill(count);
    for (int i = 0; i < count; i++) {
      cells[from + i] += (long) LONG.get(stream, i * Long.BYTES);
    }
  }

  void subtractFrom(long[] cells, int from, int count) {
    refill(count);
    for (int i = 0; i < count; i++) {
      cells[from + i] -= (long) LONG.get(stream, i * Long.BYTES);
    }
  }

  private void refill(int count) {
    try {
      cipher.update(ZEROS, 0, count * Long.BYTES, stream, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("counter mode fills a buffer of its own size", e);
    }
  }
}
