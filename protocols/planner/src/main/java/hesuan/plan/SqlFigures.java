package hesuan.plan;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Figure;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product.ColumnType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelectKeyword;
import org.apache.calcite.sql.fun.SqlBetweenOperator;
import org.jspecify.annotations.Nullable;

/**
 * The select list, HAVING and ORDER BY: formulas over figures, and the figures that get noise. The
 * same figure met twice is one, and is paid for once.
 */
final class SqlFigures {
  static final int FIGURES_MAX = 16;

  /** Among the weights: the selection of private keys. */
  static final String KEYS = "keys";

  /** Among the weights: the number of matches that the leader of a join sees. */
  static final String MATCHES = "matches";

  private static final Set<String> SPREADS =
      Set.of("VARIANCE", "VAR_SAMP", "STDDEV", "STDDEV_SAMP");
  private static final Set<String> AGGREGATES = Set.of("COUNT", "SUM", "AVG", "QUANTILE", "MEDIAN");
  private static final long MICROS = 1_000_000;
  private static final BigInteger SUM_MAX = BigInteger.ONE.shiftLeft(62);
  private static final BigInteger WIDTH_MAX = BigInteger.ONE.shiftLeft(31);
  private static final BigInteger BOUND_MAX = BigInteger.ONE.shiftLeft(53);

  /** A key of GROUP BY. */
  record Key(String name, RowValue value) {}

  /** A formula, and whether it is a number. */
  record Outcome(Figure figure, boolean number, boolean truth) {
    static Outcome number(Figure figure) {
      return new Outcome(figure, true, false);
    }

    static Outcome truth(Figure figure) {
      return new Outcome(figure, false, true);
    }
  }

  /** A figure to be noised, before its value and its epsilon are numbered. */
  private record Noised(
      Plan.AggregateKind kind, String of, String value, int decimals, long lower, long upper) {}

  /** A clamped value. */
  private record Bounded(String of, String sql, int decimals, long lower, long upper) {}

  private final SqlSource source;
  private final SqlTables tables;
  private final SqlTables.Rows from;
  private final SqlTables.Rows keysFrom;
  private final JobSpec job;
  private final List<Key> keys;
  private final List<Noised> noised = new ArrayList<>();
  private final Map<String, Outcome> named = new TreeMap<>();

  /**
   * @param tables of which figures are made, with their rows
   * @param keysFrom rows of which keys are made: those, or of another owner
   */
  SqlFigures(
      SqlSource source,
      SqlTables tables,
      SqlTables.Rows from,
      SqlTables.Rows keysFrom,
      JobSpec job,
      List<Key> keys) {
    this.source = source;
    this.tables = tables;
    this.from = from;
    this.keysFrom = keysFrom;
    this.job = job;
    this.keys = List.copyOf(keys);
  }

  /** A name of the select list, for HAVING and ORDER BY. */
  void name(String as, Outcome outcome) {
    named.put(as, outcome);
  }

  Outcome outcome(SqlNode node) {
    if (node instanceof SqlIdentifier identifier
        && identifier.isSimple()
        && named.containsKey(identifier.getSimple())) {
      return named.get(identifier.getSimple());
    }
    if (!hasFigure(node)) {
      return ofKeys(node);
    }
    if (!(node instanceof SqlCall call)) {
      throw source.unsupported(node, "a key of GROUP BY, or an aggregate");
    }
    return switch (call.getKind()) {
      case PLUS -> arithmetic(call, Figure.Operator.PLUS);
      case MINUS -> arithmetic(call, Figure.Operator.MINUS);
      case TIMES -> arithmetic(call, Figure.Operator.TIMES);
      case DIVIDE -> arithmetic(call, Figure.Operator.OVER);
      case MINUS_PREFIX ->
          Outcome.number(
              new Figure.Arithmetic(
                  Figure.Operator.MINUS, new Figure.Number("0"), number(call.operand(0))));
      case EQUALS -> comparison(call, Figure.Relation.EQUAL, false);
      case NOT_EQUALS ->
          Outcome.truth(new Figure.Not(comparison(call, Figure.Relation.EQUAL, false).figure));
      case LESS_THAN -> comparison(call, Figure.Relation.LESS, false);
      case LESS_THAN_OR_EQUAL -> comparison(call, Figure.Relation.LESS_OR_EQUAL, false);
      case GREATER_THAN -> comparison(call, Figure.Relation.LESS, true);
      case GREATER_THAN_OR_EQUAL -> comparison(call, Figure.Relation.LESS_OR_EQUAL, true);
      case BETWEEN -> between(call);
      case AND -> Outcome.truth(new Figure.All(truths(call)));
      case OR -> Outcome.truth(new Figure.Any(truths(call)));
      case NOT -> Outcome.truth(new Figure.Not(truth(call.operand(0))));
      default -> function(call);
    };
  }

