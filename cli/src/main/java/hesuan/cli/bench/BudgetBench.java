package hesuan.cli.bench;

import hesuan.agent.Agent;
import hesuan.agent.budget.Budget;
import hesuan.cli.Console;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Reservations by many jobs at once, each chained and on the disk before it counts. */
@Command(name = "budget", description = "Reservations of privacy budget. 隐私预算预留。")
final class BudgetBench extends Bench {
  private static final PartyId OWNER = new PartyId("owner");
  private static final ProductRef PRODUCT = ProductRef.parse("owner/members@1");

  @Option(
      names = "--reservations",
      paramLabel = "N",
      defaultValue = "5000",
      description = "In a run. 每次预留次数。")
  int reservations;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "64",
      description = "Jobs that reserve at the same time. 同时预留的作业数。")
  int threads;

  @Override
  Figures measure(Console console) throws Exception {
    Path folder = Files.createTempDirectory("hesuan-bench");
    try (Store store = Store.open(folder.resolve("state.db"), Agent.SCHEMA)) {
      Budget budget = Budget.open(store, Clock.systemUTC());
      budget.allow(PRODUCT.asset(), "phone", Epsilon.parse("1000"), null, Epsilon.ZERO, 0);
      int[] turn = new int[1];
      List<Long> nanos = nanosByRun(() -> reserve(store, budget, turn[0]++));
      long start = System.nanoTime();
      Budget.open(store, Clock.systemUTC());
      double openSeconds = (System.nanoTime() - start) / 1e9;
      double seconds = Figures.warmMedianSeconds(nanos);
      return new Figures(
          "budget reservations",
          Map.of("reservations", reservations, "threads", threads),
          "the disk's sync, shared by all that wait for it",
          seconds,
          nanos.getFirst() / 1e9,
          0,
          Memory.peakBytes(),
          Map.of(
              "reservationsPerSecond",
              reservations / seconds,
              "entries",
              budget.chain().head().number(),
              "openSeconds",
              openSeconds));
    } finally {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  private int reserve(Store store, Budget budget, int turn) {
    List<Plan.Charge> charges =
        List.of(new Plan.Charge(PRODUCT, OWNER, "phone", new Epsilon(1), "0"));
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < reservations; i++) {
        JobId job = JobId.of(OWNER, "bench-" + turn + "-" + i);
        pool.execute(
            () ->
                store.inTransaction(
                    "reserve",
                    t -> {
                      budget.reserve(t, job, Digest.of(job.value()), charges);
                      return null;
                    }));
      }
    }
    return turn;
  }
}
