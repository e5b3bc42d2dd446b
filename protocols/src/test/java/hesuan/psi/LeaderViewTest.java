package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.okvs.Okvs;
import hesuan.wire.PartyId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What the leader of three can see of who is in which set. The test knows the helpers' exponents
 * (the seeds), so it can ask about single ids, which the leader cannot.
 */
class LeaderViewTest {
  private static final int PEOPLE = 1_200;
  private final List<byte[]> fromFirst = new ArrayList<>();
  private final List<byte[]> fromSecond = new ArrayList<>();

  /** Keeps what the leader receives of a helper's store. */
  private record Listener(Channel inner, List<byte[]> heard) implements Channel {
    @Override
    public PartyId self() {
      return inner.self();
    }

    @Override
    public PartyId peer() {
      return inner.peer();
    }

    @Override
    public void send(byte tag, byte[] body) {
      inner.send(tag, body);
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      byte[] body = inner.receive(tag, bytesMax);
      if (tag == Messages.Store.SEED_TAG || tag == Messages.Store.CELLS_TAG) {
        heard.add(body);
      }
      return body;
    }
  }

  private static Okvs store(List<byte[]> messages) {
    ByteBuffer opening = ByteBuffer.wrap(messages.get(0));
    int keys = opening.getInt(1);
    byte[] seed = new byte[32];
    opening.get(5, seed);
    long[] cells =
        messages.stream()
            .skip(1)
            .flatMapToLong(
                body ->
                    IntStream.range(0, body.length / 8)
                        .mapToLong(i -> ByteBuffer.wrap(body).getLong(5 + 8 * i)))
            .toArray();
    return Okvs.of(keys, seed, cells);
  }

  private static Set<Integer> members(IntPredicate rule) {
    Set<Integer> ids = new TreeSet<>();
    IntStream.range(0, PEOPLE).filter(rule).forEach(ids::add);
    return ids;
  }

  @Test
  void sharesOfPairwiseMembers_lookLikeThoseOfStrangers() {
    IntPredicate inFirst = id -> id % 2 == 0;
    IntPredicate inSecond = id -> id % 3 == 0;
    Run run =
        new Run(List.of(members(id -> true), members(inFirst), members(inSecond)), 1, id -> 0);
    run.wire =
        channel -> {
          if (!channel.self().equals(Run.party(0))) {
            return channel;
          }
          return new Listener(
              channel, channel.peer().equals(Run.party(1)) ? fromFirst : fromSecond);
        };
    run.start();
    assertEquals(List.of(200L), run.outcome().noisyCounts());

    byte[] tags = tagsOfEverybody(run);
    long[] first = new long[2 * PEOPLE];
    long[] second = new long[2 * PEOPLE];
    store(fromFirst).addTo(first, tags, PEOPLE, Workers.ONE);
    store(fromSecond).addTo(second, tags, PEOPLE, Workers.ONE);

    for (int id = 0; id < PEOPLE; id++) {
      boolean zero =
          ((first[2 * id] ^ second[2 * id]) | (first[2 * id + 1] ^ second[2 * id + 1])) == 0;
      assertEquals(inFirst.test(id) && inSecond.test(id), zero);
      // Neither share alone marks a member, as a constant or an all-zero share would.
      assertNotEquals(0, first[2 * id]);
      assertNotEquals(0, second[2 * id]);
    }
    assertRandom(first, inFirst.and(inSecond.negate()));
    assertRandom(first, inFirst.negate());
    assertRandom(second, inSecond.and(inFirst.negate()));
    assertRandom(second, inSecond.negate());
    long[] sum = new long[2 * PEOPLE];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = first[i] ^ second[i];
    }
    assertRandom(sum, inFirst.and(inSecond.negate()));
    assertRandom(sum, inSecond.and(inFirst.negate()));
    assertRandom(sum, inFirst.or(inSecond).negate());
  }

  /** Fair bits within six deviations (a false alarm in 10^8 runs of this line), no repetition. */
  private static void assertRandom(long[] shares, IntPredicate who) {
    long[] words =
        IntStream.range(0, 2 * PEOPLE)
            .filter(i -> who.test(i / 2))
            .mapToLong(i -> shares[i])
            .toArray();
    long ones = java.util.Arrays.stream(words).map(Long::bitCount).sum();
    double deviation = Math.sqrt(64.0 * words.length) / 2;
    assertEquals(32.0 * words.length, ones, 6 * deviation);
    assertTrue(java.util.Arrays.stream(words).distinct().count() == words.length);
  }

  /** By both helpers' exponents, which are the first that their seeded randomness gives. */
  private static byte[] tagsOfEverybody(Run run) {
    Scalar exponent = Scalar.random(Run.seeded(1)).times(Scalar.random(Run.seeded(2)));
    byte[] keys = Run.keys(run.parameters.session(), members(id -> true));
    byte[] points = new byte[keys.length];
    Points.hashMultiply(ItemList.HASH_DOMAIN, keys, PEOPLE, exponent, points, Workers.ONE);
    byte[] tags = new byte[PEOPLE * Tags.BYTES];
    new Tags(run.parameters.digest()).of(points, PEOPLE, tags, 0);
    return tags;
  }
}
