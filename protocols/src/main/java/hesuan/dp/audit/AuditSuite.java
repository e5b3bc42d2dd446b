package hesuan.dp.audit;

import hesuan.dp.BitPool;
import hesuan.dp.ClippedDummyNoise;
import hesuan.dp.Delta;
import hesuan.dp.GroupThreshold;
import hesuan.dp.JointNoise;
import hesuan.dp.KeySelection;
import hesuan.dp.Moments;
import hesuan.dp.Noise;
import hesuan.dp.NoiseScale;
import hesuan.dp.NoiseSource;
import hesuan.dp.NoiseVariance;
import hesuan.dp.QuantileTree;
import hesuan.dp.account.GaussianCalibration;
import hesuan.wire.Epsilon;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Every aggregate from rows to release, on two databases of which one has a person more who does
 * the most the bounds allow, and tries to do more.
 */
public final class AuditSuite {
  private static final Epsilon EPSILON = Epsilon.parse("2");
  private static final double EPSILON_VALUE = 2;
  private static final Delta DELTA = Delta.parse("0.01");

  /** Of Gaussian noise; so large that what a fault adds to it shows in few runs. */
  private static final Delta GAUSSIAN_DELTA = Delta.parse("0.1");

  private static final int GROUPS = 6;
  private static final int SAME_CELLS = 3;
  private static final long SURE = 1L << 56;
  private static final BoundedRows BOUNDS = new BoundedRows(2, 2);
  private static final BoundedRows NO_BOUNDS = new BoundedRows(GROUPS, Integer.MAX_VALUE);
  private static final long UPPER = 1000;
  private static final List<BoundedRows.Row> PEOPLE = people();
  private static final List<BoundedRows.Row> WITH_ONE_MORE = withOneMore();

  private AuditSuite() {}

  /** All pipelines as built, then all mutants. */
  public static List<AuditCase> all() {
    List<AuditCase> cases = new ArrayList<>();
    for (Mutation mutation : Mutation.values()) {
      counts(cases, mutation);
      sums(cases, mutation);
      trees(cases, mutation);
      keys(cases, mutation);
      dummies(cases, mutation);
      joint(cases, mutation);
    }
    return cases;
  }

