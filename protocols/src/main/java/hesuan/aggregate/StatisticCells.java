package hesuan.aggregate;

import hesuan.dp.SumRange;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Statistics as a vector that a secure sum adds cell by cell ({@code
 * docs/protocols/statistics.md}): which cells a plan's figures need, what one owner's rows put into
 * them, and what is read off the sum. Everything is in whole numbers until an answer is rounded,
 * once.
 */
public final class StatisticCells {
  /** What a cell adds up; one for each group, of bins one for each bin. Told as it is written. */
  public enum Kind {
    ROWS("rows"),
    COUNT("counts"),
    SUM("totals"),
    /** Of distances from the middle of the bounds: so they are a quarter at most. */
    SQUARES("squares"),
    BINS("histogram");

    private final String told;

    Kind(String told) {
      this.told = told;
    }

    /** By this word a plan says that it is revealed. */
    public String told() {
      return told;
    }
  }

  private static final MathContext ANSWER = new MathContext(18, RoundingMode.HALF_UP);
  private static final MathContext FINE = new MathContext(60, RoundingMode.HALF_UP);
  private static final BigInteger WHOLE = BigInteger.valueOf(1_000_000);

  private final Plan.SecureSum step;
  private final Plan.Statistics asked;
  private final int groups;
  private final long middle;
  private final long[] bins;
  private final Map<Kind, Integer> starts = new EnumMap<>(Kind.class);
  private final int cells;

  private StatisticCells(Plan.SecureSum step, Plan.Statistics asked) {
    this.step = step;
    this.asked = asked;
    this.groups = step.by() == null ? 1 : step.keys().size();
    this.middle = asked.lower() + (asked.upper() - asked.lower()) / 2;
    this.bins = asked.bins().stream().mapToLong(Long::longValue).toArray();
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    asked.figures().forEach(figure -> kinds.addAll(kinds(figure.kind())));
    int at = 0;
    for (Kind kind : kinds) {
      starts.put(kind, at);
      at += Math.multiplyExact(groups, width(kind));
    }
    this.cells = at;
  }

  private static Set<Kind> kinds(Plan.StatisticKind figure) {
    return switch (figure) {
      case ROWS -> EnumSet.of(Kind.ROWS);
      case COUNT -> EnumSet.of(Kind.COUNT);
      case SUM -> EnumSet.of(Kind.SUM);
      case MEAN -> EnumSet.of(Kind.COUNT, Kind.SUM);
      case VARIANCE, STDDEV -> EnumSet.of(Kind.COUNT, Kind.SUM, Kind.SQUARES);
      case QUANTILE, HISTOGRAM -> EnumSet.of(Kind.BINS);
    };
  }

  /** Whether bins must be declared for it. */
  public static boolean needsBins(Plan.StatisticKind figure) {
    return kinds(figure).contains(Kind.BINS);
  }

  /**
   * @throws ProblemException where a sum could leave its range, or a proof would be too large: from
   *     the plan alone, whatever the data are
   */
  public static StatisticCells of(Plan.SecureSum step) {
    StatisticCells cells = new StatisticCells(step, Objects.requireNonNull(step.statistics()));
    for (Kind kind : cells.kinds()) {
      SumRange.requireFits(
          step.name() + "." + kind.told,
          step.products().size(),
          cells.rowsMax(),
          cells.magnitude(kind));
    }
    if (!cells.ranges().isEmpty()) {
      CellRange.requireFits(cells.ranges(), cells.cells, step.products().size());
    }
    return cells;
  }

  /** In the vector's order. */
  public List<Kind> kinds() {
    return List.copyOf(starts.keySet());
  }

  public int cells() {
    return cells;
  }

  public int groups() {
    return groups;
  }

  private int width(Kind kind) {
    return kind == Kind.BINS ? bins.length : 1;
  }

  private long rowsMax() {
    return Math.max(1, asked.rowsMax());
  }

  /** The farthest that a value lies from the middle. */
  private long reach() {
    return asked.upper() - middle;
  }

  /** The most that one row adds or takes away. */
  private BigInteger magnitude(Kind kind) {
    return switch (kind) {
      case ROWS, COUNT, BINS -> BigInteger.ONE;
      case SUM -> BigInteger.valueOf(Math.max(Math.abs(asked.lower()), Math.abs(asked.upper())));
      case SQUARES -> BigInteger.valueOf(reach()).pow(2);
    };
  }

  /** What each owner proves of its cells; none where no proof is asked for. */
  public List<CellRange> ranges() {
    return asked.proved() ? kinds().stream().map(this::range).toList() : List.of();
  }

