package hesuan.plan;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.avatica.util.Quoting;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSelectKeyword;
import org.apache.calcite.sql.fun.SqlBetweenOperator;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/**
 * A query in straight SQL, as a step. The dialect is an allow-list over the parsed tree: what is
 * not named here is refused at its line and column. Predicates are total (no cast, division or
 * function that could fail on a row, for a failure would tell of that row), and are written out
 * anew, so nothing of the analyst's text reaches an engine as it was.
 */
final class SqlReader {
  private static final SqlParser.Config CONFIG =
      SqlParser.config()
          .withQuoting(Quoting.DOUBLE_QUOTE)
          .withUnquotedCasing(Casing.UNCHANGED)
          .withQuotedCasing(Casing.UNCHANGED)
          .withCaseSensitive(true);
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");
  private static final Pattern TEXT = Pattern.compile("'((?:[^']|'')*)'");
  private static final Pattern DATE = Pattern.compile("(?i)DATE\\s+'([^']*)'");
  private static final int AGGREGATES_MAX = 16;
  private static final Pattern DEEPER = Pattern.compile("(?i)[(\\[+-]|\\b(NOT|CASE)\\b");
  private static final int NESTING_MAX = 200;
  private static final BigInteger SUM_MAX = BigInteger.ONE.shiftLeft(61);

  private final String[] lines;
  private final JobSpec job;
  private List<Product> parts = List.of();
  private String table = "";
  private String tableAlias = "";

  private SqlReader(String sql, JobSpec job) {
    this.lines = sql.split("\n", -1);
    this.job = job;
  }

