package hesuan.psi;

import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Hashes normalised identifiers to the 32-byte keys that the overlap protocol compares: SHA-256 of
 * domain, session, length and identifier. Ids must be distinct and not empty; whoever feeds them
 * counts what it leaves out. Not for several threads.
 */
public final class ItemKeys {
  public static final int BYTES = 32;

  private final MessageDigest sha256 = Digest.sha256();
  private final byte[] prefix;
  private byte[] keys = new byte[1024 * BYTES];
  private int count;

  public ItemKeys(Digest session) {
    prefix = prefix("item", session);
  }

  private static byte[] prefix(String kind, Digest session) {
    byte[] domain = ("hesuan/overlap/1/" + kind + "/").getBytes(StandardCharsets.US_ASCII);
    byte[] prefix = Arrays.copyOf(domain, domain.length + 32);
    System.arraycopy(session.bytes(), 0, prefix, domain.length, 32);
    return prefix;
  }

  public void add(String id) {
    add(id.getBytes(StandardCharsets.UTF_8));
  }

  public void add(byte[] id) {
    if (id.length == 0) {
      throw new IllegalArgumentException("empty id");
    }
    if (count == OverlapParameters.ITEMS_MAX) {
      throw new hesuan.wire.ProblemException(
          hesuan.wire.ErrorCode.TOO_LARGE,
          "items",
          "at most " + OverlapParameters.ITEMS_MAX,
          "more");
    }
    if (count * BYTES == keys.length) {
      keys = Arrays.copyOf(keys, keys.length * 2);
    }
    sha256.update(prefix);
    sha256.update(ByteBuffer.allocate(4).putInt(0, id.length));
    sha256.update(id);
    finish(sha256, keys, count * BYTES);
    count++;
  }

  public int count() {
    return count;
  }

  public byte[] toArray() {
    return Arrays.copyOf(keys, count * BYTES);
  }

  /** The front of each key as two longs, for protocols that work on 128 bits. */
  public static long[] blocks(byte[] keys) {
    int count = keys.length / BYTES;
    LongBuffer longs = ByteBuffer.wrap(keys).asLongBuffer();
    long[] blocks = new long[2 * count];
    for (int i = 0; i < count; i++) {
      longs.get(i * BYTES / Long.BYTES, blocks, 2 * i, 2);
    }
    return blocks;
  }

  /** The key of a public dummy: all parties derive the same, and no id has it. */
  public static void dummy(byte[] out, int at, Digest session, int helper, int group, int number) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(prefix("dummy", session));
    sha256.update(ByteBuffer.allocate(12).putInt(0, helper).putInt(4, group).putInt(8, number));
    finish(sha256, out, at);
  }

  private static void finish(MessageDigest sha256, byte[] out, int at) {
    try {
      sha256.digest(out, at, BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException(e);
    }
  }
}
