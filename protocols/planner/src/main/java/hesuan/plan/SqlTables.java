package hesuan.plan;

import hesuan.wire.Disclosure;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.Product;
import hesuan.wire.Product.ColumnType;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSelectKeyword;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.jspecify.annotations.Nullable;

/**
 * WITH, FROM, JOIN and WHERE: which rows there are, whose each one is, and what is public about
 * their values. The owners' part is called {@code "@part"} and has the person in {@code "@unit"};
 * no name of an owner or analyst can hold an {@code @}.
 */
final class SqlTables {
  static final String UNIT = "\"@unit\"";
  private static final String PART = "\"@part\"";
  private static final int PUBLIC_ROWS_MAX = 10_000;
  private static final int DAYS_MAX = 40_000;
  private static final BigInteger HUGE = BigInteger.ONE.shiftLeft(127).subtract(BigInteger.ONE);

  /** What a name in FROM stands for. */
  private sealed interface Table {}

  private record Private(String sql, Map<String, RowValue> columns) implements Table {
    Private {
      columns = new TreeMap<>(columns);
    }
  }

  /**
   * @param rows literals by row and column
   */
  private record Public(List<String> columns, List<List<SqlRows.Literal>> rows) implements Table {
    Public {
      columns = List.copyOf(columns);
      rows = rows.stream().map(List::copyOf).toList();
    }

    ColumnType type(int column) {
      return rows.getFirst().get(column).type();
    }

    List<String> values(int column) {
      return rows.stream().map(r -> r.get(column).text()).distinct().toList();
    }
  }

  /**
   * FROM and WHERE, compiled.
   *
   * @param listed by an expression's text, the values to which WHERE restricts it
   * @param joined by a public column's text, the public table: several keys of one table have only
   *     its rows as groups
   */
  record Rows(
      String from,
      SqlRows.Scope scope,
      String where,
      Map<String, List<String>> listed,
      Map<String, LocalDate[]> days,
      Map<String, Joined> joined) {}

  /** A column of a public table. */
  record Joined(int table, int column, List<List<String>> rows) {
    Joined {
      rows = rows.stream().map(List::copyOf).toList();
    }
  }

  private final SqlSource source;
  private final SqlRows rows;
  private final JobSpec job;
  private final Inputs inputs;
  private final Map<String, Table> named = new HashMap<>();
  private final Set<Plan.Read> reads = new LinkedHashSet<>();
  private List<Product> parts = List.of();
  private String unit;
  private int publicTables;

  SqlTables(SqlSource source, JobSpec job, Inputs inputs) {
    this.source = source;
    this.rows = new SqlRows(source);
    this.job = job;
    this.inputs = inputs;
    this.unit = job.privacy().unit();
  }

  /**
   * One of two tables that are joined on the person: whole, at one owner.
   *
   * @param terms of WHERE, those about this table
   */
  Rows side(String alias, Product product, List<SqlNode> terms) {
    parts = List.of(product);
    unit = product.id().column();
    SqlRows.Scope scope = new SqlRows.Scope(Map.of(alias, columns()));
    Map<String, List<String>> listed = new TreeMap<>();
    Map<String, LocalDate[]> days = new TreeMap<>();
    List<String> predicates = new ArrayList<>();
    for (SqlNode term : terms) {
      RowValue truth = rows.predicate(term, scope);
      read(truth, term);
      learn(term, scope, listed, days);
      predicates.add(truth.sql());
    }
    String where = predicates.stream().distinct().sorted().collect(Collectors.joining(" AND "));
    return new Rows(
        PART + " AS \"@t\"",
        scope,
        where.isEmpty() ? "TRUE" : where,
        listed,
        days,
        new TreeMap<>());
  }

  private Map<String, RowValue> columns() {
    Map<String, RowValue> columns = new TreeMap<>();
    for (Product.Column column : parts.getFirst().columns()) {
      if (parts.stream().allMatch(p -> p.column(column.name()).isPresent())) {
        ColumnType type = Inputs.column(parts, column.name(), "inputs");
        columns.put(column.name(), ofColumn(column.name(), type));
      }
    }
    return columns;
  }

