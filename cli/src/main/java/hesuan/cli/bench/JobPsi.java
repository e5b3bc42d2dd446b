package hesuan.cli.bench;

import hesuan.cli.PeopleWork;
import hesuan.source.Source;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An intersection as a job between real agents: each run is timed from submitting the job until the
 * list lies in the receiver's folder, so it holds admission, reading both files, the protocol,
 * release, and evidence. Starting the processes and publishing the files are not in it.
 *
 * @param format {@code csv} or {@code parquet}, of the files and of the list
 */
record JobPsi(PsiBench bench, String format) {
  private static final String BOUND =
      "processor time of both agents on the same cores: the protocol, reading the files, hashing the ids";

  Figures measure() throws Exception {
    PsiCase size = bench.size();
    Path folder = Files.createTempDirectory("hesuan-bench-psi");
    try (PeopleWork work =
        PeopleWork.open(
            folder,
            bench.protocol,
            format,
            bench.heap,
            List.of(home -> write(home, size, 0), home -> write(home, size, 1)))) {
      List<Path> lists = new ArrayList<>();
      List<Long> nanos = bench.nanosByRun(() -> lists.add(work.run()));
      for (Path list : lists) {
        long found = people(list);
        if (found != size.shared()) {
          throw new ProblemException(
              ErrorCode.PROTOCOL_VIOLATION, list.toString(), "" + size.shared(), "" + found);
        }
      }
      double seconds = Figures.warmMedianSeconds(nanos);
      Map<String, Object> more = new LinkedHashMap<>(bench.more(seconds));
      Map<String, Long> memory = work.peakMemoryBytes();
      more.put("heap", bench.heap);
      more.put("memoryOfEach", memory);
      return new Figures(
          bench.work(),
          bench.parameters(),
          BOUND,
          seconds,
          nanos.getFirst() / 1e9,
          work.bytesSent(),
          memory.values().stream().mapToLong(Long::longValue).max().orElse(0),
          more);
    }
  }

  private Source write(Path home, PsiCase size, int party) throws IOException {
    Path file = home.resolve("people." + format);
    if (format.equals("parquet")) {
      try (Connection connection = duckDb();
          Statement statement = connection.createStatement()) {
        statement.execute("COPY (%s) TO '%s' (FORMAT parquet)".formatted(sql(size, party), file));
      } catch (SQLException e) {
        throw new IOException(e);
      }
      return new Source.Parquet(file);
    }
    byte[] line = "13000000000\n".getBytes(StandardCharsets.US_ASCII);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      out.write("phone\n".getBytes(StandardCharsets.US_ASCII));
      size.forEach(
          party,
          bench.seed,
          id -> {
            System.arraycopy(id, PsiCase.ID_BYTES - PsiCase.DIGITS, line, 2, PsiCase.DIGITS);
            try {
              out.write(line);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return new Source.Csv(file);
  }

  /** The same people, made faster. */
  private String sql(PsiCase size, int party) {
    long count = party == 0 ? size.rows() : size.peerRows();
    String person =
        party == 0
            ? "own"
            : "CASE WHEN own < %1$d THEN own ELSE own + %2$d - %1$d END"
                .formatted(size.shared(), size.rows());
    return "SELECT '13' || lpad(CAST((person * %d + %d) %% %d AS VARCHAR), %d, '0') AS phone FROM (SELECT %s AS person FROM (SELECT (i * %d) %% %d AS own FROM range(%d) t(i)))"
        .formatted(
            PsiCase.STRIDE,
            bench.seed,
            PsiCase.NUMBERS,
            PsiCase.DIGITS,
            person,
            PsiCase.stepOver(count),
            count,
            count);
  }

  private long people(Path list) throws IOException {
    String relation = format.equals("csv") ? "read_csv('%s', header = true)" : "read_parquet('%s')";
    try (Connection connection = duckDb();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT count(*) FROM " + relation.formatted(list))) {
      rows.next();
      return rows.getLong(1);
    } catch (SQLException e) {
      throw new IOException(e);
    }
  }

  private static Connection duckDb() throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:duckdb:");
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET memory_limit = '1GB'");
    }
    return connection;
  }
}
