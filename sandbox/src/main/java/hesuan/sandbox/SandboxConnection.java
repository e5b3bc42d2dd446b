package hesuan.sandbox;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A DuckDB of its own, in memory, that can read the named files and nothing else: no other file, no
 * network, no extension, no setting changed after opening. One piece of work at a time.
 */
public final class SandboxConnection implements AutoCloseable {
  /**
   * @param timeout for one piece of work
   */
  public record Limits(int memoryMegabytes, int threads, Duration timeout) {
    public Limits {
      if (memoryMegabytes < 16 || threads < 1 || timeout.isNegative() || timeout.isZero()) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "sandbox limits",
            "at least 16 MB, one thread and some time",
            memoryMegabytes + " MB, " + threads + ", " + timeout);
      }
    }
  }

  /**
   * What runs inside, on this one statement, because only a statement that is executing can be
   * interrupted. Results are materialised by the execution, so reading them needs no deadline.
   */
  public interface Work<T> {
    T run(Statement statement) throws SQLException;
  }

  private final Connection connection;
  private final Limits limits;

  private SandboxConnection(Connection connection, Limits limits) {
    this.connection = connection;
    this.limits = limits;
  }

  /**
   * @param files that the work may read
   * @param attach trusted statements to run before the doors close, such as {@code ATTACH}
   */
  public static SandboxConnection open(Limits limits, List<Path> files, List<String> attach) {
    Connection connection = null;
    try {
      connection = DriverManager.getConnection("jdbc:duckdb:");
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET memory_limit = '" + limits.memoryMegabytes() + "MB'");
        statement.execute("SET threads = " + limits.threads());
        statement.execute("SET temp_directory = ''"); // no spilling: rows stay in memory
        statement.execute("SET autoinstall_known_extensions = false");
        statement.execute("SET autoload_known_extensions = false");
        statement.execute("SET allow_community_extensions = false");
        statement.execute("SET allowed_paths = [" + literals(files) + "]");
        for (String each : attach) {
          statement.execute(each);
        }
        statement.execute("SET enable_external_access = false");
        statement.execute("SET lock_configuration = true");
      }
      return new SandboxConnection(connection, limits);
    } catch (SQLException e) {
      closeQuietly(connection);
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE, "sandbox", "files that DuckDB can attach", firstLine(e));
    }
  }

  /**
   * Runs the work, and interrupts it at the deadline. Throws {@code LIMIT_EXCEEDED} for time and
   * memory; what else the engine refuses is {@code EXPRESSION_REFUSED}, without its message, which
   * could quote a row.
   */
  public <T> T run(Work<T> work) {
    AtomicBoolean late = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    try (Statement statement = connection.createStatement()) {
      Thread watch = Thread.ofVirtual().start(() -> interruptUntilDone(statement, done, late));
      try {
        return work.run(statement);
      } finally {
        done.countDown();
        join(watch);
      }
    } catch (SQLException e) {
      throw problem(e, late.get());
    }
  }

  @Override
  public void close() {
    closeQuietly(connection);
  }

  /** Again and again, because an interrupt between two statements of the work hits neither. */
  private void interruptUntilDone(Statement statement, CountDownLatch done, AtomicBoolean late) {
    try {
      long waitMillis = limits.timeout().toMillis();
      while (!done.await(waitMillis, TimeUnit.MILLISECONDS)) {
        late.set(true);
        statement.cancel();
        waitMillis = 20;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      // A closed connection has no work left to interrupt.
    }
  }

  private ProblemException problem(SQLException e, boolean late) {
    if (late) {
      return new ProblemException(
          ErrorCode.LIMIT_EXCEEDED, "time", "at most " + limits.timeout(), "longer");
    }
    String kind = firstLine(e);
    if (kind.startsWith("Out of Memory Error")) {
      return new ProblemException(
          ErrorCode.LIMIT_EXCEEDED,
          "memory",
          "at most " + limits.memoryMegabytes() + " MB",
          "more");
    }
    int end = kind.indexOf("Error:");
    return new ProblemException(
        ErrorCode.EXPRESSION_REFUSED,
        "sandbox",
        "a query that DuckDB runs",
        end < 0 ? "another error" : kind.substring(0, end + 5));
  }

  private static void join(Thread watch) {
    boolean interrupted = false;
    while (true) {
      try {
        watch.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static String literals(List<Path> files) {
    return files.stream()
        .map(file -> "'" + file.toAbsolutePath().normalize().toString().replace("'", "''") + "'")
        .collect(Collectors.joining(", "));
  }

  private static String firstLine(SQLException e) {
    return e.getMessage() == null ? "" : e.getMessage().lines().findFirst().orElse("");
  }

  private static void closeQuietly(@Nullable Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      // Nothing to save: the database was in memory.
    }
  }
}