  SqlRows rows() {
    return rows;
  }

  /** The table that the query is about; known once its FROM was read. */
  List<Product> parts() {
    return parts;
  }

  /** Most rows of one part, by what their owners published. */
  long rowsMax() {
    return parts.stream().mapToLong(p -> Math.max(1, p.rows())).max().orElse(1);
  }

  void read(RowValue value, SqlNode at) {
    value.columns().stream()
        .sorted()
        .forEach(c -> reads.add(new Plan.Read(c, Disclosure.AGGREGATE, source.place(at))));
  }

  /** Every use of a column so far; the unit is used to bound with. */
  List<Plan.Read> reads() {
    List<Plan.Read> all = new ArrayList<>();
    all.add(new Plan.Read(unit, Disclosure.COMPUTE, "privacy.unit"));
    all.addAll(reads);
    return all;
  }

  void with(SqlWith with) {
    for (SqlNode node : with.withList) {
      SqlWithItem item = (SqlWithItem) node;
      String name = item.name.getSimple();
      if (item.recursive.booleanValue()) {
        throw source.unsupported(item.name, "WITH without RECURSIVE");
      }
      if (named.containsKey(name) || job.inputs().containsKey(name)) {
        throw source.unsupported(item.name, "a name of its own");
      }
      named.put(name, cte(item));
    }
  }

  private Table cte(SqlWithItem item) {
    if (item.query instanceof SqlCall values && values.getKind() == SqlKind.VALUES) {
      return table(item, values);
    }
    if (!(item.query instanceof SqlSelect select)) {
      throw source.unsupported(item.query, "SELECT ... FROM ..., or VALUES (...), (...)");
    }
    if (item.columnList != null) {
      throw source.unsupported(item.columnList, "names in the SELECT: expression AS name");
    }
    plain(select);
    if (select.getHaving() != null) {
      throw source.unsupported(select.getHaving(), "HAVING in the last SELECT only");
    }
    Rows from = from(select);
    return select.getGroup() == null ? selected(select, from) : perPerson(select, from);
  }

  /** What no SELECT here has, at any level. */
  void plain(SqlSelect select) {
    refuse(select.hasHints() ? select : null, "SELECT without hint");
    refuse(select.isDistinct() ? select : null, "SELECT without DISTINCT");
    refuse(select.getModifierNode(SqlSelectKeyword.ALL), "SELECT without ALL");
    refuse(select.getQualify(), "no QUALIFY");
    refuse(select.getOrderList(), "ORDER BY in the last SELECT only");
    refuse(select.getOffset(), "OFFSET in the last SELECT only");
    refuse(select.getFetch(), "LIMIT in the last SELECT only");
    SqlNodeList windows = select.getWindowList();
    refuse(windows.isEmpty() ? null : windows, "no WINDOW");
  }

  private void refuse(@Nullable SqlNode node, String expected) {
    if (node != null && !(node instanceof SqlNodeList list && list.isEmpty())) {
      throw source.unsupported(node, expected);
    }
  }

  private Table table(SqlWithItem item, SqlCall values) {
    if (item.columnList == null || item.columnList.isEmpty()) {
      throw source.unsupported(item.name, item.name + "(column, ...) AS (VALUES ...)");
    }
    List<String> columns =
        item.columnList.stream().map(c -> ((SqlIdentifier) c).getSimple()).toList();
    if (new HashSet<>(columns).size() != columns.size()) {
      throw source.unsupported(item.columnList, "each column once");
    }
    if (values.operandCount() > PUBLIC_ROWS_MAX) {
      throw source.refused(ErrorCode.TOO_LARGE, item.name, PUBLIC_ROWS_MAX + " rows at most");
    }
    List<List<SqlRows.Literal>> table = new ArrayList<>();
    for (SqlNode node : values.getOperandList()) {
      List<SqlRows.Literal> row = new ArrayList<>();
      for (SqlNode cell : ((SqlCall) node).getOperandList()) {
        row.add(rows.literal(cell).orElseThrow(() -> source.unsupported(cell, "a literal")));
      }
      boolean alike = row.size() == columns.size();
      for (int c = 0; alike && !table.isEmpty() && c < row.size(); c++) {
        alike = row.get(c).type() == table.getFirst().get(c).type();
      }
      if (!alike) {
        throw source.unsupported(
            node, "values of the columns " + columns + ", typed like the first row");
      }
      table.add(row);
    }
    return new Public(columns, table);
  }

