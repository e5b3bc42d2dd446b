package hesuan.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class SandboxConnectionTest {
  private static final SandboxConnection.Limits LIMITS =
      new SandboxConnection.Limits(128, 1, Duration.ofSeconds(20));

  @TempDir Path folder;

  @Test
  void run_readsTheNamedFile_throughAnExpression() throws IOException {
    Path file =
        Files.writeString(folder.resolve("it's.csv"), "city,age\nShanghai,41\nBeijing,17\n");
    Expression filter = Expression.check("age >= 18", List.of("city", "age"));
    try (SandboxConnection sandbox = SandboxConnection.open(LIMITS, List.of(file), List.of())) {
      assertEquals(
          "Shanghai",
          sandbox.run(
              statement ->
                  one(
                      statement,
                      "SELECT city FROM read_csv('%s') WHERE %s"
                          .formatted(file.toString().replace("'", "''"), filter.sql()))));
    }
  }

  @Test
  void run_readsAnAttachedDatabase_andCannotWriteIt() throws SQLException {
    Path database = folder.resolve("store.duckdb");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:" + database);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t AS SELECT 5 AS n");
    }
    try (SandboxConnection sandbox =
        SandboxConnection.open(
            LIMITS, List.of(), List.of("ATTACH '" + database + "' AS store (READ_ONLY)"))) {
      assertEquals("5", sandbox.run(statement -> one(statement, "SELECT n FROM store.t")));
      refused(sandbox, "INSERT INTO store.t VALUES (6)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM read_csv('%s')",
        "SELECT * FROM '%s'",
        "SELECT * FROM read_text('%s')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '%s.out'",
        "ATTACH '%s.duckdb' AS x",
        "EXPORT DATABASE '%s.d'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET memory_limit = '8GB'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/']",
        "RESET lock_configuration",
        "PRAGMA temp_directory = '/tmp'",
        "SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')",
        "CREATE SECRET s (TYPE s3)"
      })
  void run_outsideTheFence_isRefused(String attack) throws IOException {
    Path allowed = Files.writeString(folder.resolve("allowed.csv"), "a\n1\n");
    Path other = Files.writeString(folder.resolve("other.csv"), "a\nsecret\n");
    try (SandboxConnection sandbox = SandboxConnection.open(LIMITS, List.of(allowed), List.of())) {
      Problem problem = refused(sandbox, attack.replace("%s", other.toString()));
      assertTrue(!problem.sentence(false).contains("secret"), problem.sentence(false));
      assertEquals("1", sandbox.run(statement -> one(statement, "SELECT 1")));
    }
  }

  @Test
  void run_pastTheDeadline_isInterrupted_andTheConnectionStillWorks() {
    SandboxConnection.Limits hasty = new SandboxConnection.Limits(128, 1, Duration.ofMillis(200));
    try (SandboxConnection sandbox = SandboxConnection.open(hasty, List.of(), List.of())) {
      Problem problem =
          refused(
              sandbox,
              "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range*b.range ="
                  + " 7");
      assertEquals(ErrorCode.LIMIT_EXCEEDED, problem.code());
      assertEquals("time", problem.at());
      assertEquals("1", sandbox.run(statement -> one(statement, "SELECT 1")));
    }
  }

  @Test
  void run_ofRegularExpressionBomb_meetsALimit() {
    Expression bomb =
        Expression.check("regexp_matches(city, '(x+x+)+(a{1,60}){1,15}y$')", List.of("city"));
    SandboxConnection.Limits hasty = new SandboxConnection.Limits(128, 1, Duration.ofMillis(300));
    try (SandboxConnection sandbox = SandboxConnection.open(hasty, List.of(), List.of())) {
      Problem problem =
          refused(
              sandbox,
              "SELECT count(*) FROM (SELECT repeat('x', 5000) || range AS city FROM"
                  + " range(10000000)) WHERE "
                  + bomb.sql());
      assertEquals(ErrorCode.LIMIT_EXCEEDED, problem.code());
    }
  }

  @Test
  void run_pastTheMemory_isRefused() {
    SandboxConnection.Limits small = new SandboxConnection.Limits(16, 1, Duration.ofSeconds(20));
    try (SandboxConnection sandbox = SandboxConnection.open(small, List.of(), List.of())) {
      Problem problem =
          refused(
              sandbox,
              "SELECT count(*) FROM (SELECT range, md5(range::VARCHAR) AS m FROM range(5000000)"
                  + " GROUP BY ALL)");
      assertEquals(ErrorCode.LIMIT_EXCEEDED, problem.code());
      assertEquals("memory", problem.at());
    }
  }

  private static Problem refused(SandboxConnection sandbox, String sql) {
    return assertThrows(ProblemException.class, () -> sandbox.run(statement -> one(statement, sql)))
        .problem();
  }

  private static String one(Statement statement, String sql) throws SQLException {
    if (!statement.execute(sql)) {
      return "";
    }
    try (ResultSet result = statement.getResultSet()) {
      return result.next() ? result.getString(1) : "";
    }
  }
}
