package hesuan.dp.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.Delta;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import hesuan.wire.Rho;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;

class PrivacyFilterTest {
  private static final Chance MILLIONTH = Chance.parse("0.000001");

  private static Loss pure(String epsilon) {
    return Loss.of(Epsilon.parse(epsilon), Chance.ZERO);
  }

  private static PrivacyFilter filter(String limit, String delta) {
    return PrivacyFilter.of(Epsilon.parse(limit), Chance.parse(delta));
  }

  private static LossSum times(int count, Loss loss) {
    LossSum sum = LossSum.ZERO;
    for (int i = 0; i < count; i++) {
      sum = sum.plus(loss);
    }
    return sum;
  }

  /** Figures of the formula, computed elsewhere to forty digits. */
  @Test
  void rhoMost_isTheBestOrdersFigure_roundedDown() {
    assertRhoMost("0.441726960541", "5", "0.000001");
    assertRhoMost("0.022937446688", "1", "0.000001");
    assertRhoMost("0.028396703220", "1", "0.00001");
    assertRhoMost("0.500003232193", "5.360897", "0.000001");
    assertRhoMost("0.000392350640", "0.1", "0.00001");
    assertRhoMost("804.915055565902", "1000", "0.00001");
    assertEquals(Rho.ZERO, PrivacyFilter.rhoMost(Epsilon.ZERO, MILLIONTH));
    assertEquals(Rho.ZERO, PrivacyFilter.rhoMost(epsilon("5"), Chance.ZERO));
    assertEquals(Rho.ZERO, PrivacyFilter.rhoMost(epsilon("5"), null));
  }

  private static void assertRhoMost(String exact, String limit, String delta) {
    Rho most = PrivacyFilter.rhoMost(epsilon(limit), Chance.parse(delta));
    Rho expected = Rho.parse(exact);
    assertTrue(most.compareTo(expected) <= 0, most + " is more than " + exact);
    assertTrue(
        expected.picos() - most.picos() <= 100 + expected.picos() / 1_000_000_000, "" + most);
  }

  /** Taken once: a replay on another machine, or with other instructions, must say the same. */
  @Test
  void rhoMost_isTheSameNumberEverywhere() {
    long digest = 17;
    for (int i = 1; i <= 400; i++) {
      Chance delta = new Chance(1 + (1L << (i % 59)));
      digest = digest * 31 + PrivacyFilter.rhoMost(new Epsilon(i * 6_000L * i), delta).picos();
    }
    assertEquals(-5_772_133_203_598_260_439L, digest);
  }

  private static Epsilon epsilon(String text) {
    return Epsilon.parse(text);
  }

  @Test
  void aHundredTenths_fitWhereTheyAddUpToTwiceTheLimit() {
    Loss tenth = pure("0.1");
    PrivacyFilter filter = filter("5.37", "0.000001");
    assertTrue(filter.admits(times(99, tenth), tenth));
    assertEquals(100, filter.more(LossSum.ZERO, tenth));
    assertFalse(filter("5.36", "0.000001").admits(times(99, tenth), tenth));
    Epsilon spent = filter.spent(times(100, tenth));
    double bound =
        Accountant.concentrated(
            Map.of(new PrivacyEvent.Pure(epsilon("0.1")), 100L), MILLIONTH.attos() * 0.5e-18);
    assertTrue(Accountant.toDouble(spent) >= bound, spent + " under " + bound);
    assertTrue(Accountant.toDouble(spent) <= bound * 1.0001, spent + " far over " + bound);
  }

  @Test
  void fewLargeOnes_areAddedUp_withNoRoomLost() {
    PrivacyFilter filter = filter("1", "0.00001");
    assertTrue(filter.admits(times(1, pure("0.7")), pure("0.3")));
    assertFalse(filter.admits(times(1, pure("0.7")), pure("0.300001")));
    assertEquals(epsilon("0.3"), filter.left(times(1, pure("0.7"))));
    assertEquals(epsilon("0.7"), filter.spent(times(1, pure("0.7"))));
  }

  @Test
  void largestLeft_fitsAndNoMore() {
    Random random = new Random(38);
    for (int i = 0; i < 2000; i++) {
      PrivacyFilter filter = random(random);
      LossSum before = times(random.nextInt(60), Loss.of(micros(random, 300_000), Chance.ZERO));
      Epsilon left = filter.left(before);
      if (left.micros() > 0) {
        assertTrue(filter.admits(before, Loss.of(left, Chance.ZERO)));
      }
      assertFalse(filter.admits(before, Loss.of(new Epsilon(left.micros() + 1), Chance.ZERO)));
    }
  }

