package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.function.Executable;

/** Files for tests. */
final class Samples {
  private Samples() {}

  static Path text(Path file, String content) {
    try {
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs statements in a DuckDB without limits; {@code database} empty is in memory. */
  static void duckDb(String database, String... statements) {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:" + database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static Problem refused(ErrorCode code, Executable executable) {
    Problem problem = assertThrows(ProblemException.class, executable).problem();
    Assertions.assertEquals(code, problem.code(), problem.sentence(false));
    return problem;
  }
}
