package hesuan.transport;

import static hesuan.identity.Federation.BRAND;
import static hesuan.identity.Federation.MALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.identity.Federation;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A peer with a good certificate and good keys that writes its frames by hand. */
class HostilePeerTest {
  private static final SessionId SESSION = new SessionId(new JobId("job-aaaabbbbccccdddd"), 1);
  private static final HelloSigner SIGNER = message -> new byte[] {1};
  private static final HelloVerifier VERIFIER = (message, signature) -> signature[0] == 1;

  private final Clock clock = Clock.systemUTC();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<AutoCloseable> open = new ArrayList<>();

  @TempDir Path folder;
  private Federation federation;
  private DataPlane plane;
  private TlsContexts tls;

  /** The hostile end of one connection. */
  private final class Hostile implements AutoCloseable {
    final SSLSocket socket;
    final DataInputStream in;
    final DataOutputStream out;
    int sequence;

    Hostile(int port) throws IOException {
      socket = (SSLSocket) tls.jdk().getSocketFactory().createSocket("127.0.0.1", port);
      socket.setSSLParameters(TlsContexts.parameters());
      socket.setSoTimeout(10_000);
      socket.startHandshake();
      in = new DataInputStream(socket.getInputStream());
      out = new DataOutputStream(socket.getOutputStream());
      open.add(this);
    }

    Hello hello() {
      Hello.Ends ends = Hello.Ends.of(socket.getSession(), true);
      return Hello.create("test", SESSION, MALL, BRAND, ends, SIGNER);
    }

    void frame(int type, int channel, int length, byte[] body) throws IOException {
      frame(type, channel, sequence++, length, body);
    }

    void frame(int type, int channel, int number, int length, byte[] body) throws IOException {
      out.writeByte(type);
      out.writeInt(channel);
      out.writeInt(number);
      out.writeInt(length);
      out.write(body);
      out.flush();
    }

    /** Greets as it should, and waits for the other hello. */
    Hostile greet() throws IOException {
      byte[] hello = hello().encode();
      frame(1, 0, hello.length, hello);
      assertEquals(1, in.readByte());
      in.readInt();
      in.readInt();
      in.readFully(new byte[in.readInt()]);
      return this;
    }

    /** What the other side resets the link with, after whatever else it says. */
    Problem reset() throws IOException {
      while (true) {
        int type = in.readByte();
        in.readInt();
        in.readInt();
        byte[] body = new byte[in.readInt()];
        in.readFully(body);
        if (type == 9) {
          return Json.read(body, Problem.class);
        }
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @BeforeEach
  void found() {
    federation = new Federation(folder, clock, Duration.ofHours(1));
    tls = federation.tls(MALL);
    plane =
        DataPlane.start(
            federation.tls(BRAND),
            new Address("127.0.0.1", 0),
            new DataPlane.Directory() {
              @Override
              public Optional<Address> party(PartyId party) {
                return party.equals(BRAND)
                    ? Optional.of(new Address("127.0.0.1", 1))
                    : Optional.empty();
              }

              @Override
              public Optional<Address> relay() {
                return Optional.empty();
              }
            },
            SIGNER,
            Duration.ofSeconds(5));
    open.add(plane);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open.reversed()) {
      each.close();
    }
    threads.shutdownNow();
  }

  private Future<Link> opening() {
    return threads.submit(() -> plane.open(SESSION, MALL, VERIFIER));
  }

  private interface Attack {
    void on(Hostile hostile) throws IOException;
  }

  /** After a good hello and one good channel "s", the attack must end the link at both sides. */
  private void assertViolation(Attack attack) throws Exception {
    Future<Link> opening = opening();
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.greet();
      Link link = opening.get(10, TimeUnit.SECONDS);
      LinkChannel channel = link.channel("s");
      hostile.frame(2, 1, 1, new byte[] {'s'});
      attack.on(hostile);
      Problem seen = failure(link);
      assertEquals(
          seen, assertThrows(ProblemException.class, () -> channel.receive((byte) 1, 1)).problem());
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, seen.code(), seen.toString());
      assertEquals("mall-b", seen.at());
      assertEquals(seen, hostile.reset());
    }
  }

