package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
  private static final List<Column> COLUMNS =
      List.of(new Column("x", ColumnType.STRING), new Column("y", ColumnType.STRING));

  @TempDir Path directory;
  private ReadLimits limits;

  @BeforeEach
  void limits() {
    limits = ReadLimits.in(directory.resolve("spill"));
  }

  private Digest of(Source source) {
    return Fingerprint.of(source, limits);
  }

  @Test
  void file_movedIsTheSame_oneByteIsAnother() {
    Path a = Samples.text(directory.resolve("a.csv"), "x,y\n1,2\n");
    Path b = Samples.text(directory.resolve("b.csv"), "x,y\n1,2\n");
    Path c = Samples.text(directory.resolve("c.csv"), "x,y\n1,3\n");
    Path d = Samples.text(directory.resolve("d.csv"), "x,z\n1,2\n");
    assertEquals(of(new Source.Csv(a)), of(new Source.Csv(b)));
    assertNotEquals(of(new Source.Csv(a)), of(new Source.Csv(c)));
    Digest published = of(new Source.Csv(a));
    Fingerprint.open(new Source.Csv(b), COLUMNS, published, limits).close();
    for (Path other : List.of(c, d)) {
      Samples.refused(
          ErrorCode.SOURCE_CHANGED,
          () -> Fingerprint.open(new Source.Csv(other), COLUMNS, published, limits));
    }
  }

  @Test
  void again_sameLook_isNotRead_anotherLookIs() throws Exception {
    Path file = Samples.text(directory.resolve("a.csv"), "x,y\n1,2\n");
    Source source = new Source.Csv(file);
    Digest published = of(source);
    Fingerprint.Seen seen = Fingerprint.requireAgain(source, COLUMNS, published, limits, null);
    assertSame(seen, Fingerprint.requireAgain(source, COLUMNS, published, limits, seen));

    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
    Fingerprint.Seen later = Fingerprint.requireAgain(source, COLUMNS, published, limits, seen);
    assertNotSame(seen, later);
    Samples.text(file, "x,y\n1,3\n");
    Samples.refused(
        ErrorCode.SOURCE_CHANGED,
        () -> Fingerprint.requireAgain(source, COLUMNS, published, limits, later));
    Files.delete(file);
    Samples.refused(
        ErrorCode.SOURCE_UNREADABLE,
        () -> Fingerprint.requireAgain(source, COLUMNS, published, limits, later));
  }

  @Test
  void file_readInAnotherWay_isAnotherVersion() {
    Path a = Samples.text(directory.resolve("a.csv"), "x,y\n1,2\n");
    assertNotEquals(of(new Source.Csv(a)), of(new Source.Csv(a, ';', '"', "", Map.of())));
    assertNotEquals(of(new Source.Csv(a)), of(new Source.Csv(a, ',', '"', "", Map.of("z", "y"))));
  }

  @Test
  void textCutByAChunk_isStillUtf8() throws Exception {
    Path file = directory.resolve("a.csv");
    for (int shift = 0; shift < 4; shift++) {
      byte[] text = ("a".repeat(shift) + "𠮷中é".repeat(60_000)).getBytes(StandardCharsets.UTF_8);
      Files.write(file, text);
      of(new Source.Csv(file));
      Files.write(file, java.util.Arrays.copyOf(text, text.length - 1));
      Samples.refused(ErrorCode.SOURCE_ENCODING, () -> of(new Source.Csv(file)));
    }
  }

  @Test
  void table_sameRowsInAnotherOrderAndFile_isTheSame() {
    Digest one = table("one", "SELECT i, 'r' || i AS s FROM range(5000) r(i)");
    Digest two = table("two", "SELECT i, 'r' || i AS s FROM range(5000) r(i) ORDER BY i DESC");
    assertEquals(one, two);
  }

  /** Each of these once collided in somebody's fingerprint. */
  @Test
  void table_anyOtherContent_isAnother() {
    Digest base = table("base", "SELECT 'ab' AS a, 'c' AS b");
    assertNotEquals(base, table("cut", "SELECT 'a' AS a, 'bc' AS b"));
    assertNotEquals(base, table("null", "SELECT NULL::VARCHAR AS a, 'c' AS b"));
    assertNotEquals(base, table("twice", "SELECT 'ab' AS a, 'c' AS b FROM range(2)"));
    assertNotEquals(base, table("name", "SELECT 'ab' AS a, 'c' AS d"));
    assertNotEquals(table("type", "SELECT '1' AS a"), table("other", "SELECT 1::BIGINT AS a"));
    assertNotEquals(
        table("empty", "SELECT '' AS a"), table("nothing", "SELECT NULL::VARCHAR AS a"));
  }

  @Test
  void table_writesToAnotherTable_leaveItTheSame() {
    Digest before = table("shared", "SELECT 1 AS a");
    Path file = directory.resolve("shared.duckdb");
    Samples.duckDb(file.toString(), "CREATE TABLE u AS SELECT * FROM range(100000)", "CHECKPOINT");
    assertEquals(before, of(new Source.DuckDb(file, "t")));
    Samples.duckDb(file.toString(), "UPDATE t SET a = 2");
    assertNotEquals(before, of(new Source.DuckDb(file, "t")));
  }

  private Digest table(String name, String select) {
    Path file = directory.resolve(name + ".duckdb");
    Samples.duckDb(file.toString(), "CREATE TABLE t AS " + select);
    return of(new Source.DuckDb(file, "t"));
  }
}
