package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The graph, and the odds that docs/adr/0034-sums-of-many-parties.md states. */
class NeighboursTest {
  private static final byte[] ROSTER = Digest.of("roster").bytes();
  private static final double[] LOG_FACTORIAL = new double[1100];

  static {
    for (int n = 1; n < LOG_FACTORIAL.length; n++) {
      LOG_FACTORIAL[n] = LOG_FACTORIAL[n - 1] + Math.log(n);
    }
  }

  private static byte[] coin(int number) {
    return Digest.of("coin " + number).bytes();
  }

  private static SecureSumSettings settings(int parties) {
    return new Federation(parties).settings(1, 3, true, false);
  }

  private static List<Integer> holders(int parties, int owner, byte[] coin) {
    List<Integer> roster = IntStream.range(0, parties).boxed().toList();
    return Neighbours.holders(settings(parties), ROSTER, roster, owner, coin);
  }

  @Test
  void holders_ofALargeGroup_areAsManyAsChosen_noneTwice_neverTheOwner() {
    for (int owner = 0; owner < 50; owner++) {
      List<Integer> holders = holders(300, owner, coin(owner));
      assertEquals(Neighbours.CHOSEN, new HashSet<>(holders).size());
      assertEquals(Neighbours.CHOSEN, holders.size());
      assertFalse(holders.contains(owner));
    }
    assertEquals(100, holders(100, 3, coin(3)).size());
  }

  @Test
  void holders_changeWithCoinOwnerAndRoster() {
    List<Integer> holders = holders(300, 7, coin(7));
    assertEquals(holders, holders(300, 7, coin(7)));
    assertNotEquals(holders, holders(300, 7, coin(8)));
    assertNotEquals(holders, holders(300, 8, coin(7)));
    assertNotEquals(
        holders,
        Neighbours.holders(
            settings(300),
            Digest.of("another roster").bytes(),
            IntStream.range(0, 300).boxed().toList(),
            7,
            coin(7)));
  }

  /** 4,000 owners draw 92 of 299: each is drawn 1,231 times, give or take 29. */
  @Test
  void holders_areDrawnEvenly() {
    int[] drawn = new int[300];
    for (int run = 0; run < 4000; run++) {
      holders(300, 0, coin(run)).forEach(holder -> drawn[holder]++);
    }
    for (int holder = 1; holder < 300; holder++) {
      assertEquals(4000.0 * Neighbours.CHOSEN / 299, drawn[holder], 29.2 * 5.5);
    }
  }

  @Test
  void neighbours_maskBothWays_andOnlyAmongThoseWhoShared() {
    List<Integer> roster = IntStream.range(0, 250).boxed().toList();
    SortedMap<Integer, byte[]> coins = new TreeMap<>();
    roster.stream().filter(i -> i % 5 != 0).forEach(i -> coins.put(i, coin(i)));
    Neighbours neighbours = new Neighbours(settings(250), ROSTER, roster, coins);
    double mean =
        coins.keySet().stream().mapToInt(m -> neighbours.maskedWith(m).size()).average().orElse(0);
    // Of 250 a fifth did not share; the settings count with 249 members who all do.
    assertEquals(settings(250).neighboursMean() * 199 / 248, mean, 1);
    for (int member : coins.keySet()) {
      for (int other : neighbours.maskedWith(member)) {
        assertTrue(coins.containsKey(other) && other != member);
        assertTrue(neighbours.maskedWith(other).contains(member));
      }
      Set<Integer> holders = new HashSet<>(neighbours.holders(member));
      holders.retainAll(coins.keySet());
      assertTrue(neighbours.maskedWith(member).containsAll(holders));
      neighbours.holders(member).forEach(h -> assertTrue(neighbours.owned(h).contains(member)));
    }
  }

  // ---- the odds ----

  private static double logChoose(int n, int k) {
    return k < 0 || k > n
        ? Double.NEGATIVE_INFINITY
        : LOG_FACTORIAL[n] - LOG_FACTORIAL[k] - LOG_FACTORIAL[n - k];
  }

  private static double logAdd(double a, double b) {
    double high = Math.max(a, b);
    return high == Double.NEGATIVE_INFINITY
        ? high
        : high + Math.log(Math.exp(a - high) + Math.exp(b - high));
  }

  /** Of {@code drawn} out of {@code all}, at least {@code least} are among the {@code marked}. */
  private static double logTail(int all, int marked, int drawn, int least) {
    double tail = Double.NEGATIVE_INFINITY;
    for (int x = Math.max(least, 0); x <= Math.min(drawn, marked); x++) {
      tail =
          logAdd(
              tail,
              logChoose(marked, x) + logChoose(all - marked, drawn - x) - logChoose(all, drawn));
    }
    return Math.min(tail, 0);
  }