  @Test
  void frame_oversizeLength_isRefusedBeforeAnythingIsStored() throws Exception {
    assertViolation(h -> h.frame(3, 1, Integer.MAX_VALUE, new byte[0]));
    assertViolation(h -> h.frame(3, 1, -1, new byte[0]));
    assertViolation(h -> h.frame(3, 1, Channel.MESSAGE_BYTES_MAX + 2, new byte[0]));
    assertViolation(h -> h.frame(2, 2, 129, new byte[0]));
    assertViolation(h -> h.frame(8, 0, 1 << 20, new byte[0]));
    assertViolation(h -> h.frame(4, 1, 5, new byte[5]));
  }

  @Test
  void frame_wrongSequence_isRefused() throws Exception {
    assertViolation(h -> h.frame(6, 0, h.sequence + 1, 0, new byte[0]));
    assertViolation(h -> h.frame(6, 0, h.sequence - 1, 0, new byte[0]));
  }

  @Test
  void frame_unknownChannelOrType_isRefused() throws Exception {
    assertViolation(h -> h.frame(3, 2, 2, new byte[2]));
    assertViolation(h -> h.frame(5, 2, 0, new byte[0]));
    assertViolation(h -> h.frame(4, 2, 4, new byte[] {0, 0, 0, 1}));
    assertViolation(h -> h.frame(2, 3, 1, new byte[] {'t'}));
    assertViolation(h -> h.frame(2, 2, 1, new byte[] {'s'}));
    assertViolation(h -> h.frame(2, 2, 1, new byte[] {'\n'}));
    assertViolation(h -> h.frame(6, 1, 0, new byte[0]));
    assertViolation(h -> h.frame(0, 0, 0, new byte[0]));
    assertViolation(h -> h.frame(77, 0, 0, new byte[0]));
    assertViolation(h -> h.frame(1, 0, 2, new byte[2]));
  }

  @Test
  void frame_creditNotOwed_isRefused() throws Exception {
    assertViolation(h -> h.frame(4, 1, 4, new byte[] {0x7f, 0, 0, 0}));
    assertViolation(h -> h.frame(4, 1, 4, new byte[] {-1, 0, 0, 0}));
    assertViolation(h -> h.frame(4, 1, 4, new byte[4]));
  }

  @Test
  void frame_afterEnd_isRefused() throws Exception {
    assertViolation(
        h -> {
          h.frame(5, 1, 0, new byte[0]);
          h.frame(5, 1, 0, new byte[0]);
        });
  }

