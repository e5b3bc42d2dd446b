package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real server. */
class PostgreSqlTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("phone", ColumnType.STRING),
          new Column("fen", ColumnType.INTEGER),
          new Column("score", ColumnType.DECIMAL),
          new Column("day", ColumnType.DATE),
          new Column("member", ColumnType.BOOLEAN));

  @TempDir Path directory;
  private ReadLimits limits;

  @BeforeEach
  void limits() {
    limits = ReadLimits.in(directory.resolve("spill"));
  }

  private Source.PostgreSql source(String table) {
    return TestPostgres.table(directory, table);
  }

  /** A table of that name alone, with a row of each kind; who reads it may do nothing else. */
  private Source.PostgreSql orders(String table) {
    TestPostgres.sql(
        "DROP TABLE IF EXISTS " + table + " CASCADE",
        "CREATE TABLE "
            + table
            + " (phone text, fen bigint, score numeric, day date, member boolean)",
        "INSERT INTO "
            + table
            + " VALUES ('13812345678', 100, 1.5, '2026-01-02', true),"
            + " ('', -7, NULL, '1969-12-31', false), (NULL, NULL, 0.001, NULL, NULL)",
        "GRANT SELECT ON " + table + " TO reader");
    return source(table);
  }

  private List<List<String>> rows(Source source, List<Column> columns) {
    try (SourceReader reader = SourceReader.open(source, columns, limits)) {
      return rows(reader);
    }
  }

  private static List<List<String>> rows(SourceReader reader) {
    List<List<String>> rows = new ArrayList<>();
    reader.forEachBatch(
        reader.schema().stream().map(Column::name).toList(),
        null,
        batch -> {
          for (int row = 0; row < batch.getRowCount(); row++) {
            List<String> cells = new ArrayList<>();
            for (var vector : batch.getFieldVectors()) {
              cells.add(String.valueOf(vector.getObject(row)));
            }
            rows.add(cells);
          }
        });
    return rows;
  }

  // ---- what is read

  @Test
  void typedRows_areThoseOfTheTable_nullAndEmptyApart() {
    assertEquals(
        List.of(
            List.of("13812345678", "100", "1.500000", "20455", "true"),
            List.of("", "-7", "null", "-1", "false"),
            List.of("null", "null", "0.001000", "null", "null")),
        rows(orders("typed"), COLUMNS));
  }

  @Test
  void fewColumns_underOtherNames_areAllThatIsRead() {
    orders("few");
    TestPostgres.sql(
        "REVOKE SELECT ON few FROM reader", "GRANT SELECT (phone, day) ON few TO reader");
    Source source = TestPostgres.table(directory, "few", Map.of("bought", "day"));
    assertEquals(
        List.of(List.of("20455"), List.of("-1"), List.of("null")),
        rows(source, List.of(new Column("bought", ColumnType.DATE))));
    try (SourceReader reader = SourceReader.open(source, limits)) {
      assertEquals(
          List.of(new Column("phone", ColumnType.STRING), new Column("bought", ColumnType.DATE)),
          reader.schema());
      assertEquals(List.of("fen", "score", "member"), reader.leftOut());
    }
  }

  @Test
  void everyType_isReadAsItsProductType() {
    TestPostgres.sql(
        "DROP TABLE IF EXISTS every",
        "DROP TYPE IF EXISTS mood",
        "DROP DOMAIN IF EXISTS code, short",
        "CREATE TYPE mood AS ENUM ('glad', '难过')",
        "CREATE DOMAIN short AS varchar(9)",
        "CREATE DOMAIN code AS short CHECK (value <> 'x')",
        """
        CREATE TABLE every (a varchar(20), b char(5), c uuid, d mood, e code, f smallint, g integer,
          h numeric(11,0), i numeric(20,0), j numeric(8,2), k real, l double precision,
          m timestamp, n timestamptz, o boolean, p json, q integer[], "r-s" text, t bytea)""",
        "SET timezone = 'Asia/Shanghai'",
        """
        INSERT INTO every VALUES ('北京 🙂', 'ab', '6B1F0A52-0000-4000-8000-0000000000AA', '难过', 'y', -3,
          7, 13812345678, 12, 1.25, 0.5, -2.25, '2026-01-02 23:59:59',
          '2026-01-02 07:00:00+08', false, '{}', '{1}', 'x', 'x')""",
        "GRANT SELECT ON every TO reader");
    try (SourceReader reader = SourceReader.open(source("every"), limits)) {
      assertEquals(
          "STRING STRING STRING STRING STRING INTEGER INTEGER INTEGER DECIMAL DECIMAL DECIMAL"
              + " DECIMAL DATE DATE BOOLEAN",
          String.join(" ", reader.schema().stream().map(c -> c.type().name()).toList()));
      assertEquals(List.of("p", "q", "r-s", "t"), reader.leftOut());
      assertEquals(
          List.of(
              List.of(
                  "北京 🙂",
                  "ab",
                  "6b1f0a52-0000-4000-8000-0000000000aa",
                  "难过",
                  "y",
                  "-3",
                  "7",
                  "13812345678",
                  "12.000000",
                  "1.250000",
                  "0.500000",
                  "-2.250000",
                  "20455",
                  "20454",
                  "false")),
          rows(reader));
    }
    Problem json =
        Samples.refused(
            ErrorCode.WRONG_TYPE,
            () -> rows(source("every"), List.of(new Column("p", ColumnType.STRING))));
    assertEquals("public.every, column p", json.at());
    assertEquals("json", json.found());
    Samples.refused(
        ErrorCode.WRONG_TYPE,
        () ->
            SourceReader.open(TestPostgres.table(directory, "every", Map.of("bytes", "t")), limits)
                .close());
  }

  @Test
  void decimals_areExactToTheSixthPlace_orRefused() {
    String[][] each = {
      {"0", "0.000000"},
      {"0.0000004", "0.000000"},
      {"0.0000005", "0.000001"},
      {"-0.0000005", "-0.000001"},
      {"-1.0000015", "-1.000002"},
      {"12345678.87654321", "12345678.876543"},
      {"100000000", "100000000.000000"},
      {"0.01", "0.010000"},
      {"0.0001", "0.000100"},
      {"0.000001", "0.000001"},
      {"999999999999.999999", "999999999999.999999"},
      {"-999999999999.999999", "-999999999999.999999"}
    };
    for (String[] one : each) {
      assertEquals(
          List.of(List.of(one[1])),
          rows(decimal(one[0]), List.of(new Column("x", ColumnType.DECIMAL))),
          one[0]);
    }
    for (String wrong :
        List.of(
            "1000000000000",
            "-1e12",
            "999999999999.9999995",
            "1e30",
            "'NaN'",
            "'Infinity'",
            "'-Infinity'")) {
      Problem problem =
          Samples.refused(
              ErrorCode.WRONG_TYPE,
              () -> rows(decimal(wrong), List.of(new Column("x", ColumnType.DECIMAL))));
      assertEquals("public.decimals, column x", problem.at());
      assertFalse(problem.sentence(false).contains("1000000"));
    }
    TestPostgres.sql("ALTER TABLE decimals ALTER x TYPE float8");
    for (String wrong : List.of("1e30", "'NaN'", "'Infinity'")) {
      TestPostgres.sql("UPDATE decimals SET x = " + wrong);
      Samples.refused(
          ErrorCode.WRONG_TYPE,
          () -> rows(source("decimals"), List.of(new Column("x", ColumnType.DECIMAL))));
    }
    for (String wrong : List.of("infinity", "10000-01-01", "4713-01-01 BC")) {
      TestPostgres.sql("ALTER TABLE decimals ALTER x TYPE date USING '" + wrong + "'");
      Samples.refused(
          ErrorCode.WRONG_TYPE,
          () -> rows(source("decimals"), List.of(new Column("x", ColumnType.DATE))));
    }
  }

  private Source decimal(String value) {
    TestPostgres.sql(
        "DROP TABLE IF EXISTS decimals",
        "CREATE TABLE decimals (x numeric)",
        "INSERT INTO decimals VALUES (" + value + ")",
        "GRANT SELECT ON decimals TO reader");
    return source("decimals");
  }

  /** More than a batch, texts of every length, values on both sides of a batch's end. */
  @Test
  void manyRows_allArrive() throws Exception {
    TestPostgres.sql(
        "DROP TABLE IF EXISTS many",
        """
        CREATE TABLE many AS SELECT i, repeat('长', i % 300) AS s,
          CASE WHEN i % 3 = 0 THEN i / 8.0 END AS x FROM generate_series(1, 100000) t(i)""",
        "GRANT SELECT ON many TO reader");
    try (SourceReader reader = SourceReader.open(source("many"), limits);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*), sum(i), sum(length(s)), count(x), sum(x) FROM part")) {
      row.next();
      assertEquals(100_000, row.getLong(1));
      assertEquals(5_000_050_000L, row.getLong(2));
      long letters = 0;
      long eighths = 0;
      for (int i = 1; i <= 100_000; i++) {
        letters += i % 300;
        eighths += i % 3 == 0 ? i : 0;
      }
      assertEquals(letters, row.getLong(3));
      assertEquals(33_333, row.getLong(4));
      assertEquals(
          0,
          row.getBigDecimal(5)
              .compareTo(new java.math.BigDecimal(eighths).divide(new java.math.BigDecimal(8))));
    }
  }

  /** 57 MB of rows; DuckDB may use 40. */
  private Source large() {
    TestPostgres.sql(
        """
        CREATE TABLE IF NOT EXISTS large AS SELECT i, md5(i::text) || md5((-i)::text) || ' a person' AS s
          FROM generate_series(1, 700000) t(i)""",
        "GRANT SELECT ON large TO reader");
    return source("large");
  }

  private static List<Path> spilled(Path spill) throws Exception {
    try (java.util.stream.Stream<Path> files = Files.walk(spill)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void copyBeyondMemory_liesInADirectoryOfTheAgentsOwn_andIsGoneAtTheEnd() throws Exception {
    Path spill = directory.resolve("spill");
    ReadLimits small = new ReadLimits(40, 2048, 1, 32_768, spill);
    try (SourceReader reader = SourceReader.open(large(), small);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT count(*), sum(i), max(strlen(s)) FROM part")) {
      row.next();
      assertEquals(700_000, row.getLong(1));
      assertEquals(245_000_350_000L, row.getLong(2));
      assertEquals(73, row.getLong(3));
      List<Path> files = spilled(spill);
      assertFalse(files.isEmpty(), "the copy must have been too large for the memory");
      for (Path file : files) {
        assertEquals(
            "rwx------",
            java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(file.getParent())));
      }
    }
    assertEquals(List.of(), spilled(spill));
  }

  @Test
  void copyBeyondMemory_whereNothingMaySpill_isRefused_andNothingWasWritten() throws Exception {
    Path spill = directory.resolve("spill");
    ReadLimits none = new ReadLimits(40, 0, 1, 32_768, spill);
    Source large = large();
    java.util.concurrent.atomic.AtomicBoolean watching =
        new java.util.concurrent.atomic.AtomicBoolean(true);
    java.util.concurrent.CompletableFuture<Integer> seen =
        java.util.concurrent.CompletableFuture.supplyAsync(
            () -> {
              int most = 0;
              while (watching.get()) {
                try {
                  most = Math.max(most, spilled(spill).size());
                } catch (Exception e) {
                  // not made yet, or just gone
                  Thread.onSpinWait();
                }
              }
              return most;
            });
    Samples.refused(ErrorCode.LIMIT_EXCEEDED, () -> SourceReader.open(large, none));
    watching.set(false);
    assertEquals(0, seen.get());
  }

  /** If this ever passes, a newer DuckDB can do it alone: then let it. */
  @Test
  void spill_canNotBeEncryptedByThisDuckDb() throws Exception {
    try (Connection duck = java.sql.DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duck.createStatement()) {
      statement.execute("SET autoinstall_known_extensions = false");
      statement.execute("SET autoload_known_extensions = false");
      statement.execute("SET memory_limit = '48MB'");
      statement.execute("SET temp_directory = '" + directory.resolve("sealed") + "'");
      statement.execute("SET temp_file_encryption = true");
      assertTrue(
          org.junit.jupiter.api.Assertions.assertThrows(
                  java.sql.SQLException.class,
                  () ->
                      statement.execute(
                          "CREATE TABLE t AS SELECT md5(range::VARCHAR) AS s FROM range(3000000)"))
              .getMessage()
              .contains("secure random engine"));
    }
  }

  @Test
  void emptyTable_hasNoRows() {
    Source source = orders("emptied");
    TestPostgres.sql("DELETE FROM emptied");
    assertEquals(List.of(), rows(source, COLUMNS));
  }

  @Test
  void profile_isThatOfTheTable() {
    Source source = orders("profiled");
    Profile profile = Profile.of(source, new Product.Id("phone", IdRule.PHONE_CN), limits);
    assertEquals(3, profile.rows());
    assertEquals(COLUMNS, profile.productColumns());
    assertEquals(1, profile.ids().distinct());
    assertEquals(Fingerprint.of(source, limits), profile.fingerprint());
  }

  // ---- what it may do

  @Test
  void reader_ofATable_opensNothingElse_andHoldsOneMoment() throws Exception {
    Source source = orders("moment");
    try (SourceReader reader = SourceReader.open(source, COLUMNS, limits);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement()) {
      Path secret = Samples.text(directory.resolve("secret.csv"), "a\n1\n");
      for (String sql :
          List.of(
              "SELECT * FROM read_csv('" + secret + "')",
              "COPY part TO '" + directory.resolve("out.csv") + "'",
              "SET enable_external_access = true",
              "SELECT * FROM arriving")) {
        org.junit.jupiter.api.Assertions.assertThrows(
            java.sql.SQLException.class, () -> statement.execute(sql), sql);
      }
      TestPostgres.sql("DROP TABLE moment");
      assertEquals(3, rows(reader).size());
      reader.requireUntouched();
    }
  }

  @Test
  void whatWrites_whileItIsRead_isRefusedByTheServer() {
    TestPostgres.sql(
        "DROP VIEW IF EXISTS writing",
        "DROP SEQUENCE IF EXISTS counted",
        "CREATE SEQUENCE counted",
        "CREATE VIEW writing AS SELECT nextval('counted') AS n",
        "GRANT ALL ON SEQUENCE counted TO reader",
        "GRANT SELECT ON writing TO reader");
    Problem problem =
        Samples.refused(
            ErrorCode.SOURCE_UNREADABLE,
            () -> rows(source("writing"), List.of(new Column("n", ColumnType.INTEGER))));
    assertEquals("PostgreSQL says: state 25006", problem.found());
  }

  @Test
  void interrupted_stopsReading() throws Exception {
    Source source = orders("interrupted");
    Thread.currentThread().interrupt();
    Problem problem = Samples.refused(ErrorCode.CANCELLED, () -> rows(source, COLUMNS));
    assertTrue(Thread.interrupted());
    assertEquals("reading", problem.at());
  }

  // ---- the version

  @Test
  void fingerprint_sameRowsInAnotherOrderAndPlace_isTheSame_howeverTheServerPrints() {
    Source source = orders("same");
    Digest before = Fingerprint.of(source, limits);
    TestPostgres.sql(
        "UPDATE same SET fen = fen",
        "VACUUM FULL same",
        "CREATE TABLE again (LIKE same)",
        "INSERT INTO again SELECT * FROM same ORDER BY fen NULLS FIRST",
        "DROP TABLE same",
        "ALTER TABLE again RENAME TO same",
        "GRANT SELECT ON same TO reader",
        "ALTER ROLE reader SET datestyle = 'German, DMY'",
        "ALTER ROLE reader SET timezone = 'Pacific/Auckland'",
        "ALTER ROLE reader SET lc_numeric = 'C'",
        "ALTER ROLE reader SET extra_float_digits = 0",
        "ALTER ROLE reader SET client_encoding = 'UTF8'");
    try {
      assertEquals(before, Fingerprint.of(source, limits));
    } finally {
      TestPostgres.sql("ALTER ROLE reader RESET ALL");
    }
    TestPostgres.sql("UPDATE same SET member = true WHERE NOT member");
    assertNotEquals(before, Fingerprint.of(source, limits));
  }

  /** A server of another version or locale must not come to another digest. */
  @Test
  void fingerprint_ofKnownRows_isTheOneWrittenHere() {
    assertEquals(
        "bbc75d27033324aa83dda54441c2225438fbc448d882c836b4c8ae58127daaf1",
        Fingerprint.of(orders("known"), limits).hex());
  }

  @Test
  void open_ofWhatWasPublished_reads_anyOtherContent_isRefused() {
    Source source = orders("published");
    Digest published = Fingerprint.of(source, limits);
    Fingerprint.open(source, COLUMNS, published, limits).close();
    TestPostgres.sql("ALTER TABLE published ADD COLUMN later text");
    Fingerprint.open(source, COLUMNS, published, limits).close();
    TestPostgres.sql("UPDATE published SET fen = 101 WHERE fen = 100");
    Samples.refused(
        ErrorCode.SOURCE_CHANGED,
        () -> Fingerprint.open(source, COLUMNS, published, limits).close());
  }

  @Test
  void requireAgain_sameLook_isNotRead_aWriteIsSeen() throws Exception {
    Source source = orders("looked");
    Digest published = Fingerprint.of(source, limits);
    Stamp settled = settled(source, null);
    Fingerprint.Seen seen = Fingerprint.requireAgain(source, COLUMNS, published, limits, null);
    assertEquals(settled, seen.stamp());
    assertSame(seen, Fingerprint.requireAgain(source, COLUMNS, published, limits, seen));
    TestPostgres.sql("UPDATE looked SET fen = fen");
    settled(source, settled);
    Fingerprint.Seen later = Fingerprint.requireAgain(source, COLUMNS, published, limits, seen);
    assertNotSame(seen, later);
    TestPostgres.sql("DELETE FROM looked WHERE fen = -7");
    settled(source, later.stamp());
    Samples.refused(
        ErrorCode.SOURCE_CHANGED,
        () -> Fingerprint.requireAgain(source, COLUMNS, published, limits, later));

    TestPostgres.sql(
        "CREATE VIEW looked_at AS SELECT * FROM looked", "GRANT SELECT ON looked_at TO reader");
    assertTrue(Stamp.of(source("looked_at")).isEmpty());
  }

  /** The server's counters follow a write when its session ends, which is soon. */
  private static Stamp settled(Source source, Stamp before) throws InterruptedException {
    Stamp last = before;
    for (int same = 0, tries = 0; same < 3 && tries < 200; tries++) {
      Stamp now = Stamp.of(source).orElseThrow();
      same = now.equals(last) || now.equals(before) ? same + (now.equals(before) ? 0 : 1) : 0;
      last = now;
      Thread.sleep(20);
    }
    return last;
  }

  // ---- what goes wrong, in one sentence and without a value

  @Test
  void wrongPassword_orUser_isRefused_namingNeither() {
    Source.PostgreSql right = orders("refused");
    for (Source wrong :
        List.of(
            with(right, right.server(), right.user(), "wrong horse"),
            with(right, right.server(), "nobody-there", "x"),
            with(
                right,
                new PostgreSqlServer("127.0.0.1", TestPostgres.port(), "elsewhere"),
                right.user(),
                TestPostgres.PASSWORD))) {
      Problem problem =
          Samples.refused(ErrorCode.SOURCE_REFUSED, () -> SourceReader.open(wrong, limits));
      assertFalse(
          problem.sentence(false).matches("(?s).*(horse|nobody|reader|elsewhere|127).*"),
          problem.sentence(false));
    }
  }

  private Source.PostgreSql with(
      Source.PostgreSql source, PostgreSqlServer server, String user, String password) {
    return new Source.PostgreSql(
        server,
        source.table(),
        user,
        new Password.InFile(TestPostgres.passwordFile(directory, password)),
        source.tls(),
        null,
        1,
        Map.of());
  }

  @Test
  void serverThatIsDown_orHasNoTls_isOffline() throws Exception {
    Source.PostgreSql right = orders("offline");
    int free;
    try (java.net.ServerSocket socket = new java.net.ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    Source down =
        with(
            right,
            new PostgreSqlServer("127.0.0.1", free, "postgres"),
            right.user(),
            TestPostgres.PASSWORD);
    assertEquals(
        "a server that answers",
        Samples.refused(ErrorCode.SOURCE_OFFLINE, () -> SourceReader.open(down, limits))
            .expected());
    for (PostgreSqlServer.Tls tls :
        List.of(PostgreSqlServer.Tls.REQUIRE, PostgreSqlServer.Tls.VERIFY_FULL)) {
      Source plain =
          new Source.PostgreSql(
              right.server(),
              right.table(),
              right.user(),
              right.password(),
              tls,
              null,
              9,
              Map.of());
      assertEquals(
          "TLS by sslmode " + tls.word(),
          Samples.refused(ErrorCode.SOURCE_OFFLINE, () -> SourceReader.open(plain, limits))
              .expected());
    }
  }

  @Test
  void tableGone_columnGone_typeChanged_rightGone_eachBySentence() {
    Source source = orders("changing");
    Digest published = Fingerprint.of(source, limits);
    TestPostgres.sql("ALTER TABLE changing ALTER fen TYPE text");
    Problem type =
        Samples.refused(
            ErrorCode.WRONG_TYPE, () -> Fingerprint.open(source, COLUMNS, published, limits));
    assertEquals("public.changing, column fen", type.at());
    assertEquals("text", type.found());
    TestPostgres.sql("ALTER TABLE changing DROP fen");
    assertEquals(
        "fen",
        Samples.refused(
                ErrorCode.UNKNOWN_COLUMN,
                () -> Fingerprint.open(source, COLUMNS, published, limits))
            .found());
    TestPostgres.sql("REVOKE SELECT ON changing FROM reader");
    assertEquals(
        "the right to SELECT",
        Samples.refused(ErrorCode.SOURCE_REFUSED, () -> SourceReader.open(source, limits))
            .expected());
    TestPostgres.sql("DROP TABLE changing");
    assertEquals(
        "none there",
        Samples.refused(ErrorCode.SOURCE_UNREADABLE, () -> SourceReader.open(source, limits))
            .found());
    TestPostgres.sql(
        "DROP SCHEMA IF EXISTS closed CASCADE",
        "CREATE SCHEMA closed",
        "CREATE TABLE closed.t (a text)",
        "GRANT SELECT ON closed.t TO reader");
    assertEquals(
        "the right to USAGE of the schema",
        Samples.refused(
                ErrorCode.SOURCE_REFUSED, () -> SourceReader.open(source("closed.t"), limits))
            .expected());
  }

  @Test
  void slowTable_isGivenUp() {
    TestPostgres.sql(
        "DROP VIEW IF EXISTS slow",
        "CREATE VIEW slow AS SELECT pg_sleep(5)::text AS a",
        "GRANT SELECT ON slow TO reader");
    Source.PostgreSql slow = source("slow");
    Samples.refused(
        ErrorCode.LIMIT_EXCEEDED,
        () ->
            SourceReader.open(
                with(slow, slow.server(), slow.user(), TestPostgres.PASSWORD), limits));
  }

  @Test
  void errorInAView_isToldWithoutItsValue() {
    TestPostgres.sql(
        "DROP TABLE IF EXISTS dividing CASCADE",
        "CREATE TABLE dividing AS SELECT 'secret-' || i AS s FROM generate_series(1, 40000) t(i)",
        "CREATE VIEW divided AS SELECT CASE WHEN s = 'secret-39999' THEN s::int ELSE 1 END AS n"
            + " FROM dividing",
        "GRANT SELECT ON divided TO reader");
    Problem problem =
        Samples.refused(
            ErrorCode.SOURCE_UNREADABLE, () -> SourceReader.open(source("divided"), limits));
    assertEquals("PostgreSQL says: state 22P02", problem.found());
  }

  // ---- the password

  @Test
  void password_standsInNoDocumentAndNoText_andOnlyInAFileOfOnesOwn() throws Exception {
    Source.PostgreSql source = orders("sealed");
    String all = source + " " + source.document() + " " + source.reading();
    assertFalse(all.contains(TestPostgres.PASSWORD));
    Path file = TestPostgres.passwordFile(directory, TestPostgres.PASSWORD);
    Files.setPosixFilePermissions(
        file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r-----"));
    assertEquals(
        "one that others can open",
        Samples.refused(ErrorCode.INVALID_VALUE, () -> SourceReader.open(source, limits)).found());
    Files.delete(file);
    Samples.refused(ErrorCode.INVALID_VALUE, () -> SourceReader.open(source, limits));
    TestPostgres.passwordFile(directory, "two\nlines of it");
    Samples.refused(
        ErrorCode.INVALID_VALUE,
        () ->
            SourceReader.open(
                with(source, source.server(), source.user(), "two\nlines of it"), limits));
  }
}
