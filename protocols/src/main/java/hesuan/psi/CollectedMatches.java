package hesuan.psi;

import java.util.Arrays;

/** Matches of all buckets of one run, in memory. */
public final class CollectedMatches implements BucketSink {
  private int[] numbers = new int[0];

  @Override
  public void done(int bucket, int[] matches) {
    int before = numbers.length;
    numbers = Arrays.copyOf(numbers, before + matches.length);
    System.arraycopy(matches, 0, numbers, before, matches.length);
  }

  public int[] ascending() {
    Arrays.sort(numbers);
    return numbers;
  }
}
