package hesuan.psi;

/**
 * Hears of every bucket as it is done, so that a later attempt can begin behind it. The buckets of
 * an attempt are the same as those of an earlier one if session, items and both sizes are.
 */
@FunctionalInterface
public interface BucketSink {
  /** Keeps nothing. */
  BucketSink NONE = (bucket, matches) -> {};

  /**
   * Once, before the first bucket.
   *
   * @param first with which the run begins: where this party wanted to, or earlier
   */
  default void begin(int first, int buckets) {}

  /**
   * @param matches the own items that the peer has too, ascending; empty for a sender that learns
   *     nothing
   */
  void done(int bucket, int[] matches);
}
