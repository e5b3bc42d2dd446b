package hesuan.dp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ProblemException;
import java.math.BigInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JointNoiseTest {
  private static final NoiseVariance PROMISED = NoiseVariance.of(90, 1);
  private static final int REACH = 400;

  private static LongSupplier sum(NoiseVariance share, int addends, String label) {
    NoiseSource source = share.source();
    BitPool bits = BitPool.of(DiscreteLaplaceTest.seed(9), label);
    return () -> {
      long sum = 0;
      for (int i = 0; i < addends; i++) {
        sum += source.draw(bits);
      }
      return sum;
    };
  }

  private static double[] mass(double variance) {
    double[] mass = new double[2 * REACH + 1];
    double total = 0;
    for (int x = -REACH; x <= REACH; x++) {
      mass[x + REACH] = Math.exp(-x * x / (2 * variance));
      total += mass[x + REACH];
    }
    for (int i = 0; i < mass.length; i++) {
      mass[i] /= total;
    }
    return mass;
  }

  private static double[] added(double[] one, int times) {
    double[] sum = one;
    for (int i = 1; i < times; i++) {
      double[] next = new double[one.length];
      for (int a = 0; a < sum.length; a++) {
        for (int b = Math.max(0, REACH - a);
            sum[a] > 1e-25 && b < one.length && a + b - REACH < next.length;
            b++) {
          next[a + b - REACH] += sum[a] * one[b];
        }
      }
      sum = next;
    }
    return sum;
  }

  /** What a change of the true sum by the shift exceeds e^epsilon by. */
  private static double delta(double[] mass, int shift, double epsilon) {
    double excess = 0;
    for (int i = shift; i < mass.length; i++) {
      excess += Math.max(0, mass[i - shift] - Math.exp(epsilon) * mass[i]);
    }
    return excess;
  }

  /** Exactly: what remains after any t parties protects as one party's promised noise would. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 8})
  void share_forEveryNumberOfUnreliableParties_leavesThePromise(int parties) {
    double[] promised = mass(90);
    for (int unreliable = 0; unreliable < parties; unreliable++) {
      JointNoise joint = new JointNoise(PROMISED, parties, unreliable);
      int honest = parties - unreliable;
      double[] left = added(mass(90.0 / honest), honest);
      for (int shift : new int[] {1, 5, 20}) {
        for (double epsilon : new double[] {0.1, 1, 3}) {
          double told = delta(left, shift, epsilon);
          assertTrue(told <= delta(promised, shift, epsilon) * (1 + 1e-9) + 1e-13);
        }
      }
      assertEquals(PROMISED, joint.share().times(honest));
      // Shares that forget the unreliable ones would not do.
      if (unreliable > 0) {
        double[] mutant = added(mass(90.0 / parties), honest);
        assertTrue(delta(mutant, 5, 1) > delta(promised, 5, 1) * 1.01);
      }
    }
  }

  /** The same, drawn: every split of t into missing and colluding parties. */
  @Test
  void draws_ofThoseLeft_areThePromisedNoise() {
    int parties = 4;
    for (int unreliable = 0; unreliable < parties; unreliable++) {
      JointNoise joint = new JointNoise(PROMISED, parties, unreliable);
      for (int missing = 0; missing <= unreliable; missing++) {
        int colluding = joint.colludersMax(parties - missing);
        int honest = parties - missing - colluding;
        String label = unreliable + " " + missing;
        assertTrue(ChiSquare.accepts(sum(joint.share(), honest, label), 50_000, PROMISED), label);
        assertFalse(
            ChiSquare.accepts(
                sum(
                    new NoiseVariance(
                        PROMISED.numerator().multiply(BigInteger.valueOf(18)),
                        PROMISED.denominator().multiply(BigInteger.valueOf(25L * honest))),
                    honest,
                    label),
                50_000,
                PROMISED),
            "0.85 of the scale is seen: " + label);
      }
      int tooFew = parties - unreliable - 1;
      assertThrows(ProblemException.class, () -> joint.colludersMax(tooFew));
    }
  }

  @Test
  void interval_ofThoseWhoCame_holdsTheirNoise() {
    JointNoise joint = new JointNoise(PROMISED, 5, 2);
    for (int survivors = 3; survivors <= 5; survivors++) {
      long halfWidth = joint.interval(survivors, 95).halfWidth();
      assertEquals(1.96 * Math.sqrt(30.0 * survivors), halfWidth, 1);
      LongSupplier draws = sum(joint.share(), survivors, "i" + survivors);
      int inside = 0;
      for (int i = 0; i < 50_000; i++) {
        inside += Math.abs(draws.getAsLong()) <= halfWidth ? 1 : 0;
      }
      assertTrue(inside >= 50_000 * (0.95 - 0.006));
    }
  }

  @Test
  void noise_thatNobodyCouldPromise_isRefused() {
    assertThrows(ProblemException.class, () -> new JointNoise(PROMISED, 3, 3));
    assertThrows(ProblemException.class, () -> new JointNoise(PROMISED, 0, 0));
    assertThrows(ProblemException.class, () -> new JointNoise(NoiseVariance.of(11, 1), 3, 0));
  }
}