  @Test
  void more_isHowManyAreAdmitted() {
    Random random = new Random(39);
    for (int i = 0; i < 300; i++) {
      PrivacyFilter filter = random(random);
      Loss loss = loss(random);
      long more = filter.more(LossSum.ZERO, loss);
      LossSum sum = LossSum.ZERO;
      long admitted = 0;
      while (admitted < 2000 && filter.admits(sum, loss)) {
        sum = sum.plus(loss);
        admitted++;
      }
      assertEquals(Math.min(2000, more), admitted);
    }
  }

  @Test
  void deltas_areBoundedByAQuarterEachWay() {
    PrivacyFilter filter = filter("5", "0.000001");
    Loss loss = Loss.of(epsilon("0.01"), Chance.parse("0.0000001"));
    assertEquals(2, filter.more(LossSum.ZERO, loss));
    // Gaussian noise: a delta by one way of counting, none by the other.
    Loss gaussian =
        new Loss(epsilon("0.2"), Chance.parse("0.0000001"), Rho.parse("0.0005"), Chance.ZERO);
    assertEquals(883, filter.more(LossSum.ZERO, gaussian));
    assertEquals(2, filter.more(PrivacyFilter.Track.BASIC, LossSum.ZERO, gaussian));
    assertTrue(filter.spent(times(883, gaussian)).compareTo(filter.limit()) <= 0);
  }

  /** Also for a job that has none of what the others had too much of. */
  @Test
  void wayOfCountingThatFailed_failsForGood() {
    PrivacyFilter filter = filter("5", "0.000001");
    LossSum deltas = new LossSum(1_000_000, 250_000_000_001L, 5_000_000_000L, 0);
    assertFalse(filter.admits(deltas, pure("1")));
    assertTrue(filter.admits(deltas, pure("0.9"))); // by its rho
    LossSum outside = new LossSum(4_500_000, 0, 5_000_000_000L, 250_000_000_001L);
    assertFalse(filter.admits(outside, pure("0.6")));
    assertTrue(filter.admits(outside, pure("0.5"))); // by its epsilon
    LossSum both = new LossSum(0, 250_000_000_001L, 0, 250_000_000_001L);
    assertFalse(filter.admits(both, pure("0.000001")));
    assertEquals(Epsilon.ZERO, filter.left(both));
  }

  @Test
  void withoutADelta_epsilonsAreAddedAndDeltasNotBounded() {
    PrivacyFilter filter = PrivacyFilter.of(epsilon("1"), null);
    Loss loss = Loss.of(epsilon("0.01"), Chance.parse("0.001"));
    assertEquals(100, filter.more(LossSum.ZERO, loss));
    assertEquals(epsilon("0.5"), filter.spent(times(50, loss)));
    assertEquals(Rho.ZERO, filter.rhoLeft(LossSum.ZERO));
  }

  @Test
  void sums_nearTheirEnd_admitNothing() {
    PrivacyFilter filter = filter("1000", "1");
    Loss loss = new Loss(epsilon("1"), Chance.parse("1"), new Rho(1), Chance.ZERO);
    assertEquals(9, filter.more(LossSum.ZERO, loss));
    assertFalse(filter.admits(times(9, loss), loss));
  }

