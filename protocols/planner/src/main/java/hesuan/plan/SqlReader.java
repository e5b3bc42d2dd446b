package hesuan.plan;

import hesuan.dp.QueryNoise;
import hesuan.wire.Contract;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Figure;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.Product.ColumnType;
import hesuan.wire.ProductRef;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlWith;
import org.jspecify.annotations.Nullable;

/**
 * A query in SQL, as a step: {@code docs/sql.md} is its description. What happens to rows is
 * written anew as DuckDB text ({@link SqlRows}, {@link SqlTables}); what happens after noise
 * becomes typed formulas ({@link SqlFigures}).
 */
final class SqlReader {
  static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");
  private static final int KEYS_MAX = 4;
  private static final int GROUPS_MAX = 100_000;
  private static final int CELLS_MAX = 1_000_000;
  private static final int COLUMNS_MAX = 40;

  /** Over two aggregators. */
  private static final int OWNERS_MIN = 3;

  private final SqlSource source;
  private final SqlTables tables;
  private final JobSpec job;
  private final Inputs inputs;
  private final Contract contract;

  private SqlReader(SqlSource source, JobSpec job, Inputs inputs, Contract contract) {
    this.source = source;
    this.job = job;
    this.inputs = inputs;
    this.contract = contract;
    this.tables = new SqlTables(source, job, inputs);
  }

  /**
   * @param contract says how many of those who share the noise may be unreliable
   */
  static Plan.Step step(String sql, JobSpec job, Inputs inputs, Contract contract) {
    SqlSource.Parsed parsed = SqlSource.parse(sql);
    return new SqlReader(parsed.source(), job, inputs, contract).query(parsed.node());
  }

  private Plan.Step query(SqlNode node) {
    SqlNode body = node;
    SqlNodeList order = SqlNodeList.EMPTY;
    int limit = 0;
    int offset = 0;
    if (body instanceof SqlOrderBy ordered) {
      body = ordered.query;
      order = ordered.orderList;
      limit = ordered.fetch == null ? 0 : count(ordered.fetch, 1, GROUPS_MAX);
      offset = ordered.offset == null ? 0 : count(ordered.offset, 0, GROUPS_MAX);
    }
    if (body instanceof SqlWith with) {
      tables.with(with);
      body = with.body;
    }
    if (!(body instanceof SqlSelect select)) {
      throw source.unsupported(body, "one SELECT without UNION");
    }
    tables.plain(select);
    Ending ending = new Ending(order, limit, offset);
    return SqlJoined.isJoin(select, job)
        ? joined(SqlJoined.of(source, job, inputs, select), select, ending)
        : overParts(select, ending);
  }

  /** What follows the groups: ORDER BY, LIMIT and OFFSET. */
  private record Ending(SqlNodeList order, int limit, int offset) {}

  private Plan.Step overParts(SqlSelect select, Ending ending) {
    if (job.privacy().matches().equals(JobReader.HIDDEN_MATCHES)) {
      throw source.refused(
          ErrorCode.INVALID_VALUE, select.getFrom(), "a JOIN of two inputs for privacy.matches");
    }
    SqlTables.Rows from = tables.from(select);
    List<SqlFigures.Key> keys = keys(select, from, tables);
    boolean selected = keys.stream().anyMatch(k -> k.value().values() == null);
    List<List<String>> groups = selected ? List.of() : groups(select, keys, from);
    SqlFigures figures = new SqlFigures(source, tables, from, from, job, keys);
    Said said = said(select, ending, figures, tables.parts());
    SqlFigures.Numbered numbered =
        figures.numbered(said.columns, selected ? SqlFigures.KEYS : null);
    requireCount(select, numbered.aggregates());
    int groupsMost = GROUPS_MAX / tables.parts().size();
    if (selected) {
      groupsMost = Math.min(groupsMost, CELLS_MAX / tables.parts().size() / cells(numbered));
    }
    requireCells(
        select,
        selected ? Math.max(1, groupsMost) * tables.parts().size() : groups.size(),
        cells(numbered));
    return SqlNoise.noised(
        new Plan.DpQuery(
            "query",
            Inputs.refs(tables.parts()),
            rows(from, keys, numbered.values()),
            keys.stream().map(SqlFigures.Key::name).toList(),
            groups,
            selected ? selection(keys, numbered.other(), groupsMost) : null,
            null,
            numbered.aggregates(),
            said.outcome(numbered),
            tables.reads(),
            job.privacy().maxGroups(),
            job.privacy().maxRows(),
            tables.rowsMax(),
            Planner.toleratesLoss(job),
            aggregators(selected)),
        job,
        contract);
  }

