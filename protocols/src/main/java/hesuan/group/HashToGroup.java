package hesuan.group;

import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * hash_to_ristretto255 of RFC 9380, appendix B, with expand_message_xmd over SHA-512, for one
 * domain separation tag. One instance per thread.
 */
public final class HashToGroup {
  private static final int HASH_BYTES = 64;
  private static final int BLOCK_BYTES = 128;

  private final MessageDigest sha512;
  private final byte[] tag;
  private final byte[] pad = new byte[BLOCK_BYTES];
  private final byte[] first = new byte[HASH_BYTES];
  private final byte[] block = new byte[HASH_BYTES];

  public HashToGroup(String domain) {
    byte[] text = domain.getBytes(StandardCharsets.US_ASCII);
    if (text.length == 0 || text.length > 255) {
      throw new IllegalArgumentException("a tag of " + text.length + " bytes");
    }
    tag = java.util.Arrays.copyOf(text, text.length + 1);
    tag[text.length] = (byte) text.length;
    try {
      sha512 = MessageDigest.getInstance("SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-512", e);
    }
  }

  /** expand_message_xmd, section 5.3.1. */
  public byte[] expand(byte[] message, int length) {
    byte[] out = new byte[length];
    expand(message, 0, message.length, out, 0, length);
    return out;
  }

  void expand(byte[] message, int at, int messageLength, byte[] out, int outAt, int length) {
    int blocks = (length + HASH_BYTES - 1) / HASH_BYTES;
    if (blocks > 255) {
      throw new IllegalArgumentException(length + " bytes are too many");
    }
    sha512.update(pad);
    sha512.update(message, at, messageLength);
    sha512.update((byte) (length >> 8));
    sha512.update((byte) length);
    sha512.update((byte) 0);
    sha512.update(tag);
    finish(first);
    java.util.Arrays.fill(block, (byte) 0);
    for (int i = 1; i <= blocks; i++) {
      for (int k = 0; k < HASH_BYTES; k++) {
        block[k] ^= first[k];
      }
      sha512.update(block);
      sha512.update((byte) i);
      sha512.update(tag);
      finish(block);
      int from = (i - 1) * HASH_BYTES;
      System.arraycopy(block, 0, out, outAt + from, Math.min(HASH_BYTES, length - from));
    }
  }

  private void finish(byte[] out) {
    try {
      sha512.digest(out, 0, HASH_BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException(e);
    }
  }

  public Element hash(byte[] message) {
    return Element.map(expand(message, 64));
  }
}