  private Private selected(SqlSelect select, Rows from) {
    Map<String, RowValue> columns = new TreeMap<>();
    StringBuilder sql = new StringBuilder("SELECT ").append(UNIT);
    for (SqlNode item : select.getSelectList()) {
      SqlNode expression = expression(item);
      String name = name(item, expression);
      RowValue value = rows.value(expression, from.scope);
      if (columns.put(name, known(value, from).named(name)) != null) {
        throw source.unsupported(item, "each name once");
      }
      sql.append(", ").append(value.sql()).append(" AS ").append(SqlText.name(name));
    }
    sql.append(" FROM ").append(from.from).append(" WHERE ").append(from.where);
    return new Private("(" + sql + ")", columns);
  }

  /** With what WHERE says about it. */
  RowValue known(RowValue value, Rows from) {
    List<String> listed = from.listed.get(value.sql());
    if (listed != null) {
      return value.withValues(listed);
    }
    RowValue.Day day = value.day();
    LocalDate[] range = day == null ? null : from.days.get(day.column());
    if (day == null || range == null || range[0] == null || range[1] == null) {
      return value;
    }
    List<String> days = new ArrayList<>();
    for (LocalDate d = day.unit().floor(range[0]); !d.isAfter(range[1]); d = day.unit().next(d)) {
      days.add(d.toString());
      if (days.size() > DAYS_MAX) {
        return value;
      }
    }
    return days.isEmpty() ? value : value.withValues(days);
  }

  private Private perPerson(SqlSelect select, Rows from) {
    SqlNodeList group = select.getGroup();
    boolean byUnit =
        group != null && group.size() == 1 && rows.value(group.get(0), from.scope).unit();
    if (!byUnit) {
      throw source.unsupported(
          group == null ? select : group,
          "GROUP BY " + job.privacy().unit() + ": one row of each person");
    }
    Map<String, RowValue> columns = new TreeMap<>();
    StringBuilder sql = new StringBuilder("SELECT ").append(UNIT);
    for (SqlNode item : select.getSelectList()) {
      SqlNode expression = expression(item);
      String name = name(item, expression);
      RowValue value =
          expression instanceof SqlIdentifier
              ? rows.value(expression, from.scope)
              : ofPerson(expression, from);
      if (expression instanceof SqlIdentifier && !value.unit()) {
        throw source.unsupported(expression, "SUM, COUNT, MIN or MAX of " + expression);
      }
      String text = value.unit() ? "min(" + value.sql() + ")" : value.sql();
      if (columns.put(name, value.named(name)) != null) {
        throw source.unsupported(item, "each name once");
      }
      sql.append(", ").append(text).append(" AS ").append(SqlText.name(name));
    }
    sql.append(" FROM ").append(from.from).append(" WHERE ").append(from.where);
    return new Private("(" + sql.append(" GROUP BY ").append(UNIT) + ")", columns);
  }

