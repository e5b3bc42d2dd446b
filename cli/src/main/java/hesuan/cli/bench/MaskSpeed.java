package hesuan.cli.bench;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES-256 in counter mode on one thread, out of the first cache: what bounds a masked sum. */
final class MaskSpeed {
  private static final int CHUNK_BYTES = 1 << 15;
  private static final int CHUNKS = 1 << 12;
  private static final int ROUNDS = 5;

  private MaskSpeed() {}

  /** The best of some rounds: other work on the machine only ever slows one down. */
  static double bytesPerSecond() {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long began = System.nanoTime();
      fill();
      best = Math.max(best, (double) CHUNK_BYTES * CHUNKS * 1e9 / (System.nanoTime() - began));
    }
    return best;
  }

  private static void fill() {
    byte[] zeros = new byte[CHUNK_BYTES];
    byte[] stream = new byte[CHUNK_BYTES];
    try {
      Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(new byte[32], "AES"),
          new IvParameterSpec(new byte[16]));
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        cipher.update(zeros, 0, CHUNK_BYTES, stream, 0);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }
}
