package hesuan.join;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
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

class JoinTest {
  private static final int FIGURES = 2;

  private static JoinParameters parameters(int groups, boolean valuerLearns) {
    return new JoinParameters(
        Digest.of("a run"),
        JoinRun.MATCHER,
        JoinRun.VALUER,
        groups,
        FIGURES,
        new Matches.Noised(Epsilon.parse("2"), "0.01", 1),
        true,
        valuerLearns);
  }

  private static JoinRun run(int groups, int matcherItems, int valuerItems, int shift) {
    Random random = new Random(matcherItems * 31L + valuerItems);
    Map<Integer, Integer> groupOf = new TreeMap<>();
    for (int id = 0; id < matcherItems; id++) {
      groupOf.put(id, random.nextInt(groups));
    }
    Map<Integer, long[]> figures = new TreeMap<>();
    for (int id = shift; id < shift + valuerItems; id++) {
      figures.put(id, new long[] {1, random.nextLong(-1_000_000, 1_000_000)});
    }
    return new JoinRun(parameters(groups, true), groupOf, figures);
  }

  @ParameterizedTest
  @CsvSource({
    "1,0,0,0",
    "1,0,7,0",
    "2,7,0,0",
    "1,1,1,0",
    "1,1,1,5",
    "3,31,37,11",
    "2,97,300,50",
    "5,300,61,0"
  })
  void sums_areThoseOfAPlainJoin(int groups, int matcherItems, int valuerItems, int shift) {
    JoinRun run = run(groups, matcherItems, valuerItems, shift).start();
    assertEquals(List.of(), run.failures);
    assertArrayEquals(run.sums(), run.matcher.sums());
    assertArrayEquals(run.sums(), run.valuer.sums());
    assertArrayEquals(run.matches(), run.matcher.matches());
    assertEquals(run.matcher.transcript(), run.valuer.transcript());
  }

  @Test
  void everyNoise_isInWhatIsLearned() {
    JoinRun run = run(2, 20, 20, 3);
    run.matcherNoise = new long[] {1, 20, 300, 4000};
    run.valuerNoise = new long[] {50_000, 600_000, 7_000_000, 80_000_000};
    run.extraDummies = -3;
    run.start();
    long[] noised = run.sums();
    for (int i = 0; i < noised.length; i++) {
      noised[i] += run.matcherNoise[i] + run.valuerNoise[i];
    }
    assertArrayEquals(noised, run.matcher.sums());
    assertArrayEquals(noised, run.valuer.sums());
    long[] matches = run.matches();
    assertArrayEquals(new long[] {matches[0] - 3, matches[1] - 3}, run.matcher.matches());
  }

  @Test
  void valuerThatMayNotLearn_getsNoShares() {
    JoinRun both = run(2, 20, 20, 3);
    JoinRun one = new JoinRun(parameters(2, false), both.groupOf, both.figures);
    AtomicInteger shares = new AtomicInteger();
    one.matcherWire = c -> JoinRun.spied(c, (tag, body) -> shares.addAndGet(tag == 9 ? 1 : 0));
    one.start();
    assertArrayEquals(one.sums(), one.matcher.sums());
    assertEquals(0, one.valuer.sums().length);
    assertEquals(0, shares.get());
  }

  /** Whoever knows the exponent finds the order: it must not be that of the items. */
  @Test
  void valuersPlaces_areInASecretOrder() {
    JoinRun run = run(1, 40, 40, 0);
    List<byte[]> points = new ArrayList<>();
    run.valuerWire =
        c -> JoinRun.spied(c, (tag, body) -> points.addAll(tag == 3 ? List.of(body) : List.of()));
    run.start();
    Scalar exponent = Scalar.random(JoinRun.seeded(2));
    byte[] plain = JoinRun.keys(run.parameters, run.figures.keySet());
    Points.hashMultiply(
        "hesuan/join/1/ristretto255_XMD:SHA-512_R255MAP_RO_",
        plain,
        40,
        exponent,
        plain,
        Workers.ONE);
    byte[] sent = points.getFirst();
    int inPlace = 0;
    int found = 0;
    for (int i = 0; i < 40; i++) {
      for (int place = 0; place < sent.length / 32; place++) {
        if (Arrays.equals(plain, i * 32, i * 32 + 32, sent, place * 32, place * 32 + 32)) {
          found++;
          inPlace += place == i ? 1 : 0;
        }
      }
    }
    assertEquals(40, found);
    assertTrue(inPlace < 8, inPlace + " items stand where they stood");
  }

