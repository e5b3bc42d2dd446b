package hesuan.coordinator.api;

import hesuan.coordinator.access.ApiTokens;
import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Members;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.core.convert.ArgumentConversionContext;
import io.micronaut.core.type.Argument;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.bind.binders.TypedRequestArgumentBinder;
import jakarta.inject.Singleton;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * A controller method that takes a {@link Caller} is for signed-in callers: by bearer token, or
 * else by the client certificate of an enrolled party. A token that was sent and does not hold is
 * refused, whatever the certificate says.
 */
@Requires(beans = Federation.class)
@Singleton
final class SignIn implements TypedRequestArgumentBinder<Caller> {
  private static final String BEARER = "Bearer ";

  private final ApiTokens tokens;
  private final Members members;
  private final TlsContexts tls;

  SignIn(ApiTokens tokens, Members members, TlsContexts tls) {
    this.tokens = tokens;
    this.members = members;
    this.tls = tls;
  }

  @Override
  public Argument<Caller> argumentType() {
    return Argument.of(Caller.class);
  }

  @Override
  public BindingResult<Caller> bind(
      ArgumentConversionContext<Caller> context, HttpRequest<?> request) {
    Caller caller = caller(request);
    return () -> Optional.of(caller);
  }

  private Caller caller(HttpRequest<?> request) {
    String authorization = request.getHeaders().get("Authorization");
    if (authorization != null) {
      return Optional.of(authorization)
          .filter(text -> text.startsWith(BEARER))
          .flatMap(text -> tokens.caller(text.substring(BEARER.length()).strip()))
          .orElseThrow(
              () -> refused("a token that is known, not revoked and not expired", "another"));
    }
    return request
        .getSslSession()
        .filter(SignIn::showsCertificate)
        .map(this::byCertificate)
        .orElseThrow(() -> refused("a bearer token or a party's certificate", "neither"));
  }

  private Caller byCertificate(SSLSession session) {
    PartyId party = tls.peer(session, false).requireParty();
    members.require(party);
    return Caller.certificate(party);
  }

  private static boolean showsCertificate(SSLSession session) {
    try {
      return session.getPeerCertificates().length > 0;
    } catch (SSLPeerUnverifiedException e) {
      return false;
    }
  }

  private static ProblemException refused(String expected, String found) {
    return new ProblemException(ErrorCode.NOT_AUTHENTICATED, "caller", expected, found);
  }
}
