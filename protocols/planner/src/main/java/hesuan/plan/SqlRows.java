package hesuan.plan;

import hesuan.wire.ErrorCode;
import hesuan.wire.Product.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlUtil;
import org.apache.calcite.sql.fun.SqlBetweenOperator;
import org.apache.calcite.sql.fun.SqlCase;

/**
 * Expressions over one row, by an allow-list over the parsed tree: what is not named here is
 * refused at its place. All are total (no cast, division or function that could fail on a row, for
 * a failure would tell of that row), and are written out anew, so nothing of the analyst's text
 * reaches an engine as it was. Lists and terms are written sorted: another phrasing gives the same
 * text.
 */
final class SqlRows {
  private static final Pattern TEXT = Pattern.compile("'((?:[^']|'')*)'");
  private static final Pattern DATE = Pattern.compile("(?i)DATE\\s+'([^']*)'");
  private static final int DIGITS_MAX = 18;
  private static final int DECIMALS_MAX = 6;
  private static final BigInteger HUGE = BigInteger.ONE.shiftLeft(127).subtract(BigInteger.ONE);
  private static final BigInteger DOUBLE = BigInteger.ONE.shiftLeft(1000);

  /** The names in reach: columns by the alias of their table. */
  record Scope(Map<String, Map<String, RowValue>> tables) {
    Scope {
      Map<String, Map<String, RowValue>> copy = new TreeMap<>();
      tables.forEach((alias, columns) -> copy.put(alias, new TreeMap<>(columns)));
      tables = copy;
    }
  }

  /** A literal: as a key or a bound is told to people, and as DuckDB reads it. */
  record Literal(ColumnType type, String text, String sql) {}

  private final SqlSource source;

  SqlRows(SqlSource source) {
    this.source = source;
  }

  RowValue value(SqlNode node, Scope scope) {
    if (node instanceof SqlIdentifier identifier) {
      return column(identifier, scope);
    }
    Optional<Literal> literal = literal(node);
    if (literal.isPresent()) {
      return constant(literal.get());
    }
    if (!(node instanceof SqlCall call)) {
      throw source.unsupported(node, "column, literal, + - *, CASE, COALESCE, DATE_TRUNC, EXTRACT");
    }
    return switch (call.getKind()) {
      case PLUS, MINUS, TIMES -> arithmetic(call, scope);
      case DIVIDE -> quotient(call, scope);
      case MINUS_PREFIX -> negative(call, scope);
      case CASE -> cases((SqlCase) call, scope);
      case FLOOR -> floor(call, scope);
      case EXTRACT -> part(call, scope);
      default -> function(call, scope);
    };
  }

  private RowValue function(SqlCall call, Scope scope) {
    String name = call.getOperator().getName().toUpperCase(Locale.ROOT);
    if (call.getFunctionQuantifier() == null) {
      switch (name) {
        case "DATE_TRUNC" -> {
          return truncated(call, scope);
        }
        case "COALESCE" -> {
          return coalesce(call, scope);
        }
        default -> {}
      }
    }
    return predicate(call, scope);
  }

  private RowValue column(SqlIdentifier identifier, Scope scope) {
    List<String> names = identifier.names;
    if (identifier.isStar() || names.size() > 2) {
      throw source.unsupported(identifier, "column, or table.column");
    }
    String name = names.getLast();
    List<RowValue> found = new ArrayList<>();
    scope.tables.forEach(
        (alias, columns) -> {
          if ((names.size() == 1 || names.getFirst().equals(alias)) && columns.containsKey(name)) {
            found.add(columns.get(name));
          }
        });
    if (found.size() == 1) {
      return found.getFirst();
    }
    if (names.size() == 2 && !scope.tables.containsKey(names.getFirst())) {
      throw source.unsupported(identifier, "one of the tables " + scope.tables.keySet());
    }
    List<String> known = new ArrayList<>();
    scope.tables.forEach(
        (alias, columns) -> columns.keySet().forEach(c -> known.add(alias + "." + c)));
    throw source.refused(
        ErrorCode.UNKNOWN_COLUMN, identifier, (found.isEmpty() ? "one of " : "which of ") + known);
  }

  private static RowValue constant(Literal literal) {
    RowValue value = RowValue.of(literal.sql, literal.type, Set.of());
    RowValue bounded =
        value.isNumber()
            ? value.withMost(
                new BigDecimal(literal.text).abs().setScale(0, RoundingMode.UP).toBigInteger())
            : value;
    return bounded.withValues(List.of(literal.text));
  }

