package hesuan.plan;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.avatica.util.Quoting;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.parser.SqlParserPos;

/** The analyst's text: parsed within limits, quoted by position, and pointed at in refusals. */
final class SqlSource {
  private static final SqlParser.Config CONFIG =
      SqlParser.config()
          .withQuoting(Quoting.DOUBLE_QUOTE)
          .withUnquotedCasing(Casing.UNCHANGED)
          .withQuotedCasing(Casing.UNCHANGED)
          .withCaseSensitive(true);
  private static final Pattern DEEPER = Pattern.compile("(?i)[(\\[+-]|\\b(NOT|CASE)\\b");
  private static final Pattern LITERALS = Pattern.compile("\\([0-9.,\\s]*+\\)");
  private static final int NESTING_MAX = 400;
  private static final int QUOTE_MAX = 120;

  private final String[] lines;

  private SqlSource(String sql) {
    this.lines = sql.split("\n", -1);
  }

  record Parsed(SqlSource source, SqlNode node) {}

  static Parsed parse(String sql) {
    if (sql.length() > JobReader.SQL_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "what.sql",
          "at most " + JobReader.SQL_MAX + " characters",
          sql.length() + " characters");
    }
    checkNesting(sql);
    try {
      return new Parsed(new SqlSource(sql), SqlParser.create(ascii(sql), CONFIG).parseQuery());
    } catch (SqlParseException e) {
      SqlParserPos pos = e.getPos();
      throw new ProblemException(
          ErrorCode.UNSUPPORTED_SQL,
          pos == null ? "what.sql" : at(pos),
          "a SELECT of the dialect (quote a column whose name is a word of SQL: \"day\")",
          String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  /**
   * The parser's strings are Latin-1 unless configured for the whole process, so it gets text of
   * the same shape, and literals are read from the original by their position.
   */
  private static String ascii(String sql) {
    StringBuilder out = new StringBuilder(sql.length());
    sql.chars().forEach(c -> out.append(c < 128 ? (char) c : '?'));
    return out.toString();
  }

  /**
   * The parser recurses, and where its stack ends depends on the machine; a plan must not. So
   * whatever can make it go deeper is counted first; lists of literals, which only make it longer,
   * are not.
   */
  private static void checkNesting(String sql) {
    String plain = LITERALS.matcher(sql.replaceAll("'[^']*'", "0")).replaceAll(" ");
    Matcher deeper = DEEPER.matcher(plain);
    int count = 0;
    while (deeper.find()) {
      count++;
    }
    if (count > NESTING_MAX) {
      throw new ProblemException(
          ErrorCode.UNSUPPORTED_SQL,
          "what.sql",
          "at most " + NESTING_MAX + " of ( [ + - NOT CASE",
          "" + count);
    }
  }

  /** What the analyst wrote there; positions count from 1, ends included. */
  String text(SqlNode node) {
    SqlParserPos pos = node.getParserPosition();
    StringBuilder text = new StringBuilder();
    for (int line = pos.getLineNum(); line <= pos.getEndLineNum(); line++) {
      String whole = lines[line - 1];
      int from = line == pos.getLineNum() ? pos.getColumnNum() - 1 : 0;
      int to = line == pos.getEndLineNum() ? pos.getEndColumnNum() : whole.length();
      text.append(line == pos.getLineNum() ? "" : "\n").append(whole, from, to);
    }
    return text.toString();
  }

  /** In one line, for people. */
  String quote(SqlNode node) {
    String text = text(node).replaceAll("\\s+", " ").strip();
    return text.codePointCount(0, text.length()) <= QUOTE_MAX
        ? text
        : text.substring(0, text.offsetByCodePoints(0, QUOTE_MAX)) + "…";
  }

  /** The expression and its place, as uses of columns are told. */
  String place(SqlNode node) {
    return at(node) + " " + quote(node);
  }

  static String at(SqlNode node) {
    return at(node.getParserPosition());
  }

  private static String at(SqlParserPos pos) {
    return "what.sql %d:%d".formatted(pos.getLineNum(), pos.getColumnNum());
  }

  ProblemException unsupported(SqlNode node, String expected) {
    return refused(ErrorCode.UNSUPPORTED_SQL, node, expected);
  }

  ProblemException refused(ErrorCode code, SqlNode node, String expected) {
    return new ProblemException(code, at(node), expected, quote(node));
  }
}