  private boolean hasFigure(SqlNode node) {
    if (node instanceof SqlIdentifier identifier) {
      return identifier.isSimple() && named.containsKey(identifier.getSimple());
    }
    return node instanceof SqlCall call
        && (isAggregate(call)
            || call.getOperandList().stream().anyMatch(o -> o != null && hasFigure(o)));
  }

  static boolean isAggregate(SqlCall call) {
    String name = function(call.getOperator().getName());
    return AGGREGATES.contains(name) || SPREADS.contains(name);
  }

  private static String function(String name) {
    return name.toUpperCase(Locale.ROOT);
  }

  /** Nothing of it is noised: it must be a key, a literal, or a comparison of them. */
  private Outcome ofKeys(SqlNode node) {
    Optional<SqlRows.Literal> literal = tables.rows().literal(node);
    if (literal.isPresent()) {
      boolean number =
          literal.get().type() == ColumnType.INTEGER || literal.get().type() == ColumnType.DECIMAL;
      String text = literal.get().text();
      return new Outcome(number ? new Figure.Number(text) : new Figure.Text(text), number, false);
    }
    if (node instanceof SqlCall call && !(keys.isEmpty())) {
      switch (call.getKind()) {
        case EQUALS -> {
          return comparison(call, Figure.Relation.EQUAL, false);
        }
        case NOT_EQUALS -> {
          return Outcome.truth(
              new Figure.Not(comparison(call, Figure.Relation.EQUAL, false).figure));
        }
        default -> {}
      }
    }
    RowValue value = tables.rows().value(node, keysFrom.scope());
    for (int k = 0; k < keys.size(); k++) {
      if (keys.get(k).value.sql().equals(value.sql())) {
        return new Outcome(
            new Figure.Key(k), keys.get(k).value.type() == ColumnType.INTEGER, false);
      }
    }
    throw source.unsupported(node, "a key of GROUP BY, or an aggregate");
  }

  Figure number(SqlNode node) {
    Outcome outcome = outcome(node);
    if (!outcome.number) {
      throw source.refused(ErrorCode.WRONG_TYPE, node, "a number");
    }
    return outcome.figure;
  }

  Figure truth(SqlNode node) {
    Outcome outcome = outcome(node);
    if (!outcome.truth) {
      throw source.refused(ErrorCode.WRONG_TYPE, node, "a comparison");
    }
    return outcome.figure;
  }

  private List<Figure> truths(SqlCall call) {
    return SqlRows.terms(call, call.getKind()).stream().map(this::truth).toList();
  }

  private Outcome arithmetic(SqlCall call, Figure.Operator operator) {
    return Outcome.number(
        new Figure.Arithmetic(operator, number(call.operand(0)), number(call.operand(1))));
  }

