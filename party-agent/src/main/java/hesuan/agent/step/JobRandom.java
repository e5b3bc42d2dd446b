package hesuan.agent.step;

import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The same secret bytes in every attempt of a job, from its stored seed: what asks the same asks
 * with the same words, and so can be told to be the same by whoever answers. AES in counter mode.
 */
final class JobRandom extends SecureRandom {
  private static final long serialVersionUID = 1;

  private final transient Cipher stream;

  private JobRandom(Cipher stream) {
    this.stream = stream;
  }

  static SecureRandom of(SecretBytes seed, JobId job) {
    byte[] bytes = seed.exposeCopy();
    try {
      MessageDigest sha256 = Digest.sha256();
      sha256.update(("hesuan/lookup/blind/" + job + "/").getBytes(StandardCharsets.US_ASCII));
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(sha256.digest(bytes), "AES"),
          new IvParameterSpec(new byte[16]));
      return new JobRandom(cipher);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  @Override
  public synchronized void nextBytes(byte[] bytes) {
    byte[] next = stream.update(new byte[bytes.length]);
    System.arraycopy(next, 0, bytes, 0, bytes.length);
  }
}
