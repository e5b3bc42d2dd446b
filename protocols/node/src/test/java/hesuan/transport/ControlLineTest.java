package hesuan.transport;

import static hesuan.identity.Federation.BRAND;
import static hesuan.identity.Federation.MALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import hesuan.control.EnrolReply;
import hesuan.control.EnrolRequest;
import hesuan.control.FromAgent;
import hesuan.control.Hello;
import hesuan.control.ToAgent;
import hesuan.control.Welcome;
import hesuan.control.Withdraw;
import hesuan.identity.Certificates;
import hesuan.identity.Federation;
import hesuan.identity.Identity;
import hesuan.identity.KeyFiles;
import hesuan.identity.LiveIdentity;
import hesuan.identity.Renewal;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlLineTest {
  private final Clock clock = Clock.systemUTC();
  private final SecureRandom random = new SecureRandom();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Recorder coordinator = new Recorder();

  @TempDir Path folder;
  private Federation federation;
  private ControlServer server;

  /** A coordinator that welcomes, enrols, renews and remembers. */
  private final class Recorder implements ControlHandler {
    final BlockingQueue<FromAgent> received = new LinkedBlockingQueue<>();
    final BlockingQueue<AgentLine> lines = new LinkedBlockingQueue<>();
    final BlockingQueue<Problem> ends = new LinkedBlockingQueue<>();
    final Set<String> withdrawn = ConcurrentHashMap.newKeySet();
    volatile CountDownLatch slow = new CountDownLatch(0);

    @Override
    public EnrolReply enrol(EnrolRequest request) {
      return federation.store.inTransaction(
          "enrol",
          t ->
              EnrolReply.newBuilder()
                  .addCertificateChain(
                      ByteString.copyFrom(
                          Certificates.encoded(
                              federation
                                  .enrolment
                                  .enrol(
                                      t,
                                      request.getToken(),
                                      new PartyId(request.getParty()),
                                      request.getCertificateRequest().toByteArray())
                                  .certificate())))
                  .setFederation("test")
                  .setCoordinatorKeys(request.getKeys())
                  .build());
    }

    @Override
    public X509Certificate renew(PartyId caller, byte[] certificateRequest) {
      return federation.enrolment.renew(caller, certificateRequest);
    }

    @Override
    public void connected(AgentLine line) {
      lines.add(line);
      line.send(ToAgent.newBuilder().setWelcome(Welcome.getDefaultInstance()).build());
    }

    @Override
    public void received(AgentLine line, FromAgent message) {
      try {
        slow.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (message.hasWithdraw()) {
        withdrawn.add(message.getWithdraw().getProduct());
      } else {
        received.add(message);
      }
    }

    @Override
    public void disconnected(AgentLine line, Problem why) {
      ends.add(why);
    }
  }

  private static final class Events implements ControlClient.Listener {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    final BlockingQueue<Problem> ends = new LinkedBlockingQueue<>();

    @Override
    public void connected() {
      events.add("connected");
    }

    @Override
    public void received(ToAgent message) {
      events.add(message.getBodyCase().name());
    }

    @Override
    public void disconnected(Problem why) {
      events.add("disconnected");
      ends.add(why);
    }

    String next() throws InterruptedException {
      return String.valueOf(events.poll(20, TimeUnit.SECONDS));
    }
  }

  @BeforeEach
  void start() throws IOException {
    found(Duration.ofHours(24), 0);
  }

  private void found(Duration lifetime, int port) throws IOException {
    Path home = Files.createTempDirectory(folder, "coordinator");
    federation = new Federation(home, clock, lifetime);
    serve(port);
  }

  private void serve(int port) throws IOException {
    server =
        ControlServer.start(
            new Address("127.0.0.1", port), federation.coordinator(), coordinator, clock);
    open.add(server);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
  }

  private Address address() {
    return new Address("127.0.0.1", server.port());
  }

  private ControlClient client(TlsContexts tls, Events events) {
    return client(address(), tls, events);
  }

  private ControlClient client(Address to, TlsContexts tls, Events events) {
    ControlClient client = ControlClient.start(to, tls, clock, new Random(1), events);
    open.add(client);
    return client;
  }

  private ControlClient.Enrolled enrol(String token, PartyId party) {
    return ControlClient.enrol(address(), token, party, new byte[] {1}, new byte[0], clock, random);
  }

  @Test
  void enrol_overTheWire_thenConnectAndTalk() throws Exception {
    var enrolled = enrol(federation.token(BRAND), BRAND);
    assertEquals("test", enrolled.federation());
    assertEquals(SpiffeId.party("test", BRAND), enrolled.identity().id());
    Events events = new Events();
    ControlClient client =
        client(new TlsContexts(new LiveIdentity(enrolled.identity()), clock), events);
    assertEquals("connected", events.next());
    assertEquals("WELCOME", events.next());
    assertTrue(
        client.send(FromAgent.newBuilder().setHello(Hello.newBuilder().setSoftware("t")).build()));
    assertEquals("t", coordinator.received.poll(10, TimeUnit.SECONDS).getHello().getSoftware());
    assertEquals(BRAND, coordinator.lines.take().party());
  }

  @Test
  void enrol_usedToken_isToldWhy() {
    String token = federation.token(BRAND);
    enrol(token, BRAND);
    ProblemException refused = assertThrows(ProblemException.class, () -> enrol(token, BRAND));
    assertEquals(ErrorCode.TOKEN_REFUSED, refused.problem().code());
    assertEquals(ErrorCode.TOKEN_REFUSED.code(), refused.getMessage().substring(0, 6));
  }

  @Test
  void enrol_coordinatorUnderAnotherRoot_isRefusedBeforeTheTokenIsShown() throws Exception {
    Federation other =
        new Federation(Files.createTempDirectory(folder, "other"), clock, Duration.ofHours(1));
    ProblemException refused =
        assertThrows(ProblemException.class, () -> enrol(other.token(BRAND), BRAND));
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refused.problem().code());
  }

  @Test
  void connect_withoutOrWithForeignOrExpiredCertificate_isRefused() throws Exception {
    Federation foreign =
        new Federation(Files.createTempDirectory(folder, "foreign"), clock, Duration.ofHours(1));
    Federation earlier =
        new Federation(
            Files.createTempDirectory(folder, "earlier"),
            Clock.offset(clock, Duration.ofDays(-2)),
            Duration.ofHours(1));
    Identity mixed =
        new Identity(
            foreign.party(BRAND).current().key(),
            foreign.party(BRAND).current().certificate(),
            federation.authority.root());
    assertEquals(
        ErrorCode.PEER_UNREACHABLE,
        renewalRefusal(new TlsContexts(new LiveIdentity(mixed), clock)));
    // Its own root is honest, so that the server's refusal is seen and not the client's.
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, renewalRefusal(earlier.tls(BRAND)));
    // The coordinator's own certificate is no party's.
    assertEquals(ErrorCode.NOT_AUTHORISED, renewalRefusal(federation.coordinator()));
    TlsContexts.Pinned nobody =
        new TlsContexts.Pinned(Certificates.digest(federation.authority.root()), clock);
    try (SSLSocket socket = socket(nobody.jdk())) {
      socket.startHandshake();
    }
    assertEquals("test", nobody.federation());
  }

  private ErrorCode renewalRefusal(TlsContexts tls) {
    ControlClient client = client(tls, new Events());
    ErrorCode code =
        assertThrows(ProblemException.class, () -> client.renew(new byte[0])).problem().code();
    client.close();
    return code;
  }

  private SSLSocket socket(javax.net.ssl.SSLContext context) throws IOException {
    return (SSLSocket)
        context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port());
  }

  @Test
  void connect_tls12_isRefused() throws Exception {
    try (SSLSocket socket = socket(federation.tls(BRAND).jdk())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThrows(SSLException.class, socket::startHandshake);
    }
  }

  @Test
  void connect_secondLineOfAParty_replacesTheFirst() throws Exception {
    Events first = new Events();
    client(federation.tls(BRAND), first);
    assertEquals("connected", first.next());
    client(federation.tls(BRAND), new Events());
    assertEquals(ErrorCode.CONFLICT, first.ends.poll(10, TimeUnit.SECONDS).code());
  }

  @Test
  void serverRestarts_clientComesBack() throws Exception {
    Events events = new Events();
    client(federation.tls(BRAND), events);
    assertEquals("connected", events.next());
    assertEquals("WELCOME", events.next());
    int port = server.port();
    server.close();
    assertEquals("disconnected", events.next());
    serve(port);
    assertEquals("connected", events.next());
    assertEquals("WELCOME", events.next());
  }

  @Test
  void line_halfOpen_isFoundAtBothEnds() throws Exception {
    try (Wire wire = new Wire(server.port())) {
      Events events = new Events();
      client(wire.address(), federation.tls(MALL), events);
      assertEquals("connected", events.next());
      AgentLine line = coordinator.lines.poll(10, TimeUnit.SECONDS);
      wire.die();
      assertEquals(ErrorCode.PEER_SILENT, events.ends.poll(15, TimeUnit.SECONDS).code());
      assertEquals(ErrorCode.PEER_SILENT, coordinator.ends.poll(15, TimeUnit.SECONDS).code());
      assertEquals(Silence.BEATS_MAX * Silence.BEAT_MILLIS, line.silentMillis());
    }
  }

  @Test
  void line_whoseOwnerIsSlowToListen_isNotSilent() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    coordinator.slow = slow;
    Events events = new Events();
    ControlClient client = client(federation.tls(BRAND), events);
    assertEquals("connected", events.next());
    AgentLine line = coordinator.lines.poll(10, TimeUnit.SECONDS);
    for (int i = 0; i < 400; i++) { // more than may wait
      client.send(FromAgent.newBuilder().setHello(Hello.getDefaultInstance()).build());
    }
    Thread.sleep(2 * Silence.BEATS_MAX * Silence.BEAT_MILLIS);
    slow.countDown();
    assertTrue(client.isConnected());
    assertEquals(0, coordinator.ends.size());
    for (int i = 0; i < 400; i++) {
      assertTrue(coordinator.received.poll(10, TimeUnit.SECONDS).hasHello());
    }
    assertTrue(line.silentMillis() < Silence.BEATS_MAX * Silence.BEAT_MILLIS);
  }

  @Test
  void renewal_atHalfLifeUnderTraffic_losesNoMessage() throws Exception {
    found(Duration.ofSeconds(4), 0);
    LiveIdentity identity = federation.party(BRAND);
    X509Certificate first = identity.current().certificate();
    TlsContexts tls = new TlsContexts(identity, clock);
    // The coordinator's own short certificate is renewed by its own authority.
    Events events = new Events();
    ControlClient client = client(tls, events);
    assertEquals("connected", events.next());
    Path file = folder.resolve("tls.pem");
    open.add(Renewal.start(identity, file, client::renew, client::redial, clock, random));
    int sent = 0;
    long renewals = 0;
    X509Certificate last = first;
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (renewals < 2 && System.nanoTime() < end) {
      String name = "p" + sent;
      if (client.send(
          FromAgent.newBuilder().setWithdraw(Withdraw.newBuilder().setProduct(name)).build())) {
        sent++;
      }
      if (!identity.current().certificate().equals(last)) {
        last = identity.current().certificate();
        renewals++;
      }
      Thread.sleep(1);
    }
    assertEquals(2, renewals);
    for (int i = 0; i < 1000 && coordinator.withdrawn.size() < sent; i++) {
      Thread.sleep(10);
    }
    assertEquals(sent, coordinator.withdrawn.size());
    assertEquals(identity.current().certificate(), KeyFiles.read(file).certificate());
  }
}
