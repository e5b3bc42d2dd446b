package hesuan.dp;

import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link Plan.DpQuery} adds to its figures and lets out of them. The figures travel as one
 * vector, aggregate after aggregate, each with one cell per public group in the plan's order.
 *
 * <p>Every party adds noise for the full epsilon to its own part, so that each owner's promise
 * holds against all other parties together, at the price of n times the variance.
 */
public final class QueryNoise {
  public static final int CONFIDENCE_PERCENT = 95;

  private final Plan.DpQuery query;
  private final List<NoiseScale> scales;
  private final GroupThreshold threshold;
  private final int counting;

  private QueryNoise(
      Plan.DpQuery query, List<NoiseScale> scales, GroupThreshold threshold, int counting) {
    this.query = query;
    this.scales = List.copyOf(scales);
    this.threshold = threshold;
    this.counting = counting;
  }

  /**
   * Checks all that can go wrong, before anything runs and from the plan alone.
   *
   * @param minGroup fewest people in a group that is released
   */
  public static QueryNoise of(Plan.DpQuery query, int minGroup) {
    if (query.groups().isEmpty() || query.aggregates().isEmpty()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, query.name(), "a group and an aggregate at least", "none");
    }
    if (query.maxGroups() < 1 || query.maxRows() < 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          query.name(),
          "maxGroups and maxRows of at least 1",
          query.maxGroups() + " and " + query.maxRows());
    }
    List<NoiseScale> scales = new ArrayList<>();
    for (Plan.Aggregate aggregate : query.aggregates()) {
      SumRange.requireFits(
          aggregate.as(), query.products().size(), query.rowsMax(), magnitudeMax(aggregate));
      scales.add(NoiseScale.of(aggregate.epsilon(), sensitivity(query, aggregate)));
    }
    int counting = counting(query);
    if (minGroup > 1 && counting < 0) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD,
          query.name(),
          "a count among the aggregates, to hold minGroup " + minGroup + " against",
          "sums only");
    }
    return new QueryNoise(
        query, scales, new GroupThreshold(counted(query, minGroup, counting)), counting);
  }

  /** The most by which one person can change all cells of this aggregate together. */
  public static long sensitivity(Plan.DpQuery query, Plan.Aggregate aggregate) {
    long groups = Math.min(query.maxGroups(), query.groups().size());
    try {
      return switch (aggregate.kind()) {
        case COUNT_DISTINCT_UNIT -> groups;
        case COUNT, SUM, SUM_CENTRED, SUM_SQUARED ->
            Math.multiplyExact(
                Math.multiplyExact(groups, (long) query.maxRows()), magnitudeMax(aggregate));
      };
    } catch (ArithmeticException e) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          aggregate.as(),
          "groups x rows x largest value of one person below 2^63",
          groups + " x " + query.maxRows() + " x " + magnitudeMax(aggregate));
    }
  }

  public int cells() {
    return Math.multiplyExact(query.aggregates().size(), query.groups().size());
  }

  public int cell(int aggregate, int key) {
    return aggregate * query.groups().size() + key;
  }

  public NoiseScale scale(int aggregate) {
    return scales.get(aggregate);
  }

  /**
   * One party's addend: its own bounded figures plus its own noise.
   *
   * @param seed this party's noise seed for this job; the same seed repeats the same noise, so it
   *     must never serve figures of other data
   */
  public long[] noised(long[] local, SecretBytes seed) {
    requireCells(local.length);
    long[] noised = local.clone();
    for (int a = 0; a < scales.size(); a++) {
      DiscreteLaplace noise = new DiscreteLaplace(scales.get(a));
      BitPool bits = BitPool.of(seed, "dp-query", query.name(), query.aggregates().get(a).as());
      for (int k = 0; k < query.groups().size(); k++) {
        // Wraps like the sum itself; the range was proved from public limits.
        noised[cell(a, k)] += noise.draw(bits);
      }
    }
    return noised;
  }

  /**
   * What may be released of the summed addends.
   *
   * @param parties how many parties' addends (so, noises) are in the sum
   */
  public Released released(long[] sum, int parties) {
    requireCells(sum.length);
    if (parties < 1) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL, query.name(), "a part of at least one owner", "none");
    }
    List<Group> groups = new ArrayList<>();
    int suppressed = 0;
    for (int k = 0; k < query.groups().size(); k++) {
      if (counting >= 0 && !threshold.releases(sum[cell(counting, k)])) {
        suppressed++;
        continue;
      }
      List<Long> figures = new ArrayList<>();
      for (int a = 0; a < scales.size(); a++) {
        figures.add(sum[cell(a, k)]);
      }
      groups.add(new Group(query.groups().get(k), figures));
    }
    return new Released(groups, suppressed);
  }

  /** The noised figures of one group, in the order of the plan's aggregates. */
  public record Group(List<String> keys, List<Long> figures) {
    public Group {
      keys = List.copyOf(keys);
      figures = List.copyOf(figures);
    }
  }

  /**
   * @param suppressed how many groups were below the smallest
   */
  public record Released(List<Group> groups, int suppressed) {
    public Released {
      groups = List.copyOf(groups);
    }
  }

  /**
   * How far noise moves a figure that is one of several in a formula: all of them together stay within
   * these with {@link #CONFIDENCE_PERCENT}.
   *
   * @param noises how many parties' noises are in the sum
   * @param together how many noised figures the formula has
   */
  public long halfWidth(int aggregate, int noises, int together) {
    NoiseScale scale = scales.get(aggregate);
    int percent = 100 - (100 - CONFIDENCE_PERCENT) / together;
    // Twice the half-width at 99 % leaves out less than a tenth of that percent: both tails fall at
    // least exponentially. That serves the sixteen figures that a query may have.
    return percent < 100
        ? NoiseInterval.of(scale, noises, percent).halfWidth()
        : 2 * NoiseInterval.of(scale, noises, 99).halfWidth();
  }

  private void requireCells(int found) {
    if (found != cells()) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION, query.name(), cells() + " cells", found + " cells");
    }
  }

  /** The largest absolute value of one row. */
  private static long magnitudeMax(Plan.Aggregate aggregate) {
    if (aggregate.lower() > aggregate.upper() || aggregate.lower() == Long.MIN_VALUE) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          aggregate.as(),
          "lower at most upper",
          aggregate.lower() + " to " + aggregate.upper());
    }
    return switch (aggregate.kind()) {
      case COUNT, COUNT_DISTINCT_UNIT -> 1;
      case SUM -> Math.max(Math.abs(aggregate.lower()), Math.abs(aggregate.upper()));
      case SUM_CENTRED -> Math.subtractExact(aggregate.upper(), aggregate.lower());
      case SUM_SQUARED -> {
        long width = Math.subtractExact(aggregate.upper(), aggregate.lower());
        yield Math.multiplyExact(width, width);
      }
    };
  }

  /** The aggregate that says how many people are in a group: distinct people, else rows. */
  private static int counting(Plan.DpQuery query) {
    int rows = -1;
    for (int a = 0; a < query.aggregates().size(); a++) {
      switch (query.aggregates().get(a).kind()) {
        case COUNT_DISTINCT_UNIT -> {
          return a;
        }
        case COUNT -> rows = rows < 0 ? a : rows;
        case SUM, SUM_CENTRED, SUM_SQUARED -> {}
      }
    }
    return rows;
  }

  /** A count of rows proves only a maxRows-th as many people. */
  private static long counted(Plan.DpQuery query, int minGroup, int counting) {
    return counting >= 0 && query.aggregates().get(counting).kind() == Plan.AggregateKind.COUNT
        ? (long) minGroup * query.maxRows()
        : minGroup;
  }
}
