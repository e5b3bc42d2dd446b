package hesuan.join;

import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The comparable end of an item: 128 bits of a hash of its element under both exponents, as two
 * longs.
 */
final class Tags {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final int INDEX_BITS = 24;

  private final byte[] prefix;

  Tags(Digest parameters) {
    prefix =
        (JoinParameters.PROTOCOL + "/tag/" + parameters.hex()).getBytes(StandardCharsets.US_ASCII);
  }

  /** Writes the tags of encoded elements from item number {@code first} on. */
  void of(byte[] points, int count, long[] out, int first) {
    MessageDigest sha256 = Digest.sha256();
    byte[] hash = new byte[32];
    for (int i = 0; i < count; i++) {
      sha256.update(prefix);
      sha256.update(points, i * Conversation.POINT_BYTES, Conversation.POINT_BYTES);
      try {
        sha256.digest(hash, 0, hash.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      out[2 * (first + i)] = (long) LONG.get(hash, 0);
      out[2 * (first + i) + 1] = (long) LONG.get(hash, 8);
    }
  }

  /**
   * Tags from place {@code from} to {@code to} in ascending order, as unsigned 128-bit numbers.
   * Sorts packed longs (40 leading bits, 24 of place); the few ties are ordered by all bits.
   */
  static long[] sorted(long[] tags, int from, int to) {
    int count = to - from;
    if (count > 1 << INDEX_BITS) {
      throw new IllegalArgumentException(count + " tags");
    }
    int index = (1 << INDEX_BITS) - 1;
    long[] packed = new long[count];
    for (int i = 0; i < count; i++) {
      packed[i] = (tags[2 * (from + i)] & ~(long) index | i) ^ Long.MIN_VALUE;
    }
    Arrays.sort(packed);
    long[] sorted = new long[2 * count];
    for (int i = 0; i < count; i++) {
      int item = from + ((int) packed[i] & index);
      long high = tags[2 * item];
      long low = tags[2 * item + 1];
      int at = i;
      while (at > 0 && compare(sorted[2 * at - 2], sorted[2 * at - 1], high, low) > 0) {
        sorted[2 * at] = sorted[2 * at - 2];
        sorted[2 * at + 1] = sorted[2 * at - 1];
        at--;
      }
      sorted[2 * at] = high;
      sorted[2 * at + 1] = low;
    }
    return sorted;
  }

  static int compare(long aHigh, long aLow, long bHigh, long bLow) {
    int high = Long.compareUnsigned(aHigh, bHigh);
    return high != 0 ? high : Long.compareUnsigned(aLow, bLow);
  }

  /** Which group a tag is in: open addressing on the tag itself, which looks random. */
  static final class Table {
    private final long[] tags;
    private final byte[] groups;
    private final int mask;

    Table(int count) {
      int slots = Integer.highestOneBit(Math.max(1, count)) * 4;
      tags = new long[2 * slots];
      groups = new byte[slots];
      mask = slots - 1;
    }

    /** Whether it was new. */
    boolean put(long high, long low, int group) {
      int slot = find(high, low);
      if (groups[slot] != 0) {
        return false;
      }
      tags[2 * slot] = high;
      tags[2 * slot + 1] = low;
      groups[slot] = (byte) (group + 1);
      return true;
    }

    /** The group, or -1. */
    int group(long high, long low) {
      return groups[find(high, low)] - 1;
    }

    private int find(long high, long low) {
      int slot = (int) low & mask;
      while (groups[slot] != 0 && (tags[2 * slot] != high || tags[2 * slot + 1] != low)) {
        slot = slot + 1 & mask;
      }
      return slot;
    }
  }
}
