package hesuan.agent.api;

import hesuan.http.CallerBinder;
import hesuan.identity.TlsContexts;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Callers of an agent are of its own party: by the agent's token, or by a certificate of this very
 * party. Another party's certificate opens nothing here.
 */
@Singleton
@Requires(beans = AgentView.class)
final class SignIn extends CallerBinder<Owner> {
  private final AgentView agent;

  SignIn(AgentView agent, TlsContexts tls) {
    super(Owner.class, tls, "this agent's token", "this agent's token or its party's certificate");
    this.agent = agent;
  }

  @Override
  protected Optional<Owner> byToken(String secret) {
    return MessageDigest.isEqual(Digest.of(secret).bytes(), agent.tokenHash().bytes())
        ? Optional.of(new Owner("token"))
        : Optional.empty();
  }

  @Override
  protected Owner byCertificate(PartyId party) {
    if (!party.equals(agent.config().party())) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "caller", agent.config().party().value(), party.value());
    }
    return new Owner("certificate");
  }
}
