package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.privacy.differentialprivacy.BoundedMean;
import com.google.privacy.differentialprivacy.BoundedQuantiles;
import com.google.privacy.differentialprivacy.Count;
import com.google.privacy.differentialprivacy.LaplaceNoise;
import hesuan.wire.Epsilon;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A second opinion: where Google's library is right we agree with it, and its known defects show in
 * it and not in ours.
 */
class GoogleLibraryTest {
  /** The share of runs in which a key that only one person has is told. */
  private static double theirsExposed(double epsilon, double delta, int keys, int runs) {
    int exposed = 0;
    for (int run = 0; run < runs; run++) {
      boolean told = false;
      for (int key = 0; key < keys && !told; key++) {
        Count count =
            Count.builder()
                .epsilon(epsilon)
                .noise(new LaplaceNoise())
                .maxPartitionsContributed(keys)
                .build();
        count.increment();
        told = count.computeThresholdedResult(delta).isPresent();
      }
      exposed += told ? 1 : 0;
    }
    return (double) exposed / runs;
  }

  private static double oursExposed(String epsilon, String delta, int keys, int runs) {
    NoiseScale scale = NoiseScale.of(Epsilon.parse(epsilon), keys);
    GroupThreshold threshold = GroupThreshold.forPrivateKeys(scale, Delta.parse(delta), keys, 1);
    NoiseSource noise = scale.source();
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(2), "exposed");
    int exposed = 0;
    for (int run = 0; run < runs; run++) {
      boolean told = false;
      for (int key = 0; key < keys; key++) {
        told |= threshold.releases(1 + noise.draw(bits));
      }
      exposed += told ? 1 : 0;
    }
    return (double) exposed / runs;
  }

  @Test
  void threshold_onePersonInAHundredGroups_theirDeltaIsSplitByTheWrongBound() {
    assertTrue(theirsExposed(1, 0.01, 100, 300) > 0.5);
    assertTrue(oursExposed("1", "0.01", 100, 20_000) <= 0.01 + 0.0043); // six deviations
  }

  @Test
  void threshold_roundedCountAgainstAContinuousQuantile_theirDeltaIsInflated() {
    assertTrue(theirsExposed(2, 0.01, 1, 20_000) > 0.02);
    assertTrue(oursExposed("2", "0.01", 1, 200_000) <= 0.01 + 0.0014);
  }

  @Test
  void quantile_valuesJustBelowTheUpperBound_theirsLandInTheFirstLeaf() {
    BoundedQuantiles theirs =
        BoundedQuantiles.builder()
            .epsilon(10)
            .noise(new LaplaceNoise())
            .maxPartitionsContributed(1)
            .maxContributionsPerPartition(1)
            .lower(-3)
            .upper(1)
            .build();
    QuantileTree tree = new QuantileTree(-3_000_000, 1_000_000, 100, 16);
    long[] cells = new long[tree.cells()];
    for (int i = 0; i < 1000; i++) {
      theirs.addEntry(Math.nextDown(1.0));
      tree.add(cells, 999_999);
      tree.add(cells, 1_000_000);
      tree.add(cells, 1_000_001);
    }
    assertEquals(-3, theirs.computeResult(0.5), 0.1);
    noised(tree, cells, "10");
    QuantileTree.Quantile ours =
        tree.quantile(cells, 500_000, tree.scale(Epsilon.parse("10"), 1, 1), 1, 0.05);
    assertEquals(1_000_000, ours.value(), 200);
  }

  private static void noised(QuantileTree tree, long[] cells, String epsilon) {
    long[] noise =
        tree.scale(Epsilon.parse(epsilon), 1, 1)
            .source()
            .draw(BitPool.of(DiscreteLaplaceTest.seed(8), "tree"), cells.length);
    for (int i = 0; i < cells.length; i++) {
      cells[i] += noise[i];
    }
  }

  @Test
  void quantilesAndMeans_ofOrdinaryData_agree() {
    BoundedQuantiles quantiles =
        BoundedQuantiles.builder()
            .epsilon(2)
            .noise(new LaplaceNoise())
            .maxPartitionsContributed(1)
            .maxContributionsPerPartition(1)
            .lower(0)
            .upper(65_535)
            .build();
    BoundedMean mean =
        BoundedMean.builder()
            .epsilon(2)
            .noise(new LaplaceNoise())
            .maxPartitionsContributed(1)
            .maxContributionsPerPartition(1)
            .lower(0)
            .upper(65_535)
            .build();
    QuantileTree tree = new QuantileTree(0, 65_535, 1, 16);
    Moments moments = new Moments(0, 65_535);
    long[] cells = new long[tree.cells()];
    long sum = 0;
    Random random = new Random(3);
    int people = 20_000;
    for (int i = 0; i < people; i++) {
      long value = Math.round(Math.clamp(20_000 + 5_000 * random.nextGaussian(), 0.0, 65_535.0));
      quantiles.addEntry(value);
      mean.addEntry(value);
      tree.add(cells, value);
      sum += moments.centred(value);
    }
    noised(tree, cells, "2");
    for (double share : new double[] {0.1, 0.5, 0.9}) {
      QuantileTree.Quantile ours =
          tree.quantile(
              cells, Math.round(share * 1e6), tree.scale(Epsilon.parse("2"), 1, 1), 1, 0.01);
      assertEquals(quantiles.computeResult(share), ours.value(), 150);
    }
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(8), "mean");
    long count = people + NoiseScale.of(Epsilon.parse("1"), 1).source().draw(bits);
    NoiseScale scale = NoiseScale.of(Epsilon.parse("1"), moments.magnitude());
    long noisySum = sum + scale.source().draw(bits);
    Moments.Estimate ours =
        moments.mean(
            new Moments.Figure(count, 10),
            new Moments.Figure(noisySum, NoiseInterval.of(scale, 1, 95).halfWidth()));
    assertEquals(mean.computeResult(), ours.value(), 30);
  }
}
