package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigInteger;

/**
 * Gaussian noise that several parties add together: each adds a share so large that those left
 * after {@code unreliable} parties have dropped out or told their shares to each other still add at
 * least what was promised. A party knows its own share, so for a promise against single parties
 * {@code unreliable} is at least 1.
 *
 * <p>The price is n/(n-t) times the variance of one trusted party's noise, against n times if each
 * adds the whole. The sum of m shares is a discrete Gaussian of m times the variance up to a factor
 * within {@code 10 m exp(-pi^2 s)} of 1, s being a share's variance (Kairouz, Liu, Steinke 2021,
 * theorem 1): below 10^-13 from s = 4 on, which is required.
 *
 * @param promised what protects, whoever of them is unreliable
 * @param parties how many add a share
 * @param unreliable how many may be missing or collude, in all
 */
public record JointNoise(NoiseVariance promised, int parties, int unreliable) {
  private static final int PARTIES_MAX = 1000;

  /** The least variance of a share. */
  static final BigInteger SHARE_MIN = BigInteger.valueOf(4);

  public JointNoise {
    if (parties < 1 || parties > PARTIES_MAX || unreliable < 0 || unreliable >= parties) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "noise",
          "fewer unreliable parties than the 1 to " + PARTIES_MAX + " that add noise",
          unreliable + " of " + parties);
    }
    NoiseVariance share = promised.dividedBy(parties - unreliable);
    if (share.numerator().compareTo(share.denominator().multiply(SHARE_MIN)) < 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "noise",
          "a variance of 4 for each share, so figures in smaller units",
          "" + share);
    }
  }

  /** What each party adds. */
  public NoiseVariance share() {
    return promised.dividedBy(parties - unreliable);
  }

  /**
   * How many of the parties present may collude without breaking the promise.
   *
   * @param survivors whose addends, so whose shares, are in the sum
   */
  public int colludersMax(int survivors) {
    if (survivors > parties || survivors < parties - unreliable) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "noise",
          "the noise of at least " + (parties - unreliable) + " parties",
          "" + survivors);
    }
    return unreliable - (parties - survivors);
  }

  /** How far from the truth a sum with this many shares may be. */
  public NoiseInterval interval(int survivors, int confidencePercent) {
    return NoiseInterval.of(share(), survivors, confidencePercent);
  }
}
