package hesuan.dp.account;

import hesuan.dp.Delta;
import hesuan.wire.Epsilon;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns a tree of events into one epsilon: the least of basic composition, zero-concentrated
 * privacy, and the composed distribution of the privacy loss. Each bounds the truth from above, so
 * the least does.
 */
public final class Accountant {
  /** Beyond this many ways through parallel parts, all parts are paid for instead of the worst. */
  private static final int WAYS_MAX = 64;

  /** More than the doubles of the two closed rules can be off by. */
  private static final double UP = 1 + 1e-12;

  private Accountant() {}

  /** Which rule gave the least epsilon. */
  public enum Rule {
    BASIC,
    CONCENTRATED,
    LOSS_DISTRIBUTION
  }

  /**
   * @param epsilon an upper bound; infinite if delta is too small for these events
   */
  public record Spent(double epsilon, Rule rule) {
    /** In millionths, rounded up. */
    public Epsilon rounded() {
      return Epsilon.parse(
          Double.isFinite(epsilon) ? BigDecimal.valueOf(epsilon).toPlainString() : "1001");
    }
  }

  /** What the events cost, of delta and epsilon together, given that delta may be spent. */
  public static Spent spent(PrivacyEvent event, Delta delta) {
    Spent worst = new Spent(0, Rule.BASIC);
    for (Map<PrivacyEvent.Mechanism, Long> way : ways(event)) {
      Spent spent = best(way, delta.toDouble());
      worst = spent.epsilon > worst.epsilon ? spent : worst;
    }
    return worst;
  }

  private static Spent best(Map<PrivacyEvent.Mechanism, Long> way, double delta) {
    double basic = basic(way, delta);
    double concentrated = concentrated(way, delta);
    Spent best =
        basic <= concentrated
            ? new Spent(basic, Rule.BASIC)
            : new Spent(concentrated, Rule.CONCENTRATED);
    if (way.isEmpty()) {
      return best;
    }
    double distribution = LossDistribution.epsilon(way, delta);
    return distribution < best.epsilon ? new Spent(distribution, Rule.LOSS_DISTRIBUTION) : best;
  }

  /** Epsilons add up. */
  static double basic(Map<PrivacyEvent.Mechanism, Long> way, double delta) {
    double epsilon = 0;
    double failing = 0;
    for (Map.Entry<PrivacyEvent.Mechanism, Long> each : way.entrySet()) {
      epsilon += each.getValue() * pure(each.getKey());
      failing += each.getValue() * failing(each.getKey());
    }
    return failing * UP <= delta ? epsilon * UP : Double.POSITIVE_INFINITY;
  }

  /**
   * Rhos add up; converted by the best order alpha of Canonne, Kamath, Steinke 2020, corollary 13:
   * any alpha gives a bound, so the search need not be exact.
   */
  static double concentrated(Map<PrivacyEvent.Mechanism, Long> way, double delta) {
    double rho = 0;
    double failing = 0;
    for (Map.Entry<PrivacyEvent.Mechanism, Long> each : way.entrySet()) {
      rho += each.getValue() * rho(each.getKey());
      failing += each.getValue() * failing(each.getKey());
    }
    double left = delta - failing * UP;
    if (left <= 0) {
      return Double.POSITIVE_INFINITY;
    }
    double most = Double.POSITIVE_INFINITY;
    for (double order = 1e-6; order < 1e9; order *= 1.001) { // alpha - 1
      double alpha = 1 + order;
      double epsilon =
          alpha * rho
              + (-Math.log(left) + alpha * Math.log(order / alpha) - Math.log(order)) / order;
      most = Math.min(most, Math.max(0, epsilon));
    }
    return most * UP;
  }

  private static double pure(PrivacyEvent.Mechanism mechanism) {
    return switch (mechanism) {
      case PrivacyEvent.DiscreteLaplace noise -> shiftOverScale(noise) * noise.cells();
      case PrivacyEvent.Laplace noise -> noise.epsilon();
      case PrivacyEvent.Pure pure -> toDouble(pure.epsilon());
      case PrivacyEvent.Approximate approximate -> toDouble(approximate.epsilon());
      case PrivacyEvent.DiscreteGaussian _, PrivacyEvent.Gaussian _ -> Double.POSITIVE_INFINITY;
    };
  }

