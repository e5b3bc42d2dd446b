package hesuan.psi;

/**
 * The distinct items of a party, of which a run takes one range of hashes at a time: a set larger
 * than memory can lie elsewhere. Asked by one thread, in the order of the buckets.
 */
public interface ItemSource {
  int size();

  /**
   * Writes the items of a bucket, those of which {@link #bucket} says so, to the front of both
   * arrays: two longs each, and the number by which the caller knows the item.
   *
   * @return how many there are
   * @throws hesuan.wire.ProblemException where the arrays have no room for them
   */
  int take(int bucket, int buckets, long[] blocks, int[] numbers);

  /** In which of so many equal ranges an item lies: by the upper half of its block. */
  static int bucket(long upper, int buckets) {
    return (int) Math.unsignedMultiplyHigh(upper, buckets);
  }

  /**
   * Items in memory, by their places.
   *
   * @param items two longs each ({@link ItemBlocks}), distinct; not copied, so not to be changed
   */
  static ItemSource of(long[] items) {
    return new ItemArray(items);
  }
}
