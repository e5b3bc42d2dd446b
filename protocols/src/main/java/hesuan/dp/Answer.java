package hesuan.dp;

import hesuan.wire.Figure;
import hesuan.wire.Plan;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What receivers read: the {@link Plan.Outcome} of a query, computed from released figures alone.
 * Each number has an interval that holds what the formula gives without noise, with {@link
 * QueryNoise#CONFIDENCE_PERCENT}: the figures in it are taken at a confidence that together comes
 * to that, and their extremes are carried through the formula.
 *
 * @param columns a key has one column, a number three: itself, {@code _low} and {@code _high}
 * @param rows plain decimals and texts; null where there is no value
 */
public record Answer(List<Column> columns, List<List<@Nullable String>> rows) {
  private static final MathContext EXACT = MathContext.DECIMAL128;
  private static final int DIGITS = 12;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /**
   * @param number else text
   */
  public record Column(String name, boolean number) {}

  public Answer {
    columns = List.copyOf(columns);
    rows =
        rows.stream().map(r -> java.util.Collections.unmodifiableList(new ArrayList<>(r))).toList();
  }

  /**
   * @param noises how many parties' noises are in the figures
   */
  public static Answer of(
      Plan.DpQuery query, QueryNoise noise, QueryNoise.Released released, int noises) {
    List<Row> rows = new ArrayList<>();
    for (QueryNoise.Group group : released.groups()) {
      Row row = new Row(query, noise, group, noises);
      Figure having = query.outcome().having();
      if (having == null || row.holds(having)) {
        rows.add(row);
      }
    }
    rows.sort(order(query.outcome().order()));
    int limit = query.outcome().limit() == 0 ? rows.size() : query.outcome().limit();
    return new Answer(
        columns(query.outcome()),
        rows.stream()
            .skip(query.outcome().offset())
            .limit(limit)
            .map(row -> row.cells(query.outcome()))
            .toList());
  }

  /** Whether a column says which group it is, and no figure. */
  public static boolean isKey(Plan.Column column) {
    return column.figure() instanceof Figure.Key || column.figure() instanceof Figure.Text;
  }

  private static List<Column> columns(Plan.Outcome outcome) {
    List<Column> columns = new ArrayList<>();
    for (Plan.Column column : outcome.columns()) {
      if (isKey(column)) {
        columns.add(new Column(column.as(), false));
      } else {
        columns.add(new Column(column.as(), true));
        columns.add(new Column(column.as() + "_low", true));
        columns.add(new Column(column.as() + "_high", true));
      }
    }
    return columns;
  }

  /** Groups that compare equal stay in the plan's order; what has no value comes last. */
  private static Comparator<Row> order(List<Plan.Order> orders) {
    Comparator<Row> all = (_, _) -> 0;
    for (Plan.Order order : orders) {
      Comparator<Row> next =
          (one, other) -> {
            Range left = one.range(order.by(), 1);
            Range right = other.range(order.by(), 1);
            if (left.isNone() || right.isNone()) {
              return Boolean.compare(left.isNone(), right.isNone());
            }
            int by = left.compareTo(right);
            return order.descending() ? -by : by;
          };
      all = all.thenComparing(next);
    }
    return all;
  }

  /**
   * How far from the truth each number of the outcome may be in a group with this many rows: for
   * plans, before anything ran.
   *
   * @param rows of the group, their values spread evenly over their bounds
   * @return by column; null for a key
   */
  public static List<@Nullable String> expectedErrors(
      Plan.DpQuery query, QueryNoise noise, int noises, long rows) {
    List<long[]> figures = new ArrayList<>();
    for (int a = 0; a < query.aggregates().size(); a++) {
      Plan.Aggregate aggregate = query.aggregates().get(a);
      long parts = rows * noise.fineness(a);
      long width = aggregate.upper() - aggregate.lower();
      figures.add(
          switch (aggregate.kind()) {
            case COUNT, COUNT_DISTINCT_UNIT -> new long[] {rows};
            case SUM -> new long[] {rows * (aggregate.lower() + width / 2)};
            case SUM_CENTRED -> new long[] {0};
            case SUM_SQUARED -> new long[] {rows * (width * width / 12)};
            case QUANTILES -> evenly(QueryNoise.tree(aggregate), parts);
          });
    }
    List<String> keys =
        query.groups().isEmpty()
            ? java.util.Collections.nCopies(query.keys().size(), "")
            : query.groups().getFirst();
    Row row = new Row(query, noise, new QueryNoise.Group(keys, figures), noises);
    List<@Nullable String> errors = new ArrayList<>();
    for (Plan.Column column : query.outcome().columns()) {
      Range range = row.range(column.figure(), Figure.noised(column.figure()).size());
      errors.add(
          range.low == null || range.high == null || range.text != null
              ? null
              : text(
                  range.high.subtract(range.low).divide(TWO, EXACT).round(new MathContext(3)),
                  RoundingMode.CEILING));
    }
    return errors;
  }

  private static long[] evenly(QuantileTree tree, long rows) {
    long[] leaves = new long[tree.leaves()];
    for (int leaf = 0; leaf < leaves.length; leaf++) {
      leaves[leaf] = rows * (leaf + 1) / leaves.length - rows * leaf / leaves.length;
    }
    return tree.fromLeaves(leaves);
  }

  /** A number with what it may be, or a text, or neither. */
  private record Range(
      @Nullable BigDecimal value,
      @Nullable BigDecimal low,
      @Nullable BigDecimal high,
      @Nullable String text)
      implements Comparable<Range> {
    static final Range NONE = new Range(null, null, null, null);

    static Range exactly(BigDecimal value) {
      return new Range(value, value, value, null);
    }

    boolean isNone() {
      return value == null && text == null;
    }

    @Override
    public int compareTo(Range other) {
      if (text != null && other.text != null) {
        return text.compareTo(other.text);
      }
      return value == null || other.value == null ? 0 : value.compareTo(other.value);
    }
  }

  private record Row(Plan.DpQuery query, QueryNoise noise, QueryNoise.Group group, int noises) {

    List<@Nullable String> cells(Plan.Outcome outcome) {
      List<@Nullable String> cells = new ArrayList<>();
      for (Plan.Column column : outcome.columns()) {
        if (column.figure() instanceof Figure.Key(int key)) {
          cells.add(group.keys().get(key));
        } else if (column.figure() instanceof Figure.Text(String text)) {
          cells.add(text);
        } else {
          Range range = range(column.figure(), Math.max(1, Figure.noised(column.figure()).size()));
          cells.add(text(range.value, RoundingMode.HALF_UP));
          cells.add(text(range.low, RoundingMode.FLOOR));
          cells.add(text(range.high, RoundingMode.CEILING));
        }
      }
      return cells;
    }

    boolean holds(Figure figure) {
      return switch (figure) {
        case Figure.Comparison(var relation, Figure left, Figure right) -> {
          Range one = range(left, 1);
          Range other = range(right, 1);
          int by = one.compareTo(other);
          yield !one.isNone()
              && !other.isNone()
              && switch (relation) {
                case EQUAL -> by == 0;
                case LESS -> by < 0;
                case LESS_OR_EQUAL -> by <= 0;
              };
        }
        case Figure.All(List<Figure> terms) -> terms.stream().allMatch(this::holds);
        case Figure.Any(List<Figure> terms) -> terms.stream().anyMatch(this::holds);
        case Figure.Not(Figure term) -> !holds(term);
        case Figure.Key _,
            Figure.Noised _,
            Figure.Mean _,
            Figure.Spread _,
            Figure.Quantile _,
            Figure.Number _,
            Figure.Text _,
            Figure.Arithmetic _,
            Figure.Rounded _ ->
            throw new IllegalArgumentException("no condition: " + figure);
      };
    }

    Range range(Figure figure, int together) {
      return switch (figure) {
        case Figure.Key(int key) -> key(group.keys().get(key));
        case Figure.Text(String text) -> new Range(null, null, null, text);
        case Figure.Number(String number) -> Range.exactly(new BigDecimal(number));
        case Figure.Noised(int a) ->
            scaled(figure(a, together), query.aggregates().get(a).decimals());
        case Figure.Mean(int centred, int count) -> mean(centred, count, together);
        case Figure.Spread spread -> spread(spread, together);
        case Figure.Quantile(int tree, long share) -> quantile(tree, share, together);
        case Figure.Arithmetic(var operator, Figure left, Figure right) ->
            arithmetic(operator, range(left, together), range(right, together));
        case Figure.Rounded(Figure of, int decimals) -> rounded(range(of, together), decimals);
        case Figure.Comparison _, Figure.All _, Figure.Any _, Figure.Not _ ->
            throw new IllegalArgumentException("no number: " + figure);
      };
    }

    /** A key counts as a number too, where the plan uses it so. */
    private static Range key(String key) {
      return key.matches("-?[0-9]{1,20}")
          ? new Range(new BigDecimal(key), new BigDecimal(key), new BigDecimal(key), key)
          : new Range(null, null, null, key);
    }

    private Range figure(int a, int together) {
      BigDecimal value = BigDecimal.valueOf(group.figure(a));
      BigDecimal half = BigDecimal.valueOf(noise.halfWidth(a, noises, together));
      return new Range(value, value.subtract(half), value.add(half), null);
    }

    private static Range scaled(Range range, int decimals) {
      return range.value == null || range.low == null || range.high == null
          ? range
          : new Range(
              range.value.movePointLeft(decimals),
              range.low.movePointLeft(decimals),
              range.high.movePointLeft(decimals),
              null);
    }

    private Moments moments(int aggregate) {
      Plan.Aggregate of = query.aggregates().get(aggregate);
      return new Moments(of.lower(), of.upper());
    }

    private Moments.Figure moment(int aggregate, int together) {
      return new Moments.Figure(
          group.figure(aggregate), noise.halfWidth(aggregate, noises, together));
    }

    private static Range of(Moments.Estimate estimate, int decimals) {
      return scaled(
          new Range(
              new BigDecimal(estimate.value()),
              new BigDecimal(estimate.low()),
              new BigDecimal(estimate.high()),
              null),
          decimals);
    }

    private Range mean(int centred, int count, int together) {
      return of(
          moments(centred).mean(moment(count, together), moment(centred, together)),
          query.aggregates().get(centred).decimals());
    }

    private Range spread(Figure.Spread spread, int together) {
      Moments moments = moments(spread.centred());
      Moments.Figure count = moment(spread.count(), together);
      Moments.Figure sum = moment(spread.centred(), together);
      Moments.Figure squares = moment(spread.squared(), together);
      int decimals = query.aggregates().get(spread.centred()).decimals();
      return spread.root()
          ? of(moments.deviation(count, sum, squares), decimals)
          : of(moments.variance(count, sum, squares), 2 * decimals);
    }

    private Range quantile(int tree, long shareMicros, int together) {
      Plan.Aggregate aggregate = query.aggregates().get(tree);
      QuantileTree.Quantile quantile =
          QueryNoise.tree(aggregate)
              .quantile(
                  group.figures().get(tree),
                  shareMicros,
                  noise.noise(tree),
                  noises,
                  QueryNoise.outside(together));
      return scaled(
          new Range(
              BigDecimal.valueOf(quantile.value()),
              BigDecimal.valueOf(quantile.low()),
              BigDecimal.valueOf(quantile.high()),
              null),
          aggregate.decimals());
    }

    private static BigDecimal bound(@Nullable BigDecimal value) {
      return java.util.Objects.requireNonNull(value);
    }

    private static Range rounded(Range range, int decimals) {
      return range.value == null
          ? range
          : new Range(
              range.value.setScale(decimals, RoundingMode.HALF_UP),
              range.low == null ? null : range.low.setScale(decimals, RoundingMode.FLOOR),
              range.high == null ? null : range.high.setScale(decimals, RoundingMode.CEILING),
              null);
    }

    private static Range arithmetic(Figure.Operator operator, Range left, Range right) {
      if (left.value == null || right.value == null) {
        return Range.NONE;
      }
      if (operator == Figure.Operator.OVER) {
        return over(left, right);
      }
      BigDecimal value =
          switch (operator) {
            case PLUS -> left.value.add(right.value);
            case MINUS -> left.value.subtract(right.value);
            case TIMES -> left.value.multiply(right.value, EXACT);
            case OVER -> throw new IllegalStateException();
          };
      if (left.low == null || left.high == null || right.low == null || right.high == null) {
        return new Range(value, null, null, null);
      }
      return switch (operator) {
        case PLUS -> new Range(value, left.low.add(right.low), left.high.add(right.high), null);
        case MINUS ->
            new Range(value, left.low.subtract(right.high), left.high.subtract(right.low), null);
        case TIMES -> extremes(value, products(left, right));
        case OVER -> throw new IllegalStateException();
      };
    }

    /** By what may be zero: no bounds; by zero: no value. */
    private static Range over(Range left, Range right) {
      if (left.value == null || right.value == null || right.value.signum() == 0) {
        return Range.NONE;
      }
      BigDecimal value = left.value.divide(right.value, EXACT);
      boolean bounded =
          left.low != null
              && left.high != null
              && right.low != null
              && right.high != null
              && right.low.signum() * right.high.signum() > 0;
      if (!bounded || right.low == null || right.high == null) {
        return new Range(value, null, null, null);
      }
      Range inverse =
          new Range(
              BigDecimal.ONE,
              BigDecimal.ONE.divide(right.high, EXACT),
              BigDecimal.ONE.divide(right.low, EXACT),
              null);
      return extremes(value, products(left, inverse));
    }

    private static List<BigDecimal> products(Range left, Range right) {
      return List.of(
          bound(left.low).multiply(bound(right.low), EXACT),
          bound(left.low).multiply(bound(right.high), EXACT),
          bound(left.high).multiply(bound(right.low), EXACT),
          bound(left.high).multiply(bound(right.high), EXACT));
    }

    private static Range extremes(BigDecimal value, List<BigDecimal> all) {
      return new Range(
          value,
          all.stream().reduce(BigDecimal::min).orElse(value),
          all.stream().reduce(BigDecimal::max).orElse(value),
          null);
    }
  }

  /** Integers whole, others to twelve digits, bounds outwards. */
  private static @Nullable String text(@Nullable BigDecimal value, RoundingMode rounding) {
    if (value == null) {
      return null;
    }
    boolean whole = value.stripTrailingZeros().scale() <= 0;
    BigDecimal shown = whole ? value : value.round(new MathContext(DIGITS, rounding));
    BigDecimal stripped = shown.stripTrailingZeros();
    return (stripped.scale() < 0 ? stripped.setScale(0) : stripped).toPlainString();
  }
}
