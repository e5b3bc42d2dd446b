package hesuan.psi;

import hesuan.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The comparable end of an item: 16 bytes, a hash of its element raised to every helper's exponent.
 * Two of 2^24 x 2^24 different items meet with probability below 2^-80.
 */
final class Tags {
  static final int BYTES = 16;
  private static final int INDEX_BITS = 24;

  private final byte[] prefix;

  Tags(Digest parameters) {
    byte[] domain = "hesuan/overlap/1/tag/".getBytes(StandardCharsets.US_ASCII);
    prefix = Arrays.copyOf(domain, domain.length + 32);
    System.arraycopy(parameters.bytes(), 0, prefix, domain.length, 32);
  }

  /** Writes the tags of encoded elements to out, from item number {@code first} on. */
  void of(byte[] points, int count, byte[] out, int first) {
    MessageDigest sha256 = Digest.sha256();
    byte[] hash = new byte[32];
    for (int i = 0; i < count; i++) {
      sha256.update(prefix);
      sha256.update(points, i * 32, 32);
      try {
        sha256.digest(hash, 0, hash.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      System.arraycopy(hash, 0, out, (first + i) * BYTES, BYTES);
    }
  }

  /**
   * The positions of fixed-width records in ascending order. Sorts packed longs (40 leading bits,
   * 24 of position); the few ties are ordered by all bytes. Records must look random, or ties would
   * be many.
   */
  static int[] order(byte[] records, int width, int count) {
    if (count > 1 << INDEX_BITS) {
      throw new IllegalArgumentException(count + " records");
    }
    long[] packed = new long[count];
    for (int i = 0; i < count; i++) {
      long key = 0;
      for (int k = 0; k < 5; k++) {
        key = key << 8 | records[i * width + k] & 0xff;
      }
      packed[i] = (key << INDEX_BITS | i) ^ Long.MIN_VALUE;
    }
    Arrays.sort(packed);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int item = (int) packed[i] & (1 << INDEX_BITS) - 1;
      int at = i;
      while (at > 0 && compare(records, order[at - 1], records, item, width) > 0) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = item;
    }
    return order;
  }

  static int compare(byte[] a, int i, byte[] b, int k, int width) {
    return Arrays.compareUnsigned(a, i * width, i * width + width, b, k * width, k * width + width);
  }

  static boolean allDistinct(byte[] records, int width, int count) {
    int[] order = order(records, width, count);
    for (int i = 1; i < count; i++) {
      if (compare(records, order[i - 1], records, order[i], width) == 0) {
        return false;
      }
    }
    return true;
  }

  /** Which of the records also stand in a list that is sorted and without repetition. */
  static int[] matches(byte[] tags, int count, byte[] sorted, int sortedCount) {
    int[] order = order(tags, BYTES, count);
    int[] matches = new int[Math.min(count, sortedCount)];
    int found = 0;
    int k = 0;
    for (int item : order) {
      while (k < sortedCount && compare(sorted, k, tags, item, BYTES) < 0) {
        k++;
      }
      if (k < sortedCount && compare(sorted, k, tags, item, BYTES) == 0) {
        matches[found++] = item;
        k++;
      }
    }
    return Arrays.copyOf(matches, found);
  }

  /** A uniform permutation (Fisher-Yates). */
  static int[] shuffle(int count, SecureRandom random) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int k = random.nextInt(i + 1);
      order[i] = order[k];
      order[k] = i;
    }
    return order;
  }
}
