package hesuan.psi;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * A large set as the holder keeps it ready: under one key, so that its filter can be cached by who
 * asks. What is said to keys and tags of one version means nothing to another.
 *
 * @param dataset of the product, its version and the epoch of the key; also keys the {@link
 *     ItemBlocks}
 * @param askedMax items that may be asked in one run
 */
public record UnbalancedVersion(Digest dataset, int askedMax) {
  /** More belong into an {@link IntersectionReceiver}. */
  public static final int ASKED_MAX = 1 << 20;

  public UnbalancedVersion {
    if (askedMax < 1 || askedMax > ASKED_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "askedMax", "1 to " + ASKED_MAX, "" + askedMax);
    }
  }

  /**
   * Of a fingerprint: all items of a run together meet a strange one with probability 2^-40 at
   * most.
   */
  int fingerprintBytes() {
    int bits = IntersectionParameters.STATISTICAL_BITS + Integer.SIZE;
    return Math.ceilDiv(bits - Integer.numberOfLeadingZeros(askedMax - 1), 8);
  }

  public Digest digest() {
    return Digest.of(
        String.join("\n", UnbalancedParameters.PROTOCOL, "version", dataset.hex(), "" + askedMax));
  }
}
