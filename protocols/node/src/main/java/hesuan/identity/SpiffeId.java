package hesuan.identity;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name in a certificate: {@code spiffe://federation/party/id} or {@code
 * spiffe://federation/coordinator}.
 *
 * @param party null for the coordinator
 */
public record SpiffeId(String federation, @Nullable PartyId party) {
  private static final Pattern FEDERATION = Pattern.compile("[a-z][a-z0-9.-]{0,62}");
  private static final Pattern SHAPE =
      Pattern.compile(
          "spiffe://([a-z][a-z0-9.-]{0,62})/(?:(coordinator)|party/([a-z][a-z0-9-]{1,39}))");
  private static final int URI_NAME = 6;

  public SpiffeId {
    if (!FEDERATION.matcher(federation).matches()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "federation", FEDERATION.pattern(), federation);
    }
  }

  public static SpiffeId party(String federation, PartyId party) {
    return new SpiffeId(federation, party);
  }

  public static SpiffeId coordinator(String federation) {
    return new SpiffeId(federation, null);
  }

  public static SpiffeId parse(String uri) {
    Matcher matcher = SHAPE.matcher(uri);
    if (!matcher.matches()) {
      throw new ProblemException(
          ErrorCode.CERTIFICATE_REFUSED, "SPIFFE id", "spiffe://federation/party/id", uri);
    }
    String party = matcher.group(3);
    return new SpiffeId(matcher.group(1), party == null ? null : new PartyId(party));
  }

  /** The certificate's one URI name; who trusts it must have checked its issuer first. */
  public static SpiffeId of(X509Certificate certificate) {
    try {
      var names = certificate.getSubjectAlternativeNames();
      List<String> uris =
          names == null
              ? List.of()
              : names.stream()
                  .filter(name -> name.get(0).equals(URI_NAME))
                  .map(name -> String.valueOf(name.get(1)))
                  .toList();
      if (uris.size() != 1) {
        throw new ProblemException(
            ErrorCode.CERTIFICATE_REFUSED, "SPIFFE id", "exactly one", uris.size() + " URI names");
      }
      return parse(uris.getFirst());
    } catch (CertificateParsingException e) {
      throw new ProblemException(
          ErrorCode.CERTIFICATE_REFUSED, "certificate", "readable names", "malformed names");
    }
  }

  public boolean isCoordinator() {
    return party == null;
  }

  /** The party, where only a party will do. */
  public PartyId requireParty() {
    if (party == null) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "caller", "a party of " + federation, toString());
    }
    return party;
  }

  @Override
  public String toString() {
    return "spiffe://" + federation + (party == null ? "/coordinator" : "/party/" + party);
  }
}
