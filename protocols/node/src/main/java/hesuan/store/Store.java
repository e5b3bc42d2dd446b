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
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * One SQLite file (WAL, synchronous=FULL, owner-only). Writers take turns in this process, and the
 * busy timeout covers another one that reads the file, such as the command line.
 *
 * <p>Safe for many threads. A transaction has reached the disk when {@link #inTransaction} returns.
 * Those that wait at the same time share one commit and its sync; each is still all or nothing.
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
  private static final int GROUP_MAX = 256;
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  private final Path file;
  private final Statements writer;
  private final Statements reader;
  private final ConcurrentLinkedQueue<Turn<?>> waiting = new ConcurrentLinkedQueue<>();
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock reading = new ReentrantLock();

  /** One change on its way; guarded by {@code writing} until it is done. */
  private static final class Turn<T> {
    private final String name;
    private final Work<T> work;
    private final Thread thread = Thread.currentThread();
    private volatile boolean done;
    private @Nullable T result;
    private @Nullable Throwable failure;

    Turn(String name, Work<T> work) {
      this.name = name;
      this.work = work;
    }

    void run(Transaction transaction) throws SQLException {
      result = work.run(transaction);
    }

    void finish() {
      done = true;
      LockSupport.unpark(thread);
    }

    /** Of a turn that is done; what the work threw, in the thread that asked for it. */
    @Nullable T outcome() {
      switch (failure) {
        case null -> {
          return result;
        }
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }
  }

  private Store(Path file, Statements writer, Statements reader) {
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
      Store store = new Store(file, new Statements(writer), new Statements(reader));
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
    requireOutside(name, writing);
    Turn<T> turn = new Turn<>(name, work);
    waiting.add(turn);
    boolean interrupted = false;
    while (!turn.done) {
      if (writing.tryLock()) {
        try {
          if (!turn.done) {
            writeWaiting();
          }
        } finally {
          writing.unlock();
          wakeNext();
        }
      } else {
        LockSupport.park(this);
        interrupted |= Thread.interrupted(); // or it would not wait again; told again below
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return turn.outcome();
  }

  /** Those whose turn is done need no lock, so that whoever comes next finds many to write for. */
  private void wakeNext() {
    Turn<?> next = waiting.peek();
    if (next != null) {
      LockSupport.unpark(next.thread);
    }
  }

  /** Takes whoever waits, this thread's own turn among them; always to an end of each. */
  private void writeWaiting() {
    List<Turn<?>> group = new ArrayList<>();
    for (Turn<?> each; group.size() < GROUP_MAX && (each = waiting.poll()) != null; ) {
      group.add(each);
    }
    if (group.size() == 1 || !writeTogether(group)) {
      group.forEach(this::writeAlone);
    }
  }

  private void writeAlone(Turn<?> turn) {
    try {
      repeat(
          turn.name,
          writer,
          "BEGIN IMMEDIATE",
          transaction -> {
            turn.run(transaction);
            return null;
          });
    } catch (RuntimeException | Error e) {
      turn.failure = e;
    }
    turn.finish();
  }

  /**
   * Whether one commit holds them all; if not, nothing has happened and each may be tried alone.
   */
  private boolean writeTogether(List<Turn<?>> group) {
    try {
      attempt(
          writer,
          "BEGIN IMMEDIATE",
          transaction -> {
            for (Turn<?> turn : group) {
              execute(writer, "SAVEPOINT turn");
              turn.failure = null;
              try {
                turn.run(transaction);
              } catch (RuntimeException | Error e) {
                turn.failure = e;
                execute(writer, "ROLLBACK TO turn");
              }
              execute(writer, "RELEASE turn");
            }
            return null;
          });
    } catch (SQLException e) {
      return false;
    }
    group.forEach(Turn::finish);
    return true;
  }

  /** Runs a look at one consistent state, beside any writer. */
  public <T> T read(String name, Work<T> work) {
    requireOutside(name, reading);
    reading.lock();
    try {
      return repeat(name, reader, "BEGIN", work);
    } finally {
      reading.unlock();
    }
  }

  private static void requireOutside(String name, ReentrantLock lock) {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("transaction " + name + " inside another one");
    }
  }

  private <T> T repeat(String name, Statements statements, String begin, Work<T> work) {
    for (int tries = 1; ; tries++) {
      try {
        return attempt(statements, begin, work);
      } catch (SQLException e) {
        if (!isBusy(e) || tries == TRIES_MAX) {
          throw new IllegalStateException("transaction " + name + " failed on " + file, e);
        }
      }
    }
  }

  private static <T> T attempt(Statements statements, String begin, Work<T> work)
      throws SQLException {
    execute(statements, begin);
    boolean committed = false;
    try {
      T result = work.run(new Transaction(statements));
      execute(statements, "COMMIT");
      committed = true;
      return result;
    } finally {
      if (!committed) {
        rollBack(statements);
      }
    }
  }

  /** SQLite has rolled back by itself after some errors, and then refuses to do it again. */
  private static void rollBack(Statements statements) {
    try {
      execute(statements, "ROLLBACK");
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
          execute(writer.connection(), step.sql());
          return transaction.update(
              "INSERT INTO migration (schema, version, file, digest) VALUES (?, ?, ?, ?)",
              schema.name(),
              step.version(),
              step.file(),
              step.digest().hex());
        });
  }

  private static void execute(Statements statements, String sql) throws SQLException {
    statements.with(sql, PreparedStatement::executeUpdate);
  }

  /** Of one use, or many statements in one text. */
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