  private static double failing(PrivacyEvent.Mechanism mechanism) {
    return mechanism instanceof PrivacyEvent.Approximate approximate
        ? approximate.delta().toDouble()
        : 0;
  }

  private static double rho(PrivacyEvent.Mechanism mechanism) {
    return switch (mechanism) {
      case PrivacyEvent.DiscreteGaussian noise ->
          noise.cells() / 2.0 * square(noise.shift() / noise.variance().sigma());
      case PrivacyEvent.Gaussian noise -> square(1 / noise.sigma()) / 2;
      case PrivacyEvent.DiscreteLaplace noise -> noise.cells() * square(shiftOverScale(noise)) / 2;
      case PrivacyEvent.Laplace _, PrivacyEvent.Pure _, PrivacyEvent.Approximate _ ->
          square(pure(mechanism)) / 2;
    };
  }

  static double shiftOverScale(PrivacyEvent.DiscreteLaplace noise) {
    return (double) noise.shift() * noise.scale().denominator() / noise.scale().numerator();
  }

  static double toDouble(Epsilon epsilon) {
    return epsilon.micros() / 1e6;
  }

  private static double square(double value) {
    return value * value;
  }

  /** Every way in which one person can be hit: through one part of each parallel event. */
  private static Set<Map<PrivacyEvent.Mechanism, Long>> ways(PrivacyEvent event) {
    return switch (event) {
      case PrivacyEvent.Mechanism mechanism -> Set.of(Map.of(mechanism, 1L));
      case PrivacyEvent.Sequence sequence -> {
        Set<Map<PrivacyEvent.Mechanism, Long>> ways = Set.of(Map.of());
        for (PrivacyEvent each : sequence.events()) {
          ways = both(ways, ways(each));
        }
        yield ways;
      }
      case PrivacyEvent.Repeated repeated -> {
        Set<Map<PrivacyEvent.Mechanism, Long>> ways = ways(repeated.event());
        if (repeated.times() == 0) {
          yield Set.of(Map.of());
        }
        // A parallel event inside may hit the person in another part each time.
        Map<PrivacyEvent.Mechanism, Long> one =
            ways.size() == 1 ? ways.iterator().next() : together(ways);
        Map<PrivacyEvent.Mechanism, Long> all = new LinkedHashMap<>();
        one.forEach(
            (mechanism, times) -> all.put(mechanism, Math.multiplyExact(times, repeated.times())));
        yield Set.of(all);
      }
      case PrivacyEvent.Parallel parallel -> {
        Set<Map<PrivacyEvent.Mechanism, Long>> ways = new LinkedHashSet<>();
        parallel.events().forEach(each -> ways.addAll(ways(each)));
        yield ways.isEmpty() ? Set.of(Map.of()) : fewer(ways);
      }
    };
  }

  private static Set<Map<PrivacyEvent.Mechanism, Long>> both(
      Set<Map<PrivacyEvent.Mechanism, Long>> before, Set<Map<PrivacyEvent.Mechanism, Long>> then) {
    Set<Map<PrivacyEvent.Mechanism, Long>> ways = new LinkedHashSet<>();
    for (Map<PrivacyEvent.Mechanism, Long> first : before) {
      for (Map<PrivacyEvent.Mechanism, Long> second : then) {
        Map<PrivacyEvent.Mechanism, Long> sum = new LinkedHashMap<>(first);
        second.forEach((mechanism, times) -> sum.merge(mechanism, times, Math::addExact));
        ways.add(sum);
      }
    }
    return fewer(ways);
  }

  private static Set<Map<PrivacyEvent.Mechanism, Long>> fewer(
      Set<Map<PrivacyEvent.Mechanism, Long>> ways) {
    return ways.size() <= WAYS_MAX ? ways : Set.of(together(ways));
  }

  /** At least as costly as any of the ways: of each mechanism as many as any has. */
  private static Map<PrivacyEvent.Mechanism, Long> together(
      Set<Map<PrivacyEvent.Mechanism, Long>> ways) {
    Map<PrivacyEvent.Mechanism, Long> most = new LinkedHashMap<>();
    List<Map<PrivacyEvent.Mechanism, Long>> all = new ArrayList<>(ways);
    all.forEach(way -> way.forEach((mechanism, times) -> most.merge(mechanism, times, Math::max)));
    return most;
  }
}
