package hesuan.agent.query;

import hesuan.dp.Moments;
import hesuan.dp.QuantileTree;
import hesuan.dp.QueryNoise;
import hesuan.source.LongTable;
import hesuan.wire.Plan.Aggregate;
import hesuan.wire.Plan.AggregateKind;
import hesuan.wire.Plan.DpQuery;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One part of a {@link DpQuery}: DuckDB runs the plan's text over the rows, {@link Bounding} keeps
 * of each person what counts, and the rest is sums of whole numbers. So one person moves the vector
 * by no more than {@code QueryNoise.sensitivity} says.
 *
 * <p>The connection must hold the rows as {@code visible} and the people as {@code person(raw,
 * unit)}; it may hold both joined as {@code "@part"} beside them.
 */
public final class BoundedQuery {
  private final DpQuery step;
  private final String idColumn;
  private final long orderSecret;
  private final int rowsMax;

  public BoundedQuery(DpQuery step, String idColumn, long orderSecret) {
    this(step, idColumn, orderSecret, Integer.MAX_VALUE);
  }

  /**
   * @param rowsMax rows that are bounded at a time; a larger part is taken by people, a share after
   *     another
   */
  BoundedQuery(DpQuery step, String idColumn, long orderSecret, int rowsMax) {
    this.step = step;
    this.idColumn = idColumn;
    this.orderSecret = orderSecret;
    this.rowsMax = rowsMax;
  }

  /** The cells of {@code QueryNoise}, before noise. */
  public long[] run(Connection connection) throws SQLException {
    createPart(connection, idColumn);
    if (!step.keys().isEmpty()) {
      createGroups(connection, step.keys().size(), step.groups());
    }
    List<Summing> sums = sums(step);
    Bounding bounding =
        new Bounding(step.maxGroups(), step.maxRows(), orderSecret, step.groups().size());
    int most = Math.min(rowsMax, bounding.rowsMax());
    int shares = shares(step.rowsMax(), most);
    String from = bounded();
    if (shares > 1) {
      execute(connection, "CREATE TEMP TABLE \"@bounded\" AS " + from);
      from = "SELECT * FROM \"@bounded\"";
    }
    for (int share = 0; share < shares; share++) {
      LongTable rows =
          LongTable.read(
              connection,
              from + share(share, shares),
              2 + values(step),
              most,
              full -> bounding.kept(full).rows());
      Bounding.Kept kept = bounding.kept(rows);
      sums.forEach(sum -> sum.add(rows, kept));
    }
    return cells(sums);
  }

  /** Twice as many as would do if all people had as many rows. */
  static int shares(long rows, int rowsMax) {
    int shares = 1;
    while (rows > rowsMax && rows / shares > rowsMax / 2 && shares < 1 << 20) {
      shares *= 2;
    }
    return shares;
  }

  /** Whose rows are in a share. */
  static String share(int share, int shares) {
    return shares == 1
        ? ""
        : " WHERE (\"@unit\" & %d) = %d".formatted((long) shares - 1, (long) share);
  }

  static List<Summing> sums(DpQuery step) {
    return step.aggregates().stream().map(a -> summing(step, a)).toList();
  }

  static long[] cells(List<Summing> sums) {
    return sums.stream().map(Summing::cells).flatMapToLong(Arrays::stream).toArray();
  }

  /** One aggregate, all groups. */
  interface Summing {
    void add(LongTable rows, Bounding.Kept kept);

    long[] cells();
  }

  /** Sums of one number a row, or of one a person. */
  private record Plain(Aggregate aggregate, LongUnaryOperator figure, long[] cells)
      implements Summing {
    @Override
    public void add(LongTable rows, Bounding.Kept kept) {
      Integer value = aggregate.value();
      if (aggregate.kind() == AggregateKind.COUNT_DISTINCT_UNIT) {
        kept.forEachPair(group -> cells[group]++);
      } else if (value == null) {
        kept.forEachRow((_, group) -> cells[group]++);
      } else {
        long[] column = rows.column(2 + value);
        kept.forEachRow(
            (row, group) -> {
              if (column[row] != LongTable.NULL) {
                cells[group] += figure.applyAsLong(column[row]);
              }
            });
      }
    }
  }

  /** Counts by leaf of each group's tree. */
  private record Trees(QuantileTree tree, int value, long[][] leaves) implements Summing {
    @Override
    public void add(LongTable rows, Bounding.Kept kept) {
      long[] column = rows.column(2 + value);
      kept.forEachRow(
          (row, group) -> {
            if (column[row] != LongTable.NULL) {
              leaves[group][tree.leaf(column[row])]++;
            }
          });
    }

