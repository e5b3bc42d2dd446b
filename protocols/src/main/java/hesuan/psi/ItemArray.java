package hesuan.psi;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/** Items in memory, put into the order of their buckets when the first is asked for. */
final class ItemArray implements ItemSource {
  private final long[] items;
  private int[] order = new int[0];
  private int[] start = new int[0];

  ItemArray(long[] items) {
    this.items = Buckets.distinct(items);
  }

  @Override
  public int size() {
    return items.length / 2;
  }

  @Override
  public int take(int bucket, int buckets, long[] blocks, int[] numbers) {
    if (start.length != buckets + 1) {
      sort(buckets);
    }
    int count = start[bucket + 1] - start[bucket];
    if (count > numbers.length) {
      throw tooMany(numbers.length);
    }
    for (int i = 0; i < count; i++) {
      int item = order[start[bucket] + i];
      blocks[2 * i] = items[2 * item];
      blocks[2 * i + 1] = items[2 * item + 1];
      numbers[i] = item;
    }
    return count;
  }

  static ProblemException tooMany(int load) {
    return new ProblemException(
        ErrorCode.INTERNAL, "buckets", "at most " + load + " items each", "more; try again");
  }

  private void sort(int buckets) {
    int[] next = new int[buckets + 1];
    for (int i = 0; i < size(); i++) {
      next[ItemSource.bucket(items[2 * i + 1], buckets) + 1]++;
    }
    for (int b = 0; b < buckets; b++) {
      next[b + 1] += next[b];
    }
    start = next.clone();
    order = new int[size()];
    for (int i = 0; i < order.length; i++) {
      order[next[ItemSource.bucket(items[2 * i + 1], buckets)]++] = i;
    }
  }
}