  static Plan.Step step(String sql, JobSpec job, Inputs inputs) {
    if (sql.length() > JobReader.SQL_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "what.sql",
          "at most " + JobReader.SQL_MAX + " characters",
          sql.length() + " characters");
    }
    return new SqlReader(sql, job).query(parse(sql), inputs);
  }

  private static SqlSelect parse(String sql) {
    checkNesting(sql);
    SqlNode node;
    try {
      node = SqlParser.create(ascii(sql), CONFIG).parseQuery();
    } catch (SqlParseException e) {
      SqlParserPos pos = e.getPos();
      throw new ProblemException(
          ErrorCode.UNSUPPORTED_SQL,
          pos == null ? "what.sql" : at(pos),
          "a SELECT of the dialect (quote a column whose name is a word of SQL: \"day\")",
          firstLine(e.getMessage()));
    }
    if (node instanceof SqlSelect select) {
      return select;
    }
    throw unsupported(node, "one SELECT without ORDER BY, LIMIT, WITH or UNION", node.getKind());
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
   * whatever can make it go deeper is counted first.
   */
  private static void checkNesting(String sql) {
    Matcher deeper = DEEPER.matcher(sql.replaceAll("'[^']*'", "''"));
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

  private Plan.Step query(SqlSelect select, Inputs inputs) {
    refuse(select.hasHints() ? select : null, "no hint");
    refuse(select.isDistinct() ? select : null, "SELECT without DISTINCT");
    refuse(select.getModifierNode(SqlSelectKeyword.ALL), "SELECT without ALL");
    refuse(select.getHaving(), "no HAVING");
    refuse(select.getQualify(), "no QUALIFY");
    refuse(select.getOrderList(), "no ORDER BY");
    refuse(select.getOffset(), "no OFFSET");
    refuse(select.getFetch(), "no LIMIT");
    SqlNodeList windows = select.getWindowList();
    refuse(windows.isEmpty() ? null : windows, "no WINDOW");
    from(select.getFrom(), select, inputs);
    Inputs.onePrivacyUnit(job, parts, true);
    SqlNode where = select.getWhere();
    Optional<String> by = groupBy(select.getGroup());
    List<String> keys = by.map(k -> keys(k, where, select)).orElse(List.of(""));
    List<Plan.Aggregate> aggregates = aggregates(select.getSelectList(), by.orElse(null));
    return new Plan.DpQuery(
        "query",
        Inputs.refs(parts),
        by.orElse(null),
        keys,
        aggregates,
        where == null ? "TRUE" : predicate(where),
        job.privacy().maxGroups(),
        job.privacy().maxRows(),
        Planner.toleratesLoss(job));
  }

  private void from(@Nullable SqlNode from, SqlSelect select, Inputs inputs) {
    SqlNode source = from;
    if (from instanceof SqlBasicCall as
        && as.getKind() == SqlKind.AS
        && as.operandCount() == 2
        && as.operand(1) instanceof SqlIdentifier alias
        && alias.isSimple()) {
      source = as.operand(0);
      tableAlias = alias.getSimple();
    }
    if (!(source instanceof SqlIdentifier name) || !name.isSimple()) {
      throw unsupported(
          from == null ? select : from, "FROM one input", from == null ? "none" : from.getKind());
    }
    table = name.getSimple();
    parts = Inputs.ofDifferentOwners(inputs.table(table, at(name.getParserPosition())), 2);
    if (tableAlias.isEmpty()) {
      tableAlias = table;
    }
  }

  private Optional<String> groupBy(@Nullable SqlNodeList group) {
    if (group == null) {
      return Optional.empty();
    }
    if (group.size() != 1) {
      throw unsupported(group, "GROUP BY one column", group.size() + " expressions");
    }
    String key = column(group.get(0));
    Product.ColumnType type = typeOf(key, group.get(0));
    switch (type) {
      case STRING, INTEGER, DATE -> {}
      case DECIMAL, BOOLEAN ->
          throw unsupported(group.get(0), "a key of type STRING, INTEGER or DATE", type);
    }
    return Optional.of(key);
  }

  /** Keys are named, not found: that a key exists may already tell of a person. */
  private List<String> keys(String key, @Nullable SqlNode where, SqlSelect select) {
    List<SqlCall> found = new ArrayList<>();
    for (SqlNode term : conjuncts(where)) {
      if (term instanceof SqlCall call
          && call.getKind() == SqlKind.IN
          && call.operand(0) instanceof SqlIdentifier
          && column(call.operand(0)).equals(key)) {
        found.add(call);
      }
    }
    if (found.size() != 1) {
      throw unsupported(
          found.isEmpty() ? select : found.get(1),
          "WHERE " + key + " IN (...) once, naming the keys of GROUP BY",
          found.isEmpty() ? "none" : "another");
    }
    List<String> keys = new ArrayList<>();
    Product.ColumnType type = typeOf(key, found.getFirst());
    for (SqlNode value : list(found.getFirst())) {
      String text = value(value, type).text();
      if (keys.contains(text)) {
        throw unsupported(value, "each key once", text);
      }
      keys.add(text);
    }
    return keys;
  }

  private static List<SqlNode> conjuncts(@Nullable SqlNode where) {
    List<SqlNode> terms = new ArrayList<>();
    if (where instanceof SqlCall call && call.getKind() == SqlKind.AND) {
      call.getOperandList().forEach(o -> terms.addAll(conjuncts(o)));
    } else if (where != null) {
      terms.add(where);
    }
    return terms;
  }

  private List<Plan.Aggregate> aggregates(SqlNodeList items, @Nullable String key) {
    List<Unpriced> found = new ArrayList<>();
    for (SqlNode item : items) {
      SqlNode expression = item;
      String as = "";
      if (item instanceof SqlBasicCall call && call.getKind() == SqlKind.AS) {
        expression = call.operand(0);
        as = call.operand(1).toString();
      }
      if (expression instanceof SqlIdentifier identifier) {
        if (key == null
            || identifier.isStar()
            || !column(identifier).equals(key)
            || !as.isEmpty()) {
          throw unsupported(
              expression, "the key of GROUP BY, or an aggregate", expression.toString());
        }
        continue;
      }
      Unpriced aggregate = aggregate(expression, as);
      if (!NAME.matcher(aggregate.as).matches()
          || aggregate.as.equals(key)
          || found.stream().anyMatch(a -> a.as.equals(aggregate.as))) {
        throw unsupported(item, "a name of its own: " + expression + " AS name", aggregate.as);
      }
      found.add(aggregate);
    }
    if (found.isEmpty() || found.size() > AGGREGATES_MAX) {
      throw unsupported(items, "1 to " + AGGREGATES_MAX + " aggregates", "" + found.size());
    }
    Epsilon each = new Epsilon(job.privacy().epsilon().micros() / found.size());
    if (each.micros() == 0 && job.privacy().epsilon().micros() > 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.epsilon",
          "at least a millionth for each of " + found.size() + " aggregates",
          job.privacy().epsilon().toString());
    }
    return found.stream().map(a -> a.priced(each)).toList();
  }

  private record Unpriced(
      Plan.AggregateKind kind, String as, @Nullable String column, long lower, long upper) {
    Plan.Aggregate priced(Epsilon epsilon) {
      return new Plan.Aggregate(kind, as, column, lower, upper, epsilon);
    }
  }

  private Unpriced aggregate(SqlNode node, String as) {
    String expected =
        "COUNT(*), COUNT(DISTINCT " + job.privacy().unit() + ") or SUM(CLAMP(column, low, high))";
    if (!(node instanceof SqlBasicCall call) || call.operandCount() != 1) {
      throw unsupported(node, expected, node);
    }
    SqlLiteral quantifier = call.getFunctionQuantifier();
    boolean distinct = quantifier != null && quantifier.getValue() == SqlSelectKeyword.DISTINCT;
    if (quantifier != null && !distinct) {
      throw unsupported(node, expected, node);
    }
    SqlNode operand = call.operand(0);
    String function = call.getOperator().getName().toUpperCase(Locale.ROOT);
    if (function.equals("COUNT") && operand instanceof SqlIdentifier identifier) {
      if (identifier.isStar() && identifier.names.size() == 1 && !distinct) {
        return new Unpriced(Plan.AggregateKind.COUNT, as.isEmpty() ? "count" : as, null, 0, 1);
      }
      if (!identifier.isStar() && distinct && column(identifier).equals(job.privacy().unit())) {
        return new Unpriced(
            Plan.AggregateKind.COUNT_DISTINCT_UNIT, as.isEmpty() ? "people" : as, null, 0, 1);
      }
    }
    if (function.equals("SUM")
        && !distinct
        && operand instanceof SqlBasicCall clamp
        && clamp.getOperator().getName().equalsIgnoreCase("CLAMP")
        && clamp.operandCount() == 3
        && clamp.getFunctionQuantifier() == null) {
      return sum(clamp, as);
    }
    throw unsupported(node, expected, node);
  }

  private Unpriced sum(SqlBasicCall clamp, String as) {
    String column = column(clamp.operand(0));
    Product.ColumnType type = typeOf(column, clamp.operand(0));
    if (type != Product.ColumnType.INTEGER) {
      throw unsupported(clamp.operand(0), "a column of type INTEGER (cents, grams)", type);
    }
    long lower = Long.parseLong(value(clamp.operand(1), Product.ColumnType.INTEGER).text());
    long upper = Long.parseLong(value(clamp.operand(2), Product.ColumnType.INTEGER).text());
    if (lower > upper || lower == 0 && upper == 0) {
      throw unsupported(clamp, "CLAMP(" + column + ", low, high) with low below high", clamp);
    }
    long rows = parts.stream().mapToLong(p -> Math.max(1, p.rows())).sum();
    BigInteger most =
        BigInteger.valueOf(lower)
            .abs()
            .max(BigInteger.valueOf(upper).abs())
            .multiply(BigInteger.valueOf(rows))
            .multiply(BigInteger.valueOf(job.privacy().maxRows()));
    if (most.compareTo(SUM_MAX) > 0) {
      throw unsupported(clamp, "bounds under which the sum stays below 2^61", clamp);
    }
    return new Unpriced(
        Plan.AggregateKind.SUM, as.isEmpty() ? "sum_" + column : as, column, lower, upper);
  }

  private String predicate(SqlNode node) {
    if (node instanceof SqlIdentifier) {
      String column = column(node);
      if (typeOf(column, node) == Product.ColumnType.BOOLEAN) {
        return SqlText.name(column);
      }
      throw unsupported(node, "a predicate", node);
    }
    if (!(node instanceof SqlCall call)) {
      throw unsupported(node, "a predicate", node);
    }
    return switch (call.getKind()) {
      case AND, OR ->
          "(%s %s %s)"
              .formatted(predicate(call.operand(0)), call.getKind(), predicate(call.operand(1)));
      case NOT -> "(NOT " + predicate(call.operand(0)) + ")";
      case EQUALS -> comparison(call, "=");
      case NOT_EQUALS -> comparison(call, "<>");
      case LESS_THAN -> comparison(call, "<");
      case LESS_THAN_OR_EQUAL -> comparison(call, "<=");
      case GREATER_THAN -> comparison(call, ">");
      case GREATER_THAN_OR_EQUAL -> comparison(call, ">=");
      case IS_NULL -> "(" + SqlText.name(column(call.operand(0))) + " IS NULL)";
      case IS_NOT_NULL -> "(" + SqlText.name(column(call.operand(0))) + " IS NOT NULL)";
      case IN, NOT_IN -> membership(call);
      case BETWEEN -> between(call);
      case LIKE -> like(call);
      default ->
          throw unsupported(
              node, "=, <>, <, <=, >, >=, BETWEEN, IN, LIKE, IS NULL, AND, OR or NOT", node);
    };
  }

  private String comparison(SqlCall call, String operator) {
    SqlNode left = call.operand(0);
    SqlNode right = call.operand(1);
    SqlNode typed =
        left instanceof SqlIdentifier
                || !(left instanceof SqlLiteral) && !(right instanceof SqlIdentifier)
            ? left
            : right;
    Product.ColumnType type = typeOf(column(typed), typed);
    return "(%s %s %s)".formatted(operand(left, type), operator, operand(right, type));
  }

  private String operand(SqlNode node, Product.ColumnType type) {
    if (!(node instanceof SqlIdentifier)) {
      return value(node, type).sql();
    }
    String column = column(node);
    if (typeOf(column, node) != type) {
      throw unsupported(node, "a column of type " + type, typeOf(column, node));
    }
    return SqlText.name(column);
  }

  private String membership(SqlCall call) {
    String column = column(call.operand(0));
    Product.ColumnType type = typeOf(column, call.operand(0));
    List<String> values = list(call).stream().map(v -> value(v, type).sql()).toList();
    return "(%s %s (%s))"
        .formatted(
            SqlText.name(column),
            call.getKind() == SqlKind.IN ? "IN" : "NOT IN",
            String.join(", ", values));
  }

  private static List<SqlNode> list(SqlCall call) {
    if (call.operand(1) instanceof SqlNodeList values && !values.isEmpty()) {
      return values.getList();
    }
    throw unsupported(call, "IN (value, ...)", call);
  }

  private String between(SqlCall call) {
    if (!(call.getOperator() instanceof SqlBetweenOperator operator)
        || operator.flag != SqlBetweenOperator.Flag.ASYMMETRIC) {
      throw unsupported(call, "BETWEEN low AND high", call);
    }
    String column = column(call.operand(0));
    Product.ColumnType type = typeOf(column, call.operand(0));
    return "(%s %s %s AND %s)"
        .formatted(
            SqlText.name(column),
            operator.isNegated() ? "NOT BETWEEN" : "BETWEEN",
            value(call.operand(1), type).sql(),
            value(call.operand(2), type).sql());
  }

  private String like(SqlCall call) {
    String name = call.getOperator().getName().toUpperCase(Locale.ROOT);
    String column = column(call.operand(0));
    if (call.operandCount() != 2
        || !(name.equals("LIKE") || name.equals("NOT LIKE"))
        || typeOf(column, call.operand(0)) != Product.ColumnType.STRING) {
      throw unsupported(call, "a text column LIKE 'pattern'", call);
    }
    return "(%s %s %s)"
        .formatted(
            SqlText.name(column), name, value(call.operand(1), Product.ColumnType.STRING).sql());
  }

  /**
   * @param text as a key or a bound is told to people
   * @param sql as DuckDB reads it
   */
  private record Value(String text, String sql) {}

  private Value value(SqlNode node, Product.ColumnType type) {
    String source = source(node.getParserPosition());
    return switch (type) {
      case STRING -> {
        Matcher text = TEXT.matcher(source);
        if (!(node instanceof SqlLiteral) || !text.matches()) {
          throw unsupported(node, "a text such as 'abc'", source);
        }
        String plain = text.group(1).replace("''", "'");
        if (plain.chars().anyMatch(c -> c < 32)) {
          throw unsupported(node, "a text without control characters", "one with");
        }
        yield new Value(plain, SqlText.literal(plain));
      }
      case INTEGER, DECIMAL -> {
        String number = number(node, type);
        yield new Value(number, number);
      }
      case DATE -> {
        Matcher date = DATE.matcher(source);
        if (!(node instanceof SqlLiteral) || !date.matches()) {
          throw unsupported(node, "a date such as DATE '2026-12-31'", source);
        }
        try {
          String day = LocalDate.parse(date.group(1)).toString();
          yield new Value(day, "DATE " + SqlText.literal(day));
        } catch (DateTimeParseException e) {
          throw unsupported(node, "a date such as DATE '2026-12-31'", source);
        }
      }
      case BOOLEAN -> {
        if (!(node instanceof SqlLiteral literal)
            || !(literal.getValue() instanceof Boolean truth)) {
          throw unsupported(node, "TRUE or FALSE", source);
        }
        String word = truth ? "TRUE" : "FALSE";
        yield new Value(word, word);
      }
    };
  }

  private static String number(SqlNode node, Product.ColumnType type) {
    boolean negative = node.getKind() == SqlKind.MINUS_PREFIX;
    SqlNode digits = negative ? ((SqlCall) node).operand(0) : node;
    String expected = type == Product.ColumnType.INTEGER ? "an integer" : "a number";
    if (!(digits instanceof SqlNumericLiteral literal)
        || literal.bigDecimalValue() == null
        || literal.bigDecimalValue().precision() > 30
        || Math.abs(literal.bigDecimalValue().scale()) > 30) {
      throw unsupported(node, expected, node);
    }
    var value = negative ? literal.bigDecimalValue().negate() : literal.bigDecimalValue();
    if (type == Product.ColumnType.INTEGER
        && (value.stripTrailingZeros().scale() > 0 || value.toBigInteger().bitLength() > 53)) {
      throw unsupported(node, "an integer within 2^53", node);
    }
    return Fields.plain(value);
  }

  private String column(SqlNode node) {
    if (node instanceof SqlIdentifier identifier && !identifier.isStar()) {
      List<String> names = identifier.names;
      if (names.size() == 1) {
        return names.getFirst();
      }
      if (names.size() == 2 && names.getFirst().equals(tableAlias)) {
        return names.get(1);
      }
    }
    throw unsupported(node, "a column of " + table, node);
  }

  private Product.ColumnType typeOf(String column, SqlNode node) {
    return Inputs.column(parts, column, at(node.getParserPosition()));
  }

  /** What the analyst wrote there; positions count from 1, ends included. */
  private String source(SqlParserPos pos) {
    StringBuilder text = new StringBuilder();
    for (int line = pos.getLineNum(); line <= pos.getEndLineNum(); line++) {
      String whole = lines[line - 1];
      int from = line == pos.getLineNum() ? pos.getColumnNum() - 1 : 0;
      int to = line == pos.getEndLineNum() ? pos.getEndColumnNum() : whole.length();
      text.append(line == pos.getLineNum() ? "" : "\n").append(whole, from, to);
    }
    return text.toString();
  }

  private static void refuse(@Nullable SqlNode node, String expected) {
    if (node != null && !(node instanceof SqlNodeList list && list.isEmpty())) {
      throw unsupported(node, expected, node.getKind());
    }
  }

  private static ProblemException unsupported(SqlNode node, String expected, Object found) {
    return new ProblemException(
        ErrorCode.UNSUPPORTED_SQL,
        at(node.getParserPosition()),
        expected,
        found.toString().replace('\n', ' ').replace("`", ""));
  }

  private static String at(SqlParserPos pos) {
    return "what.sql %d:%d".formatted(pos.getLineNum(), pos.getColumnNum());
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }
}
