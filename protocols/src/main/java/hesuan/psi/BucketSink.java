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
   * @param matches the own items that the peer has too, ascending; empty for a sender that learns
   *     nothing
   */
  void done(int bucket, int[] matches);
}
