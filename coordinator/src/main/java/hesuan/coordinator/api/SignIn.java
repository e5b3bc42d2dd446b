package hesuan.coordinator.api;

import hesuan.coordinator.access.ApiTokens;
import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Members;
import hesuan.http.CallerBinder;
import hesuan.identity.TlsContexts;
import hesuan.wire.PartyId;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.util.Optional;

/** By a token that the coordinator issued, or by the certificate of an enrolled party. */
@Requires(beans = Federation.class)
@Singleton
final class SignIn extends CallerBinder<Caller> {
  private final ApiTokens tokens;
  private final Members members;

  SignIn(ApiTokens tokens, Members members, TlsContexts tls) {
    super(
        Caller.class,
        tls,
        "a token that is known, not revoked and not expired",
        "a bearer token or a party's certificate");
    this.tokens = tokens;
    this.members = members;
  }

  @Override
  protected Optional<Caller> byToken(String secret) {
    return tokens.caller(secret);
  }

  @Override
  protected Caller byCertificate(PartyId party) {
    members.require(party);
    return Caller.certificate(party);
  }
}
