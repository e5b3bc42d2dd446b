package hesuan.agent.query;

import hesuan.wire.Plan;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** One part of a {@link Plan.SecureSum}: a column summed by public keys, exactly. */
public final class StoreTotals {
  private final Plan.SecureSum step;

  public StoreTotals(Plan.SecureSum step) {
    this.step = step;
  }

  public long[] run(Connection connection) throws SQLException {
    List<String> keys = step.keys();
    long[] totals = new long[keys.size()];
    String sql =
        "SELECT CAST(%s AS VARCHAR) AS k, CAST(sum(CAST(%s AS BIGINT)) AS BIGINT) FROM visible GROUP BY k"
            .formatted(BoundedQuery.quoted(step.by()), BoundedQuery.quoted(step.column()));
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        int key = keys.indexOf(rows.getString(1));
        if (key >= 0) {
          totals[key] = rows.getLong(2);
        }
      }
    }
    return totals;
  }
}
