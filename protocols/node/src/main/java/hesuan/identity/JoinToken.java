package hesuan.identity;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a party is given to join with: a secret that is good once, and the digest of the
 * federation's root, so that the joining agent knows the right coordinator from the first byte.
 */
public record JoinToken(SecretBytes secret, Digest root) {
  private static final Pattern SHAPE =
      Pattern.compile("hsj1\\.([A-Za-z0-9_-]{43})\\.([0-9a-f]{64})");
  static final int SECRET_BYTES = 32;

  static JoinToken generate(Digest root, SecureRandom random) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return new JoinToken(new SecretBytes(secret), root);
  }

  public static JoinToken parse(String text) {
    Matcher matcher = SHAPE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new ProblemException(
          ErrorCode.TOKEN_REFUSED, "join token", "hsj1.<secret>.<root digest>", "another shape");
    }
    return new JoinToken(
        new SecretBytes(Base64.getUrlDecoder().decode(matcher.group(1))),
        new Digest(matcher.group(2)));
  }

  /** The text to hand over; this is the secret itself, so it goes to no log. */
  public String text() {
    return "hsj1."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(secret.exposeCopy())
        + "."
        + root.hex();
  }

  /** Under which the coordinator knows it; 256 random bits need no salt. */
  Digest hash() {
    return Digest.of(secret.exposeCopy());
  }

  @Override
  public String toString() {
    return "JoinToken[redacted, root " + root + "]";
  }
}