    @Override
    public long[] cells() {
      return Arrays.stream(leaves).map(tree::fromLeaves).flatMapToLong(Arrays::stream).toArray();
    }
  }

  private static Summing summing(DpQuery step, Aggregate aggregate) {
    int groups = step.groups().size();
    long[] cells = new long[groups];
    long lower = aggregate.lower();
    long upper = aggregate.upper();
    // What one row adds is cut to the bounds here, whatever the query's text did.
    return switch (aggregate.kind()) {
      case COUNT, COUNT_DISTINCT_UNIT -> new Plain(aggregate, _ -> 1, cells);
      case SUM -> new Plain(aggregate, x -> Math.clamp(x, lower, upper), cells);
      case SUM_CENTRED -> new Plain(aggregate, new Moments(lower, upper)::centred, cells);
      case SUM_SQUARED -> {
        Moments moments = new Moments(lower, upper);
        yield new Plain(aggregate, x -> moments.centred(x) * moments.centred(x), cells);
      }
      case QUANTILES -> {
        QuantileTree tree = QueryNoise.tree(aggregate);
        int value = java.util.Objects.requireNonNull(aggregate.value());
        yield new Trees(tree, value, new long[groups][tree.leaves()]);
      }
    };
  }

  /** The owner's rows of people, each with its person, unless the connection holds that already. */
  static void createPart(Connection connection, String idColumn) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet part =
            statement.executeQuery("SELECT 1 FROM duckdb_views() WHERE view_name = '@part'")) {
      if (part.next()) {
        return;
      }
    }
    execute(
        connection,
        "CREATE TEMP VIEW \"@part\" AS SELECT person.unit AS \"@unit\", visible.* FROM visible JOIN person ON CAST(visible.%s AS VARCHAR) = person.raw"
            .formatted(quoted(idColumn)));
  }

  /** The numbers of the groups by their keys. */
  static void createGroups(Connection connection, int width, List<List<String>> groups)
      throws SQLException {
    execute(
        connection,
        "CREATE TEMP TABLE \"@groups\" (\"@g\" BIGINT%s)"
            .formatted(
                IntStream.range(0, width)
                    .mapToObj(k -> ", \"@k%d\" VARCHAR".formatted(k))
                    .collect(Collectors.joining())));
    int batch = 1000;
    for (int from = 0; from < groups.size(); from += batch) {
      int to = Math.min(groups.size(), from + batch);
      String row = "(?" + ", ?".repeat(width) + ")";
      List<String> all = new ArrayList<>();
      for (int g = from; g < to; g++) {
        all.add(row);
      }
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO \"@groups\" VALUES " + String.join(", ", all))) {
        int place = 1;
        for (int g = from; g < to; g++) {
          insert.setLong(place++, g);
          for (String value : groups.get(g)) {
            insert.setString(place++, value);
          }
        }
        insert.execute();
      }
    }
  }

  static int values(DpQuery step) {
    return step.aggregates().stream()
        .mapToInt(a -> a.value() == null ? 0 : a.value() + 1)
        .max()
        .orElse(0);
  }

  /** Unit, group, and each value cut to where all its aggregates' bounds lie. */
  String bounded() {
    StringBuilder sql = new StringBuilder("SELECT \"@unit\", ");
    sql.append(step.keys().isEmpty() ? "CAST(0 AS BIGINT)" : "\"@g\"").append(" AS \"@g\"");
    sql.append(clamped(step));
    sql.append(" FROM (").append(step.rows()).append(")");
    if (!step.keys().isEmpty()) {
      sql.append(" JOIN \"@groups\" USING (").append(keys(step)).append(")");
    }
    return sql.toString();
  }

  /** The values, after a comma each. */
  static String clamped(DpQuery step) {
    StringBuilder sql = new StringBuilder();
    for (int v = 0; v < values(step); v++) {
      long lower = Long.MAX_VALUE;
      long upper = Long.MIN_VALUE;
      for (Aggregate aggregate : step.aggregates()) {
        if (aggregate.value() != null && aggregate.value() == v) {
          lower = Math.min(lower, aggregate.lower());
          upper = Math.max(upper, aggregate.upper());
        }
      }
      sql.append(
          ", CASE WHEN \"@v%1$d\" IS NULL THEN NULL ELSE CAST(greatest(least(\"@v%1$d\", %3$d), %2$d) AS BIGINT) END AS \"@v%1$d\""
              .formatted(v, lower, upper));
    }
    return sql.toString();
  }

  /** The names of the keys. */
  static String keys(DpQuery step) {
    return IntStream.range(0, step.keys().size())
        .mapToObj("\"@k%d\""::formatted)
        .collect(Collectors.joining(", "));
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
