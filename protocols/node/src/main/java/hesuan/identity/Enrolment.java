package hesuan.identity;

import hesuan.store.Transaction;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The coordinator's side of joining and renewing: who may have a certificate, for which key. The
 * caller adds what else enrolment means (registering the party's signing keys) in the same
 * transaction.
 */
public final class Enrolment {
  private static final Logger log = LoggerFactory.getLogger(Enrolment.class);

  /** What a party leaves with. */
  public record Enrolled(JoinTokens.Grant grant, X509Certificate certificate) {}

  private final CertificateAuthority authority;
  private final JoinTokens tokens;

  public Enrolment(CertificateAuthority authority, JoinTokens tokens) {
    this.authority = authority;
    this.tokens = tokens;
  }

  public CertificateAuthority authority() {
    return authority;
  }

  /** By token: the request is checked first, so that a bad request does not use up the token. */
  public Enrolled enrol(
      Transaction transaction, String token, PartyId party, byte[] certificateRequest)
      throws SQLException {
    CertificateRequest request = checked(party, certificateRequest);
    SpiffeId id = SpiffeId.party(authority.federation(), party);
    if (!request.id().equals(id)) {
      log.warn("enrolment of {} refused: the request asks for {}", party, request.id());
      throw Certificates.refused("certificate request", id.toString(), request.id().toString());
    }
    JoinTokens.Grant grant = tokens.redeem(transaction, token, party, request);
    X509Certificate certificate = authority.issue(request, id, Set.of());
    log.info("{} enrolled as {} until {}", party, grant.role(), certificate.getNotAfter());
    return new Enrolled(grant, certificate);
  }

  /** By certificate: whom TLS has authenticated gets a certificate for the same id. */
  public X509Certificate renew(PartyId caller, byte[] certificateRequest) {
    CertificateRequest request = checked(caller, certificateRequest);
    return authority.issue(request, SpiffeId.party(authority.federation(), caller), Set.of());
  }

  private static CertificateRequest checked(PartyId party, byte[] certificateRequest) {
    try {
      return CertificateRequest.parse(certificateRequest);
    } catch (ProblemException e) {
      log.warn("certificate for {} refused: {}", party, e.getMessage());
      throw e;
    }
  }
}
