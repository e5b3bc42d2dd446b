package hesuan.psi.many;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A party that sends something else, or leaves: a named error, and nobody has a result. */
class ManyHostileTest {
  private static final int HEAD = 9;
  private static final ManyParameters PARAMETERS =
      Circle.parameters(Engine.ECDH, 3, 3, IntersectionParameters.BUCKET_ITEMS, 1);

  /** A message of a run: who to whom, and the how manieth between these. */
  private record Place(PartyId from, PartyId to, int number) {}

  private record Message(byte tag, byte[] body) {}

  private interface Lie {
    void send(Channel channel, Place place, Message told);
  }

  /** One end of a channel whose message at that place is told otherwise. */
  private static Channel lying(
      Channel end, Place victim, @Nullable Lie lie, Map<Place, Message> sent) {
    AtomicInteger number = new AtomicInteger();
    return new HandOn(
        end,
        (to, tag, body) -> {
          Place place = new Place(to.self(), to.peer(), number.getAndIncrement());
          Message told = new Message(tag, body);
          sent.put(place, new Message(tag, body.clone()));
          if (place.equals(victim) && lie != null) {
            lie.send(to, place, told);
          } else {
            to.send(tag, body);
          }
        });
  }

  private static final Place NOWHERE = new Place(Circle.party(0), Circle.party(1), -1);

  private static final List<List<Integer>> SETS =
      List.of(
          ManyIntersectionTest.ids(0, 9),
          ManyIntersectionTest.ids(2, 12),
          ManyIntersectionTest.ids(4, 11));

  private static Circle run(long seed, Place victim, @Nullable Lie lie, Map<Place, Message> sent) {
    Circle circle = new Circle();
    circle.seed = seed;
    circle.wire = (party, channel) -> lying(channel, victim, lie, sent);
    return circle.run(PARAMETERS, SETS);
  }

  private static Map<Place, Message> honest(long seed) {
    Map<Place, Message> sent = new ConcurrentHashMap<>();
    Circle circle = run(seed, NOWHERE, null, sent);
    for (int p = 0; p < 3; p++) {
      assertEquals(5, circle.outcome(p).matches().length);
    }
    return sent;
  }

  private static void assertNoResult(Circle circle, Place place, Message told, String what) {
    assertNoResult(circle, place, told.tag() == ManyMessages.Short.END_TAG, what);
  }

  /**
   * @param lastWord that is changed: who sent it may be through, and the third party too
   */
  private static void assertNoResult(Circle circle, Place place, boolean lastWord, String what) {
    assertFalse(circle.outcomes.containsKey(place.to()), what);
    assertTrue(lastWord || circle.outcomes.isEmpty(), what + circle.outcomes.keySet());
    boolean violation = false;
    for (Throwable failure : circle.failures.values()) {
      if (!(failure instanceof ProblemException problem)) {
        throw new AssertionError(what, failure);
      }
      ErrorCode code = problem.problem().code();
      assertTrue(code == ErrorCode.PROTOCOL_VIOLATION || code == ErrorCode.PEER_SILENT, what);
      violation |= code == ErrorCode.PROTOCOL_VIOLATION;
    }
    assertTrue(violation, what);
  }

  @Test
  void anyMessage_changedTruncatedOrOfAnotherRun_endsTheRunForAll() {
    Map<Place, Message> earlier = honest(1);
    List<Lie> lies =
        List.of(
            (channel, place, told) -> {
              byte[] body = told.body().clone();
              int bit = new Random(place.hashCode()).nextInt(body.length * 8);
              body[bit / 8] ^= (byte) (1 << bit % 8);
              channel.send(told.tag(), body);
            },
            (channel, place, told) ->
                channel.send(told.tag(), Arrays.copyOf(told.body(), told.body().length - 1)),
            (channel, place, told) ->
                channel.send(told.tag(), Arrays.copyOf(told.body(), told.body().length + 1)),
            (channel, place, told) -> channel.send((byte) (told.tag() + 1), told.body()),
            (channel, place, told) -> {
              Message other = earlier.get(place);
              channel.send(other.tag(), other.body());
            });
    Map<Place, Message> messages = honest(2);
    int lied = 0;
    for (Map.Entry<Place, Message> each : messages.entrySet()) {
      for (int l = 0; l < lies.size(); l++) {
        Message before = earlier.get(each.getKey());
        boolean same = Arrays.equals(before.body(), each.getValue().body());
        if (l < lies.size() - 1 || !same) {
          Circle circle = run(2, each.getKey(), lies.get(l), new HashMap<>());
          String what = "lie " + l + " at " + each.getKey() + ", tag " + each.getValue().tag();
          assertNoResult(circle, each.getKey(), each.getValue(), what);
          lied++;
        }
      }
    }
    assertTrue(lied > 120, "" + lied);
  }

