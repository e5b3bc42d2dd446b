package hesuan.cli.bench;

import hesuan.cli.Console;
import hesuan.identity.CertificateAuthority;
import hesuan.identity.LiveIdentity;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.transport.Address;
import hesuan.transport.RelayServer;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * A bench of a protocol: one process for each party, on loopback, over the data plane as agents use
 * it (TLS 1.3 both ways, windows, frames). A party's process is this same command with {@code
 * --party}. The runs begin together; a party that dies, hangs or finds something else than the
 * others ends the bench with a sentence.
 */
abstract class ProcessBench extends Bench {
  private static final Duration ROOT_LIFETIME = Duration.ofHours(1);

  /** How long the innocent are heard after a first complaint about a peer, to find who began. */
  private static final long BLAME_MILLIS = 5_000;

  private static final Set<ErrorCode> ABOUT_PEER =
      EnumSet.of(ErrorCode.PEER_SILENT, ErrorCode.PEER_UNREACHABLE, ErrorCode.PEER_FAILED);

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads of each party's computation. 每方的计算线程数。")
  int threads;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      defaultValue = "1g",
      description = "Heap of each party's process. 每方进程的堆大小。")
  String heap = "1g";

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the inputs. 输入数据的随机种子。")
  long seed;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      defaultValue = "900",
      description = "A run that lasts longer has failed. 单次运行的时限（秒）。")
  int patienceSeconds;

  @Option(names = "--party", hidden = true)
  @Nullable String party;

  @Option(names = "--folder", hidden = true)
  @Nullable Path folder;

  @Spec CommandSpec spec = CommandSpec.create();

  private final BlockingQueue<PartyProcess.Said> said = new LinkedBlockingQueue<>();

  abstract String work();

  abstract Map<String, Object> parameters();

  abstract String bound();

  abstract List<PartyId> parties();

  abstract PartyBench<?> protocol();

  /** What whoever reports that name must have found. */
  abstract Map<String, String> truth();

  /** Whether the parties meet through a relay, in this process, instead of directly. */
  boolean relayed() {
    return false;
  }

  /** Whether these two talk to each other directly. */
  boolean linked(PartyId one, PartyId other) {
    return true;
  }

  /** More figures, from the common ones. */
  Map<String, Object> more(double seconds) {
    return Map.of();
  }

  @Override
  protected int run(Console console) throws Exception {
    return party == null || folder == null
        ? super.run(console)
        : new PartyEnd(this, new PartyId(party)).run(folder);
  }

  @Override
  Figures measure(Console console) throws Exception {
    if (threads < 1 || patienceSeconds < 1) {
      throw invalid("--threads, --patience", "1 or more", threads + ", " + patienceSeconds);
    }
    protocol(); // refuses options before any process is started
    Path fresh = Files.createTempDirectory("hesuan-bench");
    Thread cleaner = new Thread(() -> remove(fresh));
    Runtime.getRuntime().addShutdownHook(cleaner);
    List<PartyProcess> processes = new ArrayList<>();
    CertificateAuthority.create(
        fresh.resolve("root.pem"), PartyEnd.FEDERATION, Clock.systemUTC(), new SecureRandom());
    try (RelayServer relay = relay(fresh)) {
      for (PartyId each : parties()) {
        processes.add(PartyProcess.start(each, command(each, fresh), fresh, said));
      }
      return figures(processes, relay);
    } finally {
      processes.forEach(PartyProcess::close);
      Runtime.getRuntime().removeShutdownHook(cleaner);
      remove(fresh);
    }
  }

  private RelayServer relay(Path fresh) throws IOException {
    Clock clock = Clock.systemUTC();
    CertificateAuthority authority =
        CertificateAuthority.open(
            fresh.resolve("root.pem"), ROOT_LIFETIME, clock, new SecureRandom());
    return RelayServer.start(
        new Address(PartyEnd.LOOPBACK, 0),
        new TlsContexts(
            new LiveIdentity(
                authority.identity(SpiffeId.coordinator(PartyEnd.FEDERATION), Set.of())),
            clock),
        (session, one, other) -> true,
        PartyEnd.OPEN_MAX.toMillis());
  }

  /** This very command, for one party. */
  private List<String> command(PartyId each, Path fresh) {
    List<String> arguments =
        new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
    arguments.addAll(List.of("--party", each.value(), "--folder", fresh.toString()));
    return Program.command(spec, heap, fresh, arguments);
  }

  private Figures figures(List<PartyProcess> processes, RelayServer relay)
      throws InterruptedException {
    Map<String, Integer> ports = new TreeMap<>();
    collect(processes, PartyLine.Ready.class)
        .forEach((each, ready) -> ports.put(each.value(), ready.port()));
    PartyLine.Addresses addresses = new PartyLine.Addresses(ports, relayed() ? relay.port() : 0);
    processes.forEach(each -> each.tell(addresses));
    List<Map<PartyId, PartyLine.Ran>> runsOfAll = new ArrayList<>();
    for (int run = 0; run <= runs; run++) {
      PartyLine.Go go = new PartyLine.Go(run);
      collect(processes, PartyLine.At.class);
      processes.forEach(each -> each.tell(go));
      Map<PartyId, PartyLine.Ran> ran = collect(processes, PartyLine.Ran.class);
      check(ran);
      runsOfAll.add(ran);
    }
    Map<PartyId, PartyLine.Peaks> peaks = collect(processes, PartyLine.Peaks.class);
    processes.forEach(each -> each.tell(new PartyLine.Go(runs + 1)));
    return merged(runsOfAll, peaks);
  }

  private Figures merged(
      List<Map<PartyId, PartyLine.Ran>> runsOfAll, Map<PartyId, PartyLine.Peaks> peaks) {
    List<Long> slowest =
        runsOfAll.stream()
            .map(run -> run.values().stream().mapToLong(PartyLine.Ran::nanos).max().orElseThrow())
            .toList();
    Map<String, Object> byParty = new LinkedHashMap<>();
    peaks.forEach((each, peak) -> byParty.put(each.value(), ofParty(runsOfAll, each, peak)));
    double seconds = Figures.warmMedianSeconds(slowest);
    Map<String, Object> more = new LinkedHashMap<>(more(seconds));
    more.put("parties", byParty);
    Map<String, Object> parameters = new LinkedHashMap<>(parameters());
    parameters.put("threads", threads);
    parameters.put("heap", heap);
    parameters.put("runs", runs);
    return new Figures(
        work(),
        parameters,
        bound(),
        seconds,
        slowest.getFirst() / 1e9,
        runsOfAll.getLast().values().stream().mapToLong(PartyLine.Ran::bytesSent).sum(),
        peaks.values().stream().mapToLong(PartyLine.Peaks::peakMemoryBytes).max().orElseThrow(),
        more);
  }

  private static Map<String, Object> ofParty(
      List<Map<PartyId, PartyLine.Ran>> runsOfAll, PartyId each, PartyLine.Peaks peaks) {
    List<PartyLine.Ran> own = runsOfAll.stream().map(run -> run.get(each)).toList();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put(
        "seconds", Figures.warmMedianSeconds(own.stream().map(PartyLine.Ran::nanos).toList()));
    figures.put(
        "cpuSeconds",
        Figures.warmMedianSeconds(own.stream().map(PartyLine.Ran::cpuNanos).toList()));
    figures.put("bytesSent", own.getLast().bytesSent());
    figures.put("peakMemoryBytes", peaks.peakMemoryBytes());
    figures.put("heapPeakBytes", peaks.heapPeakBytes());
    figures.putAll(peaks.more());
    return figures;
  }

  /** The next line of each party. A fast one may be a line ahead. */
  private <T extends PartyLine> Map<PartyId, T> collect(List<PartyProcess> processes, Class<T> type)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
    while (processes.stream().anyMatch(each -> each.lines().isEmpty())) {
      PartyProcess.Said line = said.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null) {
        throw silent(processes);
      }
      Problem failure = line.failure();
      if (failure != null) {
        throw rootCause(line.by(), failure).asException();
      }
      line.by().lines().add(String.valueOf(line.text()));
    }
    Map<PartyId, T> all = new LinkedHashMap<>();
    processes.forEach(each -> all.put(each.party(), Json.read(each.lines().remove(), type)));
    return all;
  }

  private ProblemException silent(List<PartyProcess> processes) {
    List<String> silent =
        processes.stream()
            .filter(each -> each.lines().isEmpty())
            .map(each -> each.party().value())
            .toList();
    return new ProblemException(
        ErrorCode.PEER_SILENT,
        String.join(", ", silent),
        "an end of the run within " + patienceSeconds + " s",
        "none");
  }

  /** Who complains about a peer is often heard before the peer that failed. */
  private Problem rootCause(PartyProcess by, Problem first) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BLAME_MILLIS);
    while (isAboutPeer(by, first)) {
      PartyProcess.Said line = said.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null) {
        return first;
      }
      Problem other = line.by() == by ? null : line.failure();
      if (other != null && !isAboutPeer(line.by(), other)) {
        return other;
      }
    }
    return first;
  }

  private static boolean isAboutPeer(PartyProcess by, Problem problem) {
    return ABOUT_PEER.contains(problem.code()) && !problem.at().equals(by.party().value());
  }

  private void check(Map<PartyId, PartyLine.Ran> ran) {
    Map<String, String> expected = new TreeMap<>(truth());
    ran.forEach(
        (each, line) ->
            line.found()
                .forEach(
                    (name, found) -> {
                      String known = expected.computeIfAbsent(name, _ -> found);
                      if (!known.equals(found)) {
                        throw new ProblemException(
                            ErrorCode.PROTOCOL_VIOLATION,
                            each + ", run " + line.run() + ", " + name,
                            known,
                            found);
                      }
                    }));
  }

  private static void remove(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
    } catch (IOException e) {
      // A folder of the system's temporary ones: the system removes it.
    }
  }
}
