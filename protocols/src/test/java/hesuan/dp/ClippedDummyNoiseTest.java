package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Epsilon;
import hesuan.wire.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClippedDummyNoiseTest {
  /** P(draw = k), from the definition. */
  private static double[] mass(double rate, long offset) {
    double q = Math.exp(-rate);
    double[] mass = new double[(int) (2 * offset) + 1];
    for (int k = 1; k < mass.length - 1; k++) {
      mass[k] = (1 - q) / (1 + q) * Math.pow(q, Math.abs(k - offset));
    }
    mass[0] = Math.pow(q, offset) / (1 + q);
    mass[mass.length - 1] = mass[0];
    return mass;
  }

  /** The exact delta of neighbouring counts: what exceeds e^epsilon times the neighbour's mass. */
  private static double delta(double epsilon, double[] mass, int shift) {
    double excess = 0;
    for (int k = 0; k < mass.length; k++) {
      double neighbour = k - shift >= 0 && k - shift < mass.length ? mass[k - shift] : 0;
      // Inside, the ratio is e^epsilon up to rounding, which must not count.
      excess += Math.max(0, mass[k] * (1 - 1e-12) - Math.exp(epsilon) * neighbour);
    }
    return excess;
  }

  @ParameterizedTest
  @CsvSource({"0.5,0.0000001,1", "0.1,0.001,1", "1,0.000001,3", "5,0.01,1", "0.01,0.00001,2"})
  void offset_forEveryNeighbour_keepsDelta(String epsilon, String delta, int sensitivity) {
    ClippedDummyNoise noise = ClippedDummyNoise.of(Epsilon.parse(epsilon), delta, sensitivity);
    double[] mass = mass(NoiseScale.of(Epsilon.parse(epsilon), sensitivity).rate(), noise.offset());
    for (int shift = 1; shift <= sensitivity; shift++) {
      double allowed = Double.parseDouble(delta);
      assertTrue(delta(Double.parseDouble(epsilon), mass, shift) <= allowed);
      assertTrue(delta(Double.parseDouble(epsilon), mass, -shift) <= allowed);
    }
  }

  @Test
  void offset_muchSmaller_wouldBreakDelta() {
    ClippedDummyNoise noise = ClippedDummyNoise.of(Epsilon.parse("0.5"), "0.0000001", 1);
    double[] mass = mass(0.5, noise.offset() - 4);
    assertTrue(delta(0.5, mass, 1) > 1e-7);
    assertTrue(noise.offset() < 40, "offset " + noise.offset());
  }

  @Test
  void draw_always_isWithinItsBounds_andCentred() {
    ClippedDummyNoise noise = ClippedDummyNoise.of(Epsilon.parse("0.5"), "0.01", 1);
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(5), "dummies");
    long sum = 0;
    int runs = 200_000;
    for (int i = 0; i < runs; i++) {
      long drawn = noise.draw(bits);
      assertTrue(drawn >= 0 && drawn <= noise.countMax());
      sum += drawn - noise.offset();
    }
    // Standard deviation of the mean: sqrt(2) * 2 / sqrt(runs) = 0.0063.
    assertEquals(0, (double) sum / runs, 0.04);
  }

  @Test
  void of_badDelta_isRefused() {
    for (String delta : new String[] {"0", "1", "-0.1", "x", "1e-40"}) {
      assertThrows(
          ProblemException.class, () -> ClippedDummyNoise.of(Epsilon.parse("1"), delta, 1));
    }
  }
}
