package hesuan.identity;

import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link LiveIdentity} alive: at half life it makes a fresh key, asks for a certificate,
 * stores both and only then speaks with them. A failed try is repeated, more often as the end comes
 * near; connections are not disturbed.
 */
public final class Renewal implements AutoCloseable {
  /** Sends a PKCS#10 request to the authority under the current identity. */
  public interface Authority {
    X509Certificate renew(byte[] certificateRequest);
  }

  private static final Logger log = LoggerFactory.getLogger(Renewal.class);
  private static final Duration LOOK_MAX = Duration.ofSeconds(10);
  private static final Duration LOOK_MIN = Duration.ofMillis(100);

  private final LiveIdentity identity;
  private final Path file;
  private final Authority authority;
  private final Runnable renewed;
  private final Clock clock;
  private final SecureRandom random;
  private final Thread thread;

  private Renewal(
      LiveIdentity identity,
      Path file,
      Authority authority,
      Runnable renewed,
      Clock clock,
      SecureRandom random) {
    this.identity = identity;
    this.file = file;
    this.authority = authority;
    this.renewed = renewed;
    this.clock = clock;
    this.random = random;
    this.thread = Thread.ofVirtual().name("renewal").unstarted(this::watch);
  }

  /**
   * Starts to watch.
   *
   * @param file where the identity is stored
   * @param renewed told after each renewal, for instance to dial again
   */
  public static Renewal start(
      LiveIdentity identity,
      Path file,
      Authority authority,
      Runnable renewed,
      Clock clock,
      SecureRandom random) {
    Renewal renewal = new Renewal(identity, file, authority, renewed, clock, random);
    renewal.thread.start();
    return renewal;
  }

  /** One renewal, now, on the caller's thread. */
  public void renewNow() {
    KeyPair key = Certificates.newKey(random);
    Identity now = identity.current();
    X509Certificate certificate = authority.renew(CertificateRequest.create(key, now.id()));
    if (!certificate.getPublicKey().equals(key.getPublic())) {
      throw Certificates.refused("renewal", "a certificate for the key asked", "another key");
    }
    SpiffeId id = Certificates.verify(List.of(certificate), now.root(), clock.instant(), true);
    if (!id.equals(now.id())) {
      throw Certificates.refused("renewal", now.id().toString(), id.toString());
    }
    Identity next = new Identity(key.getPrivate(), certificate, now.root());
    try {
      KeyFiles.write(file, next);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    identity.replace(next);
    log.info("certificate of {} renewed until {}", id, next.notAfter());
    renewed.run();
  }

  private void watch() {
    while (!Thread.currentThread().isInterrupted()) {
      if (!clock.instant().isBefore(identity.current().halfLife())) {
        tryOnce();
      }
      try {
        Thread.sleep(untilNextLook());
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void tryOnce() {
    try {
      renewNow();
    } catch (ProblemException | UncheckedIOException e) {
      log.warn(
          "renewal failed, certificate good until {}: {}",
          identity.current().notAfter(),
          e.getMessage());
    }
  }

  /** Short sleeps, because a machine may be suspended and a clock may jump. */
  private Duration untilNextLook() {
    Identity now = identity.current();
    Instant at = clock.instant();
    Duration left =
        at.isBefore(now.halfLife())
            ? Duration.between(at, now.halfLife())
            : Duration.between(at, now.notAfter()).dividedBy(8);
    if (left.compareTo(LOOK_MIN) < 0) {
      return LOOK_MIN;
    }
    return left.compareTo(LOOK_MAX) > 0 ? LOOK_MAX : left;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
