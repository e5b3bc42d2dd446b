package hesuan.agent.step;

import hesuan.wire.Digest;
import java.util.BitSet;

/** What is done of a step that goes bucket by bucket, kept for the job's next attempt. */
public interface DoneBuckets {
  /**
   * How many buckets an earlier attempt has done.
   *
   * @param run names the session and the people under their numbers; another run's buckets count
   *     for nothing
   */
  int open(Digest run);

  /**
   * The run begins with that bucket, not behind what {@link #open} said. What the buckets before it
   * gave is added to {@code numbers}, what later ones gave is forgotten.
   */
  void begin(int first, int buckets, BitSet numbers);

  void done(int bucket, int[] numbers);
}
