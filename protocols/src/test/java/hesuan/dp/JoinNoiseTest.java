package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JoinNoiseTest {
  private static final int ITEMS_MAX = 4_000_000;
  private static final int GROUPS = 60;

  private static Plan.JoinStatistics step(int maxRows, long lower, long upper) {
    boolean windowed = maxRows > 1;
    return new Plan.JoinStatistics(
        "join",
        List.of(ProductRef.parse("ads-a/touches@1"), ProductRef.parse("shop-b/orders@1")),
        windowed ? Plan.Measure.ATTRIBUTION : Plan.Measure.STATISTICS,
        "arm",
        IntStream.range(0, GROUPS).mapToObj(g -> "g" + g).toList(),
        new Plan.Value("amount", lower, upper),
        windowed ? new Plan.Window("day", "day", 7) : null,
        maxRows,
        Plan.Matches.NOISED,
        Epsilon.parse("0.5"),
        "0.0000001");
  }

  private static SecretBytes seed(int number) {
    byte[] seed = new byte[32];
    seed[0] = (byte) number;
    seed[1] = (byte) (number >> 8);
    return new SecretBytes(seed);
  }

  private static long expectedHalfWidth(long sensitivity) {
    return NoiseInterval.of(
            NoiseScale.of(Epsilon.parse("0.5"), sensitivity), 2, QueryNoise.CONFIDENCE_PERCENT)
        .halfWidth();
  }

  /** The most that one person changes: all its items, each by the largest value of either sign. */
  @Test
  void scale_isThatOfAPersonsWholeContribution() {
    JoinNoise once = new JoinNoise(step(1, -70, 50), 20, ITEMS_MAX);
    assertEquals(expectedHalfWidth(1), once.halfWidth(0));
    assertEquals(expectedHalfWidth(70), once.halfWidth(1));
    assertEquals(expectedHalfWidth(70 * 70), once.halfWidth(2));
    JoinNoise often = new JoinNoise(step(3, 0, 50), 20, ITEMS_MAX);
    assertEquals(expectedHalfWidth(3), often.halfWidth(0));
    assertEquals(expectedHalfWidth(3 * 50), often.halfWidth(1));
  }

  /**
   * The mean size of a discrete Laplace of a large scale is the scale; 6,000 draws, within 10 %.
   */
  @Test
  void noiseDrawn_hasTheScaleThatIsTold() {
    JoinNoise noise = new JoinNoise(step(3, 0, 50), 20, ITEMS_MAX);
    double[] size = new double[2];
    int runs = 100;
    for (int run = 0; run < runs; run++) {
      long[] drawn = noise.draw(seed(run));
      assertEquals(2 * GROUPS, drawn.length);
      for (int i = 0; i < drawn.length; i++) {
        size[i % 2] += Math.abs((double) drawn[i]) / (runs * GROUPS);
      }
    }
    assertEquals(3 / 0.5, size[0], 0.6);
    assertEquals(150 / 0.5, size[1], 30);
  }

  @Test
  void oneSeed_drawsOneNoise_andAnotherSeedAnother() {
    JoinNoise noise = new JoinNoise(step(1, 0, 50), 20, ITEMS_MAX);
    assertArrayEquals(noise.draw(seed(1)), noise.draw(seed(1)));
    assertNotEquals(List.of(noise.draw(seed(1))[1]), List.of(noise.draw(seed(2))[1]));
    long[] sizes = new long[GROUPS];
    java.util.Arrays.fill(sizes, 1000);
    assertArrayEquals(noise.noisedSizes(sizes, seed(1)), noise.noisedSizes(sizes, seed(1)));
    assertTrue(java.util.Arrays.stream(noise.noisedSizes(sizes, seed(1))).distinct().count() > 3);
  }

  /** Conversions of a group prove only a maxRows-th as many people. */
  @Test
  void threshold_countsPeople_notConversions() {
    JoinNoise noise = new JoinNoise(step(3, 0, 50), 20, ITEMS_MAX);
    assertFalse(noise.releases(59));
    assertTrue(noise.releases(60));
  }

  @Test
  void boundsThatCouldWrapASum_areRefused() {
    assertThrows(
        ProblemException.class, () -> new JoinNoise(step(1, 0, 1_000_000_000), 20, ITEMS_MAX));
    new JoinNoise(step(1, 0, 100_000), 20, ITEMS_MAX);
  }
}