  private RowValue ofPerson(SqlNode node, Rows from) {
    String expected =
        "COUNT(*), COUNT(value), SUM(value), MIN(value) or MAX(value) of a person's rows";
    if (!(node instanceof SqlBasicCall call)
        || call.operandCount() != 1
        || call.getFunctionQuantifier() != null) {
      throw source.unsupported(node, expected);
    }
    BigInteger count = BigInteger.valueOf(rowsMax());
    String function = call.getOperator().getName().toUpperCase(Locale.ROOT);
    if (call.operand(0) instanceof SqlIdentifier star && star.isStar()) {
      if (!function.equals("COUNT")) {
        throw source.unsupported(node, expected);
      }
      return RowValue.of("count(*)", ColumnType.INTEGER, Set.of()).withMost(count);
    }
    RowValue value = rows.value(call.operand(0), from.scope);
    return switch (function) {
      case "COUNT" ->
          RowValue.of("count(%s)".formatted(value.sql()), ColumnType.INTEGER, value.columns())
              .withMost(count);
      case "MIN", "MAX" -> {
        RowValue end =
            RowValue.of(
                    "%s(%s)".formatted(function.toLowerCase(Locale.ROOT), value.sql()),
                    value.type(),
                    value.columns())
                .withMost(value.most());
        yield value.floating() ? end.computed() : end;
      }
      case "SUM" -> sumOfPerson(call, value, value.most().multiply(count));
      default -> throw source.unsupported(node, expected);
    };
  }

  /** Exact, so that it does not depend on the order of the rows: no sum of doubles. */
  private RowValue sumOfPerson(SqlNode at, RowValue value, BigInteger most) {
    if (!value.isNumber() || value.floating()) {
      throw source.unsupported(at, "SUM of integers, or of a DECIMAL column as it is");
    }
    if (most.compareTo(HUGE) > 0) {
      throw source.refused(ErrorCode.SUM_TOO_LARGE, at, "rows x largest value below 2^127");
    }
    String sum = "sum(%s)".formatted(value.sql());
    return RowValue.of(
            value.type() == ColumnType.INTEGER ? sum : "CAST(%s AS DOUBLE)".formatted(sum),
            value.type(),
            value.columns())
        .withMost(most)
        .computed();
  }

  static SqlNode expression(SqlNode item) {
    return item instanceof SqlBasicCall call && call.getKind() == SqlKind.AS
        ? call.operand(0)
        : item;
  }

  String name(SqlNode item, SqlNode expression) {
    String name =
        item instanceof SqlBasicCall call && call.getKind() == SqlKind.AS
            ? call.operand(1).toString()
            : expression instanceof SqlIdentifier column && !column.isStar()
                ? column.names.getLast()
                : "";
    if (!SqlReader.NAME.matcher(name).matches()) {
      throw source.unsupported(item, "a name: " + source.quote(expression) + " AS name");
    }
    return name;
  }

  Rows from(SqlSelect select) {
    SqlNode from = select.getFrom();
    if (from == null) {
      throw source.unsupported(select, "FROM one input");
    }
    List<SqlJoin> joins = new ArrayList<>();
    SqlNode left = from;
    while (left instanceof SqlJoin join) {
      joins.addFirst(join);
      left = join.getLeft();
    }
    Map<String, Map<String, RowValue>> tables = new TreeMap<>();
    String alias = alias(left);
    if (!(table(left) instanceof Private first)) {
      throw source.unsupported(left, "an input, or rows of one, first");
    }
    tables.put(alias, first.columns);
    StringBuilder text = new StringBuilder(first.sql).append(" AS \"@t\"");
    Map<String, Joined> joined = new TreeMap<>();
    for (SqlJoin join : joins) {
      join(join, tables, text, joined);
    }
    SqlRows.Scope scope = new SqlRows.Scope(tables);
    Map<String, List<String>> listed = new TreeMap<>();
    Map<String, LocalDate[]> days = new TreeMap<>();
    SqlNode where = select.getWhere();
    String predicate = "TRUE";
    if (where != null) {
      RowValue truth = rows.predicate(where, scope);
      for (SqlNode term : SqlRows.terms(where, SqlKind.AND)) {
        read(rows.predicate(term, scope), term);
        learn(term, scope, listed, days);
      }
      predicate = truth.sql();
    }
    return new Rows(text.toString(), scope, predicate, listed, days, joined);
  }