  /** Each owner speaks once, so nothing may be asked back, and its noise must protect it alone. */
  private List<PartyId> aggregators(boolean selected) {
    List<PartyId> aggregators = job.run().aggregators();
    if (aggregators.isEmpty()) {
      return aggregators;
    }
    if (selected || SqlNoise.isShared(job)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.aggregators",
          selected ? "none with keys that the owners select" : "none with noise that is shared",
          aggregators.toString());
    }
    Inputs.ofDifferentOwners(tables.parts(), OWNERS_MIN);
    return aggregators;
  }

  private Plan.Step joined(SqlJoined sides, SqlSelect select, Ending ending) {
    if (SqlNoise.isShared(job) || !job.run().aggregators().isEmpty()) {
      throw source.refused(
          ErrorCode.INVALID_VALUE,
          select.getFrom(),
          "one table held in parts for "
              + (SqlNoise.isShared(job) ? "privacy.noise: shared" : "run.aggregators"));
    }
    List<SqlFigures.Key> keys = keys(select, sides.grouped(), sides.groupedTables());
    keys.forEach(
        key -> {
          if (key.value().values() == null) {
            throw source.refused(
                ErrorCode.GROUPS_NOT_PUBLIC,
                select.getGroup(),
                "keys listed in WHERE ... IN (...): those of a join are public");
          }
        });
    List<List<String>> groups = groups(select, keys, sides.grouped());
    SqlFigures figures =
        new SqlFigures(source, sides.figuredTables(), sides.figured(), sides.grouped(), job, keys);
    Said said = said(select, ending, figures, sides.products());
    boolean hidden = job.privacy().matches().equals(JobReader.HIDDEN_MATCHES);
    SqlFigures.Numbered numbered =
        figures.numbered(said.columns, hidden ? null : SqlFigures.MATCHES);
    requireCount(select, numbered.aggregates());
    sides.requireFits(select, groups.size(), numbered.aggregates());
    List<ProductRef> refs = sides.products().stream().map(Product::ref).toList();
    return new Plan.JoinQuery(
        "join",
        refs,
        rows(sides.grouped(), keys, List.of()),
        sides.groupedTables().reads(),
        new Plan.DpQuery(
            "join",
            refs,
            rows(sides.figured(), List.of(), numbered.values()),
            keys.stream().map(SqlFigures.Key::name).toList(),
            groups,
            null,
            null,
            numbered.aggregates(),
            said.outcome(numbered),
            sides.figuredTables().reads(),
            1,
            job.privacy().maxRows(),
            sides.figuredTables().rowsMax(),
            false,
            List.of()),
        hidden ? Plan.Matches.HIDDEN : Plan.Matches.NOISED,
        numbered.other(),
        hidden ? "0" : job.privacy().delta());
  }

  /** The select list, HAVING and ORDER BY, before their figures are numbered. */
  private record Said(
      List<Plan.Column> columns, @Nullable Figure having, List<Plan.Order> orders, Ending ending) {
    Plan.Outcome outcome(SqlFigures.Numbered numbered) {
      return new Plan.Outcome(
          columns.stream().map(c -> new Plan.Column(c.as(), numbered.figure(c.figure()))).toList(),
          having == null ? null : numbered.figure(having),
          orders.stream()
              .map(o -> new Plan.Order(numbered.figure(o.by()), o.descending()))
              .toList(),
          ending.limit,
          ending.offset);
    }
  }

  private Said said(SqlSelect select, Ending ending, SqlFigures figures, List<Product> products) {
    List<Plan.Column> columns = columns(select.getSelectList(), figures, products);
    SqlNode having = select.getHaving();
    Figure condition = having == null ? null : figures.truth(having);
    List<Plan.Order> orders = new ArrayList<>();
    for (SqlNode by : ending.order) {
      orders.add(order(by, columns, figures));
    }
    return new Said(columns, condition, orders, ending);
  }

  private int count(SqlNode node, int least, int most) {
    if (node instanceof SqlNumericLiteral literal && literal.isInteger()) {
      BigDecimal count = literal.bigDecimalValue();
      if (count != null
          && count.compareTo(BigDecimal.valueOf(least)) >= 0
          && count.compareTo(BigDecimal.valueOf(most)) <= 0) {
        return count.intValueExact();
      }
    }
    throw source.unsupported(node, "a number from %d to %d".formatted(least, most));
  }

  private List<SqlFigures.Key> keys(SqlSelect select, SqlTables.Rows from, SqlTables of) {
    SqlNodeList group = select.getGroup();
    if (group == null) {
      return List.of();
    }
    if (group.size() > KEYS_MAX || group.isEmpty()) {
      throw source.unsupported(group, "GROUP BY of 1 to " + KEYS_MAX + " keys");
    }
    List<SqlFigures.Key> keys = new ArrayList<>();
    Set<String> texts = new HashSet<>();
    for (SqlNode node : group) {
      SqlNode expression = meant(node, select, from);
      RowValue value = of.known(of.rows().value(expression, from.scope()), from);
      if (value.type() == ColumnType.DECIMAL || value.unit() || !value.sql().contains("\"")) {
        throw source.unsupported(
            node, "a key of type STRING, INTEGER, DATE or BOOLEAN, other than the unit");
      }
      if (!texts.add(value.sql())) {
        throw source.unsupported(node, "each key once");
      }
      if (value.values() == null && !job.privacy().keys().equals(JobReader.PRIVATE_KEYS)) {
        throw source.refused(
            ErrorCode.GROUPS_NOT_PUBLIC,
            node,
            "WHERE %s IN (...), or privacy.keys: private".formatted(source.quote(expression)));
      }
      of.read(value, expression);
      keys.add(new SqlFigures.Key(keyName(node, expression, select), value));
    }
    return keys;
  }

  /**
   * GROUP BY may name an item of the select list, where no column has that name, or say its number.
   */
  private SqlNode meant(SqlNode node, SqlSelect select, SqlTables.Rows from) {
    if (node instanceof SqlNumericLiteral) {
      int item = count(node, 1, select.getSelectList().size());
      return SqlTables.expression(select.getSelectList().get(item - 1));
    }
    if (node instanceof SqlIdentifier identifier && identifier.isSimple()) {
      boolean column =
          from.scope().tables().values().stream()
              .anyMatch(c -> c.containsKey(identifier.getSimple()));
      for (SqlNode item : select.getSelectList()) {
        if (!column
            && item instanceof SqlBasicCall as
            && as.getKind() == SqlKind.AS
            && as.operand(1).toString().equals(identifier.getSimple())) {
          return as.operand(0);
        }
      }
    }
    return node;
  }

  private String keyName(SqlNode node, SqlNode expression, SqlSelect select) {
    for (SqlNode item : select.getSelectList()) {
      SqlNode of = SqlTables.expression(item);
      if (source.quote(of).equals(source.quote(expression)) || of.equals(node)) {
        return tables.name(item, of);
      }
    }
    return node instanceof SqlIdentifier identifier ? identifier.names.getLast() : "key";
  }

  private List<List<String>> groups(
      SqlSelect select, List<SqlFigures.Key> keys, SqlTables.Rows from) {
    List<List<String>> groups = List.of(List.of());
    for (int k = 0; k < keys.size(); k++) {
      List<String> values = keys.get(k).value().values();
      Set<List<String>> longer = new LinkedHashSet<>();
      for (List<String> group : groups) {
        for (String value : values == null ? List.<String>of() : values) {
          List<String> next = new ArrayList<>(group);
          next.add(value);
          if (stands(next, keys, from)) {
            longer.add(List.copyOf(next));
          }
        }
        if (longer.size() > GROUPS_MAX) {
          throw source.refused(
              ErrorCode.TOO_LARGE, select.getGroup(), "at most " + GROUPS_MAX + " groups");
        }
      }
      groups = List.copyOf(longer);
    }
    if (groups.isEmpty()) {
      throw source.unsupported(select.getGroup(), "a group at least");
    }
    return groups.stream().sorted(order(keys)).toList();
  }

  /** Keys of one public table have only its rows. */
  private static boolean stands(
      List<String> group, List<SqlFigures.Key> keys, SqlTables.Rows from) {
    TreeMap<Integer, List<Integer>> byTable = new TreeMap<>();
    for (int k = 0; k < group.size(); k++) {
      SqlTables.Joined joined = from.joined().get(keys.get(k).value().sql());
      if (joined != null) {
        byTable.computeIfAbsent(joined.table(), _ -> new ArrayList<>()).add(k);
      }
    }
    return byTable.values().stream()
        .filter(of -> of.size() > 1)
        .allMatch(
            of -> {
              List<SqlTables.Joined> columns =
                  of.stream().map(k -> from.joined().get(keys.get(k).value().sql())).toList();
              return columns.getFirst().rows().stream()
                  .anyMatch(
                      row ->
                          java.util.stream.IntStream.range(0, of.size())
                              .allMatch(
                                  i ->
                                      row.get(columns.get(i).column())
                                          .equals(group.get(of.get(i)))));
            });
  }

  private static Comparator<List<String>> order(List<SqlFigures.Key> keys) {
    return (one, other) -> {
      for (int k = 0; k < keys.size(); k++) {
        int by =
            keys.get(k).value().type() == ColumnType.INTEGER
                ? new java.math.BigInteger(one.get(k))
                    .compareTo(new java.math.BigInteger(other.get(k)))
                : one.get(k).compareTo(other.get(k));
        if (by != 0) {
          return by;
        }
      }
      return 0;
    };
  }

  private List<Plan.Column> columns(SqlNodeList items, SqlFigures figures, List<Product> products) {
    List<Plan.Column> columns = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    List<String> own = new ArrayList<>();
    for (Product part : products) {
      part.columns().forEach(c -> own.add(c.name()));
    }
    for (SqlNode item : items) {
      SqlNode expression = SqlTables.expression(item);
      SqlFigures.Outcome outcome = figures.outcome(expression);
      if (outcome.truth() || columns.size() == COLUMNS_MAX) {
        throw source.unsupported(item, "at most " + COLUMNS_MAX + " columns, no comparison");
      }
      boolean key = outcome.figure() instanceof Figure.Key;
      String name = key ? tables.name(item, expression) : nameOf(item, expression);
      boolean free = taken.add(name);
      if (!key) {
        free &= taken.add(name + "_low") && taken.add(name + "_high") && !own.contains(name);
      }
      boolean itself =
          expression instanceof SqlIdentifier identifier && identifier.names.getLast().equals(name);
      if (!free || key && own.contains(name) && !itself) {
        throw source.unsupported(item, source.quote(expression) + " AS name, a name of its own");
      }
      columns.add(new Plan.Column(name, outcome.figure()));
    }
    columns.forEach(
        c -> {
          if (!(c.figure() instanceof Figure.Key)) {
            figures.name(c.as(), SqlFigures.Outcome.number(c.figure()));
          }
        });
    return columns;
  }

  /** A plain aggregate has a name without AS. */
  private String nameOf(SqlNode item, SqlNode expression) {
    if (item.equals(expression) && expression instanceof SqlCall call && call.operandCount() == 1) {
      String function = call.getOperator().getName().toLowerCase(java.util.Locale.ROOT);
      SqlNode operand = call.operand(0);
      if (function.equals("count")) {
        return call.getFunctionQuantifier() == null
            ? operand instanceof SqlIdentifier of && !of.isStar()
                ? "count_" + of.names.getLast()
                : "count"
            : "people";
      }
      if (operand instanceof SqlBasicCall clamp
          && clamp.operandCount() == 3
          && clamp.operand(0) instanceof SqlIdentifier of) {
        return function + "_" + of.names.getLast();
      }
    }
    return tables.name(item, expression);
  }

  private Plan.Order order(SqlNode by, List<Plan.Column> columns, SqlFigures figures) {
    SqlNode plain = by;
    boolean descending = SqlFigures.isDescending(by);
    if (descending) {
      plain = ((SqlCall) by).operand(0);
    }
    if (plain instanceof SqlNumericLiteral) {
      Plan.Column column = columns.get(count(plain, 1, columns.size()) - 1);
      return new Plan.Order(column.figure(), descending);
    }
    for (Plan.Column column : columns) {
      if (plain instanceof SqlIdentifier name
          && name.isSimple()
          && name.getSimple().equals(column.as())) {
        return new Plan.Order(column.figure(), descending);
      }
    }
    SqlFigures.Outcome outcome = figures.outcome(plain);
    if (outcome.truth()) {
      throw source.unsupported(plain, "a key or a number");
    }
    return new Plan.Order(outcome.figure(), descending);
  }

  private void requireCount(SqlSelect select, List<Plan.Aggregate> aggregates) {
    if (aggregates.isEmpty()) {
      throw source.unsupported(select.getSelectList(), "an aggregate at least");
    }
    boolean counted =
        aggregates.stream()
            .anyMatch(
                a ->
                    a.kind() == Plan.AggregateKind.COUNT
                        || a.kind() == Plan.AggregateKind.COUNT_DISTINCT_UNIT);
    if (!counted && job.privacy().minGroup() > 1) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD,
          SqlSource.at(select.getSelectList()),
          "COUNT(DISTINCT %s) AS people, to hold privacy.minGroup: %d against"
              .formatted(job.privacy().unit(), job.privacy().minGroup()),
          source.quote(select.getSelectList()));
    }
  }

  /** A key is told only with as many people of its owner as a group must have to be shown. */
  private Plan.Selection selection(List<SqlFigures.Key> keys, Epsilon epsilon, int groupsMax) {
    return new Plan.Selection(
        epsilon,
        SqlNoise.ofSelection(job),
        job.privacy().minGroup(),
        groupsMax,
        keys.stream().flatMap(k -> k.value().columns().stream()).distinct().sorted().toList());
  }

  /** Of one group. */
  private static int cells(SqlFigures.Numbered numbered) {
    return numbered.aggregates().stream().mapToInt(QueryNoise::width).sum();
  }

  private void requireCells(SqlSelect select, int groups, int cellsOfGroup) {
    long cells = (long) groups * cellsOfGroup;
    if (cells > CELLS_MAX) {
      throw source.refused(
          ErrorCode.TOO_LARGE,
          select.getSelectList(),
          "groups x cells of the figures at most " + CELLS_MAX + ", not " + cells);
    }
  }

  private static String rows(SqlTables.Rows from, List<SqlFigures.Key> keys, List<String> values) {
    StringBuilder sql = new StringBuilder("SELECT ").append(SqlTables.UNIT);
    for (int k = 0; k < keys.size(); k++) {
      sql.append(", CAST(%s AS VARCHAR) AS \"@k%d\"".formatted(keys.get(k).value().sql(), k));
    }
    for (int v = 0; v < values.size(); v++) {
      sql.append(", %s AS \"@v%d\"".formatted(values.get(v), v));
    }
    return sql.append(" FROM ")
        .append(from.from())
        .append(" WHERE ")
        .append(from.where())
        .toString();
  }
}
