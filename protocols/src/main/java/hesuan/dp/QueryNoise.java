package hesuan.dp;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Rho;
import hesuan.wire.SecretBytes;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Plan.DpQuery} adds to its figures and lets out of them. The figures travel as one
 * vector, aggregate after aggregate, each with one cell per public group in the plan's order.
 *
 * <p>Every party adds noise for the full epsilon to its own part, so that each owner's promise
 * holds against all other parties together, at the price of n times the variance; or, where the
 * plan shares the noise, its share of one noise ({@link JointNoise}).
 */
public final class QueryNoise {
  public static final int CONFIDENCE_PERCENT = 95;
  private static final int LEAVES_MAX = 1000;
  private static final int BRANCHING = 16;

  /** Noise is larger than this many times its scale with probability 2 e^-64. */
  private static final int SCALES_MAX = 64;

  private static final BigInteger TRILLION = BigInteger.valueOf(1_000_000_000_000L);

  private final Plan.DpQuery query;
  private final List<Drawn> drawn; // for each aggregate
  private final GroupThreshold threshold;
  private final int counting;
  private final int[] offsets; // of each aggregate's cells; the last is the number of cells

  private QueryNoise(
      Plan.DpQuery query, List<Drawn> drawn, GroupThreshold threshold, int counting) {
    this.query = query;
    this.drawn = List.copyOf(drawn);
    this.threshold = threshold;
    this.counting = counting;
    this.offsets = new int[drawn.size() + 1];
    for (int a = 0; a < drawn.size(); a++) {
      offsets[a + 1] =
          Math.addExact(
              offsets[a],
              Math.multiplyExact(width(query.aggregates().get(a)), query.groups().size()));
    }
  }

  /**
   * What each owner draws for a figure.
   *
   * @param fineness in so many parts of one the figure is counted while it travels, so that no
   *     share of joint noise is too narrow
   * @param joint of which it is a share; null where the noise is each owner's own
   */
  private record Drawn(Noise noise, int fineness, @Nullable JointNoise joint) {
    /** Of a figure or its noise in those parts, half up: whole numbers added come out as such. */
    long whole(long parts) {
      return fineness == 1 ? parts : Math.floorDiv(parts + fineness / 2, (long) fineness);
    }
  }

  /**
   * Checks all that can go wrong, before anything runs and from the plan alone.
   *
   * @param minGroup fewest people in a group that is released
   */
  public static QueryNoise of(Plan.DpQuery query, int minGroup) {
    if (query.selection() != null) {
      GroupSelection.of(query);
    }
    if (query.groups().isEmpty() && query.selection() == null || query.aggregates().isEmpty()) {
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
    List<Drawn> drawn = new ArrayList<>();
    for (Plan.Aggregate aggregate : query.aggregates()) {
      Drawn each = drawn(query, aggregate);
      SumRange.requireFits(
          aggregate.as(),
          query.products().size(),
          query.rowsMax(),
          Math.multiplyExact(magnitudeMax(aggregate), each.fineness));
      drawn.add(each);
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
        query, drawn, new GroupThreshold(counted(query, minGroup, counting)), counting);
  }

  private static Drawn drawn(Plan.DpQuery query, Plan.Aggregate aggregate) {
    Plan.SharedNoise shared = query.shared();
    if (shared == null) {
      return new Drawn(NoiseScale.of(aggregate.epsilon(), sensitivity(query, aggregate)), 1, null);
    }
    Delta.parse(shared.delta());
    sensitivity(query, aggregate); // bounds what is multiplied below
    int owners = query.products().size();
    if (shared.unreliable() < 1 || shared.unreliable() >= owners || shared.rho().equals(Rho.ZERO)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          query.name() + ".shared",
          "1 to " + (owners - 1) + " unreliable owners, and rho above 0",
          shared.unreliable() + " and " + shared.rho());
    }
    NoiseVariance promised = promised(query, shared, aggregate);
    int fineness = fineness(promised, owners - shared.unreliable());
    JointNoise joint =
        new JointNoise(
            promised.times(Math.multiplyExact(fineness, fineness)), owners, shared.unreliable());
    return new Drawn(joint.share(), fineness, joint);
  }

