package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.IdRule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two million rows through a process that could not hold them. */
class StreamingTest {
  private static final int ROWS = 2_000_000;
  private static final int PEOPLE = 800_000;
  private static final int HEAP_MEGABYTES = 96;
  private static final int RESIDENT_MEGABYTES_MAX = 640;

  @TempDir Path directory;

  @Test
  void twoMillionRows_ofEachFormat_streamInASmallHeap() throws Exception {
    Path csv = directory.resolve("big.csv");
    Path parquet = directory.resolve("big.parquet");
    Path duckDb = directory.resolve("big.duckdb");
    String rows =
        "SELECT 13000000000 + (i * 7919) %% %d AS phone, 'city ' || (i %% 8) AS city, i AS fen,"
                .formatted(PEOPLE)
            + " repeat('x', 60) AS note FROM range(%d) r(i)".formatted(ROWS);
    Samples.duckDb(
        duckDb.toString(),
        "CREATE TABLE t AS " + rows,
        "COPY t TO '" + csv + "' (FORMAT csv, HEADER)",
        "COPY t TO '" + parquet + "' (FORMAT parquet)");
    assertTrue(Files.size(csv) > HEAP_MEGABYTES << 20, "a file larger than the heap");
    List<Source.File> sources =
        List.of(new Source.Csv(csv), new Source.Parquet(parquet), new Source.DuckDb(duckDb, "t"));
    for (Source.File source : sources) {
      assertEquals(
          "rows=%d sum=%d ids=%d group0=%d"
              .formatted(ROWS, (long) ROWS * (ROWS - 1) / 2, PEOPLE, PEOPLE / 8),
          probe(source),
          source.kind());
    }
  }

  private String probe(Source.File source) throws IOException, InterruptedException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Path arguments =
        Samples.text(
            directory.resolve("arguments"), "-cp \"" + classPath.replace("\\", "\\\\") + "\"");
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "@" + arguments,
                Probe.class.getName(),
                source.kind(),
                source.path().toString(),
                directory.resolve("spill").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  /** What runs in the small process. */
  static final class Probe {
    private static long rows;
    private static long sum;

    private Probe() {}

    public static void main(String[] arguments) throws Exception {
      Map<String, Object> document =
          arguments[0].equals("duckdb")
              ? Map.of("kind", "duckdb", "path", arguments[1], "table", "t")
              : Map.of("kind", arguments[0], "path", arguments[1]);
      Source source = Source.of(document, Path.of("/"));
      ReadLimits limits = ReadLimits.in(Path.of(arguments[2]));
      List<hesuan.wire.Product.Column> columns =
          Profile.of(source, new hesuan.wire.Product.Id("phone", IdRule.PHONE_CN), limits)
              .productColumns();
      try (SourceReader reader = SourceReader.open(source, columns, limits);
          Connection connection = reader.connection()) {
        reader.forEachBatch(
            List.of("note", "fen"),
            null,
            batch -> {
              VarCharVector notes = (VarCharVector) batch.getVector(0);
              BigIntVector fen = (BigIntVector) batch.getVector(1);
              for (int i = 0; i < batch.getRowCount(); i++) {
                rows += notes.getValueLength(i) / 60;
                sum += fen.get(i);
              }
            });
        IdSet ids =
            IdColumn.read(
                connection,
                "phone",
                IdRule.PHONE_CN,
                Optional.of("city"),
                List.of("city 0", "city 1"));
        long first = 0;
        for (int i = 0; i < ids.size(); i++) {
          first += ids.group(i) == 0 ? 1 : 0;
        }
        System.out.printf("rows=%d sum=%d ids=%d group0=%d%n", rows, sum, ids.size(), first);
      }
      long resident =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmHWM"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
              .findFirst()
              .orElse(0);
      System.err.println(arguments[0] + " resident " + resident + " MB");
      if (resident > RESIDENT_MEGABYTES_MAX) {
        throw new IllegalStateException("resident " + resident + " MB");
      }
    }
  }
}
