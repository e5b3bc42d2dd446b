package hesuan.http;

import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import io.micronaut.core.convert.ArgumentConversionContext;
import io.micronaut.core.type.Argument;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.bind.binders.TypedRequestArgumentBinder;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * A controller method that takes a {@code C} is for signed-in callers: by bearer token, or else by
 * the client certificate of a party. A token that was sent and does not hold is refused, whatever
 * the certificate says. Whose token and which party, the subclass says.
 */
public abstract class CallerBinder<C> implements TypedRequestArgumentBinder<C> {
  private static final String BEARER = "Bearer ";

  private final Argument<C> type;
  private final TlsContexts tls;
  private final String goodToken;
  private final String goodCaller;

  /**
   * @param goodToken which tokens hold, for whoever sent another
   * @param goodCaller what is asked of a caller, for whoever sent neither token nor certificate
   */
  protected CallerBinder(Class<C> type, TlsContexts tls, String goodToken, String goodCaller) {
    this.type = Argument.of(type);
    this.tls = tls;
    this.goodToken = goodToken;
    this.goodCaller = goodCaller;
  }

  /** Whose token it is; empty for one that does not hold. */
  protected abstract Optional<C> byToken(String secret);

  /**
   * @throws ProblemException for a party of this federation that has no business here
   */
  protected abstract C byCertificate(PartyId party);

  @Override
  public final Argument<C> argumentType() {
    return type;
  }

  @Override
  public final BindingResult<C> bind(ArgumentConversionContext<C> context, HttpRequest<?> request) {
    C caller = caller(request);
    return () -> Optional.of(caller);
  }

  private C caller(HttpRequest<?> request) {
    String authorization = request.getHeaders().get("Authorization");
    if (authorization != null) {
      return Optional.of(authorization)
          .filter(text -> text.startsWith(BEARER))
          .flatMap(text -> byToken(text.substring(BEARER.length()).strip()))
          .orElseThrow(() -> refused(goodToken, "another"));
    }
    return request
        .getSslSession()
        .filter(CallerBinder::showsCertificate)
        .map(session -> byCertificate(tls.peer(session, false).requireParty()))
        .orElseThrow(() -> refused(goodCaller, "neither"));
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