  private RowValue number(SqlNode node, Scope scope) {
    RowValue value = value(node, scope);
    if (!value.isNumber()) {
      throw source.refused(ErrorCode.WRONG_TYPE, node, "a number");
    }
    return value;
  }

  private RowValue arithmetic(SqlCall call, Scope scope) {
    if (call.operandCount() != 2) {
      throw source.unsupported(call, "number + number");
    }
    RowValue left = number(call.operand(0), scope);
    RowValue right = number(call.operand(1), scope);
    BigInteger most =
        call.getKind() == SqlKind.TIMES
            ? left.most().multiply(right.most())
            : left.most().add(right.most());
    String operator =
        switch (call.getKind()) {
          case PLUS -> "+";
          case MINUS -> "-";
          default -> "*";
        };
    return arithmetic(call, List.of(left, right), operator, most);
  }

  private RowValue arithmetic(
      SqlNode at, List<RowValue> operands, String operator, BigInteger most) {
    boolean integers = operands.stream().allMatch(o -> o.type() == ColumnType.INTEGER);
    if (most.compareTo(integers ? HUGE : DOUBLE) > 0) {
      throw source.refused(
          ErrorCode.SUM_TOO_LARGE, at, integers ? "integers below 2^127" : "numbers below 2^1000");
    }
    String sql =
        operands.stream()
            .map(o -> integers ? o.wide() : o.real())
            .collect(Collectors.joining(" " + operator + " ", "(", ")"));
    return RowValue.of(
            sql, integers ? ColumnType.INTEGER : ColumnType.DECIMAL, RowValue.columnsOf(operands))
        .withMost(most)
        .computed();
  }

  /** By a number that stands there: a column might be zero on one row. */
  private RowValue quotient(SqlCall call, Scope scope) {
    RowValue dividend = number(call.operand(0), scope);
    Literal divisor =
        literal(call.operand(1))
            .filter(l -> l.type == ColumnType.INTEGER || l.type == ColumnType.DECIMAL)
            .filter(l -> new BigDecimal(l.text).signum() != 0)
            .orElseThrow(() -> source.unsupported(call.operand(1), "value / number other than 0"));
    BigInteger most = dividend.most().multiply(BigInteger.TEN.pow(DECIMALS_MAX));
    if (most.compareTo(DOUBLE) > 0) {
      throw source.refused(ErrorCode.SUM_TOO_LARGE, call, "numbers below 2^1000");
    }
    return RowValue.of(
            "(%s / CAST(%s AS DOUBLE))".formatted(dividend.real(), divisor.sql),
            ColumnType.DECIMAL,
            dividend.columns())
        .withMost(most)
        .computed();
  }

  private RowValue negative(SqlCall call, Scope scope) {
    RowValue value = number(call.operand(0), scope);
    return RowValue.of("(- " + value.wide() + ")", value.type(), value.columns())
        .withMost(value.most())
        .computed();
  }

  private RowValue cases(SqlCase call, Scope scope) {
    List<RowValue> conditions = new ArrayList<>();
    List<RowValue> outcomes = new ArrayList<>();
    for (SqlNode when : call.getWhenOperands()) {
      conditions.add(predicate(when, scope));
    }
    for (SqlNode then : call.getThenOperands()) {
      outcomes.add(value(then, scope));
    }
    SqlNode otherwise = call.getElseOperand();
    boolean orNull = otherwise == null || SqlUtil.isNullLiteral(otherwise, false);
    if (!orNull && otherwise != null) {
      outcomes.add(value(otherwise, scope));
    }
    Outcomes unified = unified(call, outcomes);
    StringBuilder sql = new StringBuilder("CASE");
    for (int i = 0; i < conditions.size(); i++) {
      sql.append(" WHEN ").append(conditions.get(i).sql());
      sql.append(" THEN ").append(unified.sql.get(i));
    }
    sql.append(orNull ? "" : " ELSE " + unified.sql.getLast()).append(" END");
    List<RowValue> parts = new ArrayList<>(conditions);
    parts.addAll(outcomes);
    return unified.value(sql.toString(), parts, outcomes);
  }

  private RowValue coalesce(SqlCall call, Scope scope) {
    if (call.operandCount() < 2) {
      throw source.unsupported(call, "COALESCE(value, other)");
    }
    List<RowValue> values = call.getOperandList().stream().map(o -> value(o, scope)).toList();
    Outcomes unified = unified(call, values);
    return unified.value("coalesce(" + String.join(", ", unified.sql) + ")", values, values);
  }

