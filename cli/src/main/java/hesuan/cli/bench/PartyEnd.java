package hesuan.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.sun.management.OperatingSystemMXBean;
import hesuan.channel.Channel;
import hesuan.cli.Exit;
import hesuan.group.Workers;
import hesuan.identity.CertificateAuthority;
import hesuan.identity.LiveIdentity;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.transport.Address;
import hesuan.transport.DataPlane;
import hesuan.transport.Link;
import hesuan.transport.LinkChannel;
import hesuan.transport.SessionId;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** A bench's party in its own process: the other end of {@link PartyProcess}. */
final class PartyEnd {
  static final String FEDERATION = "bench";
  static final String LOOPBACK = "127.0.0.1";
  static final Duration OPEN_MAX = Duration.ofSeconds(30);
  private static final Duration CERTIFICATE = Duration.ofHours(24);
  private static final SessionId SESSION = new SessionId(new JobId("job-benchbenchbench2"), 1);

  private final PrintStream out = System.out;
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final ProcessBench bench;
  private final PartyId self;
  private final Map<PartyId, Link> links = new HashMap<>();

  PartyEnd(ProcessBench bench, PartyId self) {
    this.bench = bench;
    this.self = self;
  }

  /**
   * @param folder where the bench's authority is
   */
  int run(Path folder) {
    System.setOut(System.err); // standard output is for the bench
    Thread.ofPlatform().daemon().start(this::hear);
    SecureRandom random = new SecureRandom();
    try (ExecutorService pool = Executors.newFixedThreadPool(bench.threads)) {
      BenchParty me =
          new BenchParty(
              self, bench.parties(), bench.seed, Workers.of(bench.threads, pool), random);
      take(me, bench.protocol(), folder);
      return Exit.OK;
    } catch (Exception | OutOfMemoryError e) {
      Problem problem = problem(e);
      e.printStackTrace();
      links.values().forEach(link -> link.fail(problem));
      tell(new PartyLine.Failed(problem));
      return Exit.NO;
    }
  }

  private Problem problem(Throwable e) {
    return e instanceof ProblemException known
        ? known.problem()
        : new Problem(ErrorCode.PEER_FAILED, self.value(), "a run of " + bench.work(), "" + e);
  }

  private <P> void take(BenchParty me, PartyBench<P> protocol, Path folder) throws Exception {
    P prepared = protocol.prepare(me);
    TlsContexts tls = tls(folder, me.random());
    Map<PartyId, Address> addresses = new ConcurrentHashMap<>();
    Address[] relay = new Address[1];
    Address listen = bench.relayed() ? null : new Address(LOOPBACK, 0);
    try (DataPlane plane = plane(tls, listen, addresses, relay)) {
      tell(new PartyLine.Ready(plane.port()));
      PartyLine.Addresses told = hear(PartyLine.Addresses.class);
      for (PartyId party : me.parties()) {
        if (told.port(party) != 0) {
          addresses.put(party, new Address(LOOPBACK, told.port(party)));
        }
      }
      relay[0] = told.relayPort() == 0 ? null : new Address(LOOPBACK, told.relayPort());
      open(me, plane);
      for (int run = 0; run <= bench.runs; run++) {
        tell(new PartyLine.At(run));
        hear(PartyLine.Go.class);
        tell(once(me, protocol, prepared, run));
      }
      Map<String, Object> more = protocol.after(me, prepared, channels("after"));
      tell(new PartyLine.Peaks(Memory.peakBytes(), Memory.heapPeakBytes(), more));
      hear(PartyLine.Go.class); // all have what they wait for, so the links may end
      links.values().forEach(Link::close);
    }
  }

  private <P> PartyLine.Ran once(BenchParty me, PartyBench<P> protocol, P prepared, int run)
      throws Exception {
    long bytesBefore = bytesSent();
    long cpuBefore = system.getProcessCpuTime();
    long start = System.nanoTime();
    Map<PartyId, Channel> channels = channels("run-" + run);
    Map<String, String> found = protocol.run(me, prepared, channels, run);
    long nanos = System.nanoTime() - start;
    long cpuNanos = system.getProcessCpuTime() - cpuBefore;
    channels.values().forEach(channel -> ((LinkChannel) channel).close());
    return new PartyLine.Ran(run, nanos, cpuNanos, bytesSent() - bytesBefore, found);
  }

  private Map<PartyId, Channel> channels(String step) {
    Map<PartyId, Channel> channels = new LinkedHashMap<>();
    links.forEach((party, link) -> channels.put(party, link.channel(step)));
    return channels;
  }

  private long bytesSent() {
    return links.values().stream().mapToLong(Link::bytesSent).sum();
  }

  private void open(BenchParty me, DataPlane plane) throws Exception {
    Map<PartyId, Future<Link>> opening = new HashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (PartyId party : me.parties()) {
        if (!party.equals(self) && bench.linked(self, party)) {
          opening.put(party, threads.submit(() -> plane.open(SESSION, party, (m, s) -> true)));
        }
      }
    }
    for (Map.Entry<PartyId, Future<Link>> each : opening.entrySet()) {
      try {
        links.put(each.getKey(), each.getValue().get());
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
  }

  /** The bench pins no keys: a hello is signed by nothing, once, before the clock starts. */
  private static DataPlane plane(
      TlsContexts tls,
      @Nullable Address listen,
      Map<PartyId, Address> addresses,
      @Nullable Address[] relay) {
    DataPlane.Directory directory =
        new DataPlane.Directory() {
          @Override
          public Optional<Address> party(PartyId asked) {
            return Optional.ofNullable(addresses.get(asked));
          }

          @Override
          public Optional<Address> relay() {
            return Optional.ofNullable(relay[0]);
          }
        };
    return DataPlane.start(tls, listen, directory, message -> new byte[0], OPEN_MAX);
  }

  private TlsContexts tls(Path folder, SecureRandom random) throws IOException {
    Clock clock = Clock.systemUTC();
    CertificateAuthority authority =
        CertificateAuthority.open(folder.resolve("root.pem"), CERTIFICATE, clock, random);
    return new TlsContexts(
        new LiveIdentity(authority.identity(SpiffeId.party(FEDERATION, self), Set.of())), clock);
  }

  private void tell(PartyLine line) {
    try {
      out.println(Json.mapper().writeValueAsString(line));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private <T extends PartyLine> T hear(Class<T> type) throws InterruptedException {
    return Json.read(heard.take(), type);
  }

  /** An end of standard input is the end of the bench, however busy this party is. */
  private void hear() {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        heard.add(line);
      }
    } catch (IOException e) {
      e.printStackTrace();
    }
    Runtime.getRuntime().halt(Exit.INTERRUPTED);
  }
}
