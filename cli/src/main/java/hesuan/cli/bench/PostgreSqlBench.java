package hesuan.cli.bench;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import hesuan.cli.Console;
import hesuan.source.Fingerprint;
import hesuan.source.PostgreSqlFloor;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.source.SourceReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** An owner's own table, read as a job reads it, beside a plain COPY of the same columns. */
@Command(
    name = "postgresql",
    description = "Reading one's own table, beside a plain COPY of it. 读取自己的表，与单纯 COPY 对比。")
final class PostgreSqlBench extends Bench {
  private static final int SPILL_MEGABYTES = 8192;
  private static final int BATCH_ROWS = 32_768;

  @Option(
      names = "--source",
      paramLabel = "FILE",
      required = true,
      description = "YAML with the fields of the source. 数据源字段的 YAML 文件。")
  Path file = Path.of("");

  @Option(
      names = "--memory",
      paramLabel = "MEGABYTES",
      defaultValue = "256",
      description = "Of DuckDB; what exceeds it spills. DuckDB 内存，超出则写盘。")
  int memoryMegabytes;

  @Override
  Figures measure(Console console) throws Exception {
    Path base = file.toAbsolutePath().getParent();
    Source any = Source.of(new YAMLMapper().readTree(Files.readString(file)), base);
    if (!(any instanceof Source.PostgreSql source)) {
      throw invalid("--source", "a source of kind postgresql", any.kind());
    }
    Path folder = Files.createTempDirectory("hesuan-bench-postgresql");
    try {
      ReadLimits limits =
          new ReadLimits(memoryMegabytes, SPILL_MEGABYTES, 2, BATCH_ROWS, folder.resolve("tmp"));
      long[] bytes = {0};
      List<Long> floor = nanosByRun(() -> bytes[0] = PostgreSqlFloor.drain(source));
      long[] rows = {0};
      List<Long> reading = nanosByRun(() -> rows[0] = copied(source, limits));
      long start = System.nanoTime();
      Fingerprint.of(source, limits);
      double fingerprinted = (System.nanoTime() - start) / 1e9;
      double seconds = Figures.warmMedianSeconds(reading);
      double floorSeconds = Figures.warmMedianSeconds(floor);
      Map<String, Object> more = new LinkedHashMap<>();
      more.put("floorSeconds", floorSeconds);
      more.put("overFloor", seconds / floorSeconds);
      more.put("rowsPerSecond", Math.round(rows[0] / seconds));
      more.put("withFingerprintSeconds", fingerprinted);
      return new Figures(
          "postgresql",
          Map.of(
              "rows", rows[0], "memoryMegabytes", memoryMegabytes, "tls", source.tls().toString()),
          "the server's COPY and the way from it; decoding and writing to DuckDB's memory or disk beside it",
          seconds,
          reading.getFirst() / 1e9,
          bytes[0],
          Memory.peakBytes(),
          more);
    } finally {
      Files.deleteIfExists(folder.resolve("tmp"));
      Files.deleteIfExists(folder);
    }
  }

  private static long copied(Source source, ReadLimits limits) throws Exception {
    try (SourceReader reader = SourceReader.open(source, limits);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT count(*) FROM " + SourceReader.PART)) {
      count.next();
      return count.getLong(1);
    }
  }
}
