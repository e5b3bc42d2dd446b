package hesuan.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked of the database while a transaction runs; useless afterwards. Arguments are
 * String, Integer, Long, byte[] or null, bound to the {@code ?} of the statement in order.
 */
public final class Transaction {
  /** Reads the current row. */
  public interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  private final Statements statements;

  Transaction(Statements statements) {
    this.statements = statements;
  }

  /** Runs an insert, update or delete; answers how many rows it touched. */
  public int update(String sql, @Nullable Object... arguments) throws SQLException {
    return statements.with(
        sql,
        statement -> {
          bind(statement, arguments);
          return statement.executeUpdate();
        });
  }

  public <T> List<T> query(String sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    return statements.with(
        sql,
        statement -> {
          bind(statement, arguments);
          try (ResultSet rows = statement.executeQuery()) {
            List<T> all = new ArrayList<>();
            while (rows.next()) {
              all.add(reader.read(rows));
            }
            return all;
          }
        });
  }

  /** The first row, where the statement can only give one or none. */
  public <T> Optional<T> one(String sql, RowReader<T> reader, @Nullable Object... arguments)
      throws SQLException {
    List<T> all = query(sql, reader, arguments);
    if (all.size() > 1) {
      throw new IllegalStateException(all.size() + " rows where one was meant: " + sql);
    }
    return all.stream().findFirst();
  }

  private static void bind(PreparedStatement statement, @Nullable Object[] arguments)
      throws SQLException {
    for (int i = 0; i < arguments.length; i++) {
      Object argument = arguments[i];
      switch (argument) {
        case null -> statement.setObject(i + 1, null);
        case String text -> statement.setString(i + 1, text);
        case Integer number -> statement.setInt(i + 1, number);
        case Long number -> statement.setLong(i + 1, number);
        case byte[] bytes -> statement.setBytes(i + 1, bytes);
        default -> throw new IllegalArgumentException("cannot store a " + argument.getClass());
      }
    }
  }
}
