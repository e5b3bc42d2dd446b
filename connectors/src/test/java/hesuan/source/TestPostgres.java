package hesuan.source;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * A real PostgreSQL, one for all tests of the module, ended with the process. Its user {@code
 * reader} must show a password; tests change the tables as its owner.
 */
final class TestPostgres {
  static final String READER = "reader";
  static final String PASSWORD = "correct horse";

  private static final TestPostgres ONE = new TestPostgres();

  private final EmbeddedPostgres server;

  private TestPostgres() {
    try {
      server = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    run(
        "CREATE ROLE reader LOGIN PASSWORD '" + PASSWORD + "'",
        """
        DO $$ BEGIN EXECUTE format(
          'COPY (VALUES (%L), (%L), (%L)) TO %L',
          'host all reader 127.0.0.1/32 scram-sha-256',
          'host all all 127.0.0.1/32 trust',
          'local all all trust',
          current_setting('hba_file')); END $$""",
        "SELECT pg_reload_conf()");
  }

  /** As the owner of everything. */
  static void sql(String... statements) {
    ONE.run(statements);
  }

  private void run(String... statements) {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static int port() {
    return ONE.server.getPort();
  }

  static Path passwordFile(Path directory, String password) {
    try {
      Path file = directory.resolve("password-" + password.length());
      Files.deleteIfExists(file);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      return Files.writeString(file, password + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Source.PostgreSql table(Path directory, String table) {
    return table(directory, table, Map.of());
  }

  static Source.PostgreSql table(Path directory, String table, Map<String, String> columns) {
    return new Source.PostgreSql(
        new PostgreSqlServer("127.0.0.1", port(), "postgres"),
        table,
        READER,
        new Password.InFile(passwordFile(directory, PASSWORD)),
        PostgreSqlServer.Tls.PREFER,
        null,
        60,
        columns);
  }
}
