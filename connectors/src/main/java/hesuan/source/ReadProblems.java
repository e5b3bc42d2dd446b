package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DuckDB's errors as problems. Its messages quote the offending line or value, which is a row, so
 * nothing of them passes but what is recognised here: line numbers, counts and column names.
 */
final class ReadProblems {
  /** Raised by our own views when a value is not of its column's type. */
  private static final Pattern VALUE =
      Pattern.compile("hesuan-type:([A-Za-z_][A-Za-z0-9_]*):([A-Z]+)");

  private static final Pattern LINE = Pattern.compile("CSV Error on Line: ([0-9]+)");
  private static final Pattern FIELDS =
      Pattern.compile("Expected Number of Columns: ([0-9]+) Found: ([0-9]+)");
  private static final Pattern KIND = Pattern.compile("^([A-Z][A-Za-z ]{2,30}) Error:");
  private static final Pattern COLUMN =
      Pattern.compile("Referenced column \"([A-Za-z_][A-Za-z0-9_]{0,62})\" not found");

  private ReadProblems() {}

  static String valueMark(String column, String type) {
    return "hesuan-type:" + column + ":" + type;
  }

  static ProblemException of(Source source, SQLException e) {
    return of(name(source), e);
  }

  static ProblemException of(String at, SQLException e) {
    return new ProblemException(problem(at, String.valueOf(e.getMessage())));
  }

  static String name(Source source) {
    return switch (source) {
      case Source.File file -> String.valueOf(file.path().getFileName());
      case Source.PostgreSql table -> table.schemaName() + "." + table.tableName();
    };
  }

  private static Problem problem(String at, String message) {
    Matcher value = VALUE.matcher(message);
    if (value.find()) {
      return new Problem(
          ErrorCode.WRONG_TYPE,
          at + ", column " + value.group(1),
          "values of type " + value.group(2),
          "a value of another type");
    }
    Matcher line = LINE.matcher(message);
    boolean isLine = line.find();
    String where = isLine ? at + ", line " + line.group(1) : at;
    if (message.contains("Invalid unicode") || message.contains("not utf-8")) {
      return new Problem(ErrorCode.SOURCE_ENCODING, where, "UTF-8", "bytes that are not UTF-8");
    }
    Matcher fields = FIELDS.matcher(message);
    if (fields.find()) {
      return new Problem(
          ErrorCode.SOURCE_UNREADABLE,
          where,
          fields.group(1) + " fields",
          fields.group(2) + " fields");
    }
    if (isLine && message.contains("unterminated quote")) {
      return new Problem(
          ErrorCode.SOURCE_UNREADABLE, where, "a closing quote", "none before the end");
    }
    if (isLine) {
      return new Problem(
          ErrorCode.SOURCE_UNREADABLE, where, "CSV as configured", "a line that breaks its rules");
    }
    if (message.contains("Could not set lock") || message.contains("Unique file handle conflict")) {
      return new Problem(
          ErrorCode.SOURCE_UNREADABLE, at, "a file that nobody writes", "locked by a writer");
    }
    Matcher column = COLUMN.matcher(message);
    if (column.find()) {
      return new Problem(ErrorCode.UNKNOWN_COLUMN, at, "a column of the source", column.group(1));
    }
    if (message.contains("Out of Memory") || message.contains("could not allocate")) {
      return new Problem(ErrorCode.LIMIT_EXCEEDED, at, "within the memory limit", "more");
    }
    if (message.contains("INTERRUPT")) {
      return new Problem(ErrorCode.CANCELLED, at, "an answer", "interrupted");
    }
    Matcher kind = KIND.matcher(message);
    return new Problem(
        ErrorCode.SOURCE_UNREADABLE,
        at,
        "readable data",
        "DuckDB says: " + (kind.find() ? kind.group(1) : "unknown") + " error");
  }
}