  /** Outcomes of one type; mixed numbers become doubles. */
  private record Outcomes(ColumnType type, List<String> sql) {
    RowValue value(String text, List<RowValue> parts, List<RowValue> outcomes) {
      Set<String> all = new TreeSet<>();
      for (RowValue outcome : outcomes) {
        if (outcome.values() == null) {
          return bounded(RowValue.of(text, type, RowValue.columnsOf(parts)), outcomes);
        }
        all.addAll(outcome.values());
      }
      return bounded(RowValue.of(text, type, RowValue.columnsOf(parts)), outcomes)
          .withValues(List.copyOf(all));
    }

    private static RowValue bounded(RowValue value, List<RowValue> outcomes) {
      BigInteger most = BigInteger.ZERO;
      for (RowValue outcome : outcomes) {
        most = most.max(outcome.most());
      }
      return value.withMost(most).computed();
    }
  }

  private Outcomes unified(SqlNode at, List<RowValue> outcomes) {
    Set<ColumnType> types = new TreeSet<>();
    outcomes.forEach(o -> types.add(o.type()));
    if (types.equals(Set.of(ColumnType.INTEGER, ColumnType.DECIMAL))
        || types.equals(Set.of(ColumnType.DECIMAL))) {
      return new Outcomes(ColumnType.DECIMAL, outcomes.stream().map(RowValue::real).toList());
    }
    if (types.equals(Set.of(ColumnType.INTEGER))) {
      return new Outcomes(ColumnType.INTEGER, outcomes.stream().map(RowValue::wide).toList());
    }
    if (types.size() != 1) {
      throw source.refused(ErrorCode.WRONG_TYPE, at, "outcomes of one type, not " + types);
    }
    return new Outcomes(types.iterator().next(), outcomes.stream().map(RowValue::sql).toList());
  }

  private RowValue floor(SqlCall call, Scope scope) {
    if (call.operandCount() == 2 && call.operand(1) instanceof SqlIntervalQualifier unit) {
      return truncated(call, value(call.operand(0), scope), unit.toString());
    }
    throw source.unsupported(call, "FLOOR(date TO MONTH)");
  }

  private RowValue truncated(SqlCall call, Scope scope) {
    String expected = "DATE_TRUNC('month', date), or 'week', 'quarter', 'year'";
    if (call.operandCount() != 2) {
      throw source.unsupported(call, expected);
    }
    if (call.operand(1) instanceof SqlIntervalQualifier unit) {
      return truncated(call, value(call.operand(0), scope), unit.toString());
    }
    Literal unit =
        literal(call.operand(0))
            .filter(l -> l.type == ColumnType.STRING)
            .orElseThrow(() -> source.unsupported(call, expected));
    return truncated(call, value(call.operand(1), scope), unit.text);
  }

  private RowValue truncated(SqlCall call, RowValue date, String word) {
    if (date.type() != ColumnType.DATE) {
      throw source.refused(ErrorCode.WRONG_TYPE, call, "a DATE to truncate");
    }
    DateUnit unit =
        DateUnit.of(word)
            .orElseThrow(() -> source.unsupported(call, "a unit of " + List.of(DateUnit.values())));
    RowValue floor =
        RowValue.of(
            "CAST(date_trunc('%s', %s) AS DATE)"
                .formatted(unit.name().toLowerCase(Locale.ROOT), date.sql()),
            ColumnType.DATE,
            date.columns());
    RowValue.Day day = date.day();
    return day != null && day.unit() == DateUnit.DAY
        ? floor.withDay(new RowValue.Day(day.column(), unit))
        : floor;
  }

  private RowValue part(SqlCall call, Scope scope) {
    RowValue date = value(call.operand(1), scope);
    String part = call.operand(0).toString().toUpperCase(Locale.ROOT);
    boolean known = part.equals("YEAR") || DateUnit.partValues(part).isPresent();
    if (date.type() != ColumnType.DATE || !known) {
      throw source.unsupported(call, "EXTRACT(YEAR, QUARTER, MONTH, DAY or ISODOW FROM date)");
    }
    return RowValue.of(
            "date_part('%s', %s)".formatted(part.toLowerCase(Locale.ROOT), date.sql()),
            ColumnType.INTEGER,
            date.columns())
        .withMost(BigInteger.TEN.pow(7))
        .withValues(DateUnit.partValues(part).orElse(null));
  }

