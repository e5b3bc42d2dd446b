package hesuan.agent.query;

import hesuan.aggregate.StatisticCells;
import hesuan.wire.Plan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One part of a {@link Plan.SecureSum} with statistics: like rows are counted in DuckDB, all else
 * is whole numbers here.
 */
public final class StoreStatistics {
  private final Plan.SecureSum step;
  private final StatisticCells cells;

  public StoreStatistics(Plan.SecureSum step, StatisticCells cells) {
    this.step = step;
    this.cells = cells;
  }

  public long[] run(Connection connection) throws SQLException {
    StatisticCells.Part part = cells.part();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql(connection))) {
      while (rows.next()) {
        long number = rows.getLong(2);
        @Nullable Long value = rows.wasNull() ? null : number;
        part.add(Math.toIntExact(rows.getLong(1)), value, rows.getLong(3));
      }
    }
    return part.vector();
  }

  /** Rows of other groups are not looked at. */
  private String sql(Connection connection) throws SQLException {
    String value = "CAST(%s AS BIGINT)".formatted(BoundedQuery.quoted(step.column()));
    if (step.by() == null) {
      return "SELECT 0, %1$s, count(*) FROM visible GROUP BY %1$s".formatted(value);
    }
    BoundedQuery.createGroups(connection, 1, step.keys().stream().map(List::of).toList());
    return "SELECT \"@g\", %1$s, count(*) FROM visible JOIN \"@groups\" ON CAST(%2$s AS VARCHAR) = \"@k0\" GROUP BY \"@g\", %1$s"
        .formatted(value, BoundedQuery.quoted(step.by()));
  }
}
