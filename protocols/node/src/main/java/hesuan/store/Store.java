package hesuan.store;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * One SQLite file (WAL, synchronous=FULL, owner-only). Writers take turns in this process, and the
 * busy timeout covers another one that reads the file, such as the command line.
 *
 * <p>Safe for many threads. A transaction has reached the disk when {@link #inTransaction} returns.
 */
public final class Store implements AutoCloseable {
  /**
   * The body of a transaction. It <em>may be retried</em>: it must touch nothing but its {@link
   * Transaction}, and may end it by throwing.
   */
  public interface Work<T> {
    T run(Transaction transaction) throws SQLException;
  }

  private static final int TRIES_MAX = 5;
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  private final Path file;
  private final Connection writer;
  private final Connection reader;
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock reading = new ReentrantLock();

  private Store(Path file, Connection writer, Connection reader) {
    this.file = file;
    this.writer = writer;
    this.reader = reader;
  }

  /** Opens or creates the file and brings its tables up to date. */
  public static Store open(Path file, Schema... schemas) {
    try {
      createPrivately(file);
      Connection writer = connect(file);
      Connection reader = connect(file);
      execute(reader, "PRAGMA query_only=ON");
      Store store = new Store(file, writer, reader);
      for (Schema schema : schemas) {
        store.migrate(schema);
      }
      return store;
    } catch (SQLException | IOException e) {
      throw new IllegalStateException("cannot open the database " + file, e);
    }
  }

  public Path file() {
    return file;
  }

  /**
   * Runs a change, all of it or nothing; the name is for messages. Not to be nested.
   *
   * @param work may be retried
   */
  public <T> T inTransaction(String name, Work<T> work) {
    return run(name, writer, writing, "BEGIN IMMEDIATE", work);
  }

  /** Runs a look at one consistent state, beside any writer. */
  public <T> T read(String name, Work<T> work) {
    return run(name, reader, reading, "BEGIN", work);
  }

  private <T> T run(
      String name, Connection connection, ReentrantLock lock, String begin, Work<T> work) {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("transaction " + name + " inside another one");
    }
    lock.lock();
    try {
      for (int tries = 1; ; tries++) {
        try {
          return attempt(connection, begin, work);
        } catch (SQLException e) {
          if (!isBusy(e) || tries == TRIES_MAX) {
            throw new IllegalStateException("transaction " + name + " failed on " + file, e);
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private static <T> T attempt(Connection connection, String begin, Work<T> work)
      throws SQLException {
    execute(connection, begin);
    boolean committed = false;
    try {
      T result = work.run(new Transaction(connection));
      execute(connection, "COMMIT");
      committed = true;
      return result;
    } finally {
      if (!committed) {
        rollBack(connection);
      }
    }
  }

  /** SQLite has rolled back by itself after some errors, and then refuses to do it again. */
  private static void rollBack(Connection connection) {
    try {
      execute(connection, "ROLLBACK");
    } catch (SQLException e) {
      if (!String.valueOf(e.getMessage()).contains("no transaction is active")) {
        throw new IllegalStateException("cannot roll back", e);
      }
    }
  }

  private static boolean isBusy(SQLException e) {
    return e instanceof SQLiteException sqlite
        && (sqlite.getResultCode().code & 0xff) == SQLiteErrorCode.SQLITE_BUSY.code;
  }

  private void migrate(Schema schema) {
    inTransaction(
        "migrations",
        transaction ->
            transaction.update(
                """
                CREATE TABLE IF NOT EXISTS migration (
                  schema TEXT NOT NULL,
                  version INTEGER NOT NULL,
                  file TEXT NOT NULL,
                  digest TEXT NOT NULL,
                  PRIMARY KEY (schema, version)
                ) STRICT"""));
    List<String> applied =
        read(
            "applied migrations",
            transaction ->
                transaction.query(
                    "SELECT digest FROM migration WHERE schema = ? ORDER BY version",
                    row -> row.getString(1),
                    schema.name()));
    if (applied.size() > schema.files().size()) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          file + " " + schema.name(),
          "tables of version " + schema.files().size() + " or older",
          "version " + applied.size() + ", written by a newer release");
    }
    for (int i = 0; i < schema.files().size(); i++) {
      Schema.Step step = schema.step(i);
      if (i >= applied.size()) {
        apply(schema, step);
      } else if (!applied.get(i).equals(step.digest().hex())) {
        throw new ProblemException(
            ErrorCode.ENVIRONMENT,
            file + " " + schema.name() + "/" + step.file(),
            "the migration that was applied, " + applied.get(i),
            step.digest().hex());
      }
    }
  }

  private void apply(Schema schema, Schema.Step step) {
    inTransaction(
        "migration " + schema.name() + "/" + step.file(),
        transaction -> {
          execute(writer, step.sql());
          return transaction.update(
              "INSERT INTO migration (schema, version, file, digest) VALUES (?, ?, ?, ?)",
              schema.name(),
              step.version(),
              step.file(),
              step.digest().hex());
        });
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate(sql);
    }
  }

  private static Connection connect(Path file) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout=" + BUSY_TIMEOUT_MILLIS);
      statement.execute("PRAGMA journal_mode=WAL");
      statement.execute("PRAGMA synchronous=FULL");
      statement.execute("PRAGMA foreign_keys=ON");
    }
    return connection;
  }

  /** SQLite gives its side files the rights of the main one, so those are set first. */
  private static void createPrivately(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
  }

  @Override
  public void close() {
    writing.lock();
    reading.lock();
    try {
      reader.close();
      writer.close();
    } catch (SQLException e) {
      throw new UncheckedIOException(new IOException("cannot close " + file, e));
    } finally {
      reading.unlock();
      writing.unlock();
    }
  }
}