  private Outcome comparison(SqlCall call, Figure.Relation relation, boolean swapped) {
    Outcome left = outcome(call.operand(0));
    Outcome right = outcome(call.operand(1));
    if (left.number != right.number || left.truth || right.truth) {
      throw source.refused(ErrorCode.WRONG_TYPE, call.operand(1), "a value of the same type");
    }
    return Outcome.truth(
        swapped
            ? new Figure.Comparison(relation, right.figure, left.figure)
            : new Figure.Comparison(relation, left.figure, right.figure));
  }

  private Outcome between(SqlCall call) {
    if (!(call.getOperator() instanceof SqlBetweenOperator operator)
        || operator.flag != SqlBetweenOperator.Flag.ASYMMETRIC) {
      throw source.unsupported(call, "BETWEEN low AND high");
    }
    Figure value = number(call.operand(0));
    Figure inside =
        new Figure.All(
            List.of(
                new Figure.Comparison(
                    Figure.Relation.LESS_OR_EQUAL, number(call.operand(1)), value),
                new Figure.Comparison(
                    Figure.Relation.LESS_OR_EQUAL, value, number(call.operand(2)))));
    return Outcome.truth(operator.isNegated() ? new Figure.Not(inside) : inside);
  }

  private Outcome function(SqlCall call) {
    String name = function(call.getOperator().getName());
    if (name.equals("ROUND") && call.operandCount() <= 2) {
      int decimals = 0;
      if (call.operandCount() == 2) {
        decimals =
            tables
                .rows()
                .literal(call.operand(1))
                .filter(l -> l.type() == ColumnType.INTEGER && l.text().matches("[0-9]"))
                .map(l -> Integer.parseInt(l.text()))
                .orElseThrow(() -> source.unsupported(call.operand(1), "0 to 9 decimals"));
      }
      return Outcome.number(new Figure.Rounded(number(call.operand(0)), decimals));
    }
    return aggregate(call);
  }

  private Outcome aggregate(SqlCall call) {
    String unit = job.privacy().unit();
    String expected =
        "COUNT(*), COUNT(DISTINCT %s), COUNT(value), or SUM, AVG, VARIANCE, STDDEV, MEDIAN of CLAMP(value, low, high)"
            .formatted(unit);
    String name = function(call.getOperator().getName());
    SqlLiteral quantifier = call.getFunctionQuantifier();
    boolean distinct = quantifier != null && quantifier.getValue() == SqlSelectKeyword.DISTINCT;
    if (!(call instanceof SqlBasicCall)
        || !isAggregate(call)
        || call.operandCount() != (name.equals("QUANTILE") ? 2 : 1)
        || quantifier != null && !distinct) {
      throw source.unsupported(call, expected);
    }
    SqlNode operand = call.operand(0);
    if (hasFigure(operand)) {
      throw source.unsupported(operand, "a value of a row");
    }
    if (name.equals("COUNT")) {
      return count(call, operand, distinct, expected);
    }
    if (distinct) {
      throw source.unsupported(call, expected);
    }
    Bounded bounded = bounded(call, operand, name);
    if (name.equals("SUM")) {
      return Outcome.number(noised(call, Plan.AggregateKind.SUM, bounded));
    }
    if (name.equals("QUANTILE") || name.equals("MEDIAN")) {
      long share = name.equals("MEDIAN") ? MICROS / 2 : share(call.operand(1));
      int tree = noised(call, Plan.AggregateKind.QUANTILES, bounded).aggregate();
      return Outcome.number(new Figure.Quantile(tree, share));
    }
    int centred = noised(call, Plan.AggregateKind.SUM_CENTRED, bounded).aggregate();
    int count =
        noised(call, Plan.AggregateKind.COUNT, new Bounded(bounded.of, bounded.sql, 0, 0, 1))
            .aggregate();
    if (name.equals("AVG")) {
      return Outcome.number(new Figure.Mean(centred, count));
    }
    int squared = noised(call, Plan.AggregateKind.SUM_SQUARED, bounded).aggregate();
    return Outcome.number(new Figure.Spread(centred, squared, count, name.startsWith("STDDEV")));
  }