  /** The matcher's own tags come back sorted, so that their order tells it nothing. */
  @Test
  void tagsOfEveryGroup_areSorted() {
    JoinRun run = run(2, 60, 10, 0);
    List<ByteBuffer> tags = new ArrayList<>();
    run.valuerWire =
        c ->
            JoinRun.spied(
                c,
                (tag, body) -> tags.addAll(tag == 4 ? List.of(ByteBuffer.wrap(body)) : List.of()));
    run.start();
    assertEquals(2, tags.size());
    for (ByteBuffer group : tags) {
      long last = group.getLong(0);
      for (int at = 16; at < group.capacity(); at += 16) {
        assertTrue(Long.compareUnsigned(last, group.getLong(at)) < 0);
        last = group.getLong(at);
      }
    }
  }

  /** Two runs on the same data share no message but the openings and sizes. */
  @Test
  void secrets_areFreshInEveryRun() {
    List<byte[]> said = new ArrayList<>();
    JoinRun run = run(1, 10, 10, 0);
    run.matcherWire = c -> JoinRun.spied(c, (tag, body) -> said.add(body));
    run.start();
    int messages = said.size();
    JoinMatcher again =
        new JoinMatcher(
            run.parameters,
            JoinRun.keys(run.parameters, run.groupOf.keySet()),
            new int[10],
            new long[FIGURES],
            Workers.ONE,
            JoinRun.seeded(77));
    MemoryChannel[] ends = MemoryChannel.pair(JoinRun.MATCHER, JoinRun.VALUER);
    Thread.startVirtualThread(() -> run.valuer(ends[1]));
    again.run(JoinRun.spied(ends[0], (tag, body) -> said.add(body)));
    for (int i = 2; i < messages - 1; i++) {
      assertNotEquals(
          Arrays.hashCode(said.get(i)), Arrays.hashCode(said.get(messages + i)), "message " + i);
    }
  }

  /**
   * Any one message changed in a bit, cut, or longer: a named error, and no result at the other.
   */
  @Test
  void anyMessageChanged_endsBothSides() {
    for (boolean matcherLies : new boolean[] {true, false}) {
      AtomicInteger sent = new AtomicInteger();
      JoinRun honest = run(2, 9, 12, 2);
      UnaryOperator<Channel> count = c -> JoinRun.spied(c, (_, _) -> sent.incrementAndGet());
      if (matcherLies) {
        honest.matcherWire = count;
      } else {
        honest.valuerWire = count;
      }
      honest.start();
      for (int victim = 0; victim < sent.get(); victim++) {
        for (int lie = 0; lie < 3; lie++) {
          int message = victim;
          int kind = lie;
          JoinRun run = run(2, 9, 12, 2);
          UnaryOperator<Channel> liar = c -> JoinRun.lying(c, message, kind);
          if (matcherLies) {
            run.matcherWire = liar;
          } else {
            run.valuerWire = liar;
          }
          run.start();
          String what = (matcherLies ? "matcher" : "valuer") + " message " + victim + " lie " + lie;
          // the closing is the last word: who lies in it harms itself only
          boolean closing = victim == sent.get() - 1;
          assertTrue(run.failures.size() >= (closing ? 1 : 2), what);
          assertTrue(
              run.failures.stream()
                  .anyMatch(
                      f ->
                          f instanceof ProblemException p
                              && p.problem().code() == ErrorCode.PROTOCOL_VIOLATION),
              () -> what + run.failures);
        }
      }
    }
  }

  @Test
  void transposition_isThatOfSingleBits() {
    Random random = new Random(5);
    long[] block = random.longs(64).toArray();
    long[] turned = block.clone();
    BitMatrix.transpose(turned);
    for (int row = 0; row < 64; row++) {
      for (int column = 0; column < 64; column++) {
        assertEquals(block[row] >>> column & 1, turned[column] >>> row & 1);
      }
    }
  }
}
