package hesuan.join;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BinTableTest {
  private static final byte[] SEED = new byte[Bins.SEED_BYTES];

  private static long[] blocks(int items) {
    return new Random(items).longs(2L * items).toArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 7, 101, 4099, 100_003})
  void everyItem_hasABinOfItsThree(int items) {
    Bins bins = Bins.of(items, items);
    int[] places = bins.places(SEED, blocks(items));
    int[] holders = BinTable.assign(bins, places, JoinRun.seeded(items));
    assertNotNull(holders);
    Set<Integer> placed = new HashSet<>();
    for (int bin = 0; bin < holders.length; bin++) {
      if (holders[bin] >= 0) {
        assertEquals(bin, places[holders[bin]]);
        assertTrue(placed.add(holders[bin] / Bins.WAYS));
      }
    }
    assertEquals(items, placed.size());
  }

  @Test
  void bins_ofAnItem_areDifferentAndUniform() {
    int items = 60_000;
    Bins bins = new Bins(1, 5);
    int[] places = bins.places(SEED, blocks(items));
    int[] hits = new int[5];
    for (int item = 0; item < items; item++) {
      assertEquals(3, Arrays.stream(places, 3 * item, 3 * item + 3).distinct().count());
      for (int which = 0; which < 3; which++) {
        hits[places[3 * item + which]]++;
      }
    }
    for (int hit : hits) {
      // six standard deviations
      assertEquals(36_000, hit, 6 * 120, Arrays.toString(hits));
    }
  }

  /** Pushing alone gives up on a full table; the search finds the assignment that is there. */
  @Test
  void tableWithoutAFreeBin_isStillFilled() {
    int count = 3000;
    int[] places = new int[3 * count];
    for (int item = 0; item < count; item++) {
      places[3 * item] = item;
      places[3 * item + 1] = (item + 1) % count;
      places[3 * item + 2] = (item + 2) % count;
    }
    int[] holders = BinTable.assign(new Bins(1, count), places, JoinRun.seeded(1));
    assertNotNull(holders);
    assertEquals(count, Arrays.stream(holders).map(h -> h / 3).distinct().count());
  }

  @Test
  void fourItems_inThreeBins_fitInNoWay() {
    int[] places = {0, 1, 2, 2, 1, 0, 1, 0, 2, 0, 2, 1};
    assertNull(BinTable.assign(new Bins(1, 300), places, JoinRun.seeded(1)));
  }

  /**
   * Items fit unless some t of them have their bins among t - 1 (Hall); a smallest such set touches
   * each of these twice. So the chance that they don't is at most the sum over t of C(n, t) C(m, t
   * - 1) P(3t throws stay in t - 1 given bins and hit each twice), and the last is at most (3t)!
   * (e^z - 1 - z)^(t-1) / (z^3t m^3t) for any z, its generating function.
   */
  @ParameterizedTest
  @ValueSource(
      ints = {4, 5, 8, 16, 30, 60, 100, 130, 200, 400, 1000, 3000, 10_000, 100_000, 4_000_000})
  void failure_isBelow2ToMinus40(int items) {
    double bits = failureBits(items, Bins.of(items, items).total());
    assertTrue(bits < -44, items + " items: 2^" + bits);
  }

  /** 1.27 n, as is often said, is not enough for this bound. */
  @Test
  void failure_growsWithFewerBins() {
    assertTrue(failureBits(10_000, 12_700) > 0);
    assertTrue(failureBits(60, 78) > -10);
  }

  private static double failureBits(int items, int bins) {
    double[] factorials = logFactorials(Math.max(3 * items, bins));
    double total = Double.NEGATIVE_INFINITY;
    double last = Double.NEGATIVE_INFINITY;
    for (int t = 4; t <= items; ) {
      int used = t - 1;
      double term =
          choose(factorials, items, t)
              + choose(factorials, bins, used)
              + Math.min(0, Math.min(inside(t, bins), twice(factorials, t, bins)));
      // far out, every hundredth stands for those up to the next
      int next = t < 3000 ? t + 1 : t + t / 100;
      total = add(total, Math.max(term, last) + Math.log(next - t));
      last = term;
      t = next;
    }
    return total / Math.log(2);
  }

  /** All of t items keep to t - 1 bins: (C(t - 1, 3) / C(m, 3))^t. */
  private static double inside(int t, int bins) {
    double all = 0;
    for (int i = 0; i < 3; i++) {
      all += Math.log(t - 1 - i) - Math.log(bins - i);
    }
    return t * all;
  }

  private static double twice(double[] factorials, int t, int bins) {
    double wanted = 3.0 * t / (t - 1);
    double low = 1e-6;
    double high = 50;
    for (int i = 0; i < 60; i++) {
      double z = (low + high) / 2;
      if (z * Math.expm1(z) / (Math.expm1(z) - z) < wanted) {
        low = z;
      } else {
        high = z;
      }
    }
    // the bins of an item being different, each throw of three has fewer outcomes
    double outcomes = Math.log(bins) + Math.log(bins - 1) + Math.log(bins - 2);
    return factorials[3 * t]
        + (t - 1) * Math.log(Math.expm1(low) - low)
        - 3 * t * Math.log(low)
        - t * outcomes;
  }

  private static double choose(double[] factorials, int n, int k) {
    return n < k ? Double.NEGATIVE_INFINITY : factorials[n] - factorials[k] - factorials[n - k];
  }

  private static double[] logFactorials(int most) {
    double[] sums = new double[most + 1];
    for (int i = 2; i <= most; i++) {
      sums[i] = sums[i - 1] + Math.log(i);
    }
    return sums;
  }

  private static double add(double a, double b) {
    double most = Math.max(a, b);
    return most == Double.NEGATIVE_INFINITY
        ? most
        : most + Math.log1p(Math.exp(Math.min(a, b) - most));
  }
}