  /**
   * Some set of at most half of the honest members can be cut off by calling others lost: each of
   * it has {@code sharesMin} holders among the set and the corrupted. Sets of one are members whose
   * corrupted holders alone give a secret back. Union over all sets; the lost are of the leader's
   * choice, after it saw the graph.
   */
  private static double logIsolated(int roster, int corrupted, int sharesMin) {
    int honest = roster - corrupted;
    int drawn = Math.min(Neighbours.CHOSEN, roster - 1);
    double odds = Double.NEGATIVE_INFINITY;
    for (int size = 1; size <= honest / 2; size++) {
      odds =
          logAdd(
              odds,
              logChoose(honest, size)
                  + size * logTail(roster - 1, size - 1 + corrupted, drawn, sharesMin));
    }
    return odds / Math.log(2);
  }

  /** Some member has fewer than {@code sharesMin} holders left. */
  private static double logTooFew(int roster, int lost, int sharesMin) {
    int drawn = Math.min(Neighbours.CHOSEN, roster - 1);
    return (logTail(roster - 1, lost, drawn, drawn - sharesMin + 1) + Math.log(roster))
        / Math.log(2);
  }

  /**
   * Any two lists of survivors that members sign share none but the corrupted: so all lists but one
   * have at most so many signers, of whatever a leader says.
   */
  private static int signersOfMinority(int members, int corrupted) {
    return (members + corrupted) / 2;
  }

  /** One member that is shown such a list does not see that signers are missing. */
  private static double logDeceived(SecureSumSettings settings, int corrupted) {
    int minority = signersOfMinority(settings.members(), corrupted);
    int said = settings.threshold();
    int seen = settings.sample(said);
    return logChoose(minority, seen) - logChoose(said, seen);
  }

  /**
   * {@link #logIsolated} with the deceived counted to the corrupted: union over how many they are
   * and who. Whom they are deceived about was drawn before they draw their samples.
   */
  private static double logIsolatedOrDeceived(SecureSumSettings settings, int roster) {
    int corrupted = settings.members() / 5;
    int honest = settings.members() - corrupted;
    double deceived = logDeceived(settings, corrupted);
    double odds = logIsolated(roster, corrupted, settings.sharesMin()) * Math.log(2);
    for (int many = 1; many <= 40 && deceived > Double.NEGATIVE_INFINITY; many++) {
      odds =
          logAdd(
              odds,
              Math.min(0, logChoose(honest, many) + many * deceived)
                  + logIsolated(roster, corrupted + many, settings.sharesMin()) * Math.log(2));
    }
    return odds / Math.log(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {101, 120, 150, 201, 301, 401, 501, 701, 1000})
  void odds_withAFifthOfTheMembersAtTheLeadersSide_andATenthLost_areAsStated(int parties) {
    SecureSumSettings settings = settings(parties);
    int members = parties - 1;
    int corrupted = members / 5;
    for (int roster :
        new int[] {settings.threshold(), (settings.threshold() + members) / 2, members}) {
      double isolated = logIsolatedOrDeceived(settings, roster);
      assertTrue(isolated <= -46, roster + " members: 2^" + isolated);
    }
    double tooFew = logTooFew(members, members / 10, settings.sharesMin());
    assertTrue(tooFew <= -20, "2^" + tooFew);
    assertTrue(settings.threshold() > signersOfMinority(members, corrupted));
  }

  /** With more than a fifth on the leader's side too few signatures would have to be invented. */
  @Test
  void sample_withMoreColluders_isOfEverySignature() {
    SecureSumSettings fifth = settings(1000, 199);
    assertEquals(SecureSumSettings.SAMPLE, fifth.sample(fifth.threshold()));
    SecureSumSettings more = settings(1000, 200);
    assertEquals(more.threshold(), more.sample(more.threshold()));
  }

  private static SecureSumSettings settings(int parties, int colluders) {
    SecureSumSettings none = settings(parties);
    return new SecureSumSettings(
        none.session(), none.roster(), none.leader(), 1, 3, true, false, colluders);
  }

  /** The figures are tight enough to see a threshold that is a little low, and the other way. */
  @Test
  void odds_ofOtherParameters_areNotGoodEnough() {
    assertTrue(logIsolated(667, 199, 62) > -46);
    assertTrue(logTooFew(999, 99, 65) > -20);
    assertTrue(logDeceived(settings(1000), 199) / Math.log(2) < -13);
    assertTrue(logDeceived(settings(1000), 250) / Math.log(2) > -10);
  }
}
