package hesuan.agent.query;

import hesuan.wire.Plan;
import hesuan.wire.Plan.Aggregate;
import hesuan.wire.Plan.DpQuery;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One part of a {@link DpQuery}, bounded before it is summed: of each person at most {@code
 * maxRows} rows in a group and {@code maxGroups} groups count, chosen by an order that is secret
 * and does not depend on how the rows lie. So one person moves the vector by no more than {@code
 * QueryNoise.sensitivity} says.
 *
 * <p>The connection must hold the rows as {@code visible} and the people as {@code person(raw,
 * unit)}.
 */
public final class BoundedQuery {
  private final DpQuery step;
  private final String idColumn;
  private final long orderSecret;

  public BoundedQuery(DpQuery step, String idColumn, long orderSecret) {
    this.step = step;
    this.idColumn = idColumn;
    this.orderSecret = orderSecret;
  }

  /** Aggregate after aggregate, each with one cell per key: the order of {@code QueryNoise}. */
  public long[] run(Connection connection) throws SQLException {
    List<String> keys = step.keys();
    int width = step.aggregates().size();
    Map<String, Integer> rowOfKey = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      rowOfKey.put(keys.get(i), i);
    }
    long[] cells = new long[Math.multiplyExact(keys.size(), width)];
    try (PreparedStatement statement = connection.prepareStatement(sql())) {
      if (step.by() != null) {
        for (int i = 0; i < keys.size(); i++) {
          statement.setString(i + 1, keys.get(i));
        }
      }
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          int row = rowOfKey.get(rows.getString(1));
          for (int a = 0; a < width; a++) {
            cells[a * keys.size() + row] = rows.getLong(a + 2);
          }
        }
      }
    }
    return cells;
  }

  String sql() {
    String key = step.by() == null ? "''" : "CAST(p." + quoted(step.by()) + " AS VARCHAR)";
    String inKeys =
        step.by() == null
            ? "TRUE"
            : "k IN (" + step.keys().stream().map(_ -> "?").collect(Collectors.joining(",")) + ")";
    StringBuilder values = new StringBuilder();
    StringBuilder order = new StringBuilder();
    StringBuilder outputs = new StringBuilder();
    for (int a = 0; a < step.aggregates().size(); a++) {
      Aggregate aggregate = step.aggregates().get(a);
      switch (aggregate.kind()) {
        case COUNT -> outputs.append(", count(*)");
        case COUNT_DISTINCT_UNIT -> outputs.append(", count(DISTINCT unit)");
        case SUM -> {
          String clamped =
              "greatest(least(coalesce(CAST(p.%s AS BIGINT), 0), %d), %d)"
                  .formatted(quoted(column(aggregate)), aggregate.upper(), aggregate.lower());
          values.append(", ").append(clamped).append(" AS v").append(a);
          order.append(", v").append(a);
          outputs.append(", CAST(sum(v").append(a).append(") AS BIGINT)");
        }
      }
    }
    return """
        WITH kept AS (
          SELECT person.unit AS unit, %s AS k%s
          FROM (SELECT * FROM visible WHERE %s) p JOIN person ON CAST(p.%s AS VARCHAR) = person.raw),
        ranked AS (
          SELECT *, row_number() OVER (PARTITION BY unit, k ORDER BY hash(%d, unit, k%s)%s) AS r
          FROM kept WHERE %s),
        chosen AS (
          SELECT unit, k FROM (
            SELECT unit, k, row_number() OVER (PARTITION BY unit ORDER BY hash(%d, unit, k), k) AS g
            FROM (SELECT DISTINCT unit, k FROM ranked))
          WHERE g <= %d)
        SELECT k%s FROM ranked JOIN chosen USING (unit, k) WHERE r <= %d GROUP BY k"""
        .formatted(
            key,
            values,
            step.where(),
            quoted(idColumn),
            orderSecret,
            order,
            order,
            inKeys,
            orderSecret,
            step.maxGroups(),
            outputs,
            step.maxRows());
  }

  private static String column(Plan.Aggregate aggregate) {
    if (aggregate.column() == null) {
      throw new IllegalArgumentException(aggregate.as() + " sums no column");
    }
    return aggregate.column();
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
