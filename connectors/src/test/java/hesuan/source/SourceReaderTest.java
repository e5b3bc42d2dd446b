package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceReaderTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("phone", ColumnType.STRING),
          new Column("city", ColumnType.STRING),
          new Column("fen", ColumnType.INTEGER),
          new Column("score", ColumnType.DECIMAL),
          new Column("day", ColumnType.DATE),
          new Column("member", ColumnType.BOOLEAN));

  private static final String CSV =
      """
      phone,city,fen,score,day,member
      13812345678,"北京, 朝阳",100,1.5,2026-01-02,true
      13912345678,"say ""hi"" x",-7,,2026-01-03,FALSE
      ,上海,,0.001,,
      """;

  @TempDir Path directory;
  private ReadLimits limits;

  @BeforeEach
  void limits() {
    limits = ReadLimits.in(directory.resolve("spill"));
  }

  private Path csv(String content) {
    return Samples.text(directory.resolve("data.csv"), content);
  }

  private List<List<String>> rows(Source source, List<Column> columns) {
    try (SourceReader reader = SourceReader.open(source, columns, limits)) {
      return rows(reader, columns.stream().map(Column::name).toList(), null);
    }
  }

  private static List<List<String>> rows(SourceReader reader, List<String> columns, String where) {
    List<List<String>> rows = new ArrayList<>();
    reader.forEachBatch(
        columns,
        where,
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

  private List<Source.File> sameDataInThreeFormats() {
    Path csv = csv(CSV);
    Path parquet = directory.resolve("data.parquet");
    Path duckDb = directory.resolve("data.duckdb");
    String select = "SELECT * FROM read_csv('" + csv + "', header = true)";
    Samples.duckDb("", "COPY (" + select + ") TO '" + parquet + "' (FORMAT parquet)");
    Samples.duckDb(duckDb.toString(), "CREATE TABLE \"or'ders\" AS " + select);
    return List.of(
        new Source.Csv(csv), new Source.Parquet(parquet), new Source.DuckDb(duckDb, "or'ders"));
  }

  @Test
  void everyFormat_givesTheSameTypedRows() {
    List<List<String>> expected =
        List.of(
            List.of("13812345678", "北京, 朝阳", "100", "1.500000", "20455", "true"),
            List.of("13912345678", "say \"hi\" x", "-7", "null", "20456", "false"),
            List.of("null", "上海", "null", "0.001000", "null", "null"));
    for (Source source : sameDataInThreeFormats()) {
      assertEquals(expected, rows(source, COLUMNS), source.kind());
    }
  }

  /** DuckDB holds other days too, on some of which its own functions fail. */
  @Test
  void dayWithoutAYearOfFourDigits_isNoDate_whateverTheSource() {
    Path duckDb = directory.resolve("days.duckdb");
    for (String day :
        List.of(
            "DATE 'infinity'",
            "DATE '-infinity'",
            "DATE '5877642-06-25 (BC)'",
            "DATE '10000-01-01'",
            "DATE '0002-12-31 (BC)'",
            "TIMESTAMP '10000-01-01 00:00:00'")) {
      Samples.duckDb(duckDb.toString(), "CREATE OR REPLACE TABLE t AS SELECT " + day + " AS d");
      Source source = new Source.DuckDb(duckDb, "t");
      Problem problem =
          Samples.refused(
              ErrorCode.WRONG_TYPE, () -> rows(source, List.of(new Column("d", ColumnType.DATE))));
      assertEquals("days.duckdb, column d", problem.at(), day);
    }
    Samples.duckDb(
        duckDb.toString(),
        "CREATE OR REPLACE TABLE t AS SELECT unnest([DATE '0000-01-01', DATE '9999-12-31']) AS d");
    assertEquals(
        2, rows(new Source.DuckDb(duckDb, "t"), List.of(new Column("d", ColumnType.DATE))).size());
  }

  @Test
  void filter_andFewColumns_readOnlyWhatIsAsked() {
    for (Source source : sameDataInThreeFormats()) {
      try (SourceReader reader = SourceReader.open(source, COLUMNS, limits)) {
        assertEquals(
            List.of(List.of("100")), rows(reader, List.of("fen"), "city LIKE '北京%' OR fen > 5000"));
        Samples.refused(ErrorCode.UNKNOWN_COLUMN, () -> rows(reader, List.of("age"), null));
        Samples.refused(ErrorCode.UNKNOWN_COLUMN, () -> rows(reader, List.of("fen"), "age > 1"));
      }
    }
  }

  @Test
  void csv_withBomCrlfAndMappedHeader_isRead() {
    Path file = csv("\uFEFF手机号;\"所在 城市\"\r\n138;'x'\r\n139;y");
    Source source = new Source.Csv(file, ';', '"', "y", Map.of("phone", "手机号", "city", "所在 城市"));
    assertEquals(
        List.of(List.of("138", "'x'"), List.of("139", "null")),
        rows(source, COLUMNS.subList(0, 2)));
  }

  @Test
  void columnsNotDeclared_areNotInThePart() throws SQLException {
    try (SourceReader reader =
            SourceReader.open(new Source.Csv(csv(CSV)), COLUMNS.subList(0, 2), limits);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement()) {
      assertThrows(SQLException.class, () -> statement.executeQuery("SELECT fen FROM part"));
    }
  }

  /** The other file is one that this process could read at any other time. */
  @Test
  void anythingButTheSource_isOutOfReach() throws SQLException {
    Path other = Samples.text(directory.resolve("other.csv"), "secret\n1\n");
    Path out = directory.resolve("out.csv");
    List<String> attempts =
        List.of(
            "SELECT * FROM read_csv('" + other + "')",
            "SELECT * FROM '" + other + "'",
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM glob('" + directory + "/*')",
            "COPY (SELECT 1) TO '" + out + "'",
            "COPY part TO '" + out + "' (FORMAT parquet)",
            "EXPORT DATABASE '" + directory.resolve("export") + "'",
            "ATTACH '" + directory.resolve("new.duckdb") + "'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SELECT * FROM read_csv('https://example.com/x.csv')",
            "SET enable_external_access = true",
            "RESET enable_external_access",
            "SET allowed_paths = ['" + other + "']",
            "SET allowed_directories = ['" + directory + "']",
            "SET memory_limit = '100GB'",
            "SET threads = 64",
            "SET temp_directory = '/tmp'",
            "SET lock_configuration = false",
            "SET profiling_output = '" + out + "'");
    for (Source source : sameDataInThreeFormats()) {
      try (SourceReader reader = SourceReader.open(source, COLUMNS, limits);
          Connection connection = reader.connection();
          Statement statement = connection.createStatement()) {
        for (String attempt : attempts) {
          assertThrows(SQLException.class, () -> execute(connection, attempt), attempt);
        }
        try (ResultSet row = statement.executeQuery("SELECT count(*) FROM part")) {
          assertTrue(row.next());
          assertEquals(3, row.getLong(1));
        }
      }
      assertFalse(Files.exists(out));
    }
  }

  /** A statement of its own each time: a failed one is closed and would refuse anything. */
  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void duckDbFile_isReadByTwoReadersAtOnce_andNeverWritten() throws Exception {
    Source.File source = sameDataInThreeFormats().get(2);
    byte[] before = Files.readAllBytes(source.path());
    try (SourceReader one = SourceReader.open(source, COLUMNS, limits);
        SourceReader two = SourceReader.open(source, COLUMNS, limits);
        Connection connection = two.connection();
        Statement statement = connection.createStatement()) {
      assertEquals(rows(one, List.of("fen"), null), rows(two, List.of("fen"), null));
      assertThrows(
          SQLException.class, () -> statement.execute("DELETE FROM source.main.\"or'ders\""));
    }
    assertEquals(-1, java.util.Arrays.mismatch(before, Files.readAllBytes(source.path())));
  }

  @Test
  void spilledRows_areGoneWhenTheReaderCloses() throws IOException, SQLException {
    ReadLimits small = new ReadLimits(48, 2048, 2, 4096, directory.resolve("spill"));
    try (SourceReader reader = SourceReader.open(new Source.Csv(csv(CSV)), COLUMNS, small);
        Connection connection = reader.connection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM (SELECT range, md5(range::VARCHAR) m, city FROM part,"
                    + " range(700000) ORDER BY m, city) WHERE m > '1'")) {
      assertTrue(row.next());
    }
    try (Stream<Path> left = Files.list(directory.resolve("spill"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void spillBeyondItsLimit_isALimitExceeded() {
    ReadLimits small = new ReadLimits(32, 1, 1, 4096, directory.resolve("spill"));
    try (SourceReader reader = SourceReader.open(new Source.Csv(csv(CSV)), COLUMNS, small)) {
      Samples.refused(
          ErrorCode.LIMIT_EXCEEDED,
          () ->
              rows(
                  reader,
                  List.of("fen"),
                  "(SELECT count(DISTINCT md5(range::VARCHAR)) FROM range(9000000)) > 1"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.5", "abc", "9223372036854775808", "1e3", "0x10", "１２", "--1"})
  void integerColumn_valueOfAnotherType_isRefusedWithoutShowingIt(String value) {
    Problem problem =
        Samples.refused(
            ErrorCode.WRONG_TYPE,
            () ->
                rows(
                    new Source.Csv(csv("fen\n1\n" + value + "\n")),
                    List.of(new Column("fen", ColumnType.INTEGER))));
    assertTrue(problem.at().contains("fen"));
    assertFalse(problem.sentence(false).contains(value));
  }

  @Test
  void decimals_keepSixPlaces_andReadExponents() {
    Source source = new Source.Csv(csv("d\n0.1234567\n1e-5\n-12\n999999999999.5\n"));
    List<Column> columns = List.of(new Column("d", ColumnType.DECIMAL));
    assertEquals(
        List.of(
            List.of("0.123457"),
            List.of("0.000010"),
            List.of("-12.000000"),
            List.of("999999999999.500000")),
        rows(source, columns));
    for (String value : List.of("1e13", "1000000000000", "nan", "inf", "1,5", "1.5元")) {
      Samples.refused(
          ErrorCode.WRONG_TYPE, () -> rows(new Source.Csv(csv("d\n\"" + value + "\"\n")), columns));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2026-13-01", "2026/01/01", "20260101", "yes"})
  void dateColumn_valueOfAnotherType_isRefused(String value) {
    Samples.refused(
        ErrorCode.WRONG_TYPE,
        () ->
            rows(
                new Source.Csv(csv("day\n" + value + "\n")),
                List.of(new Column("day", ColumnType.DATE))));
  }

  @Test
  void parquetFractions_asInteger_areRefused_butWholeOnesPass() {
    Path file = directory.resolve("n.parquet");
    Samples.duckDb("", "COPY (SELECT 2.0::DOUBLE AS a, 2.5::DOUBLE AS b) TO '" + file + "'");
    Source source = new Source.Parquet(file);
    assertEquals(List.of(List.of("2")), rows(source, List.of(new Column("a", ColumnType.INTEGER))));
    Samples.refused(
        ErrorCode.WRONG_TYPE, () -> rows(source, List.of(new Column("b", ColumnType.INTEGER))));
  }

  @Test
  void columnsThatNoProductCanCarry_areNamedAsLeftOut() {
    Path file = directory.resolve("n.parquet");
    Samples.duckDb(
        "", "COPY (SELECT 1 AS a, [1] AS list, 'x'::BLOB AS blob, 2 AS \"价格\") TO '" + file + "'");
    try (SourceReader reader = SourceReader.open(new Source.Parquet(file), limits)) {
      assertEquals(List.of(new Column("a", ColumnType.INTEGER)), reader.schema());
      assertEquals(List.of("list", "blob", "价格"), reader.leftOut());
    }
  }

  @Test
  void missingFile_directory_andUnreadable_areRefused() {
    for (Source source :
        List.of(
            new Source.Csv(directory.resolve("none.csv")),
            new Source.Parquet(directory.resolve("none.parquet")),
            new Source.DuckDb(directory.resolve("none.duckdb"), "t"),
            new Source.Csv(directory))) {
      Samples.refused(ErrorCode.SOURCE_UNREADABLE, () -> SourceReader.open(source, limits).close());
      Samples.refused(ErrorCode.SOURCE_UNREADABLE, () -> Fingerprint.of(source, limits));
    }
  }

  @Test
  void fileOfAnotherKind_isRefused() {
    Path text = Samples.text(directory.resolve("x"), "just some text, and no more than that");
    for (Source source : List.of(new Source.Parquet(text), new Source.DuckDb(text, "t"))) {
      Samples.refused(ErrorCode.SOURCE_UNREADABLE, () -> SourceReader.open(source, limits).close());
    }
  }

  @Test
  void parquetCutShort_isRefused() throws IOException {
    Path parquet = sameDataInThreeFormats().get(1).path();
    byte[] bytes = Files.readAllBytes(parquet);
    Files.write(parquet, java.util.Arrays.copyOf(bytes, bytes.length - 5));
    Samples.refused(
        ErrorCode.SOURCE_UNREADABLE,
        () -> SourceReader.open(new Source.Parquet(parquet), limits).close());
  }

  @Test
  void otherEncodings_areRefusedByName_inHeaderAndInRows() throws IOException {
    Path file = directory.resolve("gbk.csv");
    Source source = new Source.Csv(file);
    Files.write(file, "手机号,city\n138,x\n".getBytes(Charset.forName("GB18030")));
    assertTrue(
        Samples.refused(ErrorCode.SOURCE_ENCODING, () -> SourceReader.open(source, limits).close())
            .found()
            .contains("GB18030"));
    Files.write(file, "phone,city\n138,x\n".getBytes(StandardCharsets.UTF_16));
    Samples.refused(ErrorCode.SOURCE_ENCODING, () -> SourceReader.open(source, limits).close());
    Files.write(file, "phone,city\n138,x\n139,北京\n".getBytes(Charset.forName("GB18030")));
    Samples.refused(ErrorCode.SOURCE_ENCODING, () -> rows(source, COLUMNS.subList(0, 2)));
    assertTrue(
        Samples.refused(ErrorCode.SOURCE_ENCODING, () -> Fingerprint.of(source, limits))
            .at()
            .contains("line 3"));
  }

  @Test
  void raggedLine_isRefusedWithItsNumber_andNotItsText() {
    Problem problem =
        Samples.refused(
            ErrorCode.SOURCE_UNREADABLE,
            () ->
                rows(
                    new Source.Csv(csv("phone,city\n1,a\n13812345678,b,c\n")),
                    COLUMNS.subList(0, 2)));
    assertEquals("data.csv, line 3", problem.at());
    assertEquals("2 fields", problem.expected());
    assertFalse(problem.sentence(false).contains("13812345678"));
  }

  @Test
  void quoteThatNeverCloses_isRefused() {
    Samples.refused(
        ErrorCode.SOURCE_UNREADABLE,
        () ->
            rows(new Source.Csv(csv("phone,city\n1,\"a\n13812345678,b\n")), COLUMNS.subList(0, 2)));
  }

  @Test
  void headerWithoutNames_orTwice_orNothing_isRefused() {
    Samples.refused(
        ErrorCode.SOURCE_UNREADABLE, () -> rows(new Source.Csv(csv("a,a\n1,2\n")), COLUMNS));
    Samples.refused(
        ErrorCode.SOURCE_UNREADABLE, () -> rows(new Source.Csv(csv("a,\n1,2\n")), COLUMNS));
    Samples.refused(ErrorCode.SOURCE_EMPTY, () -> rows(new Source.Csv(csv("")), COLUMNS));
  }

  @Test
  void interruptedThread_stopsReading() {
    try (SourceReader reader = SourceReader.open(new Source.Csv(csv(CSV)), COLUMNS, limits)) {
      Thread.currentThread().interrupt();
      Samples.refused(ErrorCode.CANCELLED, () -> rows(reader, List.of("fen"), null));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void missingColumn_isRefusedWithThoseThatAreThere() {
    Problem problem =
        Samples.refused(
            ErrorCode.UNKNOWN_COLUMN,
            () ->
                rows(
                    new Source.Csv(csv("phone,city\n1,2\n")),
                    List.of(new Column("fone", ColumnType.STRING))));
    assertEquals("one of phone, city", problem.expected());
    assertEquals("fone", problem.found());
  }

  @Test
  void missingTable_isRefusedWithThoseThatAreThere() {
    Path file = sameDataInThreeFormats().get(2).path();
    Problem problem =
        Samples.refused(
            ErrorCode.SOURCE_UNREADABLE,
            () -> SourceReader.open(new Source.DuckDb(file, "payments"), limits).close());
    assertEquals("main.or'ders", problem.found());
  }

  @Test
  void duckDbFileHeldByAWriter_isRefusedAsLocked() throws SQLException {
    Path file = sameDataInThreeFormats().get(2).path();
    try (Connection writer = DriverManager.getConnection("jdbc:duckdb:" + file)) {
      assertTrue(writer.isValid(1));
      Problem problem =
          Samples.refused(
              ErrorCode.SOURCE_UNREADABLE,
              () -> SourceReader.open(new Source.DuckDb(file, "or'ders"), limits).close());
      assertEquals("locked by a writer", problem.found());
    }
  }

  @Test
  void fileWrittenWhileOpen_isNoticed() {
    Path file = csv(CSV);
    try (SourceReader reader = SourceReader.open(new Source.Csv(file), COLUMNS, limits)) {
      reader.requireUntouched();
      Samples.text(file, CSV + "1,2,3,4,2026-01-01,true\n");
      Samples.refused(ErrorCode.SOURCE_CHANGED, reader::requireUntouched);
    }
  }
}
