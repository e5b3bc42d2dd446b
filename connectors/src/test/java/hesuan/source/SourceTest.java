package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SourceTest {
  private static final Path HOME = Path.of("/srv/agent");

  @Test
  void document_ofEachKind_roundTrips() {
    for (Source source :
        new Source[] {
          new Source.Csv(HOME.resolve("a.csv"), ';', '\'', "NULL", Map.of("phone", "手机号")),
          new Source.Parquet(HOME.resolve("a.parquet")),
          new Source.DuckDb(HOME.resolve("a.duckdb"), "sales.orders"),
          new Source.PostgreSql(
              new PostgreSqlServer("db.example.com", 5433, "shop"),
              "sales.orders",
              "reader",
              new Password.InVariable("SHOP_PASSWORD"),
              PostgreSqlServer.Tls.VERIFY_CA,
              HOME.resolve("ca.pem"),
              30,
              Map.of("phone", "手机号"))
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

  private static final Map<String, Object> POSTGRESQL =
      Map.of("kind", "postgresql", "table", "orders", "user", "reader");

  private static Map<String, Object> postgreSql(String... more) {
    Map<String, Object> document = new TreeMap<>(POSTGRESQL);
    document.put("passwordFile", "db.password");
    for (int i = 0; i < more.length; i += 2) {
      document.put(more[i], more[i + 1]);
    }
    return document;
  }

  @Test
  void postgreSql_byUrlOrByParts_isTheSame_andVerifiesTheServerUnlessItIsHere() {
    Source.PostgreSql parts =
        (Source.PostgreSql) of(postgreSql("host", "db.example.com", "database", "shop"));
    assertEquals(parts, of(postgreSql("url", "postgresql://db.example.com/shop")));
    assertEquals(parts, of(postgreSql("url", "jdbc:postgresql://db.example.com:5432/shop")));
    assertEquals(PostgreSqlServer.Tls.VERIFY_FULL, parts.tls());
    assertEquals(new Password.InFile(HOME.resolve("db.password")), parts.password());
    assertEquals("public.orders", parts.reading().get("table"));
    for (String here : new String[] {"localhost", "127.0.0.1", "[::1]"}) {
      Source.PostgreSql local =
          (Source.PostgreSql) of(postgreSql("url", "postgresql://" + here + "/shop"));
      assertEquals(PostgreSqlServer.Tls.PREFER, local.tls());
    }
    assertEquals(
        PostgreSqlServer.Tls.VERIFY_FULL,
        ((Source.PostgreSql) of(postgreSql("url", "postgresql://127.0.0.1.example.com/shop")))
            .tls());
  }

  @Test
  void postgreSql_passwordAnywhereElse_isRefused_andNotToldAgain() {
    String[][] wrong = {
      {"url", "postgresql://db/shop", "password", "tell-nobody"},
      {"url", "postgresql://reader:tell-nobody@db/shop"},
      {"url", "postgresql://db/shop?password=tell-nobody"},
      {"url", "postgresql://db/shop", "passwordVariable", "tell-nobody"},
      {"host", "db;tell-nobody", "database", "shop"},
      {"host", "db"},
      {"url", "postgresql://db/shop", "host", "db"},
      {"url", "postgresql://db:99999/shop"},
      {"url", "postgresql://db/shop", "sslmode", "allow"}
    };
    for (String[] each : wrong) {
      Problem problem = assertThrows(ProblemException.class, () -> of(postgreSql(each))).problem();
      assertFalse(problem.toString().contains("tell-nobody"), problem.toString());
    }
    Map<String, Object> none = new TreeMap<>(postgreSql("url", "postgresql://db/shop"));
    none.remove("passwordFile");
    Samples.refused(ErrorCode.MISSING_FIELD, () -> of(none));
    none.put("passwordVariable", "PATH");
    Samples.refused(ErrorCode.INVALID_VALUE, () -> of(none));
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
