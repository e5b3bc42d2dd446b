package hesuan.vole;

import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Public pseudorandom numbers. */
public final class PublicStream {
  private final Cipher cipher;
  private final byte[] bytes = new byte[1 << 14];

  public PublicStream(String domain, byte[] seed) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(domain.getBytes(StandardCharsets.US_ASCII));
    try {
      cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(sha256.digest(seed), 0, 16, "AES"),
          new IvParameterSpec(new byte[16]));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /** The array must be zero. */
  public void fill(byte[] to) {
    try {
      for (int from = 0; from < to.length; from += bytes.length) {
        cipher.update(to, from, Math.min(bytes.length, to.length - from), to, from);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("counter mode fills a buffer of its own size", e);
    }
  }

  public void fill(int[] to) {
    int ints = bytes.length / Integer.BYTES;
    for (int from = 0; from < to.length; from += ints) {
      Arrays.fill(bytes, (byte) 0);
      fill(bytes);
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asIntBuffer()
          .get(to, from, Math.min(ints, to.length - from));
    }
  }
}
