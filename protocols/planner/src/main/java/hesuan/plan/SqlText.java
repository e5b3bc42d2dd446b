package hesuan.plan;

import java.util.Set;
import java.util.TreeSet;

/** The DuckDB text of predicates: how names and literals are written, and found again. */
final class SqlText {
  private SqlText() {}

  static String name(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  /** The columns of a predicate that {@link SqlReader} wrote: whatever stands in double quotes. */
  static Set<String> columnsOf(String predicate) {
    Set<String> columns = new TreeSet<>();
    int i = 0;
    while (i < predicate.length()) {
      char quote = predicate.charAt(i);
      if (quote != '"' && quote != '\'') {
        i++;
        continue;
      }
      int end = predicate.indexOf(quote, i + 1);
      if (quote == '"') {
        columns.add(predicate.substring(i + 1, end));
      }
      i = end + 1; // a doubled quote inside a literal reads as two literals: just as well
    }
    return columns;
  }
}
