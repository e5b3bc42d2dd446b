package hesuan.transfer;

import hesuan.vole.Words;
import hesuan.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * Breaks the correlation of rows: AES(x) + x under a key that is public and of this session and
 * use, where x is the row with its number and a column added (Matyas-Meyer-Oseas, correlation
 * robust when AES is modelled as a random permutation: Guo, Katz, Wang, Yu 2020). One thread's.
 */
public final class RowHash {
  /** Rows at a time: 64 KiB, which the JDK's AES needs to be fast. */
  public static final int PIECE = 4096;

  private final Cipher aes;
  private final byte[] in = new byte[16 * PIECE];
  private final byte[] out = new byte[16 * PIECE];

  public RowHash(Digest session, String use) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update((Transfers.PROTOCOL + "/" + use + "/").getBytes(StandardCharsets.US_ASCII));
    byte[] key = sha256.digest(session.bytes());
    try {
      aes = Cipher.getInstance("AES/ECB/NoPadding");
      aes.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, 0, 16, "AES"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /**
   * Hashes up to {@link #PIECE} rows; {@link #low} and {@link #high} have the results until the
   * next call.
   *
   * @param from number of the first row within the array
   * @param index number of that row within the session
   * @param delta0 added to every row, as delta1 is
   */
  public void hash(
      long[] rows, int from, int count, long index, int column, long delta0, long delta1) {
    long tweak = (long) column << 1;
    for (int i = 0; i < count; i++) {
      int at = 2 * (from + i);
      Words.put(in, 16 * i, rows[at] ^ delta0 ^ tweak);
      Words.put(in, 16 * i + 8, rows[at + 1] ^ delta1 ^ index + i);
    }
    try {
      aes.update(in, 0, 16 * count, out, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("whole blocks into a buffer of their size", e);
    }
  }

  public long low(int i) {
    return Words.at(out, 16 * i) ^ Words.at(in, 16 * i);
  }

  public long high(int i) {
    return Words.at(out, 16 * i + 8) ^ Words.at(in, 16 * i + 8);
  }

  /** The lowest bits of the hashes of 64 rows from that one on, as a word. */
  public long bits(int first) {
    long word = 0;
    for (int i = 63; i >= 0; i--) {
      word = word << 1 | low(first + i) >>> 63;
    }
    return word;
  }

  /** Clears what the last hashes left. */
  public void wipe() {
    Arrays.fill(in, (byte) 0);
    Arrays.fill(out, (byte) 0);
  }
}
