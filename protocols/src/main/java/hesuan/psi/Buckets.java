package hesuan.psi;

import hesuan.okvs.BinLoad;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A party's items, split by their hash. Every bucket is filled up with random blocks to the same
 * load, so sizes of buckets say nothing of the items.
 */
final class Buckets {
  private static final int MARGIN_BITS = 42;

  private final long[] items;
  private final int load;
  private final int[] order;
  private final int[] start;

  private Buckets(long[] items, int load, int[] order, int[] start) {
    this.items = items;
    this.load = load;
    this.order = order;
    this.start = start;
  }

  /** How many buckets two announced sizes make. */
  static int count(int items, int peerItems, int bucketItems) {
    return Math.max(1, Math.ceilDiv(Math.max(items, peerItems), bucketItems));
  }

  /** Items in each bucket, dummies included, of a party that announced that many. */
  static int load(int announced, int buckets) {
    return BinLoad.max(announced, buckets, MARGIN_BITS);
  }

  static Buckets of(long[] items, int announced, int buckets) {
    int count = items.length / 2;
    int[] start = new int[buckets + 1];
    for (int i = 0; i < count; i++) {
      start[bucket(items, i, buckets) + 1]++;
    }
    int load = load(announced, buckets);
    for (int b = 0; b < buckets; b++) {
      if (start[b + 1] > load) {
        throw new ProblemException(
            ErrorCode.INTERNAL, "buckets", "at most " + load + " items each", "more; try again");
      }
      start[b + 1] += start[b];
    }
    int[] next = start.clone();
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[next[bucket(items, i, buckets)]++] = i;
    }
    return new Buckets(items, load, order, start);
  }

  private static int bucket(long[] items, int number, int buckets) {
    return (int) Math.unsignedMultiplyHigh(items[2 * number + 1], buckets);
  }

  int load() {
    return load;
  }

  /** The blocks of a bucket, first the items, then dummies. Not to be changed. */
  long[] blocks(int bucket, SecureRandom random) {
    if (start.length == 2 && items.length == 2 * load) {
      return items;
    }
    long[] blocks = new long[2 * load];
    int real = start[bucket + 1] - start[bucket];
    for (int i = 0; i < real; i++) {
      int item = order[start[bucket] + i];
      blocks[2 * i] = items[2 * item];
      blocks[2 * i + 1] = items[2 * item + 1];
    }
    for (int i = 2 * real; i < blocks.length; i++) {
      blocks[i] = random.nextLong();
    }
    return blocks;
  }

  /** The items, ascending, that stand at these places of a bucket; dummies are none. */
  int[] items(int bucket, int[] places) {
    int real = start[bucket + 1] - start[bucket];
    return Arrays.stream(places)
        .filter(place -> place < real)
        .map(place -> order[start[bucket] + place])
        .sorted()
        .toArray();
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
