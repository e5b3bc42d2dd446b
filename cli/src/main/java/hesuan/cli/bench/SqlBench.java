package hesuan.cli.bench;

import hesuan.cli.Console;
import hesuan.cli.SqlWork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The whole runtime, real processes: from submitting a job to holding its result. */
@Command(name = "sql", description = "A SQL question to many parties. 多方 SQL 查询。")
class SqlBench extends Bench {
  private static final String BOUND =
      "joining rows to people and groups and sorting them by both, on the cores that all parties share; the first question also parses the CSV";

  @Option(names = "--parties", paramLabel = "N", defaultValue = "2", description = "Parties. 参与方数。")
  int parties;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Rows of each party. 每方行数。")
  int rows;

  @Option(names = "--groups", paramLabel = "N", defaultValue = "1000", description = "Groups. 分组数。")
  int groups;

  @Override
  Figures measure(Console console) throws Exception {
    if (parties < 2 || rows < 1 || groups < 1 || groups > 5000) {
      throw invalid(
          "bench sql",
          "2 parties or more, a row or more, 1 to 5000 groups",
          "%d, %d, %d".formatted(parties, rows, groups));
    }
    Path folder = Files.createTempDirectory("hesuan-bench-sql");
    try (SqlWork work = SqlWork.open(folder, parties, rows, groups)) {
      List<Long> processor = new ArrayList<>();
      List<Long> nanos =
          nanosByRun(
              () -> {
                Duration before = work.processorTime();
                int answered = work.ask();
                processor.add(work.processorTime().minus(before).toNanos());
                return answered;
              });
      Map<String, Object> parameters = new LinkedHashMap<>();
      parameters.put("parties", parties);
      parameters.put("rows", rows);
      parameters.put("groups", groups);
      parameters.put("figures", 2);
      double seconds = Figures.warmMedianSeconds(nanos);
      return new Figures(
          "sql",
          parameters,
          BOUND,
          seconds,
          nanos.getFirst() / 1e9,
          work.bytesSent(),
          work.peakMemoryBytes(),
          Map.of(
              "rowsPerSecond",
              Math.round((double) parties * rows / seconds),
              "bestSeconds",
              nanos.stream().skip(1).min(Long::compare).orElse(nanos.getFirst()) / 1e9,
              "processorSeconds",
              Map.of(
                  "warm", Figures.warmMedianSeconds(processor), "cold", processor.getFirst() / 1e9),
              "residentBytes",
              work.residentBytes()));
    }
  }
}