  private long share(SqlNode node) {
    return tables
        .rows()
        .literal(node)
        .filter(l -> l.type() == ColumnType.DECIMAL || l.type() == ColumnType.INTEGER)
        .map(l -> new BigDecimal(l.text()).movePointRight(6))
        .filter(s -> s.signum() > 0 && s.compareTo(BigDecimal.valueOf(MICROS)) <= 0)
        .map(BigDecimal::longValueExact)
        .orElseThrow(() -> source.unsupported(node, "a share such as 0.5, above 0 and up to 1"));
  }

  private Outcome count(SqlCall call, SqlNode operand, boolean distinct, String expected) {
    if (operand instanceof SqlIdentifier star && star.isStar()) {
      if (distinct || star.names.size() != 1) {
        throw source.unsupported(call, expected);
      }
      return Outcome.number(noised(call, Plan.AggregateKind.COUNT, new Bounded("*", "", 0, 0, 1)));
    }
    // Of two joined tables either names the person.
    boolean ofKeys =
        distinct
            && operand instanceof SqlIdentifier name
            && name.names.size() == 2
            && !from.scope().tables().containsKey(name.names.getFirst())
            && keysFrom.scope().tables().containsKey(name.names.getFirst());
    RowValue value = tables.rows().value(operand, (ofKeys ? keysFrom : from).scope());
    if (distinct) {
      if (!value.unit()) {
        throw source.unsupported(call, "COUNT(DISTINCT " + job.privacy().unit() + ")");
      }
      tables.read(value, call);
      return Outcome.number(
          noised(
              call,
              Plan.AggregateKind.COUNT_DISTINCT_UNIT,
              new Bounded(job.privacy().unit(), "", 0, 0, 1)));
    }
    tables.read(value, call);
    String present = "CASE WHEN %s IS NULL THEN NULL ELSE 1 END".formatted(value.sql());
    return Outcome.number(
        noised(call, Plan.AggregateKind.COUNT, new Bounded(value.sql(), present, 0, 0, 1)));
  }

  private Bounded bounded(SqlCall aggregate, SqlNode operand, String name) {
    if (!(operand instanceof SqlBasicCall clamp)
        || !function(clamp.getOperator().getName()).equals("CLAMP")
        || clamp.operandCount() != 3
        || clamp.getFunctionQuantifier() != null) {
      throw source.refused(
          ErrorCode.UNBOUNDED_VALUE,
          operand,
          "%s(CLAMP(%s, low, high))".formatted(name, source.quote(operand)));
    }
    RowValue value = tables.rows().value(clamp.operand(0), from.scope());
    if (!value.isNumber() || value.unit()) {
      throw source.refused(ErrorCode.WRONG_TYPE, clamp.operand(0), "a number");
    }
    tables.read(value, aggregate);
    SqlRows.Literal low = bound(clamp.operand(1), value.type());
    SqlRows.Literal high = bound(clamp.operand(2), value.type());
    BigDecimal lower = new BigDecimal(low.text());
    BigDecimal upper = new BigDecimal(high.text());
    int decimals = value.type() == ColumnType.INTEGER ? 0 : Math.max(lower.scale(), upper.scale());
    BigInteger least = lower.movePointRight(decimals).toBigIntegerExact();
    BigInteger most = upper.movePointRight(decimals).toBigIntegerExact();
    if (least.compareTo(most) >= 0 || least.abs().max(most.abs()).compareTo(BOUND_MAX) >= 0) {
      throw source.unsupported(clamp, "low below high, both within 2^53 units");
    }
    if (!name.equals("SUM") && most.subtract(least).compareTo(WIDTH_MAX) > 0) {
      throw source.refused(
          ErrorCode.SUM_TOO_LARGE,
          clamp,
          "bounds at most 2^31 units apart, not " + most.subtract(least));
    }
    String of = value.sql();
    if (value.type() == ColumnType.INTEGER) {
      return new Bounded(of, value.sql(), 0, least.longValueExact(), most.longValueExact());
    }
    String scaled =
        "CASE WHEN %s IS NULL THEN NULL ELSE CAST(round(greatest(least(%s, %s), %s) * %s) AS BIGINT) END"
            .formatted(
                value.sql(),
                value.floating() ? value.real() : value.sql(),
                high.sql(),
                low.sql(),
                BigInteger.TEN.pow(decimals));
    return new Bounded(of, scaled, decimals, least.longValueExact(), most.longValueExact());
  }

