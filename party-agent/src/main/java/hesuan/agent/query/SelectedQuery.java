package hesuan.agent.query;

import hesuan.dp.GroupSelection;
import hesuan.source.LongTable;
import hesuan.wire.Plan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One part of a {@link Plan.DpQuery} whose keys are private. Each person's rows are bounded over
 * all groups of that person, whichever of them will be told or asked for: so what a group comes to
 * hangs on the rows alone, and not on what other parties ask.
 *
 * <p>The connection is prepared as for {@link BoundedQuery} and must stay open between the two
 * questions.
 */
public final class SelectedQuery {
  private final Plan.DpQuery step;
  private final Connection connection;
  private final Bounding bounding;
  private final int groups;
  private final int rowsMax;
  private final int shares;

  private SelectedQuery(
      Plan.DpQuery step, Connection connection, Bounding bounding, int groups, int rowsMax) {
    this.step = step;
    this.connection = connection;
    this.bounding = bounding;
    this.groups = groups;
    this.rowsMax = rowsMax;
    this.shares = BoundedQuery.shares(step.rowsMax(), rowsMax);
  }

  public static SelectedQuery open(
      Plan.DpQuery step, String idColumn, long orderSecret, Connection connection)
      throws SQLException {
    return open(step, idColumn, orderSecret, connection, Integer.MAX_VALUE);
  }

  static SelectedQuery open(
      Plan.DpQuery step, String idColumn, long orderSecret, Connection connection, int rowsMax)
      throws SQLException {
    BoundedQuery.createPart(connection, idColumn);
    String keys = BoundedQuery.keys(step);
    String tellable =
        IntStream.range(0, step.keys().size())
            .mapToObj(k -> "strlen(\"@k%d\") <= %d".formatted(k, GroupSelection.KEY_BYTES_MAX))
            .collect(Collectors.joining(" AND "));
    // Numbers follow the order of the keys, so that of two groups the same comes first whatever
    // other groups there are; the mark is made of the keys alone.
    BoundedQuery.execute(
        connection,
        "CREATE TEMP TABLE \"@rows\" AS SELECT \"@unit\", CAST(hash(%1$s) >> 1 AS BIGINT) AS \"@mark\"%2$s, %1$s FROM (%3$s) WHERE %4$s"
            .formatted(keys, BoundedQuery.clamped(step), step.rows(), tellable));
    BoundedQuery.execute(
        connection,
        "CREATE TEMP TABLE \"@keys\" AS SELECT row_number() OVER (ORDER BY %1$s) - 1 AS \"@g\", %1$s FROM (SELECT DISTINCT %1$s FROM \"@rows\")"
            .formatted(keys));
    BoundedQuery.execute(
        connection,
        "CREATE TEMP TABLE \"@bounded\" AS SELECT \"@unit\", \"@mark\"%s, CAST(\"@g\" AS BIGINT) AS \"@g\" FROM \"@rows\" JOIN \"@keys\" USING (%s)"
            .formatted(values(step), keys));
    BoundedQuery.execute(connection, "DROP TABLE \"@rows\"");
    int groups = count(connection);
    Bounding bounding =
        new Bounding(
            step.maxGroups(), step.maxRows(), orderSecret, Math.max(groups, step.rowsMax()));
    return new SelectedQuery(
        step, connection, bounding, groups, Math.min(rowsMax, bounding.rowsMax()));
  }

  /** The people of each group that has enough of them to be told. */
  public Map<List<String>, Long> people() throws SQLException {
    long[] people = new long[groups];
    for (int share = 0; share < shares; share++) {
      bounding.keptByMark(rows(share)).forEachPair(group -> people[group]++);
    }
    Map<List<String>, Long> found = new HashMap<>();
    int least = Objects.requireNonNull(step.selection()).peopleMin();
    try (Statement statement = connection.createStatement();
        ResultSet all =
            statement.executeQuery(
                "SELECT \"@g\", %s FROM \"@keys\"".formatted(BoundedQuery.keys(step)))) {
      while (all.next()) {
        long count = people[Math.toIntExact(all.getLong(1))];
        if (count >= least) {
          String[] group = new String[step.keys().size()];
          for (int k = 0; k < group.length; k++) {
            group[k] = all.getString(2 + k);
          }
          found.put(List.of(group), count);
        }
      }
    }
    return found;
  }

  /**
   * The cells of {@code QueryNoise}, before noise.
   *
   * @param asked the step over the groups that are asked for
   */
  public long[] cells(Plan.DpQuery asked) throws SQLException {
    BoundedQuery.createGroups(connection, step.keys().size(), asked.groups());
    int[] places = new int[groups];
    Arrays.fill(places, -1);
    LongTable both =
        LongTable.read(
            connection,
            "SELECT CAST(k.\"@g\" AS BIGINT), q.\"@g\" FROM \"@keys\" k JOIN \"@groups\" q USING (%s)"
                .formatted(BoundedQuery.keys(step)),
            2,
            Math.max(1, asked.groups().size()));
    for (int i = 0; i < both.rows(); i++) {
      places[(int) both.column(0)[i]] = (int) both.column(1)[i];
    }
    List<BoundedQuery.Summing> sums = BoundedQuery.sums(asked);
    for (int share = 0; share < shares; share++) {
      LongTable rows = rows(share);
      Bounding.Kept kept = bounding.keptByMark(rows).in(places);
      sums.forEach(sum -> sum.add(rows, kept));
    }
    return BoundedQuery.cells(sums);
  }

  private LongTable rows(int share) throws SQLException {
    return LongTable.read(
        connection,
        "SELECT * FROM \"@bounded\"" + BoundedQuery.share(share, shares),
        3 + BoundedQuery.values(step),
        rowsMax,
        full -> bounding.keptByMark(full).rows());
  }

  private static int count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet count = statement.executeQuery("SELECT count(*) FROM \"@keys\"")) {
      count.next();
      return Math.toIntExact(count.getLong(1));
    }
  }

  private static String values(Plan.DpQuery step) {
    return IntStream.range(0, BoundedQuery.values(step))
        .mapToObj(", \"@v%d\""::formatted)
        .collect(Collectors.joining());
  }
}
