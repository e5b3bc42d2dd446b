package hesuan.source;

import org.jspecify.annotations.Nullable;

/**
 * Which rows of which relation.
 *
 * @param relation {@code part}, or a view that the caller made over it
 * @param where a DuckDB predicate that has passed the sandbox's allow-list; null for every row
 */
public record Rows(String relation, @Nullable String where) {
  public static final Rows ALL = new Rows(SourceReader.PART, null);

  public static Rows where(String predicate) {
    return new Rows(SourceReader.PART, predicate);
  }

  String sql(String selection) {
    return "SELECT "
        + selection
        + " FROM "
        + Sql.name(relation)
        + (where == null ? "" : " WHERE (" + where + ")");
  }
}