  /** True, false or unknown for every row. */
  RowValue predicate(SqlNode node, Scope scope) {
    if (node instanceof SqlIdentifier) {
      RowValue column = value(node, scope);
      if (column.type() == ColumnType.BOOLEAN) {
        return column;
      }
      throw source.unsupported(node, "a predicate");
    }
    if (!(node instanceof SqlCall call)) {
      throw source.unsupported(node, "a predicate");
    }
    return switch (call.getKind()) {
      case AND, OR -> {
        List<RowValue> terms =
            terms(call, call.getKind()).stream().map(t -> predicate(t, scope)).toList();
        yield truth(
            terms.stream()
                .map(RowValue::sql)
                .distinct()
                .sorted()
                .collect(Collectors.joining(" " + call.getKind() + " ", "(", ")")),
            terms);
      }
      case NOT -> {
        RowValue term = predicate(call.operand(0), scope);
        yield truth("(NOT " + term.sql() + ")", List.of(term));
      }
      case EQUALS -> comparison(call, "=", scope);
      case NOT_EQUALS -> comparison(call, "<>", scope);
      case LESS_THAN -> comparison(call, "<", scope);
      case LESS_THAN_OR_EQUAL -> comparison(call, "<=", scope);
      case GREATER_THAN -> comparison(call, ">", scope);
      case GREATER_THAN_OR_EQUAL -> comparison(call, ">=", scope);
      case IS_NULL, IS_NOT_NULL -> {
        RowValue value = value(call.operand(0), scope);
        requireOfRow(call, List.of(value));
        yield truth(
            "(%s %s)"
                .formatted(
                    value.sql(), call.getKind() == SqlKind.IS_NULL ? "IS NULL" : "IS NOT NULL"),
            List.of(value));
      }
      case IN, NOT_IN -> membership(call, scope);
      case BETWEEN -> between(call, scope);
      case LIKE -> like(call, scope);
      default ->
          throw source.unsupported(
              node, "=, <>, <, <=, >, >=, BETWEEN, IN, LIKE, IS NULL, AND, OR or NOT");
    };
  }

  /** A chain of thousands of AND is one list; to recurse into it would need as deep a stack. */
  static List<SqlNode> terms(SqlNode node, SqlKind kind) {
    List<SqlNode> terms = new ArrayList<>();
    Deque<SqlNode> left = new ArrayDeque<>(List.of(node));
    while (!left.isEmpty()) {
      SqlNode next = left.pop();
      if (next instanceof SqlCall call && call.getKind() == kind) {
        call.getOperandList().reversed().forEach(left::push);
      } else {
        terms.add(next);
      }
    }
    return terms;
  }

  private static RowValue truth(String sql, List<RowValue> parts) {
    return RowValue.of(sql, ColumnType.BOOLEAN, RowValue.columnsOf(parts));
  }

  private RowValue comparison(SqlCall call, String operator, Scope scope) {
    RowValue left = value(call.operand(0), scope);
    RowValue right = value(call.operand(1), scope);
    requireOneType(call.operand(1), left, right);
    requireOfRow(call, List.of(left, right));
    return truth("(%s %s %s)".formatted(left.sql(), operator, right.sql()), List.of(left, right));
  }

  /** An integer stands for a decimal where it is written out. */
  private void requireOneType(SqlNode at, RowValue one, RowValue other) {
    boolean literal = one.columns().isEmpty() || other.columns().isEmpty();
    boolean alike =
        one.type() == other.type()
            || literal
                && one.isNumber()
                && other.isNumber()
                && (one.columns().isEmpty() ? one : other).type() == ColumnType.INTEGER;
    if (!alike) {
      throw source.unsupported(at, "a value of type " + one.type() + ", as on the left");
    }
  }

  private void requireOfRow(SqlNode at, List<RowValue> values) {
    if (RowValue.columnsOf(values).isEmpty()
        && values.stream().noneMatch(v -> v.sql().contains("\""))) {
      throw source.unsupported(at, "a predicate on a column");
    }
  }

  private RowValue membership(SqlCall call, Scope scope) {
    RowValue value = value(call.operand(0), scope);
    requireOfRow(call, List.of(value));
    String list =
        literals(call, value).stream()
            .map(Literal::sql)
            .distinct()
            .sorted()
            .collect(Collectors.joining(", "));
    return truth(
        "(%s %s (%s))".formatted(value.sql(), call.getKind() == SqlKind.IN ? "IN" : "NOT IN", list),
        List.of(value));
  }

  /** The literals of an IN list, of the value's type. */
  List<Literal> literals(SqlCall in, RowValue value) {
    if (!(in.operand(1) instanceof SqlNodeList list) || list.isEmpty()) {
      throw source.unsupported(in, "IN (literal, ...)");
    }
    List<Literal> literals = new ArrayList<>();
    for (SqlNode node : list) {
      Literal literal =
          literal(node)
              .orElseThrow(() -> source.unsupported(node, "a literal of type " + value.type()));
      requireOneType(node, value, constant(literal));
      literals.add(literal);
    }
    return literals;
  }

