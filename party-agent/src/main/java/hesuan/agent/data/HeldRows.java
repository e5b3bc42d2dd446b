package hesuan.agent.data;

import hesuan.source.SourceReader;
import hesuan.wire.ProductRef;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Columns of product versions that were parsed for one question and stay in DuckDB's memory for the
 * next ones. A copy holds the rows of the very file whose fingerprint was compared; whoever takes
 * one has compared the file again. {@code docs/adr/0036} argues it.
 *
 * <p>Thread-safe.
 */
final class HeldRows implements AutoCloseable {
  /** For how long a copy that nobody asks for is held. */
  static final Duration IDLE_MAX = Duration.ofMinutes(10);

  /** Of some 20 bytes each, so that they take less than half of what DuckDB has. */
  private static final long VALUES_PER_MEGABYTE = 23_000;

  /** The rows of a version as columns, numbered by person. */
  static final class Copy {
    final SourceReader reader;
    final Set<String> columns;
    final PersonIds people;
    private final long values;
    private int users;
    private long usedMillis;
    private boolean dropped;

    /** The reader is the copy's to close from here on. */
    Copy(SourceReader reader, Set<String> columns, PersonIds people, long values) {
      this.reader = reader;
      this.columns = Set.copyOf(columns);
      this.people = people;
      this.values = values;
    }
  }

  /** Reads columns of the version into memory. */
  interface Maker {
    Copy make(Set<String> columns, long values) throws SQLException;
  }

  private final long valuesMax;
  private final Clock clock;
  private final Map<ProductRef, Copy> copies = new HashMap<>();
  private final ReentrantLock making = new ReentrantLock();

  HeldRows(int memoryMegabytes, Clock clock) {
    this.valuesMax = memoryMegabytes * VALUES_PER_MEGABYTE;
    this.clock = clock;
  }

  /**
   * A copy with at least those columns, the caller's until it is {@link #release released}: the one
   * that is held, or one made now. Empty: they are too many to be held.
   */
  Optional<Copy> take(ProductRef ref, long rows, Set<String> asked, Maker maker)
      throws SQLException {
    Copy held = held(ref, asked);
    if (held != null) {
      return Optional.of(held);
    }
    making.lock();
    try {
      held = held(ref, asked);
      if (held != null) {
        return Optional.of(held);
      }
      Set<String> columns = new TreeSet<>(asked);
      columns.addAll(columnsOf(ref));
      if (values(rows, columns) > valuesMax) {
        columns = asked;
      }
      long values = values(rows, columns);
      if (values > valuesMax) {
        return Optional.empty();
      }
      makeRoom(ref, values);
      Copy made = maker.make(columns, values);
      put(ref, made);
      return Optional.of(made);
    } finally {
      making.unlock();
    }
  }

  /** The number of the person, and its identifier, beside the columns. */
  private static long values(long rows, Set<String> columns) {
    return rows * (columns.size() + 1L);
  }

  private synchronized @Nullable Copy held(ProductRef ref, Set<String> asked) {
    Copy copy = copies.get(ref);
    if (copy == null || !copy.columns.containsAll(asked)) {
      return null;
    }
    copy.users++;
    return copy;
  }

  private synchronized Set<String> columnsOf(ProductRef ref) {
    Copy copy = copies.get(ref);
    return copy == null ? Set.of() : copy.columns;
  }

  private synchronized void put(ProductRef ref, Copy made) {
    made.users++;
    made.usedMillis = clock.millis();
    copies.put(ref, made);
  }

  /** Those go first that were not asked for longest; what is in use ends with its last user. */
  private synchronized void makeRoom(ProductRef ref, long values) {
    drop(ref);
    while (values + copies.values().stream().mapToLong(c -> c.values).sum() > valuesMax) {
      copies.entrySet().stream()
          .min(Comparator.comparingLong(e -> e.getValue().usedMillis))
          .map(Map.Entry::getKey)
          .ifPresent(this::drop);
    }
  }

  synchronized void release(Copy copy) {
    copy.users--;
    copy.usedMillis = clock.millis();
    closeIfUnused(copy);
  }

  /** Nobody takes it any more. */
  synchronized void drop(ProductRef ref) {
    Copy copy = copies.remove(ref);
    if (copy != null) {
      copy.dropped = true;
      closeIfUnused(copy);
    }
  }

  synchronized void dropIdle() {
    long now = clock.millis();
    copies.entrySet().stream()
        .filter(e -> e.getValue().users == 0)
        .filter(e -> now - e.getValue().usedMillis >= IDLE_MAX.toMillis())
        .map(Map.Entry::getKey)
        .toList()
        .forEach(this::drop);
  }

  private static void closeIfUnused(Copy copy) {
    if (copy.dropped && copy.users == 0) {
      copy.reader.close();
    }
  }

  @Override
  public synchronized void close() {
    Set.copyOf(copies.keySet()).forEach(this::drop);
  }
}
