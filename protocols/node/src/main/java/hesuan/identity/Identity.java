package hesuan.identity;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * What a node speaks TLS with: a key that never left it, the certificate for that key, and the
 * federation's root that it trusts.
 */
public record Identity(PrivateKey key, X509Certificate certificate, X509Certificate root) {
  public SpiffeId id() {
    return SpiffeId.of(certificate);
  }

  public Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }

  /** From here on a new certificate is asked for. */
  public Instant halfLife() {
    Instant from = certificate.getNotBefore().toInstant();
    return from.plus(Duration.between(from, notAfter()).dividedBy(2));
  }

  @Override
  public String toString() {
    return "Identity[" + id() + " until " + notAfter() + "]";
  }
}