  @Test
  void messageTwice_orBeforeAnother_endsTheRunForAll() {
    for (Map.Entry<Place, Message> each : honest(3).entrySet()) {
      byte tag = each.getValue().tag();
      if (tag != ManyMessages.Short.END_TAG) {
        Lie twice =
            (channel, place, told) -> {
              channel.send(told.tag(), told.body());
              channel.send(told.tag(), told.body());
            };
        Circle circle = run(3, each.getKey(), twice, new HashMap<>());
        // Transcripts twice are heard where the end should be.
        boolean lastWord = tag == ManyMessages.Transcripts.TAG;
        assertNoResult(circle, each.getKey(), lastWord, "twice at " + each.getKey());
      }
      if (tag == ManyMessages.Opening.TAG) {
        Lie late = (channel, place, told) -> channel.send(ManyMessages.Short.KEY_TAG, new byte[25]);
        Circle circle = run(3, each.getKey(), late, new HashMap<>());
        assertNoResult(circle, each.getKey(), each.getValue(), "late at " + each.getKey());
      }
    }
  }

  /** Whoever leaves and whenever: the others never go on among themselves. */
  @Test
  void partyThatIsLost_endsTheRunForAll() {
    for (Map.Entry<Place, Message> each : honest(4).entrySet()) {
      Lie leaves =
          (channel, place, told) -> {
            throw new ProblemException(ErrorCode.CANCELLED, "test", "to stay", "it left");
          };
      Circle circle = run(4, each.getKey(), leaves, new HashMap<>());
      boolean lastWord = each.getValue().tag() == ManyMessages.Short.END_TAG;
      assertTrue(lastWord || circle.outcomes.isEmpty(), "left at " + each.getKey());
      assertFalse(circle.outcomes.containsKey(each.getKey().to()));
      circle.failures.forEach(
          (party, failure) -> {
            if (!party.equals(each.getKey().from())) {
              ProblemException problem = (ProblemException) failure;
              assertEquals(ErrorCode.PEER_SILENT, problem.problem().code());
            }
          });
    }
  }

  @Test
  void parametersOfAnotherSession_stopAtTheOpening() {
    Circle circle = new Circle();
    ManyParameters other =
        ManyParameters.of(
            hesuan.wire.Digest.of("another"),
            PARAMETERS.leader(),
            PARAMETERS.pivot(),
            PARAMETERS.others(),
            PARAMETERS.receivers(),
            Engine.ECDH);
    circle.ownParameters.put(Circle.party(2), other);
    circle.run(PARAMETERS, SETS);
    assertEquals(3, circle.failures.size());
    circle
        .failures
        .values()
        .forEach(failure -> assertTrue(failure.getMessage().contains("parameters"), "" + failure));
  }

  private static Circle lieIn(byte tag, int from, int to, Lie lie) {
    for (Map.Entry<Place, Message> each : honest(5).entrySet()) {
      Place place = each.getKey();
      if (each.getValue().tag() == tag
          && place.from().equals(Circle.party(from))
          && place.to().equals(Circle.party(to))) {
        return run(5, place, lie, new HashMap<>());
      }
    }
    throw new AssertionError("no message with tag " + tag);
  }

  private static void assertSays(Circle circle, String expected) {
    assertTrue(circle.outcomes.isEmpty());
    assertTrue(
        circle.failures.values().stream().anyMatch(e -> e.getMessage().contains(expected)),
        () -> expected + " in " + circle.failures);
  }

  @Test
  void opening_withAbsurdSizeOrBucket_isRefused() {
    for (int count : new int[] {-1, Integer.MAX_VALUE, IntersectionParameters.ITEMS_MAX + 1}) {
      Lie lie =
          (channel, place, told) -> {
            ByteBuffer.wrap(told.body()).putInt(5, count);
            channel.send(told.tag(), told.body());
          };
      assertSays(lieIn(ManyMessages.Opening.TAG, 2, 0, lie), "items in steps");
    }
    Lie bucket =
        (channel, place, told) -> {
          ByteBuffer.wrap(told.body()).putInt(1, 2);
          channel.send(told.tag(), told.body());
        };
    assertSays(lieIn(ManyMessages.Opening.TAG, 2, 1, bucket), "a bucket of 0 to 1");
  }

