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

  public boolean releases(long noisyCount) {
    return minGroup == 0 || noisyCount >= minGroup;
  }
}
