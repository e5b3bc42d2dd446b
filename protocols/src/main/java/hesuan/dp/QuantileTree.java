package hesuan.dp;

import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigInteger;

/**
 * Counts of values in intervals of several widths, from which quantiles are read: level 1 cuts the
 * range into {@code branching} intervals, each further level each of them again, down to leaves of
 * {@code step} values. All counts lie in one vector, level after level, so that trees of several
 * parties are added cell by cell, and noise is added cell by cell.
 *
 * <p>A value outside the range counts in the outermost leaf, so no value falls beside the tree.
 *
 * @param lower the least value
 * @param upper the greatest value
 * @param step how many integers a leaf holds: the precision of an answer
 * @param branching children of a node; 16 reads well
 */
public record QuantileTree(long lower, long upper, long step, int branching) {
  private static final long LEAVES_MAX = 1 << 20;
  private static final int BRANCHING_MAX = 1 << 10;
  public static final long WHOLE_MICROS = 1_000_000;

  public QuantileTree {
    // Half of the range of a long keeps every difference below in range.
    long reach = Long.MAX_VALUE / 2;
    if (lower >= upper || lower < -reach || upper > reach) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "quantile",
          "lower below upper, both within 62 bits",
          lower + " to " + upper);
    }
    if (branching < 2 || branching > BRANCHING_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "quantile", "branching 2 to " + BRANCHING_MAX, "" + branching);
    }
    if (step < 1 || (upper - lower) / step >= LEAVES_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "quantile",
          "a step of at least 1 that cuts the range into at most " + LEAVES_MAX + " parts",
          "" + step);
    }
  }

  public int leaves() {
    return (int) ((upper - lower) / step) + 1;
  }

  /** How many levels there are; the last is the leaves. */
  public int height() {
    int height = 1;
    for (long reach = branching; reach < leaves(); reach *= branching) {
      height++;
    }
    return height;
  }

  /** How many counts the tree has. */
  public int cells() {
    int[] starts = starts();
    return starts[starts.length - 1];
  }

  /** The leaf of a value: always one of the tree's, whatever the value. */
  public int leaf(long value) {
    return (int) ((Math.clamp(value, lower, upper) - lower) / step);
  }

  /** Counts a value: one cell on each level. */
  public void add(long[] cells, long value) {
    addLeaf(cells, starts(), leaf(value), 1);
  }

  private void addLeaf(long[] cells, int[] starts, int leaf, long count) {
    int node = leaf;
    for (int level = starts.length - 1; level > 0; level--) {
      cells[starts[level - 1] + node] += count;
      node /= branching;
    }
  }

  /** The tree of counts by leaf, as a database groups them. */
  public long[] fromLeaves(long[] counts) {
    int[] starts = starts();
    long[] cells = new long[starts[starts.length - 1]];
    for (int leaf = 0; leaf < counts.length; leaf++) {
      addLeaf(cells, starts, leaf, counts[leaf]);
    }
    return cells;
  }

  /**
   * The most by which one person changes all cells together (L1).
   *
   * @param maxGroups in how many groups, each with its tree, the person may be
   * @param maxRows how many values in each
   */
  public long sensitivity(int maxGroups, int maxRows) {
    return Math.multiplyExact(
        Math.multiplyExact((long) maxGroups, (long) maxRows), (long) height());
  }

  /** The square of the most by which one person moves all cells together (L2). */
  public BigInteger sensitivitySquared(int maxGroups, int maxRows) {
    return BigInteger.valueOf(maxRows)
        .pow(2)
        .multiply(BigInteger.valueOf((long) maxGroups * height()));
  }

  /** Noise for the cells, an equal share of epsilon on each level. */
  public NoiseScale scale(Epsilon epsilon, int maxGroups, int maxRows) {
    return NoiseScale.of(epsilon, sensitivity(maxGroups, maxRows));
  }

  /**
   * A quantile and the values between which it lies.
   *
   * @param value the estimate, the middle of a leaf
   * @param low the least value of the lowest leaf that the noise allows
   * @param high the greatest value of the highest
   */
  public record Quantile(long value, long low, long high) {}

  /**
   * Reads a quantile out of noised cells: the least value below or at which at least this share of
   * the values lies.
   *
   * @param shareMicros the share in millionths, 1 to 1,000,000
   * @param addends how many parties' noise each cell holds
   * @param outside the probability with which the interval may miss the quantile of the bounded
   *     values, all parties' noise being honest
   */
  public Quantile quantile(
      long[] cells, long shareMicros, Noise noise, int addends, double outside) {
    if (cells.length != cells()) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION, "quantile", cells() + " cells", cells.length + " cells");
    }
    if (shareMicros < 1 || shareMicros > WHOLE_MICROS) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "quantile",
          "a share above 0 and up to 1",
          shareMicros + " millionths");
    }
    double share = (double) shareMicros / WHOLE_MICROS;
    int leaf = descend(cells, share);
    // F(v) is the count up to leaf v, N the whole; the quantile's leaf is the first with F(v) >=
    // qN.
    // The noise on F(v) - qN stays within the slack up or down, so a leaf is possible if its own
    // difference is not too far below zero, nor its predecessor's too far above.
    double slack = NoiseInterval.halfWidth(noise, terms() * addends, outside);
    double target = share * total(cells);
    int first = leaf;
    int last = leaf;
    double before = Double.NEGATIVE_INFINITY;
    int[] starts = starts();
    for (int v = 0; v < leaves(); v++) {
      double difference = upTo(cells, starts, v) - target;
      if (difference >= -slack && before <= slack) {
        first = Math.min(first, v);
        last = Math.max(last, v);
      }
      before = difference;
    }
    return new Quantile(
        least(leaf) + (greatest(leaf) - least(leaf)) / 2, least(first), greatest(last));
  }

  /** At most so many noised cells enter {@code F(v) - qN}, each with a weight of at most one. */
  int terms() {
    return nodes(1) + (height() - 1) * (branching - 1);
  }

  private long total(long[] cells) {
    long total = 0;
    for (int node = 0; node < nodes(1); node++) {
      total += cells[node];
    }
    return total;
  }

  private long upTo(long[] cells, int[] starts, int leaf) {
    long sum = 0;
    int end = leaf + 1; // nodes before this one on the level
    for (int level = starts.length - 1; level > 0; level--) {
      int from = level == 1 ? 0 : end - end % branching;
      for (int node = from; node < end; node++) {
        sum += cells[starts[level - 1] + node];
      }
      end /= branching;
    }
    return sum;
  }

  /** From the root to the leaf where the share falls, taking negative counts as none. */
  private int descend(long[] cells, double share) {
    int[] starts = starts();
    int node = 0;
    double left = share; // of the node's own values
    for (int level = 1; level < starts.length; level++) {
      int from = node * branching;
      int to = Math.min(from + branching, nodes(level));
      double sum = 0;
      for (int child = from; child < to; child++) {
        sum += Math.max(0, cells[starts[level - 1] + child]);
      }
      if (sum == 0) {
        return middleLeaf(level - 1, node);
      }
      double wanted = left * sum;
      double before = 0;
      node = to - 1;
      for (int child = from; child < to; child++) {
        double count = Math.max(0, cells[starts[level - 1] + child]);
        if (count > 0 && before + count >= wanted) {
          node = child;
          left = Math.clamp((wanted - before) / count, 0.0, 1.0);
          break;
        }
        before += count;
      }
    }
    return node;
  }

  private int middleLeaf(int level, int node) {
    long width = 1;
    for (int below = level; below < height(); below++) {
      width *= branching;
    }
    return (int) Math.min(node * width + width / 2, leaves() - 1);
  }

  private long least(int leaf) {
    return lower + leaf * step;
  }

  private long greatest(int leaf) {
    return Math.min(upper, lower + leaf * step + step - 1);
  }

  /** How many nodes of a level hold a leaf. */
  private int nodes(int level) {
    long width = 1;
    for (int below = level; below < height(); below++) {
      width *= branching;
    }
    return (int) Math.ceilDiv((long) leaves(), width);
  }

  /** Where level i + 1 starts in the vector; the last is the end of the leaves. */
  private int[] starts() {
    int[] starts = new int[height() + 1];
    for (int level = 1; level < starts.length; level++) {
      starts[level] = starts[level - 1] + nodes(level);
    }
    return starts;
  }
}