  private SqlRows.Literal bound(SqlNode node, ColumnType type) {
    return tables
        .rows()
        .literal(node)
        .filter(
            l ->
                l.type() == ColumnType.INTEGER
                    || type == ColumnType.DECIMAL && l.type() == ColumnType.DECIMAL)
        .orElseThrow(
            () ->
                source.unsupported(
                    node,
                    type == ColumnType.INTEGER ? "an integer" : "a number that stands there"));
  }

  /** Proves from public sizes that the sum fits, whatever the data are. */
  private Figure.Noised noised(SqlNode at, Plan.AggregateKind kind, Bounded bounded) {
    BigInteger width = BigInteger.valueOf(bounded.upper - bounded.lower);
    BigInteger largest =
        switch (kind) {
          case COUNT, COUNT_DISTINCT_UNIT, QUANTILES -> BigInteger.ONE;
          case SUM ->
              BigInteger.valueOf(Math.max(Math.abs(bounded.lower), Math.abs(bounded.upper)));
          case SUM_CENTRED -> width;
          case SUM_SQUARED -> width.multiply(width);
        };
    BigInteger all =
        largest
            .multiply(BigInteger.valueOf(tables.rowsMax()))
            .multiply(BigInteger.valueOf(tables.parts().size()));
    if (all.compareTo(SUM_MAX) >= 0) {
      throw source.refused(
          ErrorCode.SUM_TOO_LARGE,
          at,
          "%d parties x %d rows x %s below 2^62"
              .formatted(tables.parts().size(), tables.rowsMax(), largest));
    }
    Noised figure =
        new Noised(kind, bounded.of, bounded.sql, bounded.decimals, bounded.lower, bounded.upper);
    int known = index(figure);
    if (known >= 0) {
      return new Figure.Noised(known);
    }
    if (noised.size() == FIGURES_MAX) {
      throw source.unsupported(at, "at most " + FIGURES_MAX + " noised figures");
    }
    noised.add(figure);
    return new Figure.Noised(noised.size() - 1);
  }

  /** The same figure, however it was phrased. */
  private int index(Noised figure) {
    for (int i = 0; i < noised.size(); i++) {
      if (ORDER.compare(noised.get(i), figure) == 0) {
        return i;
      }
    }
    return -1;
  }

  private static final Comparator<Noised> ORDER =
      Comparator.comparing(Noised::kind)
          .thenComparing(Noised::value)
          .thenComparing(Noised::decimals)
          .thenComparing(Noised::lower)
          .thenComparing(Noised::upper);

  /** The figures in an order of their own, and formulas that name them by it. */
  record Numbered(
      List<Plan.Aggregate> aggregates, Epsilon other, List<String> values, int[] places) {
    Figure figure(Figure figure) {
      return SqlFigures.renumbered(figure, places);
    }
  }