  /** Two sizes to two parties make two runs: the centres don't even agree on a session. */
  @Test
  void opening_thatTellsTwoStories_endsTheRun() {
    Lie lie =
        (channel, place, told) -> {
          ByteBuffer.wrap(told.body()).putInt(5, 8);
          channel.send(told.tag(), told.body());
        };
    assertSays(lieIn(ManyMessages.Opening.TAG, 2, 0, lie), "parameters");
  }

  /** Too small a set only probes: who refuses it ends the run before its store is sent. */
  @Test
  void sizeThatIsRefused_endsTheRun_beforeAnythingOfTheOwnItems() {
    Map<Place, Message> sent = new ConcurrentHashMap<>();
    Circle circle = new Circle();
    circle.wire = (party, channel) -> lying(channel, NOWHERE, null, sent);
    circle.sizes.put(
        Circle.party(0),
        told -> {
          throw new ProblemException(ErrorCode.GROUP_TOO_SMALL, "test", "more", "" + told);
        });
    circle.run(PARAMETERS, SETS);
    assertSays(circle, "more");
    assertTrue(sent.values().stream().allMatch(m -> m.tag() == ManyMessages.Opening.TAG));
  }

  /** The leader leaves one of the shared people out of what it tells another receiver. */
  @Test
  void leader_thatTellsAnotherList_isCaught() {
    Lie lie =
        (channel, place, told) -> {
          byte[] body = told.body();
          body[body.length - 1] ^= 1;
          channel.send(told.tag(), body);
        };
    assertSays(lieIn(ManyMessages.Tags.TAG, 0, 2, lie), "the digest that goes with");
    assertSays(lieIn(ManyMessages.Short.DIGEST_TAG, 0, 2, lie), "the digest that goes with");
    assertSays(lieIn(ManyMessages.Short.DIGEST_TAG, 1, 2, lie), "the digest that goes with");
  }

  /** What the pivot reads for items that the other has, and for those that it lacks. */
  private static LongBuffer cells(long seed, List<Integer> others) {
    Map<Place, Message> sent = new ConcurrentHashMap<>();
    Circle circle = new Circle();
    circle.seed = seed;
    circle.wire = (party, channel) -> lying(channel, NOWHERE, null, sent);
    circle.run(PARAMETERS, List.of(SETS.get(0), SETS.get(1), others));
    circle.outcome(1);
    byte[] body =
        sent.values().stream()
            .filter(message -> message.tag() == ManyMessages.Cells.TAG)
            .findFirst()
            .orElseThrow()
            .body();
    return ByteBuffer.wrap(body, HEAD, body.length - HEAD)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer();
  }

  /**
   * A store is random cells whatever went in, also where nothing went in: a mutant that leaves free
   * cells alone, or encodes without a key of its own, shows.
   */
  @Test
  void stores_areRandomCells_freshInEveryRun() {
    Set<Long> seen = new HashSet<>();
    int cells = 0;
    List<Integer> none = List.of();
    List<LongBuffer> stores =
        List.of(
            cells(6, SETS.get(1)),
            cells(7, SETS.get(1)),
            cells(8, ManyIntersectionTest.ids(50, 60)),
            cells(9, none));
    long ones = 0;
    for (LongBuffer store : stores) {
      for (int i = 0; i < store.limit(); i++) {
        seen.add(store.get(i));
        ones += Long.bitCount(store.get(i));
        cells++;
      }
    }
    assertEquals(cells, seen.size());
    // Sixteen standard deviations of a fair coin.
    assertEquals(32.0 * cells, ones, 16 * 4 * Math.sqrt(cells));
    assertNotEquals(0, cells);
  }

  /** Keys that leave the centres without use for any other run. */
  @Test
  void keys_areFresh() {
    List<byte[]> keys = new ArrayList<>();
    for (long seed = 10; seed < 13; seed++) {
      honest(seed).values().stream()
          .filter(message -> message.tag() == ManyMessages.Short.KEY_TAG)
          .forEach(message -> keys.add(message.body()));
    }
    assertEquals(3, keys.size());
    assertEquals(3, keys.stream().map(Arrays::toString).distinct().count());
  }
}
