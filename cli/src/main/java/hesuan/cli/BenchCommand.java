package hesuan.cli;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.dp.BitPool;
import hesuan.dp.DiscreteLaplace;
import hesuan.dp.NoiseScale;
import hesuan.group.Workers;
import hesuan.psi.ItemKeys;
import hesuan.psi.OverlapHelper;
import hesuan.psi.OverlapLeader;
import hesuan.psi.OverlapParameters;
import hesuan.transport.LoopbackBench;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import hesuan.wire.SecretBytes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan bench}: measures on this machine, cold and warm. */
@picocli.CommandLine.Command(
    name = "bench",
    description = "Measure on this machine, cold and warm. 在本机测量（冷、热）。")
final class BenchCommand extends Command {
  enum Bench {
    CHANNEL,
    NOISE,
    PSI
  }

  @Parameters(paramLabel = "channel|noise|psi", description = "What to measure. 测量对象。")
  Bench bench = Bench.CHANNEL;

  @Option(names = "--rows", defaultValue = "16384", description = "psi: people a side. 每方人数。")
  int rows;

  @Option(
      names = "--runs",
      defaultValue = "3",
      description = "Warm runs; the median counts. 热身后运行次数。")
  int runs;

  @Option(
      names = "--megabytes",
      defaultValue = "256",
      description = "channel: sent in a run. 每次发送量。")
  int megabytes;

  @Option(names = "--relay", description = "channel: through the relay. 经由中继。")
  boolean relay;

  /** The shape of every bench. */
  record Figures(
      String work,
      Map<String, Object> parameters,
      double seconds,
      double coldSeconds,
      long bytesSent,
      long peakMemoryBytes,
      Map<String, Object> more) {}

  @Override
  int run(Console console) throws Exception {
    switch (bench) {
      case CHANNEL -> {
        Path folder = Files.createTempDirectory("hesuan-bench");
        var result =
            new LoopbackBench(folder, Clock.systemUTC(), new SecureRandom())
                .run(new LoopbackBench.Parameters((long) megabytes << 20, 1 << 20, runs, relay));
        console.line(result.toString());
        console.document(result);
      }
      case NOISE -> tell(console, noise());
      case PSI -> tell(console, psi());
    }
    return Exit.OK;
  }

  private static void tell(Console console, Figures figures) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("work", figures.work);
    document.put("parameters", figures.parameters);
    document.put("seconds", figures.seconds);
    document.put("coldSeconds", figures.coldSeconds);
    document.put("bytesSent", figures.bytesSent);
    document.put("peakMemoryBytes", figures.peakMemoryBytes);
    document.putAll(figures.more);
    console.line(document.toString());
    console.document(document);
  }

  private Figures noise() throws Exception {
    int draws = 2_000_000;
    DiscreteLaplace laplace = new DiscreteLaplace(NoiseScale.of(Epsilon.parse("0.1"), 1));
    byte[] seed = new byte[32];
    new SecureRandom().nextBytes(seed);
    long[] sum = new long[1];
    int[] turn = new int[1];
    double[] seconds =
        times(
            () -> {
              BitPool bits = BitPool.of(new SecretBytes(seed), "bench", "" + turn[0]++);
              for (int i = 0; i < draws; i++) {
                sum[0] += laplace.draw(bits);
              }
              return sum[0];
            });
    return new Figures(
        "noise",
        Map.of("draws", draws, "epsilon", "0.1", "noise", "discrete Laplace, exact"),
        seconds[1],
        seconds[0],
        0,
        peakMemory(),
        Map.of("nanosPerDraw", seconds[1] / draws * 1e9));
  }

  /** Two parties in this process, over channels in memory: the protocol alone. */
  private Figures psi() throws Exception {
    PartyId leader = new PartyId("leader");
    PartyId helper = new PartyId("helper");
    long[] bytes = new long[1];
    int[] turn = new int[1];
    double[] seconds;
    try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
      seconds =
          times(
              () -> {
                Digest session = Digest.of("bench " + turn[0]++);
                OverlapParameters parameters =
                    new OverlapParameters(
                        session,
                        leader,
                        List.of(new OverlapParameters.Helper(helper, Epsilon.parse("1"))),
                        1,
                        "0.0000001");
                MemoryChannel[] ends = MemoryChannel.pair(leader, helper);
                SecureRandom random = new SecureRandom();
                Future<?> other =
                    pool.submit(
                        () ->
                            new OverlapHelper(
                                    parameters,
                                    helper,
                                    keys(session, rows / 2),
                                    _ -> parameters.offset(0),
                                    Workers.ONE,
                                    random)
                                .run(Map.of(leader, (Channel) ends[1])));
                new OverlapLeader(parameters, keys(session, 0), new int[rows], Workers.ONE, random)
                    .run(new TreeMap<>(Map.of(helper, (Channel) ends[0])));
                other.get();
                bytes[0] = ends[0].bytesSent() + ends[1].bytesSent();
                return bytes[0];
              });
    }
    return new Figures(
        "psi",
        Map.of("protocol", "ecdh", "rows", rows, "parties", 2, "threads", 1, "overlap", "0.5"),
        seconds[1],
        seconds[0],
        bytes[0],
        peakMemory(),
        Map.of("itemsPerSecond", 2 * rows / seconds[1]));
  }

  private byte[] keys(Digest session, int from) {
    ItemKeys keys = new ItemKeys(session);
    for (int i = 0; i < rows; i++) {
      keys.add("person-" + (from + i));
    }
    return keys.toArray();
  }

  /** Cold, and the median of the warm runs. */
  private double[] times(Callable<?> work) throws Exception {
    List<Double> all = new ArrayList<>();
    for (int run = 0; run <= runs; run++) {
      long start = System.nanoTime();
      work.call();
      all.add((System.nanoTime() - start) / 1e9);
    }
    double cold = all.removeFirst();
    all.sort(null);
    return new double[] {cold, all.get(all.size() / 2)};
  }

  private static long peakMemory() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