  private RowValue between(SqlCall call, Scope scope) {
    if (!(call.getOperator() instanceof SqlBetweenOperator operator)
        || operator.flag != SqlBetweenOperator.Flag.ASYMMETRIC) {
      throw source.unsupported(call, "BETWEEN low AND high");
    }
    List<RowValue> values = call.getOperandList().stream().map(o -> value(o, scope)).toList();
    requireOneType(call.operand(1), values.get(0), values.get(1));
    requireOneType(call.operand(2), values.get(0), values.get(2));
    requireOfRow(call, values);
    return truth(
        "(%s %s %s AND %s)"
            .formatted(
                values.get(0).sql(),
                operator.isNegated() ? "NOT BETWEEN" : "BETWEEN",
                values.get(1).sql(),
                values.get(2).sql()),
        values);
  }

  private RowValue like(SqlCall call, Scope scope) {
    String name = call.getOperator().getName().toUpperCase(Locale.ROOT);
    RowValue value = value(call.operand(0), scope);
    Optional<Literal> pattern = literal(call.operand(1)).filter(l -> l.type == ColumnType.STRING);
    if (call.operandCount() != 2
        || !(name.equals("LIKE") || name.equals("NOT LIKE"))
        || value.type() != ColumnType.STRING
        || pattern.isEmpty()) {
      throw source.unsupported(call, "text LIKE 'pattern'");
    }
    requireOfRow(call, List.of(value));
    return truth("(%s %s %s)".formatted(value.sql(), name, pattern.get().sql), List.of(value));
  }

  /** A literal, read from the analyst's own text; anything else is none. */
  Optional<Literal> literal(SqlNode node) {
    boolean negative = node.getKind() == SqlKind.MINUS_PREFIX;
    SqlNode digits = negative ? ((SqlCall) node).operand(0) : node;
    if (digits instanceof SqlNumericLiteral literal) {
      return Optional.of(number(node, negative, literal));
    }
    if (!(node instanceof SqlLiteral literal) || SqlUtil.isNullLiteral(node, false)) {
      return Optional.empty();
    }
    if (literal.getValue() instanceof Boolean truth) {
      String word = truth ? "true" : "false";
      return Optional.of(new Literal(ColumnType.BOOLEAN, word, word.toUpperCase(Locale.ROOT)));
    }
    String written = source.text(node);
    Matcher text = TEXT.matcher(written);
    if (text.matches()) {
      String plain = text.group(1).replace("''", "'");
      if (plain.chars().anyMatch(c -> c < 32)) {
        throw source.unsupported(node, "a text without control characters");
      }
      return Optional.of(new Literal(ColumnType.STRING, plain, SqlText.literal(plain)));
    }
    Matcher date = DATE.matcher(written);
    if (date.matches()) {
      try {
        String day = LocalDate.parse(date.group(1)).toString();
        return Optional.of(new Literal(ColumnType.DATE, day, "DATE " + SqlText.literal(day)));
      } catch (DateTimeParseException e) {
        throw source.unsupported(node, "a date such as DATE '2026-12-31'");
      }
    }
    throw source.unsupported(node, "'text', 1.5, DATE '2026-12-31', TRUE or FALSE");
  }

  private Literal number(SqlNode node, boolean negative, SqlNumericLiteral literal) {
    BigDecimal digits = literal.bigDecimalValue();
    if (digits == null
        || digits.scale() > DECIMALS_MAX
        || digits.scale() < -DIGITS_MAX
        || digits.precision() - digits.scale() > DIGITS_MAX) {
      throw source.unsupported(
          node, "a number of at most %d digits, %d decimals".formatted(DIGITS_MAX, DECIMALS_MAX));
    }
    BigDecimal value = negative ? digits.negate() : digits;
    boolean integer = source.text(node).matches("[-\\s]*[0-9]+");
    if (integer && value.toBigInteger().bitLength() > 53) {
      throw source.unsupported(node, "an integer within 2^53");
    }
    String text = integer ? value.toBigInteger().toString() : decimal(value);
    String sql = value.signum() < 0 ? "(" + text + ")" : text;
    return new Literal(integer ? ColumnType.INTEGER : ColumnType.DECIMAL, text, sql);
  }

  /** With the decimals that were written: in CLAMP they say how finely a value is summed. */
  private static String decimal(BigDecimal value) {
    return (value.scale() < 1 ? value.setScale(1) : value).toPlainString();
  }
}
