package hesuan.identity;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.3, and nothing else, for every kind of connection of a node. Each handshake reads the
 * identity that holds at that moment, so a renewal needs no restart and no new context.
 *
 * <p>A resumed session skips the certificate check inside TLS; therefore whoever acts on a caller's
 * name asks {@link #peer}, which checks again.
 */
public final class TlsContexts {
  public static final String VERSION = "TLSv1.3";
  private static final List<String> SUITES =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  private static final String ALIAS = "node";

  private final LiveIdentity identity;
  private final Clock clock;

  public TlsContexts(LiveIdentity identity, Clock clock) {
    this.identity = identity;
    this.clock = clock;
  }

  public LiveIdentity identity() {
    return identity;
  }

  /**
   * A context of its own, without sessions from elsewhere. Its user must ask for {@link
   * #parameters} (java.net.http) or take one of the Netty contexts below, which do.
   */
  public SSLContext jdk() {
    return context(new CurrentKey(), new RootOfIdentity());
  }

  /** For java.net.http clients and JDK sockets. */
  public static SSLParameters parameters() {
    return new SSLParameters(SUITES.toArray(String[]::new), new String[] {VERSION});
  }

  /**
   * @param applicationProtocols for instance h2; empty for none
   */
  public SslContext nettyServer(ClientAuth clientAuth, String... applicationProtocols) {
    return netty(jdk(), false, clientAuth, applicationProtocols);
  }

  public SslContext nettyClient(String... applicationProtocols) {
    return netty(jdk(), true, ClientAuth.REQUIRE, applicationProtocols);
  }

  /**
   * Who is at the other end, checked now against the root and the clock.
   *
   * @throws ProblemException NOT_AUTHENTICATED without a certificate, CERTIFICATE_REFUSED with a
   *     wrong one
   */
  public SpiffeId peer(SSLSession session, boolean peerIsServer) {
    return Certificates.verify(
        peerChain(session), identity.current().root(), clock.instant(), peerIsServer);
  }

  /** The certificate that the other end showed in the handshake. */
  public static X509Certificate peerCertificate(SSLSession session) {
    return peerChain(session).getFirst();
  }

  private static List<X509Certificate> peerChain(SSLSession session) {
    try {
      return chain(session.getPeerCertificates());
    } catch (SSLPeerUnverifiedException e) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHENTICATED, "connection", "a client certificate", "none");
    }
  }

  private static List<X509Certificate> chain(Certificate[] certificates) {
    return Arrays.stream(certificates).map(X509Certificate.class::cast).toList();
  }

  /**
   * For a node that has no identity yet: trusts only a coordinator under the root with that digest,
   * and notes who it was.
   */
  public static final class Pinned {
    private final AtomicReference<@Nullable List<X509Certificate>> seen = new AtomicReference<>();
    private final SSLContext context;

    public Pinned(Digest root, Clock clock) {
      context = context(null, new RootByDigest(root, clock, seen));
    }

    public SSLContext jdk() {
      return context;
    }

    public SslContext netty(String... applicationProtocols) {
      return TlsContexts.netty(context, true, ClientAuth.NONE, applicationProtocols);
    }

    /** The root that matched the digest, once a handshake has succeeded. */
    public X509Certificate root() {
      List<X509Certificate> chain = seen.get();
      if (chain == null) {
        throw new IllegalStateException("no handshake yet");
      }
      return chain.get(1);
    }

    public String federation() {
      return Certificates.federation(root());
    }
  }

  private static SslContext netty(
      SSLContext context, boolean client, ClientAuth clientAuth, String... applicationProtocols) {
    ApplicationProtocolConfig protocols =
        applicationProtocols.length == 0
            ? ApplicationProtocolConfig.DISABLED
            : new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                applicationProtocols);
    return new JdkSslContext(
        context,
        client,
        SUITES,
        IdentityCipherSuiteFilter.INSTANCE,
        protocols,
        clientAuth,
        new String[] {VERSION},
        false);
  }

  private static SSLContext context(@Nullable KeyManager key, TrustManager trust) {
    try {
      SSLContext context = SSLContext.getInstance(VERSION);
      context.init(
          key == null ? new KeyManager[0] : new KeyManager[] {key},
          new TrustManager[] {trust},
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS 1.3", e);
    }
  }

  /** The key and chain of this moment; the root goes along for clients that pin its digest. */
  private final class CurrentKey extends X509ExtendedKeyManager {
    /**
     * A handshake asks for alias, chain and key one after the other, and a renewal may fall in
     * between; so the alias names the certificate, and the last one stays at hand.
     */
    private final AtomicReference<@Nullable Identity> previous = new AtomicReference<>();

    private final AtomicReference<Identity> latest = new AtomicReference<>(identity.current());

    private synchronized Identity latest() {
      Identity now = identity.current();
      if (!latest.get().certificate().equals(now.certificate())) {
        previous.set(latest.getAndSet(now));
      }
      return now;
    }

    private String alias() {
      return alias(latest());
    }

    private static String alias(Identity identity) {
      return ALIAS + identity.certificate().getSerialNumber().toString(16);
    }

    private @Nullable Identity named(String alias) {
      Identity before = previous.get();
      return alias(latest.get()).equals(alias)
          ? latest.get()
          : before != null && alias(before).equals(alias) ? before : null;
    }

    @Override
    public String chooseEngineClientAlias(
        String[] types, Principal @Nullable [] issuers, SSLEngine engine) {
      return alias();
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String type, Principal @Nullable [] issuers, SSLEngine engine) {
      return type.startsWith("EC") ? alias() : null;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal @Nullable [] issuers, Socket socket) {
      return alias();
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, Socket socket) {
      return type.startsWith("EC") ? alias() : null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      Identity named = named(alias);
      return named == null ? null : new X509Certificate[] {named.certificate(), named.root()};
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      Identity named = named(alias);
      return named == null ? null : named.key();
    }

    @Override
    public String[] getClientAliases(String type, Principal @Nullable [] issuers) {
      return new String[] {alias()};
    }

    @Override
    public String[] getServerAliases(String type, Principal @Nullable [] issuers) {
      return new String[] {alias()};
    }
  }

  /** One decision for every way in which the JDK may ask. */
  private abstract static class Trust extends X509ExtendedTrustManager {
    abstract void check(List<X509Certificate> chain, boolean peerIsServer);

    private void decide(X509Certificate[] chain, boolean peerIsServer) throws CertificateException {
      try {
        check(List.of(chain), peerIsServer);
      } catch (ProblemException e) {
        throw new CertificateException(e.getMessage(), e);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      decide(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      decide(chain, true);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      decide(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      decide(chain, true);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      decide(chain, false);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      decide(chain, true);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private final class RootOfIdentity extends Trust {
    @Override
    void check(List<X509Certificate> chain, boolean peerIsServer) {
      Certificates.verify(chain, identity.current().root(), clock.instant(), peerIsServer);
    }
  }

  private static final class RootByDigest extends Trust {
    private final Digest root;
    private final Clock clock;
    private final AtomicReference<@Nullable List<X509Certificate>> seen;

    RootByDigest(Digest root, Clock clock, AtomicReference<@Nullable List<X509Certificate>> seen) {
      this.root = root;
      this.clock = clock;
      this.seen = seen;
    }

    @Override
    void check(List<X509Certificate> chain, boolean peerIsServer) {
      if (chain.size() != 2 || !Certificates.digest(chain.get(1)).equals(root)) {
        throw Certificates.refused(
            "coordinator",
            "the root " + root + " named by the token",
            chain.size() < 2 ? "no root" : "root " + Certificates.digest(chain.get(1)));
      }
      SpiffeId id = Certificates.verify(chain, chain.get(1), clock.instant(), peerIsServer);
      if (!id.isCoordinator()) {
        throw Certificates.refused("coordinator", "the coordinator's certificate", id.toString());
      }
      seen.set(chain);
    }
  }
}
