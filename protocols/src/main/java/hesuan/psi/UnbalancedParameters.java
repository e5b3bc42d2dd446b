package hesuan.psi;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;

/**
 * What both parties of one unbalanced run agree on; its digest opens the conversation.
 *
 * @param session binds the run to its job, step and attempt
 * @param asker has few items and learns which of them the holder has too
 * @param holder has many, ready in an {@link UnbalancedDataset}
 * @param sizeStep what the asker says of its size is rounded up to a multiple of this
 */
public record UnbalancedParameters(
    Digest session, PartyId asker, PartyId holder, UnbalancedVersion version, int sizeStep) {
  static final int VERSION = 1;
  static final String PROTOCOL = "hesuan/unbalanced/" + VERSION;

  public UnbalancedParameters {
    if (asker.equals(holder)) {
      throw invalid("parties", "two different ones", asker.value() + " twice");
    }
    if (sizeStep < 1 || sizeStep > version.askedMax()) {
      throw invalid("sizeStep", "1 to " + version.askedMax(), "" + sizeStep);
    }
  }

  private static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  /** The size that an asker with that many items tells. */
  int announced(int items) {
    long steps = Math.max(sizeStep == 1 ? 0 : 1, ((long) items + sizeStep - 1) / sizeStep);
    long announced = steps * sizeStep;
    if (announced > version.askedMax()) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "items", "at most " + version.askedMax(), "" + announced);
    }
    return (int) announced;
  }

  public Digest digest() {
    return Digest.of(
        String.join(
            "\n",
            PROTOCOL,
            session.hex(),
            asker.value(),
            holder.value(),
            version.digest().hex(),
            "" + sizeStep));
  }
}
