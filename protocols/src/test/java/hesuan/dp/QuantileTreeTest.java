package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantileTreeTest {
  private static final NoiseScale HARDLY_ANY = new NoiseScale(1, 1000);

  private static long[] filled(QuantileTree tree, long... values) {
    long[] cells = new long[tree.cells()];
    for (long value : values) {
      tree.add(cells, value);
    }
    return cells;
  }

  @ParameterizedTest
  @CsvSource({"0,99,1,16", "-50,1000,7,4", "0,1,1,2", "-3,12345,1,16", "0,1000000,1,32"})
  void quantile_withoutNoise_isTheLeafOfTheSortedValue(
      long lower, long upper, long step, int branching) {
    QuantileTree tree = new QuantileTree(lower, upper, step, branching);
    Random random = new Random(1);
    long[] values = new long[501];
    for (int i = 0; i < values.length; i++) {
      values[i] = lower + (long) ((upper - lower) * random.nextDouble() * random.nextDouble());
    }
    long[] cells = filled(tree, values);
    Arrays.sort(values);
    for (long share : new long[] {1, 10_000, 250_000, 500_000, 900_000, 1_000_000}) {
      int rank = (int) Math.max(1, Math.ceilDiv(share * values.length, 1_000_000L));
      long truth = values[rank - 1];
      QuantileTree.Quantile told = tree.quantile(cells, share, HARDLY_ANY, 1, 0.05);
      assertEquals(tree.leaf(truth), tree.leaf(told.value()), "at " + share);
      assertTrue(told.low() <= truth && truth <= told.high());
    }
  }

  @Test
  void leaf_ofValuesBeyondTheBounds_isTheOutermost() {
    QuantileTree tree = new QuantileTree(-3, 1, 1, 16);
    assertEquals(0, tree.leaf(Long.MIN_VALUE));
    assertEquals(tree.leaves() - 1, tree.leaf(1));
    assertEquals(tree.leaves() - 1, tree.leaf(Long.MAX_VALUE));
    assertEquals(1, tree.quantile(filled(tree, 1, 1, 9), 500_000, HARDLY_ANY, 1, 0.05).value());
  }

  @Test
  void cells_ofParties_addUpToTheTreeOfAll() {
    QuantileTree tree = new QuantileTree(0, 999, 3, 8);
    long[] one = filled(tree, 1, 500, 999);
    long[] two = filled(tree, 2, 501);
    long[] sum = new long[one.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = one[i] + two[i];
    }
    assertArrayEquals(filled(tree, 501, 999, 2, 500, 1), sum);
    long[] leaves = new long[tree.leaves()];
    for (long value : new long[] {1, 2, 500, 501, 999}) {
      leaves[tree.leaf(value)]++;
    }
    assertArrayEquals(sum, tree.fromLeaves(leaves));
  }

  @Test
  void sensitivity_isWhatOnePersonsRowsChange() {
    QuantileTree tree = new QuantileTree(0, 999, 1, 10);
    long[] without = filled(tree, 5, 700);
    long[] with = filled(tree, 5, 700, 999, 999, 999);
    long distance = 0;
    long squared = 0;
    for (int i = 0; i < with.length; i++) {
      distance += Math.abs(with[i] - without[i]);
      squared += (with[i] - without[i]) * (with[i] - without[i]);
    }
    assertEquals(distance, tree.sensitivity(1, 3));
    assertEquals(squared, tree.sensitivitySquared(1, 3).longValueExact());
    assertEquals(2 * distance, tree.sensitivity(2, 3));
  }

  @ParameterizedTest
  @CsvSource({"1,16", "3,16", "2,4"})
  void interval_underNoise_holdsTheTruthAsOftenAsStated(int parties, int branching) {
    QuantileTree tree = new QuantileTree(0, 4095, 1, branching);
    NoiseScale scale = tree.scale(Epsilon.parse("1"), 1, 1);
    Random random = new Random(2);
    long[] values = new long[2000];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.clamp(Math.round(2000 + 600 * random.nextGaussian()), 0, 4095);
    }
    long[] exact = filled(tree, values);
    Arrays.sort(values);
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(4), "tree");
    int runs = 200;
    int held = 0;
    double width = 0;
    for (int run = 0; run < runs; run++) {
      long[] noised = exact.clone();
      for (int p = 0; p < parties; p++) {
        long[] noise = scale.source().draw(bits, noised.length);
        for (int i = 0; i < noised.length; i++) {
          noised[i] += noise[i];
        }
      }
      QuantileTree.Quantile told = tree.quantile(noised, 250_000, scale, parties, 0.1);
      assertTrue(told.low() <= told.value() && told.value() <= told.high());
      held += told.low() <= values[499] && values[499] <= told.high() ? 1 : 0;
      width += (double) (told.high() - told.low()) / runs;
    }
    assertTrue(held >= 0.9 * runs - 6 * Math.sqrt(0.09 * runs), "held " + held);
    assertTrue(width < 500, "width " + width);
  }

  @Test
  void quantile_ofNothing_isInTheMiddle_andTheIntervalSaysSo() {
    QuantileTree tree = new QuantileTree(0, 99, 1, 10);
    QuantileTree.Quantile told =
        tree.quantile(new long[tree.cells()], 500_000, new NoiseScale(10, 1), 1, 0.05);
    assertEquals(50, told.value(), 5);
    assertEquals(0, told.low());
    assertEquals(99, told.high());
  }

  @Test
  void tree_badShape_isRefusedBeforeAnythingRuns() {
    assertThrows(ProblemException.class, () -> new QuantileTree(5, 5, 1, 16));
    assertThrows(ProblemException.class, () -> new QuantileTree(0, 1L << 40, 1, 16));
    assertThrows(ProblemException.class, () -> new QuantileTree(0, 9, 0, 16));
    assertThrows(ProblemException.class, () -> new QuantileTree(0, 9, 1, 1));
    // As wide as doubles overflowed at: refused, not NaN.
    assertThrows(
        ProblemException.class,
        () -> new QuantileTree(Long.MIN_VALUE, Long.MAX_VALUE, 1 << 30, 16));
    QuantileTree tree = new QuantileTree(0, 9, 1, 2);
    assertThrows(
        ProblemException.class, () -> tree.quantile(new long[3], 500_000, HARDLY_ANY, 1, 0.05));
    assertThrows(
        ProblemException.class,
        () -> tree.quantile(new long[tree.cells()], 0, HARDLY_ANY, 1, 0.05));
  }
}
