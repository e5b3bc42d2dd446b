package hesuan.agent.query;

import hesuan.dp.Moments;
import hesuan.ids.IdNormaliser;
import hesuan.join.JoinParameters;
import hesuan.psi.ItemKeys;
import hesuan.source.LongTable;
import hesuan.wire.Digest;
import hesuan.wire.IdRule;
import hesuan.wire.Plan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;

/**
 * One owner's rows as items of a {@link Plan.JoinQuery}: one for each person, with its group, or
 * with its figures. The connection is prepared as for {@link BoundedQuery}.
 *
 * @param keys of the items
 * @param groups at the owner of the groups, one for each item
 * @param figures at the other, as many for each item as there are aggregates
 */
public record QueryItems(byte[] keys, int[] groups, long[] figures) {

  /** The leader's side: of a person in several groups the one that stands first counts. */
  public static QueryItems grouped(
      Plan.JoinQuery step, String idColumn, IdRule rule, Digest session, Connection connection)
      throws SQLException {
    BoundedQuery.createPart(connection, idColumn);
    int width = step.figures().keys().size();
    String from = "(" + step.groupRows() + ")";
    if (width > 0) {
      BoundedQuery.createGroups(connection, width, step.figures().groups());
    }
    LongTable people =
        LongTable.read(
            connection,
            width == 0
                ? "SELECT \"@unit\", CAST(0 AS BIGINT) FROM %s GROUP BY \"@unit\"".formatted(from)
                : "SELECT \"@unit\", min(\"@g\") FROM %s JOIN \"@groups\" USING (%s) GROUP BY \"@unit\""
                    .formatted(from, BoundedQuery.keys(step.figures())),
            2,
            JoinParameters.ITEMS_MAX);
    Builder builder = new Builder(Arrays.copyOf(people.column(0), people.rows()));
    byte[] keys = builder.keys(rule, session, connection);
    int[] groups = new int[builder.found];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (int) people.column(1)[builder.place(i)];
    }
    return new QueryItems(keys, groups, new long[0]);
  }

  /**
   * The other side: of each person at most maxRows rows, each value within its bounds.
   *
   * @param secret orders a person's rows, so that which of too many count cannot be steered
   */
  public static QueryItems figured(
      Plan.JoinQuery step,
      String idColumn,
      IdRule rule,
      Digest session,
      long secret,
      Connection connection)
      throws SQLException {
    BoundedQuery.createPart(connection, idColumn);
    Plan.DpQuery query = step.figures();
    Bounding bounding = new Bounding(1, query.maxRows(), secret, 1);
    int shares = BoundedQuery.shares(query.rowsMax(), bounding.rowsMax());
    int width = query.aggregates().size();
    long[] units = new long[1024];
    long[] figures = new long[units.length * width];
    int count = 0;
    for (int share = 0; share < shares; share++) {
      LongTable rows =
          LongTable.read(
              connection,
              "SELECT \"@unit\", CAST(0 AS BIGINT) AS \"@g\"%s FROM (%s)%s"
                  .formatted(
                      BoundedQuery.clamped(query), query.rows(), BoundedQuery.share(share, shares)),
              2 + BoundedQuery.values(query),
              bounding.rowsMax(),
              full -> bounding.kept(full).rows());
      int first = count;
      Bounding.Kept kept = bounding.kept(rows);
      int[] people = {0};
      kept.forEachPair(_ -> people[0]++);
      count += people[0];
      if (units.length < count) {
        units = Arrays.copyOf(units, Math.max(count, 2 * units.length));
        figures = Arrays.copyOf(figures, units.length * width);
      }
      long[] ofPeople = units;
      long[] made = figures;
      int[] at = {first};
      kept.forEachRun(
          (of, from, to) -> {
            ofPeople[at[0]] = rows.column(0)[of[from]];
            for (int a = 0; a < width; a++) {
              made[at[0] * width + a] = figure(query.aggregates().get(a), rows, of, from, to);
            }
            at[0]++;
          });
    }
    Builder builder = new Builder(Arrays.copyOf(units, count));
    byte[] keys = builder.keys(rule, session, connection);
    long[] ordered = new long[builder.found * width];
    for (int i = 0; i < builder.found; i++) {
      System.arraycopy(figures, builder.place(i) * width, ordered, i * width, width);
    }
    return new QueryItems(keys, new int[0], ordered);
  }

  private static long figure(Plan.Aggregate aggregate, LongTable rows, int[] of, int from, int to) {
    if (aggregate.kind() == Plan.AggregateKind.COUNT_DISTINCT_UNIT) {
      return 1;
    }
    Integer value = aggregate.value();
    if (value == null) {
      return (long) to - from;
    }
    long[] column = rows.column(2 + value);
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += column[of[i]] == LongTable.NULL ? 0 : one(aggregate, column[of[i]]);
    }
    return sum;
  }

  /** Cut to the bounds here, whatever the query's text did. */
  private static long one(Plan.Aggregate aggregate, long value) {
    return switch (aggregate.kind()) {
      case COUNT -> 1;
      case SUM -> Math.clamp(value, aggregate.lower(), aggregate.upper());
      case SUM_CENTRED -> new Moments(aggregate.lower(), aggregate.upper()).centred(value);
      case SUM_SQUARED -> {
        long centred = new Moments(aggregate.lower(), aggregate.upper()).centred(value);
        yield centred * centred;
      }
      case COUNT_DISTINCT_UNIT, QUANTILES ->
          throw new IllegalArgumentException("no figure of a row: " + aggregate.kind());
    };
  }

  /** From the people's numbers back to who they are. */
  private static final class Builder {
    private final long[] sorted;
    private final int[] places;
    private final int[] order;
    private int found;

    /**
     * @param units distinct
     */
    Builder(long[] units) {
      sorted = units.clone();
      Arrays.sort(sorted);
      places = new int[units.length];
      for (int i = 0; i < units.length; i++) {
        places[Arrays.binarySearch(sorted, units[i])] = i;
      }
      order = new int[units.length];
    }

    /** Keys of the items, in an order that {@link #place} tells. */
    byte[] keys(IdRule rule, Digest session, Connection connection) throws SQLException {
      ItemKeys keys = new ItemKeys(session);
      IdNormaliser normaliser = new IdNormaliser(rule);
      try (Statement statement = connection.createStatement();
          ResultSet people =
              statement.executeQuery("SELECT unit, min(raw) FROM person GROUP BY unit")) {
        while (people.next()) {
          int at = Arrays.binarySearch(sorted, people.getLong(1));
          if (at >= 0
              && normaliser.accept(people.getString(2)) == IdNormaliser.Verdict.NORMALISED) {
            keys.add(Arrays.copyOf(normaliser.bytes(), normaliser.length()));
            order[found++] = places[at];
          }
        }
      }
      return keys.toArray();
    }

    int place(int item) {
      return order[item];
    }
  }
}
