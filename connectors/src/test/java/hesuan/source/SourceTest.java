package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.wire.ErrorCode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SourceTest {
  private static final Path HOME = Path.of("/srv/agent");

  @Test
  void document_ofEachKind_roundTrips() {
    for (Source source :
        new Source[] {
          new Source.Csv(HOME.resolve("a.csv"), ';', '\'', "NULL", Map.of("phone", "手机号")),
          new Source.Parquet(HOME.resolve("a.parquet")),
          new Source.DuckDb(HOME.resolve("a.duckdb"), "sales.orders")
        }) {
      assertEquals(source, Source.of(source.document(), Path.of("/elsewhere")));
    }
  }

  @Test
  void document_relativePath_startsAtTheBase() {
    assertEquals(
        new Source.Csv(Path.of("/srv/agent/data/a.csv")),
        Source.of(Map.of("kind", "csv", "path", "data/a.csv"), HOME));
  }

  @Test
  void document_wrong_isRefusedByName() {
    assertEquals(
        "source.kind",
        Samples.refused(ErrorCode.MISSING_FIELD, () -> Source.of(Map.of("path", "a"), HOME)).at());
    Samples.refused(ErrorCode.INVALID_VALUE, () -> of(Map.of("kind", "excel", "path", "a")));
    Samples.refused(ErrorCode.MISSING_FIELD, () -> of(Map.of("kind", "duckdb", "path", "a")));
    Samples.refused(ErrorCode.MISSING_FIELD, () -> of(Map.of("kind", "csv")));
    assertEquals(
        "delimeter",
        Samples.refused(
                ErrorCode.UNKNOWN_FIELD,
                () -> of(Map.of("kind", "csv", "path", "a", "delimeter", ";")))
            .found());
    Samples.refused(ErrorCode.WRONG_TYPE, () -> of(Map.of("kind", "csv", "path", 7)));
    Samples.refused(
        ErrorCode.INVALID_VALUE, () -> of(Map.of("kind", "csv", "path", "a", "delimiter", ",,")));
    Samples.refused(
        ErrorCode.INVALID_VALUE, () -> of(Map.of("kind", "csv", "path", "a", "delimiter", "\"")));
    Samples.refused(ErrorCode.INVALID_VALUE, () -> of(Map.of("kind", "csv", "path", "")));
  }

  /** DuckDB would read every file of the pattern. */
  @Test
  void path_thatIsAPattern_isRefused() {
    for (String path : new String[] {"*.csv", "a?.csv", "a[1].csv", "/etc/{passwd,shadow}"}) {
      Samples.refused(ErrorCode.INVALID_VALUE, () -> of(Map.of("kind", "csv", "path", path)));
    }
  }

  private static Source of(Map<String, ?> document) {
    return Source.of(document, HOME);
  }
}