  private CellRange range(Kind kind) {
    long rows = rowsMax();
    int count = groups * width(kind);
    return switch (kind) {
      case ROWS, COUNT, BINS -> new CellRange(count, 0, rows);
      case SUM ->
          new CellRange(
              count, rows * Math.min(0, asked.lower()), rows * Math.max(0, asked.upper()));
      case SQUARES -> new CellRange(count, 0, rows * reach() * reach());
    };
  }

  private int cell(Kind kind, int group) {
    return Objects.requireNonNull(starts.get(kind)) + group * width(kind);
  }

  // ---- one owner's part

  /** What one owner's rows come to. One thread. */
  public final class Part {
    private final long[] vector = new long[cells];
    private long rows;

    private Part() {}

    /**
     * @param value null where a row has none
     * @param times how many rows are alike
     * @throws ProblemException for a value outside the bounds: it does not say which
     */
    public void add(int group, @Nullable Long value, long times) {
      rows = Math.addExact(rows, times);
      if (rows > rowsMax()) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, step.name(), "at most " + rowsMax() + " rows", "more");
      }
      if (value != null && (value < asked.lower() || value > asked.upper())) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            step.name() + "." + step.column(),
            "values from " + asked.lower() + " to " + asked.upper(),
            "a value outside");
      }
      for (Kind kind : starts.keySet()) {
        int cell = cell(kind, group);
        if (value != null) {
          switch (kind) {
            case ROWS, COUNT -> vector[cell] += times;
            case SUM -> vector[cell] += times * value;
            case SQUARES -> vector[cell] += times * (value - middle) * (value - middle);
            case BINS -> vector[cell + bin(value)] += times;
          }
        } else if (kind == Kind.ROWS) {
          vector[cell] += times;
        }
      }
    }

    /** The vector itself. */
    public long[] vector() {
      return vector;
    }
  }

  public Part part() {
    return new Part();
  }

  private int bin(long value) {
    int found = Arrays.binarySearch(bins, value);
    return found >= 0 ? found : -found - 2;
  }

  private long binEnd(int bin) {
    return bin + 1 < bins.length ? bins[bin + 1] - 1 : asked.upper();
  }

  // ---- the answer

  /**
   * A column of the answer.
   *
   * @param key else a number
   */
  public record Column(String name, boolean key) {}

  public List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    if (step.by() != null) {
      columns.add(new Column(step.by(), true));
    }
    for (Plan.Statistic figure : asked.figures()) {
      String name = step.column() + "_" + figure.as();
      switch (figure.kind()) {
        case ROWS, COUNT, SUM, MEAN, VARIANCE, STDDEV -> columns.add(new Column(name, false));
        case QUANTILE -> {
          columns.add(new Column(name + "_low", false));
          columns.add(new Column(name + "_high", false));
        }
        case HISTOGRAM -> {
          for (int bin = 0; bin < bins.length; bin++) {
            String of = step.column() + "_" + bins[bin] + "_to_" + binEnd(bin);
            columns.add(new Column(of, false));
          }
        }
      }
    }
    return columns;
  }

  /**
   * A row for each group: its key, and plain decimals; null where there is no value, or too few.
   *
   * @param owners whose parts are in the sum
   * @throws ProblemException where no such rows could have come to this sum: somebody gave nonsense
   */
  public List<List<@Nullable String>> rows(long[] sum, int owners) {
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      Group of = new Group(sum, group);
      of.requireFitsTogether(owners);
      List<@Nullable String> row = new ArrayList<>();
      if (step.by() != null) {
        row.add(step.keys().get(group));
      }
      asked.figures().forEach(figure -> of.figure(figure, row));
      rows.add(row);
    }
    return rows;
  }

  /** The sums of one group. */
  private final class Group {
    private final long[] sum;
    private final int group;

    Group(long[] sum, int group) {
      this.sum = sum;
      this.group = group;
    }

    private BigInteger of(Kind kind) {
      return BigInteger.valueOf(sum[cell(kind, group)]);
    }

    private BigInteger inBin(int bin) {
      return BigInteger.valueOf(sum[cell(Kind.BINS, group) + bin]);
    }

    private BigInteger values() {
      BigInteger values = BigInteger.ZERO;
      for (int bin = 0; bin < bins.length; bin++) {
        values = values.add(inBin(bin));
      }
      return values;
    }

    /** Of the values, around the middle of the bounds. */
    private BigInteger centred() {
      return of(Kind.SUM).subtract(of(Kind.COUNT).multiply(BigInteger.valueOf(middle)));
    }

    void figure(Plan.Statistic figure, List<@Nullable String> row) {
      switch (figure.kind()) {
        case ROWS -> row.add(of(Kind.ROWS).toString());
        case COUNT -> row.add(of(Kind.COUNT).toString());
        case SUM -> row.add(of(Kind.SUM).toString());
        case MEAN ->
            row.add(
                of(Kind.COUNT).signum() == 0
                    ? null
                    : text(new BigDecimal(of(Kind.SUM)).divide(decimal(Kind.COUNT), ANSWER)));
        case VARIANCE -> row.add(spread(ANSWER, false));
        case STDDEV -> row.add(spread(FINE, true));
        case QUANTILE -> quantile(figure.shareMicros(), row);
        case HISTOGRAM -> {
          for (int bin = 0; bin < bins.length; bin++) {
            row.add(inBin(bin).toString());
          }
        }
      }
    }

    private BigDecimal decimal(Kind kind) {
      return new BigDecimal(of(kind));
    }

    /** n times the sum of squares, less the square of the sum, over n (n - 1). */
    private @Nullable String spread(MathContext precision, boolean root) {
      BigInteger count = of(Kind.COUNT);
      if (count.compareTo(BigInteger.TWO) < 0) {
        return null;
      }
      BigInteger above = count.multiply(of(Kind.SQUARES)).subtract(centred().pow(2));
      BigInteger below = count.multiply(count.subtract(BigInteger.ONE));
      BigDecimal variance = new BigDecimal(above).divide(new BigDecimal(below), precision);
      return text(root ? variance.sqrt(ANSWER) : variance);
    }

    /** The bin of the least value that at least this share does not exceed. */
    private void quantile(int shareMicros, List<@Nullable String> row) {
      BigInteger share = values().multiply(BigInteger.valueOf(shareMicros));
      BigInteger rank = share.add(WHOLE).subtract(BigInteger.ONE).divide(WHOLE).max(BigInteger.ONE);
      BigInteger below = BigInteger.ZERO;
      for (int bin = 0; bin < bins.length; bin++) {
        below = below.add(inBin(bin));
        if (below.compareTo(rank) >= 0) {
          row.add(Long.toString(bins[bin]));
          row.add(Long.toString(binEnd(bin)));
          return;
        }
      }
      row.add(null);
      row.add(null);
    }

    void requireFitsTogether(int owners) {
      BigInteger most = BigInteger.valueOf(owners).multiply(BigInteger.valueOf(rowsMax()));
      boolean fits = true;
      for (Kind kind : starts.keySet()) {
        fits &=
            switch (kind) {
              case ROWS -> within(of(Kind.ROWS), BigInteger.ZERO, most);
              case COUNT -> within(of(Kind.COUNT), BigInteger.ZERO, rowsOr(most));
              case SUM -> sumFits(most);
              case SQUARES -> squaresFit();
              case BINS -> binsFit(rowsOr(most));
            };
      }
      if (!fits) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION,
            step.name(),
            "figures that go together",
            "figures that no values have");
      }
    }

    private BigInteger rowsOr(BigInteger most) {
      return starts.containsKey(Kind.ROWS) ? of(Kind.ROWS) : most;
    }

    private boolean sumFits(BigInteger most) {
      BigInteger lower = BigInteger.valueOf(asked.lower());
      BigInteger upper = BigInteger.valueOf(asked.upper());
      return starts.containsKey(Kind.COUNT)
          ? within(of(Kind.SUM), of(Kind.COUNT).multiply(lower), of(Kind.COUNT).multiply(upper))
          : within(
              of(Kind.SUM),
              rowsOr(most).multiply(lower.min(BigInteger.ZERO)),
              rowsOr(most).multiply(upper.max(BigInteger.ZERO)));
    }

    /** The square of a mean is at most the mean of the squares. */
    private boolean squaresFit() {
      BigInteger count = of(Kind.COUNT);
      return within(of(Kind.SQUARES), BigInteger.ZERO, count.multiply(magnitude(Kind.SQUARES)))
          && count.multiply(of(Kind.SQUARES)).compareTo(centred().pow(2)) >= 0;
    }

    private boolean binsFit(BigInteger most) {
      for (int bin = 0; bin < bins.length; bin++) {
        if (inBin(bin).signum() < 0) {
          return false;
        }
      }
      return starts.containsKey(Kind.COUNT)
          ? values().equals(of(Kind.COUNT))
          : within(values(), BigInteger.ZERO, most);
    }
  }

  private static boolean within(BigInteger number, BigInteger least, BigInteger most) {
    return number.compareTo(least) >= 0 && number.compareTo(most) <= 0;
  }

  private static String text(BigDecimal value) {
    BigDecimal stripped = value.stripTrailingZeros();
    return (stripped.scale() < 0 ? stripped.setScale(0) : stripped).toPlainString();
  }
}