  static String alias(SqlNode node) {
    SqlNode name =
        node instanceof SqlBasicCall as && as.getKind() == SqlKind.AS ? as.operand(1) : node;
    return name instanceof SqlIdentifier identifier && identifier.isSimple()
        ? identifier.getSimple()
        : "";
  }

  private Table table(SqlNode node) {
    SqlNode of = node;
    if (node instanceof SqlBasicCall as && as.getKind() == SqlKind.AS) {
      if (as.operandCount() != 2) {
        throw source.unsupported(node, "table AS alias");
      }
      of = as.operand(0);
    }
    if (!(of instanceof SqlIdentifier name) || !name.isSimple()) {
      throw source.unsupported(node, "an input, or a name of WITH");
    }
    Table known = named.get(name.getSimple());
    if (known != null) {
      return known;
    }
    if (!job.inputs().containsKey(name.getSimple())) {
      throw source.unsupported(
          name, "one of the inputs " + job.inputs().keySet() + ", or a name of WITH");
    }
    List<Product> found =
        Inputs.ofDifferentOwners(inputs.table(name.getSimple(), SqlSource.at(name)), 2);
    if (!parts.isEmpty() && !parts.equals(found)) {
      throw source.unsupported(name, "one input; another is joined only as VALUES");
    }
    parts = found;
    Inputs.onePrivacyUnit(job, parts, true);
    return new Private(PART, columns());
  }

  private RowValue ofColumn(String name, ColumnType type) {
    RowValue value = RowValue.of(SqlText.name(name), type, Set.of(name));
    return switch (type) {
      case DATE -> value.withDay(new RowValue.Day(name, DateUnit.DAY));
      case BOOLEAN -> value.withValues(List.of("false", "true"));
      case STRING, INTEGER, DECIMAL -> name.equals(unit) ? value.asUnit() : value;
    };
  }

  private void join(
      SqlJoin join,
      Map<String, Map<String, RowValue>> tables,
      StringBuilder text,
      Map<String, Joined> joined) {
    String expected = "JOIN publicTable ON column = publicColumn";
    if (join.getJoinType() != JoinType.INNER
        || join.isNatural()
        || join.getConditionType() != JoinConditionType.ON
        || !(table(join.getRight()) instanceof Public table)) {
      throw source.unsupported(join.getRight(), expected);
    }
    String alias = alias(join.getRight());
    if (tables.containsKey(alias)) {
      throw source.unsupported(join.getRight(), "an alias of its own");
    }
    int number = publicTables++;
    String name = "@d" + number;
    Map<String, RowValue> columns = new TreeMap<>();
    List<List<String>> texts =
        table.rows.stream().map(r -> r.stream().map(SqlRows.Literal::text).toList()).toList();
    for (int c = 0; c < table.columns.size(); c++) {
      String sql = SqlText.name(name + "_" + table.columns.get(c));
      columns.put(
          table.columns.get(c),
          RowValue.of(sql, table.type(c), Set.of()).withValues(table.values(c)));
      joined.put(sql, new Joined(number, c, texts));
    }
    SqlRows.Scope left = new SqlRows.Scope(tables);
    tables.put(alias, columns);
    text.append(" JOIN (VALUES ")
        .append(
            table.rows.stream()
                .map(
                    r ->
                        r.stream()
                            .map(SqlRows.Literal::sql)
                            .collect(Collectors.joining(", ", "(", ")")))
                .collect(Collectors.joining(", ")))
        .append(") AS ")
        .append(SqlText.name(name))
        .append(
            table.columns.stream()
                .map(c -> SqlText.name(name + "_" + c))
                .collect(Collectors.joining(", ", "(", ")")))
        .append(" ON ")
        .append(condition(join, left, alias, columns, table));
  }

