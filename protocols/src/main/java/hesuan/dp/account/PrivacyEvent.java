package hesuan.dp.account;

import hesuan.dp.Delta;
import hesuan.dp.NoiseScale;
import hesuan.dp.NoiseVariance;
import hesuan.dp.QueryNoise;
import hesuan.wire.Epsilon;
import java.util.List;

/**
 * One thing that touched data, or several. A person is either in the data or not; what is said of
 * shifts and cells is the most by which that changes the figures.
 */
public sealed interface PrivacyEvent {

  /** One mechanism, with nothing inside. */
  sealed interface Mechanism extends PrivacyEvent {}

  /**
   * Discrete Laplace noise on integers.
   *
   * @param shift the most by which a person changes one figure
   * @param cells how many figures a person changes
   */
  record DiscreteLaplace(NoiseScale scale, long shift, int cells) implements Mechanism {
    public DiscreteLaplace {
      requireShift(shift, cells);
    }
  }

  /** Discrete Gaussian noise on integers; shift and cells as for {@link DiscreteLaplace}. */
  record DiscreteGaussian(NoiseVariance variance, long shift, int cells) implements Mechanism {
    public DiscreteGaussian {
      requireShift(shift, cells);
    }
  }

  /** Laplace noise on real numbers: epsilon is sensitivity over scale. */
  record Laplace(double epsilon) implements Mechanism {
    public Laplace {
      requirePositive(epsilon);
    }
  }

  /** Gaussian noise on real numbers: sigma in units of the sensitivity. */
  record Gaussian(double sigma) implements Mechanism {
    public Gaussian {
      requirePositive(sigma);
    }
  }

  /** Anything that is known to be epsilon-differentially private, and no more is known. */
  record Pure(Epsilon epsilon) implements Mechanism {}

  /** Anything known to be (epsilon, delta)-differentially private. */
  record Approximate(Epsilon epsilon, Delta delta) implements Mechanism {}

  /** All of these, each chosen after the answers of those before. */
  record Sequence(List<PrivacyEvent> events) implements PrivacyEvent {
    public Sequence {
      events = List.copyOf(events);
    }
  }

  /** All figures of a query under shared noise. */
  static PrivacyEvent of(List<QueryNoise.Shielded> figures) {
    return new Sequence(
        figures.stream()
            .<PrivacyEvent>map(f -> new DiscreteGaussian(f.variance(), f.shift(), f.cells()))
            .toList());
  }

  /** The same so many times. */
  record Repeated(PrivacyEvent event, long times) implements PrivacyEvent {
    public Repeated {
      if (times < 0) {
        throw new IllegalArgumentException("times " + times);
      }
    }
  }

  /**
   * Each on a part of the people of its own. Only where a rule that doesn't depend on data says who
   * is in which part, and nobody is in two.
   */
  record Parallel(List<PrivacyEvent> events) implements PrivacyEvent {
    public Parallel {
      events = List.copyOf(events);
    }
  }

  private static void requireShift(long shift, int cells) {
    if (shift < 1 || cells < 1) {
      throw new IllegalArgumentException("shift " + shift + ", cells " + cells);
    }
  }

  private static void requirePositive(double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("" + value);
    }
  }
}
