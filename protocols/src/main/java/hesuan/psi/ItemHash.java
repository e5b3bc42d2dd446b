package hesuan.psi;

import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Hashes normalised identifiers to the 16-byte blocks, two longs each, that an intersection works
 * on: the front of SHA-256 over a key of the session, the identifier's length, and the identifier.
 * Identifiers of up to 35 bytes take one compression of SHA-256. Not for several threads.
 */
public final class ItemHash {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int KEY_BYTES = 16;

  private final MessageDigest sha256 = Digest.sha256();
  private final byte[] out = new byte[32];
  private byte[] input = new byte[64];

  public ItemHash(Digest session) {
    String domain = IntersectionParameters.PROTOCOL + "/item/" + session.hex();
    byte[] key = sha256.digest(domain.getBytes(StandardCharsets.US_ASCII));
    System.arraycopy(key, 0, input, 0, KEY_BYTES);
  }

  /** Writes the block of the identifier that stands there as number {@code number}. */
  public void hash(byte[] ids, int at, int length, long[] blocks, int number) {
    if (length == 0) {
      throw new IllegalArgumentException("empty id");
    }
    int bytes = KEY_BYTES + Integer.BYTES + length;
    if (bytes > input.length) {
      input = Arrays.copyOf(input, 2 * bytes);
    }
    INT.set(input, KEY_BYTES, length);
    System.arraycopy(ids, at, input, KEY_BYTES + Integer.BYTES, length);
    sha256.update(input, 0, bytes);
    try {
      sha256.digest(out, 0, out.length);
    } catch (DigestException e) {
      throw new IllegalStateException(e);
    }
    blocks[2 * number] = (long) LONG.get(out, 0);
    blocks[2 * number + 1] = (long) LONG.get(out, 8);
  }
}
