package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * What a log commits to, and all that its mirrors see: the kind, a salted commitment to the
 * envelope, and the hour. Who deletes envelope and salt has made the leaf say nothing, and no proof
 * breaks.
 */
public record Leaf(Statement.Kind kind, Digest commitment, long hour) {
  public static final int SALT_BYTES = 32;
  private static final long SECONDS_PER_HOUR = 3600;
  private static final long HOUR_MAX = TrustedKeys.Entry.FOREVER_SECONDS / SECONDS_PER_HOUR;

  public Leaf {
    if (hour < 0 || hour > HOUR_MAX) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "hour", "hours since 1970", "" + hour);
    }
  }

  public static Leaf commit(Statement.Kind kind, byte[] salt, Envelope envelope, long hour) {
    if (salt.length != SALT_BYTES) {
      throw new IllegalArgumentException("salt of " + salt.length + " bytes");
    }
    MessageDigest sha256 = Digest.sha256();
    sha256.update(salt);
    byte[] commitment = sha256.digest(envelope.digest().bytes());
    return new Leaf(kind, Merkle.digest(commitment), hour);
  }

  public static long hourOf(long seconds) {
    return seconds / SECONDS_PER_HOUR;
  }

  public byte[] bytes() {
    String text =
        "hesuan/leaf/v1\n"
            + kind.text()
            + "\n"
            + Base64Text.encode(commitment.bytes())
            + "\n"
            + hour
            + "\n";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  public byte[] hash() {
    return Merkle.leafHash(bytes());
  }
}
