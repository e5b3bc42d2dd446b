package hesuan.vole;

/**
 * A uniform permutation, drawn and applied in two steps that stay in the cache: each element goes
 * to a random bucket, then each bucket is shuffled (Rao 1961, Sandelius 1962). Whoever applies it
 * reads these arrays: position i of the source goes to bucket route[i], buckets begin at starts,
 * and place j of a bucket takes the bucket's order[j]-th. Not to be changed; shared by threads.
 */
public final class BucketPermutation {
  /** Elements of a bucket on average, at most. */
  static final int BUCKET = 8192;

  private static final int BUCKETS_MAX = 256;

  public final byte[] route;
  public final int[] starts;
  public final char[] order;

  public BucketPermutation(int size, PublicStream random) {
    int buckets = 1;
    while (buckets < BUCKETS_MAX && size / buckets > BUCKET) {
      buckets *= 2;
    }
    route = new byte[size];
    random.fill(route);
    starts = new int[buckets + 1];
    for (int i = 0; i < size; i++) {
      route[i] &= (byte) (buckets - 1);
      starts[(route[i] & 255) + 1]++;
    }
    for (int bucket = 0; bucket < buckets; bucket++) {
      starts[bucket + 1] += starts[bucket];
    }
    order = new char[size];
    int[] draws = new int[4096];
    int used = draws.length;
    for (int bucket = 0; bucket < buckets; bucket++) {
      int start = starts[bucket];
      int length = starts[bucket + 1] - start;
      for (int i = 0; i < length; i++) {
        if (used == draws.length) {
          random.fill(draws);
          used = 0;
        }
        int j = (int) ((draws[used++] & 0xffffffffL) * (i + 1) >>> 32);
        order[start + i] = order[start + j];
        order[start + j] = (char) i;
      }
    }
  }

  public int buckets() {
    return starts.length - 1;
  }

  public int longestBucket() {
    int longest = 0;
    for (int bucket = 0; bucket < buckets(); bucket++) {
      longest = Math.max(longest, starts[bucket + 1] - starts[bucket]);
    }
    return longest;
  }

  /** Where the element at each place comes from. */
  public int[] sources() {
    int[] cursor = starts.clone();
    int[] scattered = new int[route.length];
    for (int i = 0; i < route.length; i++) {
      scattered[cursor[route[i] & 255]++] = i;
    }
    int[] sources = new int[route.length];
    for (int bucket = 0; bucket < buckets(); bucket++) {
      int start = starts[bucket];
      for (int i = start; i < starts[bucket + 1]; i++) {
        sources[i] = scattered[start + order[i]];
      }
    }
    return sources;
  }
}
