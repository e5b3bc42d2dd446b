package hesuan.dp;

import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link Plan.JoinStatistics} adds to its figures. Sums travel group after group, each with
 * its figures; each party adds noise for the full epsilon, so each owner's promise holds against
 * the other. Everything that can go wrong is checked here, before anything runs and from the plan
 * alone.
 */
public final class JoinNoise {
  /** Both parties' noise is in every sum. */
  private static final int NOISES = 2;

  private final Plan.JoinStatistics step;
  private final List<NoiseScale> scales = new ArrayList<>();
  private final GroupThreshold threshold;

  /**
   * @param itemsMax most items that the owner of the figures may have
   */
  public JoinNoise(Plan.JoinStatistics step, int minGroup, int itemsMax) {
    this.step = step;
    for (int figure = 0; figure < step.figures(); figure++) {
      long magnitude = magnitude(step, figure);
      SumRange.requireFits(step.name() + "." + figure, 1, itemsMax, magnitude);
      scales.add(NoiseScale.of(step.epsilonEach(), Math.multiplyExact(step.maxRows(), magnitude)));
    }
    // one person may have converted maxRows times
    threshold = new GroupThreshold((long) minGroup * step.maxRows());
  }

  /** One party's noise is larger than this many times its scale with probability 2 e^-64. */
  private static final int SCALES_MAX = 64;

  /**
   * Of each figure the most that a sum with both parties' noise can be, of either sign. Both
   * parties must come to the same, so it is reckoned in integers.
   *
   * @param itemsMax most items that the owner of the figures may have
   */
  public static List<Long> sumsMax(Plan.JoinStatistics step, int itemsMax) {
    JoinNoise noise = new JoinNoise(step, 1, itemsMax);
    List<Long> most = new ArrayList<>();
    for (int figure = 0; figure < step.figures(); figure++) {
      NoiseScale scale = noise.scales.get(figure);
      long drawn = SCALES_MAX * Math.ceilDiv(scale.numerator(), scale.denominator());
      most.add(itemsMax * magnitude(step, figure) + NOISES * drawn);
    }
    return most;
  }

  /** The most that one item can add to a figure: itself, its value, the square of that. */
  private static long magnitude(Plan.JoinStatistics step, int figure) {
    Plan.Value value = step.value();
    if (figure == 0 || value == null) {
      return 1;
    }
    long most = Math.max(1, Math.max(Math.abs(value.lower()), Math.abs(value.upper())));
    return figure == 1 ? most : Math.multiplyExact(most, most);
  }

  /** This party's noise for every sum; the same seed draws the same. */
  public long[] draw(SecretBytes seed) {
    long[] noise = new long[step.groups().size() * scales.size()];
    for (int figure = 0; figure < scales.size(); figure++) {
      DiscreteLaplace laplace = new DiscreteLaplace(scales.get(figure));
      BitPool bits = BitPool.of(seed, "join", step.name() + "." + figure);
      for (int group = 0; group < step.groups().size(); group++) {
        noise[group * scales.size() + figure] = laplace.draw(bits);
      }
    }
    return noise;
  }

  /** The sizes of the leader's own groups, noised; a person is in one of them. */
  public long[] noisedSizes(long[] sizes, SecretBytes seed) {
    DiscreteLaplace laplace = new DiscreteLaplace(NoiseScale.of(step.epsilonEach(), 1));
    BitPool bits = BitPool.of(seed, "join", step.name() + ".sizes");
    long[] noised = sizes.clone();
    for (int group = 0; group < noised.length; group++) {
      noised[group] = Math.max(1, noised[group] + laplace.draw(bits));
    }
    return noised;
  }

  public boolean releases(long count) {
    return threshold.releases(count);
  }

  /** Half the width of the interval of a figure's sum. */
  public long halfWidth(int figure) {
    return NoiseInterval.of(scales.get(figure), NOISES, QueryNoise.CONFIDENCE_PERCENT).halfWidth();
  }

  /** Half the width of the interval of a group's size. */
  public long sizeHalfWidth() {
    return NoiseInterval.of(NoiseScale.of(step.epsilonEach(), 1), 1, QueryNoise.CONFIDENCE_PERCENT)
        .halfWidth();
  }
}