  /** What protects a figure for its part of rho, whichever owners are the unreliable ones. */
  private static NoiseVariance promised(
      Plan.DpQuery query, Plan.SharedNoise shared, Plan.Aggregate aggregate) {
    long epsilons =
        query.aggregates().stream().map(Plan.Aggregate::epsilon).mapToLong(Epsilon::micros).sum();
    if (aggregate.epsilon().micros() == 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "epsilon", "above 0", "0");
    }
    return new NoiseVariance(
        sensitivitySquared(query, aggregate)
            .multiply(BigInteger.valueOf(epsilons))
            .multiply(TRILLION),
        BigInteger.valueOf(shared.rho().picos())
            .multiply(BigInteger.valueOf(aggregate.epsilon().micros()))
            .shiftLeft(1));
  }

  /** The least whole number by which figures must grow for their shares to be wide enough. */
  private static int fineness(NoiseVariance promised, int honest) {
    BigInteger squared =
        promised
            .denominator()
            .multiply(JointNoise.SHARE_MIN)
            .multiply(BigInteger.valueOf(honest))
            .add(promised.numerator().subtract(BigInteger.ONE))
            .divide(promised.numerator());
    BigInteger root = squared.sqrt();
    return (root.multiply(root).equals(squared) ? root : root.add(BigInteger.ONE)).intValueExact();
  }

  /**
   * What a figure under shared noise gives away: its cells change by at most the shift, under a
   * noise of this variance.
   */
  public record Shielded(NoiseVariance variance, long shift, int cells) {}

  /** Of each aggregate, where the noise is shared; for the accountant. */
  public List<Shielded> shielded() {
    List<Shielded> all = new ArrayList<>();
    for (int a = 0; a < drawn.size(); a++) {
      JointNoise joint = Objects.requireNonNull(drawn.get(a).joint, "own noise");
      Plan.Aggregate aggregate = query.aggregates().get(a);
      all.add(
          new Shielded(
              joint.promised(),
              Math.multiplyExact(shift(query, aggregate), drawn.get(a).fineness),
              changed(query, aggregate)));
    }
    return all;
  }

  /** The most by which one person can change one cell of this aggregate. */
  private static long shift(Plan.DpQuery query, Plan.Aggregate aggregate) {
    return aggregate.kind() == Plan.AggregateKind.COUNT_DISTINCT_UNIT
        ? 1
        : Math.multiplyExact((long) query.maxRows(), magnitudeMax(aggregate));
  }

  /** How many cells one person can change by as much as that. */
  private static int changed(Plan.DpQuery query, Plan.Aggregate aggregate) {
    return Math.multiplyExact(
        Math.toIntExact(groups(query)),
        aggregate.kind() == Plan.AggregateKind.QUANTILES ? tree(aggregate).height() : 1);
  }

  /** Groups of one person. */
  private static long groups(Plan.DpQuery query) {
    // Which groups there are, where they are selected, must not decide how they are noised.
    return query.selection() != null
        ? query.maxGroups()
        : Math.min(query.maxGroups(), query.groups().size());
  }

  /**
   * The square of the most by which one person can move all cells of this aggregate together (L2).
   */
  public static BigInteger sensitivitySquared(Plan.DpQuery query, Plan.Aggregate aggregate) {
    return BigInteger.valueOf(shift(query, aggregate))
        .pow(2)
        .multiply(BigInteger.valueOf(changed(query, aggregate)));
  }

  /** The most by which one person can change all cells of this aggregate together (L1). */
  public static long sensitivity(Plan.DpQuery query, Plan.Aggregate aggregate) {
    long groups = groups(query);
    try {
      return switch (aggregate.kind()) {
        case COUNT_DISTINCT_UNIT -> groups;
        case QUANTILES -> tree(aggregate).sensitivity(Math.toIntExact(groups), query.maxRows());
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

  /**
   * Of each aggregate the most that a sum of people in one group can be with so many noises on it,
   * of either sign and but for a chance of 2^-63: in integers, so that all parties come to the
   * same. At most 2^63 - 1.
   */
  public List<Long> sumsMax(int peopleMax, int noises) {
    List<Long> most = new ArrayList<>();
    for (int a = 0; a < drawn.size(); a++) {
      if (!(drawn.get(a).noise instanceof NoiseScale scale)) {
        throw new IllegalArgumentException("noise that is not each party's own");
      }
      BigInteger noise =
          BigInteger.valueOf(Math.ceilDiv(scale.numerator(), scale.denominator()))
              .multiply(BigInteger.valueOf((long) SCALES_MAX * noises));
      most.add(
          BigInteger.valueOf(sensitivity(query, query.aggregates().get(a)))
              .multiply(BigInteger.valueOf(peopleMax))
              .add(noise)
              .min(BigInteger.valueOf(Long.MAX_VALUE))
              .longValueExact());
    }
    return most;
  }

  public int cells() {
    return offsets[drawn.size()];
  }

  /** Where the cells of an aggregate in a group begin. */
  public int cell(int aggregate, int group) {
    return offsets[aggregate] + group * width(query.aggregates().get(aggregate));
  }

  /** How many cells an aggregate has in each group. */
  public static int width(Plan.Aggregate aggregate) {
    return aggregate.kind() == Plan.AggregateKind.QUANTILES ? tree(aggregate).cells() : 1;
  }

  /** Leaves as fine as a thousandth of the bounds, or the unit of the value. */
  public static QuantileTree tree(Plan.Aggregate aggregate) {
    long width = Math.subtractExact(aggregate.upper(), aggregate.lower());
    return new QuantileTree(
        aggregate.lower(), aggregate.upper(), width / LEAVES_MAX + 1, BRANCHING);
  }

  /** What each owner draws for an aggregate, in parts of one where its figures are. */
  public Noise noise(int aggregate) {
    return drawn.get(aggregate).noise;
  }

  /** In how many parts of one an aggregate's figures are counted while they travel. */
  public int fineness(int aggregate) {
    return drawn.get(aggregate).fineness;
  }

  /**
   * One party's addend: its own bounded figures plus its own noise, or its share of the noise.
   *
   * @param seed this party's noise seed for this job; the same seed repeats the same noise, so it
   *     must never serve figures of other data
   */
  public long[] noised(long[] local, SecretBytes seed) {
    requireCells(local.length);
    long[] noised = inParts(local);
    if (query.selection() != null) {
      noiseByGroup(noised, seed);
      return noised;
    }
    for (int a = 0; a < drawn.size(); a++) {
      NoiseSource noise = drawn.get(a).noise.source();
      BitPool bits = BitPool.of(seed, "dp-query", query.name(), query.aggregates().get(a).as());
      for (int cell = offsets[a]; cell < offsets[a + 1]; cell++) {
        // Wraps like the sum itself; the range was proved from public limits.
        noised[cell] += noise.draw(bits);
      }
    }
    return noised;
  }

  private long[] inParts(long[] local) {
    long[] parts = local.clone();
    for (int a = 0; a < drawn.size(); a++) {
      for (int cell = offsets[a]; drawn.get(a).fineness > 1 && cell < offsets[a + 1]; cell++) {
        parts[cell] *= drawn.get(a).fineness;
      }
    }
    return parts;
  }

  /**
   * Where others have a say in which groups are asked for, a group's noise hangs on its keys alone:
   * whatever list is asked for, in whichever attempt, every figure is the one that stood there
   * before, and no two lists can be subtracted.
   */
  private void noiseByGroup(long[] cells, SecretBytes seed) {
    List<NoiseSource> noises = drawn.stream().map(each -> each.noise.source()).toList();
    for (int g = 0; g < query.groups().size(); g++) {
      List<String> label = new ArrayList<>(List.of("dp-query", query.name(), "group"));
      label.addAll(query.groups().get(g));
      BitPool bits = BitPool.of(seed, label.toArray(String[]::new));
      for (int a = 0; a < noises.size(); a++) {
        int from = cell(a, g);
        for (int i = from; i < from + width(query.aggregates().get(a)); i++) {
          cells[i] += noises.get(a).draw(bits);
        }
      }
    }
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
    requireShares(parties);
    List<Group> groups = new ArrayList<>();
    int suppressed = 0;
    for (int k = 0; k < query.groups().size(); k++) {
      if (counting >= 0 && !threshold.releases(drawn.get(counting).whole(sum[cell(counting, k)]))) {
        suppressed++;
        continue;
      }
      groups.add(new Group(query.groups().get(k), figures(sum, k)));
    }
    return new Released(groups, suppressed);
  }

  /**
   * Whoever reads the sum knows a share of it if it added one, so beside those who are missing one
   * more owner counts as unreliable.
   */
  private void requireShares(int present) {
    Plan.SharedNoise shared = query.shared();
    if (shared != null && present < sharesMin(query.products().size(), shared.unreliable())) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          query.name(),
          "shares of the noise of at least "
              + sharesMin(query.products().size(), shared.unreliable())
              + " owners",
          "" + present);
    }
  }

  /** Owners without whom a sum under shared noise tells any of them too much. */
  public static int sharesMin(int owners, int unreliable) {
    return owners - unreliable + 1;
  }

  private List<long[]> figures(long[] sum, int group) {
    List<long[]> figures = new ArrayList<>();
    for (int a = 0; a < drawn.size(); a++) {
      Drawn each = drawn.get(a);
      int from = cell(a, group);
      long[] cells = Arrays.copyOfRange(sum, from, from + width(query.aggregates().get(a)));
      // A tree is read by comparing its cells with each other, so it stays in its parts.
      if (query.aggregates().get(a).kind() != Plan.AggregateKind.QUANTILES) {
        Arrays.setAll(cells, i -> each.whole(cells[i]));
      }
      figures.add(cells);
    }
    return figures;
  }

  /**
   * @param figures of one group, in the order of the plan's aggregates: one cell, or a tree's, a
   *     tree's in parts of one ({@link #fineness(int)})
   */
  public record Group(List<String> keys, List<long[]> figures) {
    public Group {
      keys = List.copyOf(keys);
      figures = List.copyOf(figures);
    }

    long figure(int aggregate) {
      return figures.get(aggregate)[0];
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
   * How far noise moves a figure that is one of several in a formula: all of them together stay
   * within these with {@link #CONFIDENCE_PERCENT}.
   *
   * @param noises how many parties' noises are in the sum
   * @param together how many noised figures the formula has
   */
  public long halfWidth(int aggregate, int noises, int together) {
    Drawn each = drawn.get(aggregate);
    return each.whole(NoiseInterval.halfWidth(each.noise, noises, outside(together)));
  }

  /** The probability with which each of so many figures may miss its interval. */
  static double outside(int together) {
    return (1 - CONFIDENCE_PERCENT / 100.0) / Math.max(1, together);
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
      case COUNT, COUNT_DISTINCT_UNIT, QUANTILES -> 1;
      case SUM -> Math.max(Math.abs(aggregate.lower()), Math.abs(aggregate.upper()));
      case SUM_CENTRED -> new Moments(aggregate.lower(), aggregate.upper()).magnitude();
      case SUM_SQUARED -> new Moments(aggregate.lower(), aggregate.upper()).squareMagnitude();
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
        case SUM, SUM_CENTRED, SUM_SQUARED, QUANTILES -> {}
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
