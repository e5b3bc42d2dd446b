package hesuan.join;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HiddenJoinTest {
  private static final byte SHARES = 9;

  /** From here on tags are those of VOLE and the circuit. */
  private static final int INNER_TAGS = 64;

  private static JoinParameters parameters(int groups, int figures, boolean valuerLearns) {
    List<Long> most = List.of(1L << 22, 1L << 62, 1L << 40).subList(0, figures);
    return new JoinParameters(
        Digest.of("a run"),
        JoinRun.MATCHER,
        JoinRun.VALUER,
        groups,
        figures,
        new Matches.Hidden(most),
        true,
        valuerLearns);
  }

  private static JoinRun run(
      int groups, int figures, int matcherItems, int valuerItems, int shift) {
    Random random = new Random(matcherItems * 31L + valuerItems);
    Map<Integer, Integer> groupOf = new TreeMap<>();
    for (int id = 0; id < matcherItems; id++) {
      groupOf.put(id, random.nextInt(groups));
    }
    Map<Integer, long[]> rows = new TreeMap<>();
    for (int id = shift; id < shift + valuerItems; id++) {
      long[] row = {1, random.nextLong(-(1L << 50), 1L << 50), random.nextLong(1 << 20)};
      rows.put(id, Arrays.copyOf(row, figures));
    }
    return new JoinRun(parameters(groups, figures, true), groupOf, rows);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,0,0,0",
    "1,2,0,7,0",
    "2,2,7,0,0",
    "1,1,1,1,0",
    "1,3,1,1,5",
    "3,2,31,37,11",
    "2,3,97,300,50",
    "5,1,300,61,0",
    "2,2,64,64,0",
    "2,2,64,64,64",
    "64,2,500,499,1",
    "7,3,4099,1009,800"
  })
  void sums_areThoseOfAPlainJoin(
      int groups, int figures, int matcherItems, int valuerItems, int shift) {
    JoinRun run = run(groups, figures, matcherItems, valuerItems, shift).start();
    assertEquals(List.of(), run.failures);
    assertArrayEquals(run.sums(), run.matcher.sums());
    assertArrayEquals(run.sums(), run.valuer.sums());
    assertEquals(0, run.matcher.matches().length);
    assertEquals(run.matcher.transcript(), run.valuer.transcript());
  }

  /** The largest sum of either sign, and figures that share a word with it. */
  @Test
  void sums_atTheirBounds_areExact() {
    for (long sign : new long[] {1, -1}) {
      Map<Integer, Integer> groupOf = new TreeMap<>();
      Map<Integer, long[]> rows = new TreeMap<>();
      for (int id = 0; id < 4; id++) {
        groupOf.put(id, id / 2);
        rows.put(id, new long[] {-sign << 21, sign << 61, sign << 39});
      }
      JoinRun run = new JoinRun(parameters(2, 3, false), groupOf, rows).start();
      assertEquals(List.of(), run.failures);
      assertArrayEquals(run.sums(), run.matcher.sums());
    }
  }

  @Test
  void everyNoise_isInWhatIsLearned() {
    JoinRun run = run(2, 2, 20, 20, 3);
    run.matcherNoise = new long[] {1, -20, 300, -4000};
    run.valuerNoise = new long[] {-50_000, 600_000, -70_000, 80_000_000};
    run.start();
    long[] noised = run.sums();
    for (int i = 0; i < noised.length; i++) {
      noised[i] += run.matcherNoise[i] + run.valuerNoise[i];
    }
    assertArrayEquals(noised, run.matcher.sums());
    assertArrayEquals(noised, run.valuer.sums());
  }

  /** Shares that travel differ from the sums' own by the sender's noise, and by no less. */
  @Test
  void sharesThatAreOpened_holdTheirSendersNoise() {
    JoinRun run = run(1, 1, 20, 20, 3);
    List<byte[]> shares = new ArrayList<>();
    JoinRun.Watch watch = (tag, body) -> shares.addAll(tag == SHARES ? List.of(body) : List.of());
    run.matcherWire = c -> JoinRun.spied(c, watch);
    run.valuerWire = c -> JoinRun.spied(c, watch);
    run.start();
    JoinRun noised = run(1, 1, 20, 20, 3);
    noised.matcherNoise = new long[] {1000};
    noised.valuerNoise = new long[] {70_000};
    noised.matcherWire = run.matcherWire;
    noised.valuerWire = run.valuerWire;
    noised.start();
    // all randomness is seeded alike, so the shares differ by noise alone
    long[] opened = shares.stream().mapToLong(b -> java.nio.ByteBuffer.wrap(b).getLong()).toArray();
    assertEquals(4, opened.length);
    assertEquals(1000, opened[2] - opened[0]);
    assertEquals(70_000, opened[3] - opened[1]);
  }

  @Test
  void valuerThatMayNotLearn_getsNoShares() {
    JoinRun both = run(2, 2, 20, 20, 3);
    JoinRun one = new JoinRun(parameters(2, 2, false), both.groupOf, both.figures);
    AtomicInteger shares = new AtomicInteger();
    one.matcherWire = c -> JoinRun.spied(c, (tag, _) -> shares.addAndGet(tag == SHARES ? 1 : 0));
    one.start();
    assertArrayEquals(one.sums(), one.matcher.sums());
    assertEquals(0, one.valuer.sums().length);
    assertEquals(0, shares.get());
  }

  /** What passes is the same in kind, number and length whatever matches, in which group. */
  @Test
  void messages_haveTheSameLengths_whateverMatches() {
    List<String> none = lengths(run(3, 2, 200, 150, 200));
    assertEquals(none, lengths(run(3, 2, 200, 150, 0)));
    assertEquals(none, lengths(run(3, 2, 200, 150, 77)));
    JoinRun oneGroup = run(3, 2, 200, 150, 20);
    oneGroup.groupOf.replaceAll((_, _) -> 2);
    assertEquals(none, lengths(oneGroup));
    assertNotEquals(none, lengths(run(3, 2, 201, 150, 200)));
  }

  private static List<String> lengths(JoinRun run) {
    List<String> matcher = new ArrayList<>();
    List<String> valuer = new ArrayList<>();
    run.matcherWire = c -> JoinRun.spied(c, (tag, body) -> matcher.add(tag + ":" + body.length));
    run.valuerWire = c -> JoinRun.spied(c, (tag, body) -> valuer.add(tag + ":" + body.length));
    run.start();
    assertEquals(List.of(), run.failures);
    matcher.addAll(valuer);
    return matcher;
  }

  /** Two unlike values pass for one with probability 2^-40 over all bins, and no more. */
  @Test
  void equality_takesFortyBitsMoreThanTheNumberOfBins() {
    assertEquals(40 + 8, Bins.of(0, 0).matchBits());
    for (int items : new int[] {1, 1000, 1 << 20, JoinParameters.ITEMS_MAX}) {
      Bins bins = Bins.of(items, items);
      double bits = bins.matchBits() - Math.log(bins.total()) / Math.log(2);
      assertTrue(bits >= 40 && bits < 41, bits + " for " + items);
    }
  }

  /** A segment takes every item that may fall into it, and stores fit into their key space. */
  @Test
  void segments_areEvenAndOfBoundedSize() {
    for (int valuerItems : new int[] {0, 1, 400_000, 403_000, JoinParameters.ITEMS_MAX}) {
      for (int matcherItems : new int[] {0, 1, 700_000, JoinParameters.ITEMS_MAX}) {
        Bins bins = Bins.of(valuerItems, matcherItems);
        assertTrue(bins.total() >= 1.3 * valuerItems + 192);
        assertTrue(bins.segmentBins() <= Bins.SEGMENT_MAX);
        int load = bins.loadMax(matcherItems);
        assertTrue(load * (long) bins.segments() >= 3L * matcherItems);
        assertTrue(load < 1 << 22, bins + " " + load);
      }
    }
  }

  /** Runs share no message but those that say sizes. */
  @Test
  void secrets_areFreshInEveryRun() {
    List<byte[]> said = new ArrayList<>();
    JoinRun run = run(2, 1, 10, 10, 0);
    run.valuerWire = c -> JoinRun.spied(c, (_, body) -> said.add(body));
    run.start();
    int messages = said.size();
    run.randomOffset = 100;
    run.start();
    assertEquals(2 * messages, said.size());
    int same = 0;
    for (int i = 0; i < messages; i++) {
      same += Arrays.equals(said.get(i), said.get(messages + i)) ? 1 : 0;
    }
    // the opening of this protocol, and those of the two that it runs inside
    assertTrue(same <= 4, same + " messages are the same");
  }

  /**
   * Any message changed in a bit, cut, or longer: a named error, and no result at either end. Those
   * of VOLE and of the circuit have tests of their own.
   */
  @Test
  void anyMessageChanged_endsBothSides() {
    for (boolean matcherLies : new boolean[] {true, false}) {
      List<Byte> sent = new ArrayList<>();
      JoinRun honest = run(2, 2, 9, 12, 2);
      wire(honest, matcherLies, c -> JoinRun.spied(c, (tag, _) -> sent.add(tag)));
      honest.start();
      for (int victim = 0; victim < sent.size(); victim++) {
        for (int lie = 0; lie < 3 && sent.get(victim) < INNER_TAGS; lie++) {
          int message = victim;
          int kind = lie;
          JoinRun run = run(2, 2, 9, 12, 2);
          wire(run, matcherLies, c -> JoinRun.lying(c, message, kind));
          run.start();
          String what = (matcherLies ? "matcher" : "valuer") + " message " + victim + " lie " + lie;
          // the closing is the last word: who lies in it harms itself only
          boolean closing = victim == sent.size() - 1;
          assertTrue(run.failures.size() >= (closing ? 1 : 2), what);
          assertTrue(violated(run), () -> what + run.failures);
        }
      }
    }
  }

  @Test
  void twoMessagesInTheWrongOrder_endBothSides() {
    int swapped = 0;
    for (boolean matcherLies : new boolean[] {true, false}) {
      for (int victim = 0; victim < 4; victim++) {
        JoinRun run = run(2, 2, 9, 12, 2);
        int late = victim;
        List<JoinRun.Swapped> wires = new ArrayList<>();
        wire(
            run,
            matcherLies,
            c -> {
              wires.add(new JoinRun.Swapped(c, late));
              return wires.getFirst();
            });
        run.start();
        boolean wrong = wires.getFirst().swapped;
        swapped += wrong ? 1 : 0;
        assertEquals(wrong ? 2 : 0, run.failures.size(), "message " + victim + " late");
        assertEquals(wrong, violated(run));
      }
    }
    assertTrue(swapped > 0, "none was late");
  }

  private static boolean violated(JoinRun run) {
    return run.failures.stream()
        .anyMatch(
            f ->
                f instanceof ProblemException p
                    && p.problem().code() == ErrorCode.PROTOCOL_VIOLATION);
  }

  private static void wire(JoinRun run, boolean matcher, UnaryOperator<Channel> wire) {
    if (matcher) {
      run.matcherWire = wire;
    } else {
      run.valuerWire = wire;
    }
  }

  @Test
  void onesWhoDisagreeOnWhatIsAsked_endBothSides() {
    JoinRun run = run(2, 2, 9, 12, 2);
    run.matcherParameters = parameters(2, 2, false);
    run.start();
    assertTrue(violated(run));
    assertEquals(2, run.failures.size());
  }

  @Test
  void figureWords_takeEverySignAtTheirBounds() {
    FigureWords words = new FigureWords(List.of(5L, 1L << 40, 3L, 1L << 62));
    assertEquals(3, new FigureWords(List.of(1L << 62, 1L << 62, 1L << 62)).words());
    assertEquals(2, words.words());
    for (int signs = 0; signs < 16; signs++) {
      long[] figures = {5, 1L << 40, 3, 1L << 62};
      for (int i = 0; i < 4; i++) {
        figures[i] *= (signs >> i & 1) == 0 ? 1 : -1;
      }
      assertArrayEquals(figures, words.unpacked(words.packed(figures)));
    }
    long[] many = new Random(3).longs(4 * 50, -3, 4).toArray();
    assertArrayEquals(many, words.unpacked(words.packed(many)));
    assertFalse(Arrays.equals(many, words.packed(many)));
  }
}
