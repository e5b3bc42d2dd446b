package hesuan.dp.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.Delta;
import hesuan.dp.NoiseScale;
import hesuan.dp.NoiseVariance;
import hesuan.dp.Normal;
import hesuan.wire.Epsilon;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccountantTest {
  private static final Delta MILLIONTH = Delta.parse("0.000001");

  private static double spent(PrivacyEvent event) {
    return Accountant.spent(event, MILLIONTH).epsilon();
  }

  private static void near(double tight, double told) {
    assertTrue(told >= tight * (1 - 5e-5), told + " is below " + tight); // the oracle's digits
    assertTrue(told <= tight * 1.01, told + " is far above " + tight);
  }

  private static PrivacyEvent repeated(PrivacyEvent event, long times) {
    return new PrivacyEvent.Repeated(event, times);
  }

  /** Computed elsewhere with an upper and a lower discretisation that agree in all digits. */
  @ParameterizedTest
  @CsvSource({"0.1,100,4.6927,5.757", "0.1,10,0.9990,1.712", "0.5,20,9.671,14.25"})
  void laplace_composed_isWithinOnePercentOfTheOracle(
      double epsilon, int times, double tight, double classic) {
    near(tight, spent(repeated(new PrivacyEvent.Laplace(epsilon), times)));
    double rho = times * epsilon * epsilon / 2;
    assertEquals(classic, rho + 2 * Math.sqrt(rho * Math.log(1e6)), 0.006);
    double concentrated =
        Accountant.concentrated(Map.of(new PrivacyEvent.Laplace(epsilon), (long) times), 1e-6);
    assertTrue(concentrated <= classic + 0.006 && concentrated > tight);
  }

  @Test
  void gaussian_composed_isWithinOnePercentOfTheOracle() {
    near(4.8866, spent(repeated(new PrivacyEvent.Gaussian(10), 100)));
    // A hundred Gaussians are one with a tenth of the sigma, exactly.
    near(4.8866, spent(new PrivacyEvent.Gaussian(1)));
    near(4.8866, spent(repeated(new PrivacyEvent.Gaussian(1000), 1_000_000)));
  }

  @Test
  void calibration_analyticGaussian_isTheOracles_andTheAccountantAgrees() {
    assertEquals(4.2247, GaussianCalibration.sigma(Epsilon.parse("1"), MILLIONTH), 5e-5);
    near(1, spent(new PrivacyEvent.Gaussian(4.2247)));
    for (String epsilon : new String[] {"0.1", "1", "10", "20"}) {
      double sigma = GaussianCalibration.sigma(Epsilon.parse(epsilon), MILLIONTH);
      near(Double.parseDouble(epsilon), spent(new PrivacyEvent.Gaussian(sigma)));
    }
    // The classic formula promises 20 with this sigma, and doesn't keep it.
    double classic = Math.sqrt(2 * Math.log(1.25e6)) / 20;
    assertTrue(spent(new PrivacyEvent.Gaussian(classic)) > 21);
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "1,3,4", "0.2,100,1", "8,1,3"})
  void calibration_discreteGaussian_keepsWhatWasAsked(String epsilon, long shift, int cells) {
    NoiseVariance variance =
        GaussianCalibration.variance(Epsilon.parse(epsilon), MILLIONTH, shift, cells);
    double told = spent(new PrivacyEvent.DiscreteGaussian(variance, shift, cells));
    assertTrue(told <= Double.parseDouble(epsilon));
    assertTrue(told > 0.98 * Double.parseDouble(epsilon), "wasted: " + told);
  }

  /** Small enough to add up every outcome. */
  @Test
  void discreteNoises_composed_areNeverBelowTheBruteForce() {
    List<PrivacyEvent> events =
        List.of(
            new PrivacyEvent.DiscreteLaplace(new NoiseScale(2, 1), 1, 2),
            new PrivacyEvent.DiscreteLaplace(new NoiseScale(5, 3), 3, 1),
            new PrivacyEvent.DiscreteGaussian(NoiseVariance.of(9, 1), 2, 1),
            new PrivacyEvent.Pure(Epsilon.parse("0.3")));
    double half = 0.5;
    double thirds = 0.6;
    List<Map<Double, Double>> parts = new ArrayList<>();
    parts.add(laplaceLosses(half, 1));
    parts.add(laplaceLosses(half, 1));
    parts.add(laplaceLosses(thirds, 3));
    parts.add(gaussianLosses(9, 2));
    parts.add(Map.of(0.3, 1 / (1 + Math.exp(-0.3)), -0.3, 1 / (1 + Math.exp(0.3))));
    Map<Double, Double> sum = Map.of(0.0, 1.0);
    for (Map<Double, Double> part : parts) {
      Map<Double, Double> next = new TreeMap<>();
      sum.forEach(
          (a, p) ->
              part.forEach(
                  (b, r) -> next.merge(Math.round((a + b) * 1e9) / 1e9, p * r, Double::sum)));
      sum = next;
    }
    for (String delta : new String[] {"0.01", "0.000001", "0.000000000001"}) {
      double low = 0;
      double high = 20;
      for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        double told = 0;
        for (Map.Entry<Double, Double> each : sum.entrySet()) {
          told += Math.max(0, -Math.expm1(middle - each.getKey())) * each.getValue();
        }
        if (told > Double.parseDouble(delta)) {
          low = middle;
        } else {
          high = middle;
        }
      }
      double told =
          Accountant.spent(new PrivacyEvent.Sequence(events), Delta.parse(delta)).epsilon();
      assertTrue(told >= high - 1e-8 && told <= high * 1.005, told + " for " + high);
    }
  }

  private static Map<Double, Double> laplaceLosses(double rate, int shift) {
    Map<Double, Double> losses = new TreeMap<>();
    double q = Math.exp(-rate);
    for (int x = -150; x <= 150; x++) {
      double mass = (1 - q) / (1 + q) * Math.pow(q, Math.abs(x));
      losses.merge((Math.abs(x - shift) - Math.abs(x)) * rate, mass, Double::sum);
    }
    return losses;
  }

  private static Map<Double, Double> gaussianLosses(double variance, int shift) {
    Map<Double, Double> losses = new TreeMap<>();
    double total = 0;
    for (int x = -60; x <= 60; x++) {
      total += Math.exp(-x * x / (2 * variance));
    }
    for (int x = -60; x <= 60; x++) {
      losses.put(
          (shift * shift - 2.0 * shift * x) / (2 * variance),
          Math.exp(-x * x / (2 * variance)) / total);
    }
    return losses;
  }

  @Test
  void discreteLaplace_ofWideScale_isTheContinuousOne() {
    PrivacyEvent wide =
        new PrivacyEvent.DiscreteLaplace(new NoiseScale(10_000_000, 1), 1_000_000, 1);
    near(4.6927, spent(repeated(wide, 100)));
    PrivacyEvent cells =
        new PrivacyEvent.DiscreteLaplace(new NoiseScale(10_000_000, 1), 1_000_000, 100);
    near(4.6927, spent(cells));
    PrivacyEvent gaussian =
        new PrivacyEvent.DiscreteGaussian(NoiseVariance.of(10_000_000_000L, 1), 10_000, 100);
    near(4.8866, spent(gaussian));
  }

  @Test
  void approximate_deltasAddUp_andTooManyAreRefused() {
    PrivacyEvent one =
        new PrivacyEvent.Approximate(Epsilon.parse("0.1"), Delta.parse("0.00000001"));
    double told = spent(repeated(one, 50));
    assertTrue(told > spent(repeated(new PrivacyEvent.Pure(Epsilon.parse("0.1")), 50)));
    assertTrue(told < 5);
    assertEquals(Double.POSITIVE_INFINITY, spent(repeated(one, 101)));
  }

  @Test
  void parallel_costsItsWorstPart_andSequencesInsideAddUp() {
    PrivacyEvent small = new PrivacyEvent.Laplace(0.2);
    PrivacyEvent large = new PrivacyEvent.Laplace(0.7);
    assertEquals(
        spent(large), spent(new PrivacyEvent.Parallel(List.of(small, large, small))), 1e-9);
    PrivacyEvent both =
        new PrivacyEvent.Parallel(List.of(new PrivacyEvent.Sequence(List.of(small, small)), large));
    double twice = spent(new PrivacyEvent.Sequence(List.of(both, both)));
    assertEquals(spent(repeated(large, 2)), twice, 1e-6);
    assertTrue(spent(repeated(both, 2)) >= twice);
    assertEquals(0, spent(new PrivacyEvent.Sequence(List.of())));
    assertEquals(0, spent(repeated(large, 0)));
  }

  @Test
  void epsilon_withEveryFurtherEvent_neverDecreases_andNeverExceedsTheSum() {
    Random random = new Random(5);
    List<PrivacyEvent> events = new ArrayList<>();
    double before = 0;
    double sum = 0;
    for (int i = 0; i < 12; i++) {
      double epsilon = 0.01 + 0.3 * random.nextDouble();
      long scale = 1L + random.nextInt(30);
      switch (i % 3) {
        case 0 -> events.add(new PrivacyEvent.Laplace(epsilon));
        case 1 -> events.add(new PrivacyEvent.Pure(Epsilon.parse("" + epsilon)));
        default -> {
          events.add(new PrivacyEvent.DiscreteLaplace(new NoiseScale(scale, 1), 1, 1));
          epsilon = 1.0 / scale;
        }
      }
      sum += epsilon;
      double told = spent(new PrivacyEvent.Sequence(events));
      assertTrue(told >= before * (1 - 1e-3), told + " after " + before);
      assertTrue(told <= sum + 1e-5);
      before = told;
    }
    Collections.shuffle(events, random);
    assertEquals(before, spent(new PrivacyEvent.Sequence(events)), 1e-9);
  }

  /** One randomised response has a closed form. */
  @ParameterizedTest
  @CsvSource({"0.001", "0.1", "1", "10", "100", "600", "1000"})
  void pure_ofAnySize_isTheClosedForm(String epsilon) {
    double whole = Double.parseDouble(epsilon);
    double told = spent(new PrivacyEvent.Pure(Epsilon.parse(epsilon)));
    double exact = whole + Math.log1p(-1e-6 * (1 + Math.exp(-whole)));
    assertTrue(told >= exact && told <= whole * (1 + 1e-9), told + " for " + exact);
    double twice = spent(repeated(new PrivacyEvent.Pure(Epsilon.parse(epsilon)), 2));
    assertTrue(twice >= told && twice <= 2 * whole * (1 + 1e-9), "twice " + twice);
  }

  /** One Gaussian has a closed form too, at any width. */
  @ParameterizedTest
  @CsvSource({"0.05", "0.3", "3", "30", "3000", "3000000"})
  void gaussian_ofAnyWidth_isNeverBelowTheClosedForm(double sigma) {
    double told = spent(new PrivacyEvent.Gaussian(sigma));
    double low = 0;
    double high = 1e5;
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      double far = Normal.above(middle * sigma + 0.5 / sigma);
      double delta =
          Normal.above(middle * sigma - 0.5 / sigma)
              - (far == 0 ? 0 : Math.exp(middle + Math.log(far)));
      if (delta > 1e-6) {
        low = middle;
      } else {
        high = middle;
      }
    }
    assertTrue(
        told >= high * (1 - 1e-9) - 1e-12 && told <= high * 1.01 + 1e-9, told + " for " + high);
  }

  @Test
  void rounded_isUpwards() {
    Accountant.Spent spent =
        Accountant.spent(repeated(new PrivacyEvent.Laplace(1.0 / 3), 30), MILLIONTH);
    assertEquals(Accountant.Rule.LOSS_DISTRIBUTION, spent.rule());
    assertTrue(spent.rounded().micros() / 1e6 >= spent.epsilon());
  }
}
