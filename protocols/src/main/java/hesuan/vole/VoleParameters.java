package hesuan.vole;

import hesuan.wire.Digest;
import java.util.Map;

/**
 * What both ends agree on beforehand; their digest opens the conversation.
 *
 * @param session unlike for every run: of job, step, attempt and purpose
 * @param count elements of each vector
 * @param malicious whether a peer that deviates is caught, see docs/protocols/vole.md
 */
public record VoleParameters(Digest session, int count, boolean malicious) {
  static final int VERSION = 1;

  /** Memory grows with the count: whoever needs more runs several sessions. */
  public static final int COUNT_MAX = 1 << 22;

  public VoleParameters {
    if (count < 0 || count > COUNT_MAX) {
      throw new IllegalArgumentException(count + " elements");
    }
  }

  /** What an end of that role says first. */
  byte[] opening(boolean receiver) {
    return Digest.ofDocument(
            Map.of(
                "role",
                receiver ? "receiver" : "sender",
                "protocol",
                "hesuan/vole",
                "version",
                VERSION,
                "code",
                BlockAccumulateCode.NAME,
                "noise",
                VolePlan.WEIGHT,
                "session",
                session.hex(),
                "count",
                count,
                "malicious",
                malicious))
        .bytes();
  }
}
