package hesuan.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The statements of one connection, compiled once: compiling costs more than running one of ours.
 * For one thread at a time.
 */
final class Statements {
  interface Use<T> {
    T run(PreparedStatement statement) throws SQLException;
  }

  private static final int KEPT_MAX = 200;

  private final Connection connection;
  private final Map<String, PreparedStatement> kept = new LinkedHashMap<>(16, 0.75f, true);

  Statements(Connection connection) {
    this.connection = connection;
  }

  Connection connection() {
    return connection;
  }

  /** A statement that runs within itself, by a row reader that asks again, is compiled anew. */
  <T> T with(String sql, Use<T> use) throws SQLException {
    @Nullable PreparedStatement idle = kept.remove(sql);
    PreparedStatement statement = idle != null ? idle : connection.prepareStatement(sql);
    boolean sound = false;
    try {
      T result = use.run(statement);
      statement.clearParameters();
      sound = true;
      return result;
    } finally {
      if (!sound || kept.containsKey(sql)) {
        statement.close();
      } else {
        kept.put(sql, statement);
        forgetEldest();
      }
    }
  }

  private void forgetEldest() throws SQLException {
    Deque<String> over = new ArrayDeque<>();
    for (String sql : kept.keySet()) {
      if (kept.size() - over.size() <= KEPT_MAX) {
        break;
      }
      over.add(sql);
    }
    for (String sql : over) {
      kept.remove(sql).close();
    }
  }

  void close() throws SQLException {
    for (PreparedStatement statement : kept.values()) {
      statement.close();
    }
    kept.clear();
    connection.close();
  }
}