  private static void counts(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, SCALE, BOUND, SENSITIVITY, REUSE -> {
        long groups = mutation == Mutation.SENSITIVITY ? 1 : BOUNDS.maxGroups();
        cases.add(laplace("count of people", mutation, groups, AuditSuite::distinct));
        cases.add(
            laplace("count of rows", mutation, groups * BOUNDS.maxRows(), rows -> sum(rows, 0)));
        NoiseVariance variance =
            GaussianCalibration.variance(EPSILON, GAUSSIAN_DELTA, BOUNDS.maxRows(), (int) groups);
        cases.add(
            additive(
                "count of rows, Gaussian",
                mutation,
                GAUSSIAN_DELTA.toDouble(),
                rows -> sum(rows, 0),
                variance));
      }
      case THRESHOLD, DELTA_SPLIT, FLOAT_SUM, NORM, SHARE, RETRY -> {}
    }
  }

  private static void sums(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, SCALE, BOUND, SENSITIVITY, REUSE -> {
        long rows = (mutation == Mutation.SENSITIVITY ? 1L : BOUNDS.maxGroups()) * BOUNDS.maxRows();
        cases.add(laplace("sum", mutation, rows * UPPER, table -> sum(table, 1)));
        Moments moments = new Moments(0, UPPER);
        Function<List<BoundedRows.Row>, long[]> squares =
            table -> {
              long[] cells = new long[GROUPS];
              for (BoundedRows.Row row : table) {
                long centred = moments.centred(row.value());
                cells[row.group()] += centred * centred;
              }
              return cells;
            };
        cases.add(laplace("sum of squares", mutation, rows * moments.squareMagnitude(), squares));
      }
      case FLOAT_SUM -> cases.add(floatSum());
      case THRESHOLD, DELTA_SPLIT, NORM, SHARE, RETRY -> {}
    }
  }

  private static void trees(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, SCALE, BOUND, SENSITIVITY, REUSE -> {
        QuantileTree tree = new QuantileTree(0, UPPER, 1, 16);
        long sensitivity =
            tree.sensitivity(BOUNDS.maxGroups(), BOUNDS.maxRows())
                / (mutation == Mutation.SENSITIVITY ? tree.height() : 1);
        cases.add(
            laplace(
                "quantile tree",
                mutation,
                sensitivity,
                rows -> {
                  long[] cells = new long[tree.cells()];
                  rows.forEach(row -> tree.add(cells, row.value()));
                  return cells;
                }));
      }
      case THRESHOLD, DELTA_SPLIT, FLOAT_SUM, NORM, SHARE, RETRY -> {}
    }
  }

  /** The person alone has as many keys as allowed; how many of them are told? */
  private static void keys(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, BOUND -> {
        keys(cases, mutation, 2);
        keys(cases, mutation, 10);
      }
      // With few groups one step of the threshold is a large factor.
      case THRESHOLD -> keys(cases, mutation, 2);
      case DELTA_SPLIT -> keys(cases, mutation, 10);
      case SCALE, SENSITIVITY, REUSE, FLOAT_SUM, NORM, SHARE, RETRY -> {}
    }
  }

  private static void keys(List<AuditCase> cases, Mutation mutation, int allowed) {
    int brought = mutation == Mutation.BOUND ? 3 * allowed : allowed;
    int split = mutation == Mutation.DELTA_SPLIT ? 1 : allowed;
    long more = mutation == Mutation.THRESHOLD ? 1 : 0; // one person passes for two
    NoiseScale scale = NoiseScale.of(EPSILON, allowed);
    NoiseSource noise = scale.source();
    GroupThreshold threshold = GroupThreshold.forPrivateKeys(scale, DELTA, split, 1);
    cases.add(
        keys(
            "threshold for keys of " + allowed + " groups",
            mutation,
            brought,
            bits -> threshold.releases(1 + more + noise.draw(bits))));
    KeySelection selection =
        mutation == Mutation.DELTA_SPLIT
            ? KeySelection.of(new Epsilon(EPSILON.micros() / allowed), DELTA, 1, 1)
            : KeySelection.of(EPSILON, DELTA, allowed, 1);
    cases.add(
        keys(
            "selection of keys of " + allowed + " groups",
            mutation,
            brought,
            bits -> selection.keeps(1 + more, bits)));
  }

  private static AuditCase keys(
      String name, Mutation mutation, int brought, Predicate<BitPool> told) {
    return new AuditCase(
        name,
        mutation,
        EPSILON_VALUE,
        DELTA.toDouble(),
        (bits, with) -> {
          int count = 0;
          for (int key = 0; key < (with ? brought : 0); key++) {
            count += told.test(bits) ? 1 : 0;
          }
          return count;
        });
  }

  private static void dummies(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, SCALE -> {
        // 2 / 0.85, as if the scale were 0.85 of the right one.
        Epsilon used = mutation == Mutation.SCALE ? Epsilon.parse("2.352941") : EPSILON;
        ClippedDummyNoise dummies = ClippedDummyNoise.of(used, DELTA.value().toPlainString(), 1);
        cases.add(
            new AuditCase(
                "dummies",
                mutation,
                EPSILON_VALUE,
                DELTA.toDouble(),
                (bits, with) -> dummies.draw(bits) + (with ? 1 : 0)));
      }
      case BOUND, SENSITIVITY, THRESHOLD, DELTA_SPLIT, REUSE, FLOAT_SUM, NORM, SHARE, RETRY -> {}
    }
  }

  /** Five parties; one is missing, one tells its share to the attacker. */
  private static void joint(List<AuditCase> cases, Mutation mutation) {
    switch (mutation) {
      case NONE, SCALE, SHARE -> {
        long shift = 20;
        int parties = 5;
        int honest = 3;
        NoiseVariance promised = GaussianCalibration.variance(EPSILON, GAUSSIAN_DELTA, shift, 1);
        JointNoise joint =
            new JointNoise(promised, parties, mutation == Mutation.SHARE ? 0 : parties - honest);
        NoiseSource share = faulty(joint.share(), mutation).source();
        cases.add(
            new AuditCase(
                "joint Gaussian noise",
                mutation,
                EPSILON_VALUE,
                GAUSSIAN_DELTA.toDouble(),
                (bits, with) -> {
                  long sum = with ? shift : 0;
                  for (int party = 0; party < honest; party++) {
                    sum += share.draw(bits);
                  }
                  return sum;
                }));
      }
      case BOUND, SENSITIVITY, THRESHOLD, DELTA_SPLIT, REUSE, FLOAT_SUM, NORM, RETRY -> {}
    }
  }

  private static AuditCase laplace(
      String name,
      Mutation mutation,
      long sensitivity,
      Function<List<BoundedRows.Row>, long[]> local) {
    return additive(name, mutation, 0, local, NoiseScale.of(EPSILON, sensitivity));
  }

  /** Bounded rows, summed to cells, each with its own noise. */
  private static AuditCase additive(
      String name,
      Mutation mutation,
      double delta,
      Function<List<BoundedRows.Row>, long[]> local,
      Noise noise) {
    BoundedRows bounds = mutation == Mutation.BOUND ? NO_BOUNDS : BOUNDS;
    long[] without = local.apply(bounds.of(PEOPLE));
    long[] with = local.apply(bounds.of(WITH_ONE_MORE));
    return new AuditCase(
        name,
        mutation,
        EPSILON_VALUE,
        delta,
        attack(without, with, faulty(noise, mutation), mutation == Mutation.REUSE));
  }

  /**
   * Tells by the cells that the person changes, and some more: by how much likelier they are with
   * the person, and surely if all cells are off by the same.
   */
  private static AuditCase.Observation attack(
      long[] without, long[] with, Noise noise, boolean reuse) {
    NoiseSource source = noise.source();
    int[] cells = changed(without, with);
    boolean normal = noise instanceof NoiseVariance;
    return (bits, present) -> {
      long[] truth = present ? with : without;
      long likelier = 0;
      int likeWith = 0;
      int likeWithout = 0;
      long drawn = source.draw(bits);
      for (int cell : cells) {
        long off = reuse ? drawn : source.draw(bits);
        long offWith = truth[cell] + off - with[cell];
        long offWithout = truth[cell] + off - without[cell];
        // The logarithm of the ratio of the two masses, up to a factor.
        likelier +=
            normal
                ? offWithout * offWithout - offWith * offWith
                : Math.abs(offWithout) - Math.abs(offWith);
        likeWith += offWith == drawn ? 1 : 0;
        likeWithout += offWithout == drawn ? 1 : 0;
      }
      return likelier + SURE * ((likeWith / cells.length) - (likeWithout / cells.length));
    };
  }

  /** The cells that differ, and some that don't. */
  private static int[] changed(long[] without, long[] with) {
    List<Integer> cells = new ArrayList<>();
    List<Integer> same = new ArrayList<>();
    for (int cell = 0; cell < with.length; cell++) {
      (with[cell] != without[cell] ? cells : same).add(cell);
    }
    cells.addAll(same.subList(0, Math.min(SAME_CELLS, same.size())));
    return cells.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Noise faulty(Noise noise, Mutation mutation) {
    if (mutation != Mutation.SCALE) {
      return noise;
    }
    return switch (noise) {
      case NoiseScale scale -> new NoiseScale(scale.numerator() * 17, scale.denominator() * 20);
      case NoiseVariance variance ->
          new NoiseVariance(
              variance.numerator().multiply(BigInteger.valueOf(289)),
              variance.denominator().multiply(BigInteger.valueOf(400)));
    };
  }

  /**
   * A sum in floating point depends on what it passes through: one large value makes each later one
   * count as four instead of three.
   */
  private static AuditCase floatSum() {
    int large = 1 << 24;
    int rows = 4_000_000;
    float without = 0;
    float with = large;
    for (int i = 0; i < rows; i++) {
      without += 3;
      with += 3;
    }
    Noise noise = NoiseScale.of(EPSILON, large);
    return new AuditCase(
        "sum",
        Mutation.FLOAT_SUM,
        EPSILON_VALUE,
        0,
        attack(new long[] {(long) without}, new long[] {(long) with}, noise, false));
  }

  private static long[] distinct(List<BoundedRows.Row> rows) {
    long[] cells = new long[GROUPS];
    Set<BoundedRows.Row> seen = new HashSet<>();
    for (BoundedRows.Row row : rows) {
      cells[row.group()] += seen.add(new BoundedRows.Row(row.person(), row.group(), 0)) ? 1 : 0;
    }
    return cells;
  }

  /** Sums by group of value to the given power, 0 or 1. */
  private static long[] sum(List<BoundedRows.Row> rows, int power) {
    long[] cells = new long[GROUPS];
    for (BoundedRows.Row row : rows) {
      cells[row.group()] += power == 0 ? 1 : Math.clamp(row.value(), 0, UPPER);
    }
    return cells;
  }

  private static List<BoundedRows.Row> people() {
    List<BoundedRows.Row> rows = new ArrayList<>();
    for (int person = 1; person <= 40; person++) {
      for (int i = 0; i < person % 4; i++) {
        rows.add(new BoundedRows.Row(person, (person + i) % GROUPS, 37L * person % (UPPER + 1)));
      }
    }
    return rows;
  }

  private static List<BoundedRows.Row> withOneMore() {
    List<BoundedRows.Row> rows = new ArrayList<>(PEOPLE);
    for (int group = 0; group < GROUPS; group++) {
      for (int i = 0; i < 5; i++) {
        rows.add(new BoundedRows.Row(0, group, UPPER));
      }
    }
    return rows;
  }
}
