package hesuan.transport;

import static hesuan.identity.Federation.BRAND;
import static hesuan.identity.Federation.MALL;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.identity.Federation;
import hesuan.identity.Identity;
import hesuan.identity.LiveIdentity;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DataPlaneTest {
  /** Which of the two has an address that the other may dial. */
  enum Route {
    TO_SMALLER,
    TO_LARGER,
    RELAY
  }

  private static final SessionId SESSION = new SessionId(new JobId("job-aaaabbbbccccdddd"), 1);

  private Duration timeout = Duration.ofSeconds(10);
  private final Clock clock = Clock.systemUTC();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<PartyId, Address> addresses = new HashMap<>();
  private final Map<PartyId, KeyPair> keys = Map.of(BRAND, newKeys(), MALL, newKeys());

  @TempDir Path folder;
  private Federation federation;
  private RelayServer relay;

  private final DataPlane.Directory directory =
      new DataPlane.Directory() {
        @Override
        public Optional<Address> party(PartyId party) {
          return Optional.ofNullable(addresses.get(party));
        }

        @Override
        public Optional<Address> relay() {
          return Optional.of(new Address("127.0.0.1", relay.port()));
        }
      };

  private record Pair(DataPlane brand, DataPlane mall) {}

  private record Links(Link brand, Link mall) {}

  @BeforeEach
  void found() {
    federation = new Federation(folder, clock, Duration.ofHours(1));
    relay =
        RelayServer.start(
            new Address("127.0.0.1", 0), federation.coordinator(), (s, a, b) -> true, 4_000);
    open.add(relay);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    threads.shutdownNow();
  }

  private static KeyPair newKeys() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static HelloSigner signer(KeyPair pair) {
    return message -> {
      try {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(pair.getPrivate());
        signature.update(message);
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    };
  }

  private HelloVerifier verifier(PartyId party) {
    return (message, bytes) -> {
      try {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initVerify(keys.get(party).getPublic());
        signature.update(message);
        return signature.verify(bytes);
      } catch (GeneralSecurityException e) {
        return false;
      }
    };
  }

  private DataPlane plane(PartyId party, boolean listens) {
    return plane(federation.tls(party), keys.get(party), listens);
  }

  private DataPlane plane(TlsContexts tls, KeyPair signing, boolean listens) {
    DataPlane plane =
        DataPlane.start(
            tls, listens ? new Address("127.0.0.1", 0) : null, directory, signer(signing), timeout);
    open.add(plane);
    if (listens) {
      addresses.put(tls.identity().party(), new Address("127.0.0.1", plane.port()));
    }
    return plane;
  }

  private Pair pair(Route route) {
    // brand-a is the smaller name
    return new Pair(plane(BRAND, route == Route.TO_SMALLER), plane(MALL, route == Route.TO_LARGER));
  }

  private Links links(Pair pair) throws Exception {
    Future<Link> brand = threads.submit(() -> pair.brand.open(SESSION, MALL, verifier(MALL)));
    Future<Link> mall = threads.submit(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND)));
    return new Links(get(brand), get(mall));
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private ErrorCode refusal(Callable<?> call) {
    return refusal(threads.submit(call)).code();
  }

  private static Problem refusal(Future<?> future) {
    ExecutionException failed = assertThrows(ExecutionException.class, () -> get(future));
    return assertInstanceOf(ProblemException.class, failed.getCause()).problem();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void open_everyRoute_carriesMessagesBothWays(Route route) throws Exception {
    Links links = links(pair(route));
    Channel brand = links.brand.channel("step-1");
    Channel mall = links.mall.channel("step-1");
    assertEquals(MALL, brand.peer());
    assertEquals(BRAND, mall.peer());
    brand.send((byte) 7, bytes("hello"));
    assertArrayEquals(bytes("hello"), mall.receive((byte) 7, 5));
    mall.send((byte) 8, new byte[0]);
    assertEquals(0, brand.receive((byte) 8, 0).length);
    byte[] big = new byte[Channel.MESSAGE_BYTES_MAX];
    new Random(1).nextBytes(big);
    brand.send((byte) 9, big);
    assertArrayEquals(big, mall.receive((byte) 9, big.length));
    assertEquals(route == Route.RELAY, relay.bytesRelayed() > 0);
  }

  @ParameterizedTest
  @EnumSource
  void channels_many_keepTheirOwnOrder(Route route) throws Exception {
    Links links = links(pair(route));
    List<Future<?>> all = new ArrayList<>();
    for (int c = 0; c < 20; c++) {
      String step = "step-" + c;
      int seed = c;
      all.add(
          threads.submit(
              () -> {
                Random random = new Random(seed);
                LinkChannel channel = links.brand.channel(step);
                for (int i = 0; i < 200; i++) {
                  byte[] body = new byte[random.nextInt(5_000)];
                  random.nextBytes(body);
                  channel.send((byte) 1, body);
                }
              }));
      all.add(
          threads.submit(
              () -> {
                Random random = new Random(seed);
                LinkChannel channel = links.mall.channel(step);
                for (int i = 0; i < 200; i++) {
                  byte[] body = new byte[random.nextInt(5_000)];
                  random.nextBytes(body);
                  assertArrayEquals(body, channel.receive((byte) 1, 5_000));
                }
              }));
    }
    for (Future<?> each : all) {
      get(each);
    }
  }

  @Test
  void open_dialledDoesNotAnswer_meetsAtTheRelay() throws Exception {
    Pair pair = pair(Route.TO_SMALLER);
    addresses.put(BRAND, new Address("127.0.0.1", 1));
    Links links = links(pair);
    links.brand.channel("s").send((byte) 1, bytes("x"));
    assertArrayEquals(bytes("x"), links.mall.channel("s").receive((byte) 1, 1));
    assertTrue(relay.bytesRelayed() > 0);
  }

  @Test
  void open_oneSideLater_isWaitedFor() throws Exception {
    for (Route route : Route.values()) {
      addresses.clear();
      Pair pair = pair(route);
      Future<Link> mall = threads.submit(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND)));
      Thread.sleep(800);
      Future<Link> brand = threads.submit(() -> pair.brand.open(SESSION, MALL, verifier(MALL)));
      get(mall);
      get(brand).close();
    }
  }

  @Test
  void open_peerAbsent_isUnreachableAtBothKindsOfRoute() {
    timeout = Duration.ofSeconds(2);
    for (Route route : Route.values()) {
      addresses.clear();
      Pair pair = pair(route);
      assertEquals(
          ErrorCode.PEER_UNREACHABLE,
          refusal(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND))),
          route.name());
    }
  }

  @Test
  void open_otherSession_doesNotMeet() {
    timeout = Duration.ofSeconds(2);
    Pair pair = pair(Route.TO_SMALLER);
    SessionId other = new SessionId(SESSION.job(), 2);
    Future<Link> brand = threads.submit(() -> pair.brand.open(other, MALL, verifier(MALL)));
    Future<Link> mall = threads.submit(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND)));
    assertEquals(ErrorCode.PEER_UNREACHABLE, refusal(brand).code());
    assertEquals(ErrorCode.PEER_UNREACHABLE, refusal(mall).code());
  }

  @Test
  void open_keysOtherThanTheContracts_isRefusedAtBothSides() {
    Pair pair = new Pair(plane(BRAND, true), plane(federation.tls(MALL), newKeys(), false));
    Future<Link> brand = threads.submit(() -> pair.brand.open(SESSION, MALL, verifier(MALL)));
    Future<Link> mall = threads.submit(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND)));
    assertEquals(ErrorCode.SIGNATURE_REFUSED, refusal(brand).code());
    assertEquals(ErrorCode.SIGNATURE_REFUSED, refusal(mall).code());
  }

  @Test
  void open_foreignOrExpiredCertificate_isRefused() throws Exception {
    timeout = Duration.ofSeconds(2);
    Federation earlier =
        new Federation(
            Files.createTempDirectory(folder, "earlier"),
            Clock.offset(clock, Duration.ofDays(-2)),
            Duration.ofHours(1));
    Pair pair = new Pair(plane(BRAND, true), plane(earlier.tls(MALL), keys.get(MALL), false));
    Future<Link> brand = threads.submit(() -> pair.brand.open(SESSION, MALL, verifier(MALL)));
    Future<Link> mall = threads.submit(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND)));
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(mall).code());
    assertEquals(ErrorCode.PEER_UNREACHABLE, refusal(brand).code());
  }

  /**
   * The coordinator's authority can make a certificate in any name: a man in the middle with two of
   * them opens two good TLS sessions and passes the agents' own hellos on. The certificates in the
   * signed hello give it away.
   */
  @Test
  void open_manInTheMiddleWithCertificatesOfTheAuthority_isRefusedByTheSignature()
      throws Exception {
    DataPlane brand = plane(BRAND, true);
    Address real = addresses.get(BRAND);
    try (MiddleMan middle =
        new MiddleMan(
            new TlsContexts(new LiveIdentity(forged(BRAND)), clock),
            new TlsContexts(new LiveIdentity(forged(MALL)), clock),
            real)) {
      addresses.put(BRAND, middle.address());
      DataPlane mall = plane(MALL, false);
      relay.close();
      Future<Link> atBrand = threads.submit(() -> brand.open(SESSION, MALL, verifier(MALL)));
      Future<Link> atMall = threads.submit(() -> mall.open(SESSION, BRAND, verifier(BRAND)));
      Problem seen = refusal(atBrand);
      assertEquals(ErrorCode.SIGNATURE_REFUSED, seen.code(), seen.toString());
      assertEquals(ErrorCode.SIGNATURE_REFUSED, refusal(atMall).code());
      assertTrue(middle.passed() > 0);
    }
  }

  private Identity forged(PartyId party) {
    return federation.identity(SpiffeId.party("test", party));
  }

  @Test
  void send_slowReader_stopsTheWriterAndHoldsBoundedMemory() throws Exception {
    for (Route route : List.of(Route.TO_SMALLER, Route.RELAY)) {
      addresses.clear();
      Links links = links(pair(route));
      LinkChannel out = links.brand.channel("s");
      LinkChannel in = links.mall.channel("s");
      byte[] message = new byte[1 << 20];
      int messages = 200;
      Future<?> writer =
          threads.submit(
              () -> {
                for (int i = 0; i < messages; i++) {
                  out.send((byte) 1, message);
                }
              });
      long before = -1;
      while (out.bytesSent() != before) {
        before = out.bytesSent();
        Thread.sleep(300);
      }
      assertTrue(before > 0 && before <= LinkChannel.WINDOW_BYTES, before + " bytes under way");
      // The other channels of the link are not held up by it.
      links.brand.channel("t").send((byte) 1, bytes("x"));
      assertArrayEquals(bytes("x"), links.mall.channel("t").receive((byte) 1, 1));
      for (int i = 0; i < messages; i++) {
        in.receive((byte) 1, message.length);
      }
      get(writer);
      links.brand.close();
    }
  }

  @Test
  void fail_isToldToTheInnocentSide() throws Exception {
    Links links = links(pair(Route.TO_SMALLER));
    Channel in = links.mall.channel("s");
    Future<byte[]> waiting = threads.submit(() -> in.receive((byte) 1, 10));
    links.brand.fail(new Problem(ErrorCode.SOURCE_UNREADABLE, "orders", "a file", "none there"));
    Problem told = refusal(waiting);
    assertEquals(ErrorCode.PEER_FAILED, told.code());
    assertTrue(told.found().contains("HS3001") && told.found().contains("orders"), told.found());
    Problem own = assertThrows(ProblemException.class, () -> links.brand.channel("t")).problem();
    assertEquals(ErrorCode.SOURCE_UNREADABLE, own.code());
  }

  @Test
  void close_afterTheLastMessage_losesNothing() throws Exception {
    for (Route route : List.of(Route.TO_SMALLER, Route.RELAY)) {
      addresses.clear();
      Links links = links(pair(route));
      LinkChannel out = links.brand.channel("s");
      LinkChannel in = links.mall.channel("s");
      for (int i = 0; i < 7; i++) {
        out.send((byte) 1, new byte[1 << 20]);
      }
      links.brand.channel("early").send((byte) 1, new byte[100]);
      links.brand.close();
      Thread.sleep(1_500);
      assertEquals(100, links.mall.channel("early").receive((byte) 1, 100).length);
      for (int i = 0; i < 7; i++) {
        assertEquals(1 << 20, in.receive((byte) 1, 1 << 20).length);
      }
      assertEquals(ErrorCode.PEER_FAILED, refusal(() -> in.receive((byte) 1, 1)));
    }
  }

  @Test
  void receive_wrongTagOrTooLong_endsTheLinkAtBothSides() throws Exception {
    Links links = links(pair(Route.TO_SMALLER));
    Channel out = links.brand.channel("s");
    Channel in = links.mall.channel("s");
    out.send((byte) 1, bytes("hello"));
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, refusal(() -> in.receive((byte) 2, 100)));
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, refusal(() -> out.receive((byte) 3, 100)));
  }

  @Test
  void link_peerProcessHangs_isFoundByItsSilence() throws Exception {
    DataPlane brand = plane(BRAND, true);
    try (Wire wire = new Wire(addresses.get(BRAND).port())) {
      addresses.put(BRAND, wire.address());
      DataPlane mall = plane(MALL, false);
      Links links = links(new Pair(brand, mall));
      Channel in = links.mall.channel("s");
      wire.die();
      assertEquals(ErrorCode.PEER_SILENT, refusal(() -> in.receive((byte) 1, 1)));
      assertEquals(
          ErrorCode.PEER_SILENT, refusal(() -> links.brand.channel("t").receive((byte) 1, 1)));
    }
  }

  @Test
  void link_connectionCut_isFoundAtOnce() throws Exception {
    Pair pair = pair(Route.RELAY);
    Links links = links(pair);
    Channel in = links.mall.channel("s");
    Future<byte[]> waiting = threads.submit(() -> in.receive((byte) 1, 10));
    Thread.sleep(100);
    relay.close();
    assertEquals(ErrorCode.PEER_SILENT, refusal(waiting).code());
  }

  @Test
  void relay_meetingInAnothersName_isRefused() {
    RelayServer strict =
        RelayServer.start(
            new Address("127.0.0.1", 0), federation.coordinator(), (s, a, b) -> false, 3_000);
    open.add(strict);
    relay.close();
    relay = strict;
    Pair pair = pair(Route.RELAY);
    assertEquals(
        ErrorCode.NOT_AUTHORISED, refusal(() -> pair.mall.open(SESSION, BRAND, verifier(BRAND))));
  }

  @Test
  void channel_sameStepTwice_isABug() throws Exception {
    Links links = links(pair(Route.TO_SMALLER));
    links.brand.channel("s").close();
    assertThrows(IllegalStateException.class, () -> links.brand.channel("s"));
  }

  @Test
  void channel_interrupted_isCancelled() throws Exception {
    Links links = links(pair(Route.TO_SMALLER));
    Channel in = links.mall.channel("s");
    var caught = new CompletableFuture<ErrorCode>();
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    in.receive((byte) 1, 1);
                  } catch (ProblemException e) {
                    caught.complete(e.problem().code());
                  }
                });
    Thread.sleep(100);
    reader.interrupt();
    assertEquals(ErrorCode.CANCELLED, get(caught));
  }
}
