package hesuan.plan;

/** How names and literals are written in DuckDB text. */
final class SqlText {
  private SqlText() {}

  static String name(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