  /**
   * @param columns those of the outcome, whose weights their figures take over
   * @param other what else takes a part, by its name among the weights; null for nothing
   */
  Numbered numbered(List<Plan.Column> columns, @Nullable String other) {
    List<Noised> sorted = noised.stream().sorted(ORDER).toList();
    List<String> values =
        sorted.stream().map(Noised::value).filter(v -> !v.isEmpty()).distinct().sorted().toList();
    int[] places = noised.stream().mapToInt(sorted::indexOf).toArray();
    Shares shares = shares(columns, places, other);
    List<Plan.Aggregate> aggregates = new ArrayList<>();
    for (Noised figure : sorted) {
      aggregates.add(
          new Plan.Aggregate(
              figure.kind,
              "a" + aggregates.size(),
              figure.of,
              figure.value.isEmpty() ? null : values.indexOf(figure.value),
              figure.decimals,
              figure.lower,
              figure.upper,
              shares.of(aggregates.size())));
    }
    return new Numbered(
        aggregates, other == null ? Epsilon.ZERO : shares.of(aggregates.size()), values, places);
  }

  /**
   * Epsilon shared out in whole millionths, each share rounded down: together never more than all.
   */
  private record Shares(Epsilon all, int[] weights) {
    Epsilon of(int part) {
      long micros = all.micros() * weights[part] / Math.max(1, Arrays.stream(weights).sum());
      if (micros == 0 && all.micros() > 0) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "privacy.epsilon",
            "at least a millionth for each of " + weights.length + " parts",
            all.toString());
      }
      return new Epsilon(micros);
    }
  }

  /**
   * A figure weighs as much as the heaviest column that is made of it; 1 where none says. What
   * takes a part beside the figures comes last.
   */
  private Shares shares(List<Plan.Column> columns, int[] places, @Nullable String other) {
    Map<String, Integer> weights = new TreeMap<>(job.privacy().weights());
    int[] heaviest = new int[noised.size() + (other == null ? 0 : 1)];
    Integer ofOther = other == null ? null : weights.remove(other);
    if (ofOther != null) {
      heaviest[noised.size()] = ofOther;
    }
    for (Plan.Column column : columns) {
      Set<Integer> of = Figure.noised(column.figure());
      Integer weight = of.isEmpty() ? null : weights.remove(column.as());
      of.forEach(
          f -> heaviest[places[f]] = Math.max(heaviest[places[f]], weight == null ? 1 : weight));
    }
    if (!weights.isEmpty()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.weights",
          "columns with noise: "
              + Stream.concat(
                      columns.stream()
                          .filter(c -> !Figure.noised(c.figure()).isEmpty())
                          .map(Plan.Column::as),
                      Stream.ofNullable(other))
                  .toList(),
          weights.keySet().toString());
    }
    return new Shares(
        job.privacy().epsilon(), Arrays.stream(heaviest).map(w -> Math.max(1, w)).toArray());
  }

  private static Figure renumbered(Figure figure, int[] to) {
    return switch (figure) {
      case Figure.Key _, Figure.Number _, Figure.Text _ -> figure;
      case Figure.Noised(int a) -> new Figure.Noised(to[a]);
      case Figure.Mean(int centred, int count) -> new Figure.Mean(to[centred], to[count]);
      case Figure.Spread s ->
          new Figure.Spread(to[s.centred()], to[s.squared()], to[s.count()], s.root());
      case Figure.Quantile(int tree, long share) -> new Figure.Quantile(to[tree], share);
      case Figure.Arithmetic(var operator, Figure left, Figure right) ->
          new Figure.Arithmetic(operator, renumbered(left, to), renumbered(right, to));
      case Figure.Rounded(Figure of, int decimals) ->
          new Figure.Rounded(renumbered(of, to), decimals);
      case Figure.Comparison(var relation, Figure left, Figure right) ->
          new Figure.Comparison(relation, renumbered(left, to), renumbered(right, to));
      case Figure.All(List<Figure> terms) ->
          new Figure.All(terms.stream().map(t -> renumbered(t, to)).toList());
      case Figure.Any(List<Figure> terms) ->
          new Figure.Any(terms.stream().map(t -> renumbered(t, to)).toList());
      case Figure.Not(Figure term) -> new Figure.Not(renumbered(term, to));
    };
  }

  static boolean isDescending(SqlNode node) {
    return node.getKind() == SqlKind.DESCENDING;
  }
}
