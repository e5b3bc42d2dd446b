package hesuan.psi;

import hesuan.okvs.BinLoad;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A party's items, split by their hash. Every bucket is filled up with random blocks to the same
 * load, so sizes of buckets say nothing of the items.
 */
public final class Buckets {
  private static final int MARGIN_BITS = 42;

  private final ItemSource items;
  private final int load;
  private final int buckets;

  public Buckets(ItemSource items, int announced, int buckets) {
    this.items = items;
    this.load = load(announced, buckets);
    this.buckets = buckets;
  }

  /** How many buckets two announced sizes make. */
  public static int count(int items, int peerItems, int bucketItems) {
    return Math.max(1, Math.ceilDiv(Math.max(items, peerItems), bucketItems));
  }

  /** Items in each bucket, dummies included, of a party that announced that many. */
  public static int load(int announced, int buckets) {
    return BinLoad.max(announced, buckets, MARGIN_BITS);
  }

  /**
   * One bucket.
   *
   * @param blocks first the items, then dummies
   * @param numbers of the items
   */
  public record Bucket(long[] blocks, int[] numbers, int items) {
    /** The numbers, ascending, of the items that stand at these places; dummies are none. */
    public int[] numbersAt(int[] places) {
      return Arrays.stream(places)
          .filter(place -> place < items)
          .map(place -> numbers[place])
          .sorted()
          .toArray();
    }
  }

  public Bucket bucket(int bucket, SecureRandom random) {
    long[] blocks = new long[2 * load];
    int[] numbers = new int[load];
    int count = items.take(bucket, buckets, blocks, numbers);
    for (int i = 2 * count; i < blocks.length; i++) {
      blocks[i] = random.nextLong();
    }
    return new Bucket(blocks, numbers, count);
  }

  /** Refuses repeated items: a defect of the caller. */
  static long[] distinct(long[] items) {
    if (items.length % 2 != 0 || items.length / 2 > IntersectionParameters.ITEMS_MAX) {
      throw new IllegalArgumentException(items.length + " longs of items");
    }
    long[] lows = new long[items.length / 2];
    for (int i = 0; i < lows.length; i++) {
      lows[i] = items[2 * i];
    }
    Arrays.sort(lows);
    Set<Long> repeated = new HashSet<>();
    for (int i = 1; i < lows.length; i++) {
      if (lows[i] == lows[i - 1]) {
        repeated.add(lows[i]);
      }
    }
    Set<List<Long>> seen = new HashSet<>();
    for (int i = 0; !repeated.isEmpty() && i < items.length; i += 2) {
      if (repeated.contains(items[i]) && !seen.add(List.of(items[i], items[i + 1]))) {
        throw new IllegalArgumentException("repeated items");
      }
    }
    return items;
  }
}
