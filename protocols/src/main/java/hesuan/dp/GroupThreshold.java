package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * The smallest group about which anything is released (0: any), judged on the noisy count alone:
 * judging on the true count would tell whether it is above.
 */
public record GroupThreshold(long minGroup) {
  public GroupThreshold {
    if (minGroup < 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "minGroup", "0 or more", "" + minGroup);
    }
  }

  /**
   * The threshold on noisy counts of people for keys that nobody declared, which existence alone
   * would betray: a key that one person brought passes with at most delta, all the groups of that
   * person together, and so does any key with fewer than minUnits people.
   *
   * @param noise the noise on each count, which must protect the counts by itself
   * @param maxGroups in how many groups one person may be
   */
  public static GroupThreshold forPrivateKeys(
      Noise noise, Delta delta, int maxGroups, long minUnits) {
    // P(1 + noise >= T) = P(noise > T - 2), one side of the tail.
    long beyond = NoiseInterval.halfWidth(noise, 1, 2 * delta.split(maxGroups));
    return new GroupThreshold(Math.addExact(beyond + 2, Math.max(1, minUnits) - 1));
  }

  public boolean releases(long noisyCount) {
    return minGroup == 0 || noisyCount >= minGroup;
  }
}