  @Test
  void messages_beyondTheWindow_areRefusedWhileNobodyReads() throws Exception {
    Future<Link> opening = opening();
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.greet();
      Link link = opening.get(10, TimeUnit.SECONDS);
      link.channel("s");
      hostile.frame(2, 1, 1, new byte[] {'s'});
      byte[] megabyte = new byte[1 << 20];
      for (int i = 0; i < 7; i++) {
        hostile.frame(3, 1, megabyte.length, megabyte);
      }
      hostile.frame(3, 1, 2 << 20, new byte[0]);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, failure(link).code());
    }
  }

  @Test
  void messages_emptyOnes_areBoundedAsWell() throws Exception {
    Future<Link> opening = opening();
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.greet();
      Link link = opening.get(10, TimeUnit.SECONDS);
      hostile.frame(2, 1, 1, new byte[] {'s'}); // never opened on the other side
      int most = LinkChannel.EARLY_BYTES / LinkChannel.MESSAGE_OVERHEAD_BYTES;
      for (int i = 0; i < most; i++) {
        hostile.frame(3, 1, 1, new byte[1]);
      }
      hostile.frame(6, 0, 0, new byte[0]);
      hostile.frame(3, 1, 1, new byte[1]);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, failure(link).code());
    }
  }

  private static Problem failure(Link link) throws InterruptedException {
    for (int i = 0; i < 500 && link.failure() == null; i++) {
      Thread.sleep(10);
    }
    return Objects.requireNonNull(link.failure());
  }

  @Test
  void hello_otherVersion_isNamedAtBothSides() throws Exception {
    Future<Link> opening = opening();
    try (Hostile hostile = new Hostile(plane.port())) {
      byte[] hello = hostile.hello().encode();
      ByteBuffer.wrap(hello).putShort((short) 2);
      hostile.frame(1, 0, hello.length, hello);
      Problem told = hostile.reset();
      assertEquals(ErrorCode.PEER_VERSION, told.code());
      assertTrue(told.found().contains("2"), told.found());
    }
    ExecutionException here =
        assertThrows(ExecutionException.class, () -> opening.get(3, TimeUnit.SECONDS));
    assertTrue(here.getCause().getMessage().startsWith(ErrorCode.PEER_VERSION.code()));
  }

  @Test
  void hello_inAnothersNameOrMissing_isRefused() throws Exception {
    try (Hostile hostile = new Hostile(plane.port())) {
      byte[] hello =
          new String(hostile.hello().encode(), StandardCharsets.ISO_8859_1)
              .replace("\"from\":\"mall-b\"", "\"from\":\"mall-c\"")
              .getBytes(StandardCharsets.ISO_8859_1);
      hostile.frame(1, 0, hello.length, hello);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
    }
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.frame(6, 0, 0, new byte[0]);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
    }
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.frame(1, 0, 17 << 10, new byte[0]);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
    }
    try (Hostile hostile = new Hostile(plane.port())) {
      byte[] hello = hostile.hello().encode();
      hello[10] = 0;
      hostile.frame(1, 0, hello.length, hello);
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, hostile.reset().code());
    }
  }

  @Test
  void hello_forASessionThatDoesNotRunHere_isToldSo() throws Exception {
    try (Hostile hostile = new Hostile(plane.port())) {
      byte[] hello = hostile.hello().encode();
      hostile.frame(1, 0, hello.length, hello);
      assertEquals(ErrorCode.PEER_UNREACHABLE, hostile.reset().code());
    }
  }

  /** Whatever a peer sends instead of frames, this side ends the link and stays up for others. */
  @Test
  void bytes_atRandom_neverHarmTheNode() throws Exception {
    Random random = new Random(7);
    for (int i = 0; i < 30; i++) {
      try (Hostile hostile = new Hostile(plane.port())) {
        byte[] noise = new byte[random.nextInt(1, 3_000)];
        random.nextBytes(noise);
        if (random.nextBoolean()) {
          noise[0] = 1;
        }
        hostile.out.write(noise);
        hostile.out.flush();
        hostile.socket.shutdownOutput();
        while (hostile.in.read() >= 0) {
          continue;
        }
      } catch (EOFException | SSLException | SocketException e) {
        continue; // cut off, which is an answer
      }
    }
    Future<Link> opening = opening();
    try (Hostile hostile = new Hostile(plane.port())) {
      hostile.greet();
      assertEquals(MALL, opening.get(10, TimeUnit.SECONDS).peer());
    }
  }

  @Test
  void relay_callerInAnothersName_isRefused() throws Exception {
    try (RelayServer relay =
            RelayServer.start(
                new Address("127.0.0.1", 0), federation.coordinator(), (s, a, b) -> true, 2_000);
        Hostile hostile = new Hostile(relay.port())) {
      Rendezvous forged = new Rendezvous(SESSION.job(), 1, new PartyId("bank-c"), BRAND);
      byte[] json = Json.canonical(forged);
      hostile.out.write("HSR1".getBytes(StandardCharsets.US_ASCII));
      hostile.out.writeShort(json.length);
      hostile.out.write(json);
      hostile.out.flush();
      assertEquals(1, hostile.in.readByte());
      byte[] told = new byte[hostile.in.readUnsignedShort()];
      hostile.in.readFully(told);
      assertEquals(ErrorCode.NOT_AUTHORISED, Json.read(told, Problem.class).code());
    }
  }
}
