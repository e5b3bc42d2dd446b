package hesuan.agent.api;

import hesuan.identity.TlsContexts;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.core.convert.ArgumentConversionContext;
import io.micronaut.core.type.Argument;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.bind.binders.TypedRequestArgumentBinder;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * A controller method that takes an {@link Owner} is for the party itself: by the agent's token, or
 * by a certificate of this very party. Another party's certificate opens nothing here.
 */
@Singleton
@Requires(beans = AgentView.class)
final class SignIn implements TypedRequestArgumentBinder<Owner> {
  private static final String BEARER = "Bearer ";

  private final AgentView agent;
  private final TlsContexts tls;

  SignIn(AgentView agent, TlsContexts tls) {
    this.agent = agent;
    this.tls = tls;
  }

  @Override
  public Argument<Owner> argumentType() {
    return Argument.of(Owner.class);
  }

  @Override
  public BindingResult<Owner> bind(
      ArgumentConversionContext<Owner> context, HttpRequest<?> request) {
    Owner owner = owner(request);
    return () -> Optional.of(owner);
  }

  private Owner owner(HttpRequest<?> request) {
    String authorization = request.getHeaders().get("Authorization");
    if (authorization != null) {
      if (!authorization.startsWith(BEARER)
          || !isToken(authorization.substring(BEARER.length()).strip())) {
        throw refused("this agent's token", "another");
      }
      return new Owner("token");
    }
    return request
        .getSslSession()
        .filter(SignIn::showsCertificate)
        .map(this::byCertificate)
        .orElseThrow(() -> refused("this agent's token or its party's certificate", "neither"));
  }

  private boolean isToken(String secret) {
    return MessageDigest.isEqual(Digest.of(secret).bytes(), agent.tokenHash().bytes());
  }

  private Owner byCertificate(SSLSession session) {
    PartyId party = tls.peer(session, false).requireParty();
    if (!party.equals(agent.config().party())) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "caller", agent.config().party().value(), party.value());
    }
    return new Owner("certificate");
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