  /**
   * Whatever is asked in whatever order, what counts as spent is at least what the accountant says
   * by the same two rules, and at most the limit while the filter admits.
   */
  @Test
  void spent_ofAnySequence_isNeverBelowTheAccountants() {
    Random random = new Random(40);
    for (int run = 0; run < 8; run++) {
      PrivacyFilter filter = random(random);
      LossSum sum = LossSum.ZERO;
      List<PrivacyEvent> events = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        Epsilon epsilon = new Epsilon(1 + filter.limit().micros() / (9 + 7 * random.nextInt(3)));
        boolean fails = random.nextInt(5) == 0;
        Chance delta = fails ? new Chance(1 + filter.failingAttosMost() / 10) : Chance.ZERO;
        Loss loss = Loss.of(epsilon, delta);
        if (filter.admits(sum, loss)) {
          sum = sum.plus(loss);
          events.add(
              fails
                  ? new PrivacyEvent.Approximate(epsilon, Delta.parse(delta.toString()))
                  : new PrivacyEvent.Pure(epsilon));
        }
      }
      Epsilon spent = filter.spent(sum);
      assertTrue(spent.compareTo(filter.limit()) <= 0, spent + " of " + filter.limit());
      Delta delta = Delta.parse(filter.delta().toString());
      double truth = Accountant.spent(new PrivacyEvent.Sequence(events), delta).epsilon();
      assertTrue(
          Accountant.toDouble(spent) >= truth * (1 - 1e-11),
          () -> truth + " is more than " + spent);
    }
  }

  private static PrivacyFilter random(Random random) {
    long micros = 10_000L + random.nextInt(12_000_000);
    return PrivacyFilter.of(new Epsilon(micros), new Chance(1L << (20 + random.nextInt(35))));
  }

  private static Epsilon micros(Random random, long most) {
    return new Epsilon(1 + random.nextLong(most));
  }

  private static Loss loss(Random random) {
    Epsilon epsilon = micros(random, 400_000);
    return switch (random.nextInt(3)) {
      case 0 -> Loss.of(epsilon, Chance.ZERO);
      case 1 -> Loss.of(epsilon, new Chance(1L << random.nextInt(40)));
      default ->
          new Loss(
              epsilon,
              new Chance(1L << random.nextInt(40)),
              new Rho(1 + Rho.of(epsilon).picos() / (1 + random.nextInt(20))),
              Chance.ZERO);
    };
  }

  /**
   * The worst that can be done by choosing each answer's epsilon after the ones before, computed
   * exactly: every epsilon-private answer is made of randomised response (Kairouz, Oh, Viswanath
   * 2015), of which one answer says e or -e. The best way to go on from each state is found by
   * going through all; its delta must not be more than was promised.
   */
  @Test
  void worstAdaptiveAnalyst_staysWithinDelta() {
    for (String delta : List.of("0.3", "0.1", "0.02", "0.001")) {
      for (String limit : List.of("1", "2", "3")) {
        PrivacyFilter filter = filter(limit, delta);
        double worst = new Analyst(filter.limit(), filter::admits).best();
        assertTrue(worst <= Double.parseDouble(delta), limit + " " + delta + ": " + worst);
      }
    }
  }

  /** So that the search above is known to find what it should. */
  @Test
  void worstAdaptiveAnalyst_findsFiltersThatAreTooWide() {
    PrivacyFilter filter = filter("2", "0.02");
    Rho wide = new Rho(filter.rhoMost().picos() * 3);
    PrivacyFilter rhoThrice = new PrivacyFilter(filter.limit(), filter.delta(), wide);
    assertTrue(new Analyst(filter.limit(), rhoThrice::admits).best() > 0.02);
    PrivacyFilter limitWide = filter("2.6", "0.02");
    assertTrue(new Analyst(filter.limit(), limitWide::admits).best() > 0.02);
    BiPredicate<LossSum, Loss> last =
        (before, loss) -> filter.admits(before, pure("0.000001")); // looks before, not after
    assertTrue(new Analyst(filter.limit(), last).best() > 0.02);
  }

  /** Maximises P(S) - e^limit Q(S) over all ways of asking. */
  private static final class Analyst {
    private static final long[] GRID = {125_000, 250_000, 500_000, 1_000_000};

    private record State(LossSum spent, long loss) {}

    private final double limit;
    private final BiPredicate<LossSum, Loss> admits;
    private final Map<State, Double> known = new HashMap<>();

    Analyst(Epsilon limit, BiPredicate<LossSum, Loss> admits) {
      this.limit = limit.micros() * 1e-6;
      this.admits = admits;
    }

    double best() {
      return best(LossSum.ZERO, 0);
    }

    /** In expectation under P, given what was answered. */
    private double best(LossSum spent, long loss) {
      State state = new State(spent, loss);
      Double before = known.get(state);
      if (before != null) {
        return before;
      }
      double most = Math.max(0, -Math.expm1(limit - loss * 1e-6));
      for (long micros : GRID) {
        Loss next = Loss.of(new Epsilon(micros), Chance.ZERO);
        if (admits.test(spent, next)) {
          double likely = 1 / (1 + Math.exp(-micros * 1e-6));
          LossSum after = spent.plus(next);
          most =
              Math.max(
                  most,
                  likely * best(after, loss + micros) + (1 - likely) * best(after, loss - micros));
        }
      }
      known.put(state, most);
      return most;
    }
  }
}
