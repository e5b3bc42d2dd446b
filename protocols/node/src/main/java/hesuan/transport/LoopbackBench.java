package hesuan.transport;

import hesuan.channel.Channel;
import hesuan.identity.CertificateAuthority;
import hesuan.identity.Identity;
import hesuan.identity.LiveIdentity;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Measures the data plane on this machine: two agents' ends and, if asked, the relay in one
 * process, over loopback sockets with real certificates. One side sends, the other answers the last
 * message; latency is half of an empty message's way there and back.
 */
public final class LoopbackBench {
  /**
   * @param totalBytes sent in a run
   * @param runs warm runs; their median counts
   * @param relayed through the relay instead of directly
   */
  public record Parameters(long totalBytes, int messageBytes, int runs, boolean relayed) {
    public static final Parameters DEFAULT = new Parameters(1L << 30, 1 << 20, 5, false);

    public Parameters {
      if (messageBytes < 1 || messageBytes > Channel.MESSAGE_BYTES_MAX) {
        throw new IllegalArgumentException("message of " + messageBytes + " bytes");
      }
      if (totalBytes < messageBytes || runs < 1) {
        throw new IllegalArgumentException("nothing to measure");
      }
    }
  }

  /**
   * @param seconds median of the warm runs
   * @param coldSeconds from the first dial to the end of the first run
   * @param bytesSent frames of one run, before TLS
   * @param peakMemoryBytes of the whole process, both ends and the relay
   */
  public record Result(
      String work,
      Parameters parameters,
      double seconds,
      double coldSeconds,
      long bytesSent,
      long peakMemoryBytes,
      long bytesPerSecond,
      double latencyMicros) {}

  private static final PartyId SENDER = new PartyId("sender");
  private static final PartyId RECEIVER = new PartyId("receiver");
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int PINGS = 2_000;
  private static final HelloSigner SIGNER = message -> new byte[0];
  private static final HelloVerifier VERIFIER = (message, signature) -> true;

  private final Path folder;
  private final Clock clock;
  private final SecureRandom random;

  /**
   * @param folder for the bench's own authority; the caller removes it
   */
  public LoopbackBench(Path folder, Clock clock, SecureRandom random) {
    this.folder = folder;
    this.clock = clock;
    this.random = random;
  }

  public Result run(Parameters parameters) throws IOException {
    Path root = folder.resolve("root.pem");
    if (!Files.exists(root)) {
      CertificateAuthority.create(root, "bench", clock, random);
    }
    CertificateAuthority authority =
        CertificateAuthority.open(root, Duration.ofHours(1), clock, random);
    Map<PartyId, Address> addresses = new ConcurrentHashMap<>();
    Address anyPort = new Address("127.0.0.1", 0);
    try (RelayServer relay =
            RelayServer.start(
                anyPort,
                tls(authority, SpiffeId.coordinator("bench")),
                (session, one, other) -> true,
                TIMEOUT.toMillis());
        DataPlane sender = plane(authority, SENDER, null, addresses, relay);
        DataPlane receiver =
            plane(authority, RECEIVER, parameters.relayed() ? null : anyPort, addresses, relay);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      if (!parameters.relayed()) {
        addresses.put(RECEIVER, new Address("127.0.0.1", receiver.port()));
      }
      return measure(parameters, sender, receiver, threads);
    }
  }

  private Result measure(
      Parameters parameters, DataPlane sender, DataPlane receiver, ExecutorService threads) {
    SessionId session = new SessionId(new JobId("job-benchbenchbench2"), 1);
    long start = System.nanoTime();
    Future<Link> there = threads.submit(() -> receiver.open(session, SENDER, VERIFIER));
    Link here = sender.open(session, RECEIVER, VERIFIER);
    Link answering = get(there);
    long[] warmNanos = new long[parameters.runs()];
    long coldNanos = 0;
    long bytesBefore = 0;
    for (int i = 0; i <= parameters.runs(); i++) {
      bytesBefore = here.bytesSent();
      long runStart = i == 0 ? start : System.nanoTime();
      transfer(parameters, here, answering, "run-" + i, threads);
      long nanos = System.nanoTime() - runStart;
      if (i == 0) {
        coldNanos = nanos;
      } else {
        warmNanos[i - 1] = nanos;
      }
    }
    long bytesSent = here.bytesSent() - bytesBefore;
    double latencyMicros = latencyMicros(here, answering, threads);
    here.close();
    answering.close();
    Arrays.sort(warmNanos);
    double seconds = warmNanos[warmNanos.length / 2] / 1e9;
    return new Result(
        parameters.relayed() ? "channel relayed" : "channel direct",
        parameters,
        seconds,
        coldNanos / 1e9,
        bytesSent,
        peakMemoryBytes(),
        Math.round(messages(parameters) * parameters.messageBytes() / seconds),
        latencyMicros);
  }

  private static long messages(Parameters parameters) {
    return parameters.totalBytes() / parameters.messageBytes();
  }

  private static void transfer(
      Parameters parameters, Link here, Link there, String step, ExecutorService threads) {
    Future<?> reader =
        threads.submit(
            () -> {
              try (LinkChannel in = there.channel(step)) {
                for (long i = 0; i < messages(parameters); i++) {
                  in.receive((byte) 1, parameters.messageBytes());
                }
                in.send((byte) 2, new byte[0]);
              }
            });
    try (LinkChannel out = here.channel(step)) {
      byte[] message = new byte[parameters.messageBytes()];
      for (long i = 0; i < messages(parameters); i++) {
        out.send((byte) 1, message);
      }
      out.receive((byte) 2, 0);
    }
    get(reader);
  }

  private static double latencyMicros(Link here, Link there, ExecutorService threads) {
    Future<?> echo =
        threads.submit(
            () -> {
              LinkChannel in = there.channel("ping");
              for (int i = 0; i < 2 * PINGS; i++) {
                in.send((byte) 2, in.receive((byte) 1, 0));
              }
            });
    LinkChannel out = here.channel("ping");
    long nanos = 0;
    for (int round = 0; round < 2; round++) { // the first one warms up
      long start = System.nanoTime();
      for (int i = 0; i < PINGS; i++) {
        out.send((byte) 1, new byte[0]);
        out.receive((byte) 2, 0);
      }
      nanos = System.nanoTime() - start;
    }
    get(echo);
    return nanos / 1e3 / PINGS / 2;
  }

  /** The kernel's high-water mark where there is one, which sees buffers outside the heap. */
  private static long peakMemoryBytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
          .findFirst()
          .orElse(Runtime.getRuntime().totalMemory());
    } catch (IOException e) {
      return Runtime.getRuntime().totalMemory();
    }
  }

  private DataPlane plane(
      CertificateAuthority authority,
      PartyId party,
      @Nullable Address listen,
      Map<PartyId, Address> addresses,
      RelayServer relay) {
    DataPlane.Directory directory =
        new DataPlane.Directory() {
          @Override
          public Optional<Address> party(PartyId asked) {
            return Optional.ofNullable(addresses.get(asked));
          }

          @Override
          public Optional<Address> relay() {
            return Optional.of(new Address("127.0.0.1", relay.port()));
          }
        };
    return DataPlane.start(
        tls(authority, SpiffeId.party("bench", party)), listen, directory, SIGNER, TIMEOUT);
  }

  private TlsContexts tls(CertificateAuthority authority, SpiffeId id) {
    Identity identity = authority.identity(id, Set.of());
    return new TlsContexts(new LiveIdentity(identity), clock);
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.get(10, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the other end failed", e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new IllegalStateException("interrupted or stuck", e);
    }
  }
}
