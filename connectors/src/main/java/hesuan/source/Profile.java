package hesuan.source;

import hesuan.group.Workers;
import hesuan.ids.IdQuality;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.Product.ColumnType;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What a source holds, measured before it becomes a product: one pass over every column, one over
 * the ids, one for the fingerprint. It is the owner's own view: exact counts, not for others.
 *
 * @param leftOut columns that no product can carry, by their own name
 */
public record Profile(
    long rows,
    List<ColumnProfile> columns,
    List<String> leftOut,
    IdQuality ids,
    Digest fingerprint) {

  /** Keys blocks that are only counted. */
  private static final Digest COUNTING = Digest.of("hesuan profile");

  /**
   * @param distinctEstimate of the values that are not null, within some per cent
   */
  public record ColumnProfile(String name, ColumnType type, long nulls, long distinctEstimate) {}

  public Profile {
    columns = List.copyOf(columns);
    leftOut = List.copyOf(leftOut);
  }

  /** The columns as a product may declare them. */
  public List<Product.Column> productColumns() {
    return columns.stream().map(c -> new Product.Column(c.name(), c.type())).toList();
  }

  /** Measures the source; refuses one without a row, or without a single usable id. */
  public static Profile of(Source source, Product.Id id, ReadLimits limits) {
    try (SourceReader reader = SourceReader.open(source, limits);
        Connection connection = reader.connection()) {
      Digest fingerprint = Fingerprint.of(reader);
      reader.require(id.column());
      Predicate<Product.Column> mayBeOther =
          column -> source instanceof Source.Csv && !column.name().equals(id.column());
      Counts counts = count(connection, reader.schema(), mayBeOther);
      if (counts.rows == 0) {
        throw new ProblemException(
            ErrorCode.SOURCE_EMPTY, ReadProblems.name(source), "at least one row", "none");
      }
      List<ColumnProfile> columns = new ArrayList<>();
      for (int i = 0; i < reader.schema().size(); i++) {
        Product.Column column = reader.schema().get(i);
        columns.add(counts.profile(i, column, mayBeOther.test(column)));
      }
      try (PeopleItems ids =
          PeopleItems.read(
              connection,
              Rows.ALL,
              id.column(),
              id.rule(),
              COUNTING,
              false,
              PeopleItems.Limits.of(limits),
              Workers.ONE)) {
        reader.requireUntouched();
        return new Profile(counts.rows, columns, reader.leftOut(), ids.quality(), fingerprint);
      }
    } catch (SQLException e) {
      throw ReadProblems.of(source, e);
    }
  }

  /** Figures of all columns, {@link #PER_COLUMN} each, behind the number of rows. */
  private record Counts(long rows, long[] figures) {
    static final int PER_COLUMN = 2 + CANDIDATES.size();

    ColumnProfile profile(int i, Product.Column column, boolean isText) {
      long values = figures[i * PER_COLUMN];
      ColumnType type = column.type();
      if (isText && values > 0) {
        for (int t = CANDIDATES.size() - 1; t >= 0; t--) {
          type = figures[i * PER_COLUMN + 2 + t] == values ? CANDIDATES.get(t) : type;
        }
      }
      return new ColumnProfile(column.name(), type, rows - values, figures[i * PER_COLUMN + 1]);
    }
  }

  /** What a column of text may turn out to be, the narrowest first. */
  private static final List<ColumnType> CANDIDATES =
      List.of(ColumnType.BOOLEAN, ColumnType.DATE, ColumnType.INTEGER, ColumnType.DECIMAL);

  private static Counts count(
      Connection connection, List<Product.Column> schema, Predicate<Product.Column> mayBeOther)
      throws SQLException {
    StringBuilder sql = new StringBuilder("SELECT count(*)");
    for (Product.Column column : schema) {
      String name = Sql.name(column.name());
      sql.append(", count(")
          .append(name)
          .append("), approx_count_distinct(")
          .append(name)
          .append(')');
      for (ColumnType type : CANDIDATES) {
        sql.append(", ").append(fits(mayBeOther.test(column), name, type));
      }
    }
    sql.append(" FROM ").append(SourceReader.PART);
    long[] figures = new long[schema.size() * Counts.PER_COLUMN];
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql.toString())) {
      row.next();
      for (int i = 0; i < figures.length; i++) {
        figures[i] = row.getLong(i + 2);
      }
      return new Counts(row.getLong(1), figures);
    }
  }

  /**
   * How many texts could be read as that type without loss. A number with a zero before it is a
   * code (a store, a postcode), so it stays text.
   */
  private static String fits(boolean mayBeOther, String name, ColumnType type) {
    if (!mayBeOther) {
      return "0";
    }
    // CASE, because a cast that fails costs far more than a pattern that does not match.
    return "count(CASE WHEN regexp_full_match(%1$s, %2$s) AND NOT regexp_matches(%1$s, '^ *[+-]?0[0-9]') THEN TRY_CAST(%1$s AS %3$s) END)"
        .formatted(name, Sql.text(SourceReader.shape(type)), SourceReader.duckDbType(type));
  }
}
