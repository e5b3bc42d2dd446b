package hesuan.source;

/**
 * The least that reading a table of PostgreSQL can cost: the same rows in the same form over the
 * same kind of connection, thrown away as they come. What a reader takes beyond it is its own.
 */
public final class PostgreSqlFloor {
  private PostgreSqlFloor() {}

  /** Bytes that arrived for all columns that a product can carry. */
  public static long drain(Source.PostgreSql source) {
    return PostgreSqlTable.drain(source);
  }
}
