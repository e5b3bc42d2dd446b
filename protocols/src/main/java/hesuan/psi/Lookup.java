package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.HexFormat;

/**
 * What comes before an unbalanced run where the asker does not know the holder's dataset: its
 * digest, said by the holder. The run's parameters hold it, so both sides mean the same.
 */
public final class Lookup {
  /** Items of a run, padding included: a fingerprint of 7 bytes. */
  public static final int ASKED_MAX = 1 << 16;

  private static final byte DATASET_TAG = 1;
  private static final int DIGEST_BYTES = 32;

  private Lookup() {}

  public static void say(UnbalancedVersion version, Channel asker) {
    asker.send(DATASET_TAG, version.dataset().bytes());
  }

  public static UnbalancedVersion hear(Channel holder) {
    byte[] body = holder.receive(DATASET_TAG, DIGEST_BYTES);
    if (body.length != DIGEST_BYTES) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          holder.peer().value(),
          "a digest of " + DIGEST_BYTES + " bytes",
          "" + body.length);
    }
    return version(new Digest(HexFormat.of().formatHex(body)));
  }

  public static UnbalancedVersion version(Digest dataset) {
    return new UnbalancedVersion(dataset, ASKED_MAX);
  }
}