  private String condition(
      SqlJoin join, SqlRows.Scope left, String alias, Map<String, RowValue> columns, Public table) {
    String expected = "ON column = column of " + alias;
    if (!(join.getCondition() instanceof SqlCall call) || call.getKind() != SqlKind.EQUALS) {
      throw source.unsupported(join.getRight(), expected);
    }
    SqlRows.Scope right = new SqlRows.Scope(Map.of(alias, columns));
    SqlNode mine = call.operand(0);
    SqlNode theirs = call.operand(1);
    if (belongs(mine, alias)) {
      mine = call.operand(1);
      theirs = call.operand(0);
    }
    if (!(theirs instanceof SqlIdentifier)) {
      throw source.unsupported(theirs, expected);
    }
    RowValue one = rows.value(mine, left);
    RowValue other = rows.value(theirs, right);
    if (one.type() != other.type()) {
      throw source.refused(ErrorCode.WRONG_TYPE, theirs, "a column of type " + one.type());
    }
    int column = table.columns.indexOf(((SqlIdentifier) theirs).names.getLast());
    if (table.values(column).size() != table.rows.size()) {
      throw source.unsupported(theirs, "a public column whose every value stands there once");
    }
    read(one, call);
    return "(%s = %s)".formatted(one.sql(), other.sql());
  }

  private static boolean belongs(SqlNode node, String alias) {
    return node instanceof SqlIdentifier identifier
        && identifier.names.size() == 2
        && identifier.names.getFirst().equals(alias);
  }

  /** What a term of WHERE makes public of the values that pass it. */
  private void learn(
      SqlNode term,
      SqlRows.Scope scope,
      Map<String, List<String>> listed,
      Map<String, LocalDate[]> days) {
    if (!(term instanceof SqlCall call)) {
      return;
    }
    switch (call.getKind()) {
      case IN -> {
        RowValue value = rows.value(call.operand(0), scope);
        List<String> texts = new ArrayList<>();
        rows.literals(call, value).forEach(l -> texts.add(l.text()));
        if (new HashSet<>(texts).size() != texts.size()) {
          throw source.unsupported(call, "each value once");
        }
        List<String> before = listed.get(value.sql());
        listed.put(
            value.sql(), before == null ? texts : texts.stream().filter(before::contains).toList());
      }
      case EQUALS -> {
        RowValue value = rows.value(call.operand(0), scope);
        rows.literal(call.operand(1)).ifPresent(l -> listed.put(value.sql(), List.of(l.text())));
        limit(call, scope, days);
      }
      case BETWEEN -> {
        RowValue value = rows.value(call.operand(0), scope);
        bound(value, call.operand(1), true, 0, days);
        bound(value, call.operand(2), false, 0, days);
      }
      default -> limit(call, scope, days);
    }
  }

  private void limit(SqlCall call, SqlRows.Scope scope, Map<String, LocalDate[]> days) {
    if (call.operandCount() != 2 || rows.literal(call.operand(1)).isEmpty()) {
      return;
    }
    RowValue value = rows.value(call.operand(0), scope);
    switch (call.getKind()) {
      case GREATER_THAN_OR_EQUAL -> bound(value, call.operand(1), true, 0, days);
      case GREATER_THAN -> bound(value, call.operand(1), true, 1, days);
      case LESS_THAN_OR_EQUAL -> bound(value, call.operand(1), false, 0, days);
      case LESS_THAN -> bound(value, call.operand(1), false, -1, days);
      default -> {}
    }
  }

  private void bound(
      RowValue value, SqlNode literal, boolean from, int shift, Map<String, LocalDate[]> days) {
    RowValue.Day day = value.day();
    if (day == null || day.unit() != DateUnit.DAY) {
      return;
    }
    rows.literal(literal)
        .filter(l -> l.type() == ColumnType.DATE)
        .ifPresent(
            l -> {
              LocalDate date = LocalDate.parse(l.text()).plusDays(shift);
              LocalDate[] range = days.computeIfAbsent(day.column(), _ -> new LocalDate[2]);
              int end = from ? 0 : 1;
              boolean tighter =
                  range[end] == null
                      || (from ? date.isAfter(range[end]) : date.isBefore(range[end]));
              range[end] = tighter ? date : range[end];
            });
  }
}
