package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A peer that sends something else: a named error on both sides, and no result. */
class IntersectionHostileTest {
  private static final int HEAD = 9;

  /** Sends as told, except for the message with that number, or all of a tag. */
  private static Channel lying(
      Channel end, AtomicInteger sent, int victim, int victimTag, HandOn.@Nullable Hand lie) {
    return new HandOn(
        end,
        (to, tag, body) -> {
          if ((sent.getAndIncrement() == victim || tag == victimTag) && lie != null) {
            lie.pass(to, tag, body);
          } else {
            to.send(tag, body);
          }
        });
  }

  private static List<Integer> ids(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static final List<HandOn.Hand> LIES =
      List.of(
          (channel, tag, body) -> {
            int bit = new Random(body.length * 31L + tag).nextInt(body.length * 8);
            body[bit / 8] ^= (byte) (1 << bit % 8);
            channel.send(tag, body);
          },
          (channel, tag, body) -> channel.send(tag, Arrays.copyOf(body, body.length - 1)),
          (channel, tag, body) -> channel.send(tag, Arrays.copyOf(body, body.length + 1)),
          (channel, tag, body) -> channel.send(tag, new byte[0]),
          (channel, tag, body) -> channel.send((byte) (tag + 1), body),
          (channel, tag, body) -> {
            channel.send(tag, body);
            channel.send(tag, body);
          });

  private static Meeting liedTo(
      boolean receiverLies, int message, HandOn.@Nullable Hand lie, Engine engine) {
    Meeting meeting = new Meeting();
    AtomicInteger sent = new AtomicInteger();
    if (receiverLies) {
      meeting.receiverWire = channel -> lying(channel, sent, message, -1, lie);
    } else {
      meeting.senderWire = channel -> lying(channel, sent, message, -1, lie);
    }
    meeting.run(Meeting.parameters(engine, true), ids(0, 9), ids(5, 12));
    messages = sent.get();
    return meeting;
  }

  /** How many messages the liar sent in the last run. */
  private static int messages;

  /** Every message of both directions; with VOLE one kind of lie each, in turn. */
  @ParameterizedTest
  @EnumSource(Engine.class)
  void anyMessage_changed_endsTheRunOnBothSides(Engine engine) {
    for (boolean receiverLies : new boolean[] {true, false}) {
      liedTo(receiverLies, -1, null, engine).receiver();
      int total = messages;
      assertTrue(total >= 4, "messages: " + total);
      for (int message = 0; message < total; message++) {
        for (int l = 0; l < LIES.size(); l++) {
          if (engine == Engine.ECDH || l == message % LIES.size()) {
            changeOne(receiverLies, message, l, engine);
          }
        }
      }
    }
  }

  private static void changeOne(boolean receiverLies, int message, int l, Engine engine) {
    byte[] victim = new byte[1];
    HandOn.Hand lie = LIES.get(l);
    Meeting meeting =
        liedTo(
            receiverLies,
            message,
            (channel, tag, body) -> {
              victim[0] = tag;
              lie.pass(channel, tag, body);
            },
            engine);
    String what = engine + ", lie " + l + " in message " + message + ", tag " + victim[0];
    boolean repeated = l == LIES.size() - 1;
    boolean harmless = repeated && victim[0] == IntersectionMessages.Short.CLOSING_TAG;
    // A liar that is through with the closing need not notice; who was lied to does.
    assertEquals(harmless, (receiverLies ? meeting.sender : meeting.receiver) != null, what);
    assertEquals(harmless, meeting.failures.isEmpty(), what);
    assertOnlyNamed(meeting, what);
  }

  private static void assertOnlyNamed(Meeting meeting, String what) {
    boolean violation = meeting.failures.isEmpty();
    for (Throwable failure : meeting.failures) {
      if (!(failure instanceof ProblemException problem)) {
        throw new AssertionError(what, failure);
      }
      ErrorCode code = problem.problem().code();
      assertTrue(code == ErrorCode.PROTOCOL_VIOLATION || code == ErrorCode.PEER_SILENT, what);
      violation |= code == ErrorCode.PROTOCOL_VIOLATION;
    }
    assertTrue(violation, what);
  }

  private static Meeting lieIn(byte tag, boolean receiverLies, Engine engine, HandOn.Hand lie) {
    Meeting meeting = new Meeting();
    if (receiverLies) {
      meeting.receiverWire = channel -> lying(channel, new AtomicInteger(), -1, tag, lie);
    } else {
      meeting.senderWire = channel -> lying(channel, new AtomicInteger(), -1, tag, lie);
    }
    return meeting.run(Meeting.parameters(engine, true), ids(0, 9), ids(5, 12));
  }

  private static void assertViolation(Meeting meeting, String expected) {
    assertNull(meeting.receiver);
    assertNull(meeting.sender);
    assertTrue(
        meeting.failures.stream().anyMatch(e -> e.getMessage().contains(expected)),
        () -> expected + " in " + meeting.failures);
  }

  private static HandOn.Hand onBody(java.util.function.Consumer<byte[]> change) {
    return (channel, tag, body) -> {
      change.accept(body);
      channel.send(tag, body);
    };
  }

  @Test
  void opening_withAbsurdCount_isRefused_beforeAnythingIsAllocated() {
    for (int count : new int[] {-1, Integer.MAX_VALUE, IntersectionParameters.ITEMS_MAX + 1}) {
      HandOn.Hand lie = onBody(body -> ByteBuffer.wrap(body).putInt(5, count));
      assertViolation(lieIn(IntersectionMessages.Opening.TAG, true, Engine.VOLE, lie), "items");
      assertViolation(lieIn(IntersectionMessages.Opening.TAG, false, Engine.VOLE, lie), "items");
    }
  }

  @Test
  void opening_withABucketThatIsNot_isRefused() {
    for (int bucket : new int[] {-1, 2}) {
      HandOn.Hand lie = onBody(body -> ByteBuffer.wrap(body).putInt(1, bucket));
      assertViolation(lieIn(IntersectionMessages.Opening.TAG, true, Engine.VOLE, lie), "a bucket");
    }
  }

  @Test
  void opening_ofAnotherVersion_isRefused() {
    HandOn.Hand lie = onBody(body -> body[0] = 2);
    assertViolation(lieIn(IntersectionMessages.Opening.TAG, false, Engine.VOLE, lie), "version");
  }

  @Test
  void elements_thatAreNone_orTheIdentity_areRefused() {
    for (byte fill : new byte[] {0, -1}) {
      HandOn.Hand lie = onBody(body -> Arrays.fill(body, HEAD, HEAD + 32, fill));
      assertViolation(
          lieIn(IntersectionMessages.Points.BLINDED_TAG, true, Engine.ECDH, lie), "elements");
      assertViolation(
          lieIn(IntersectionMessages.Points.ANSWER_TAG, false, Engine.ECDH, lie), "elements");
    }
  }

  @Test
  void tags_outOfOrderOrRepeated_areRefused() {
    HandOn.Hand repeat = onBody(body -> System.arraycopy(body, HEAD, body, HEAD + 8, 8));
    assertViolation(
        lieIn(IntersectionMessages.TagBatch.TAG, false, Engine.ECDH, repeat), "ascending");
    HandOn.Hand swap =
        onBody(
            body -> {
              byte[] first = Arrays.copyOfRange(body, HEAD, HEAD + 8);
              System.arraycopy(body, HEAD + 8, body, HEAD, 8);
              System.arraycopy(first, 0, body, HEAD + 8, 8);
            });
    assertViolation(
        lieIn(IntersectionMessages.TagBatch.TAG, false, Engine.ECDH, swap), "ascending");
  }

  /** It has seven tags of the sender, of which it can prove four. */
  @Test
  void receiver_thatClaimsAMatchItDoesNotHave_isCaught() {
    HandOn.Hand claim = onBody(body -> body[HEAD] = 0x7f);
    assertViolation(lieIn(IntersectionMessages.Found.TAG, true, Engine.ECDH, claim), "proof");
    HandOn.Hand hide = onBody(body -> body[HEAD] &= (byte) (body[HEAD] - 1));
    assertViolation(lieIn(IntersectionMessages.Found.TAG, true, Engine.ECDH, hide), "proof");
    HandOn.Hand outside = onBody(body -> body[HEAD] |= (byte) 0x80);
    assertViolation(lieIn(IntersectionMessages.Found.TAG, true, Engine.ECDH, outside), "more bits");
  }

  @Test
  void sender_thatShowsAnotherCoin_isCaught() {
    HandOn.Hand lie = onBody(body -> body[HEAD + 3] ^= 4);
    assertViolation(
        lieIn(IntersectionMessages.Short.COIN_TAG, false, Engine.VOLE_MALICIOUS, lie), "coin");
  }

  /** Keeps what a party sends under one tag. */
  private static List<byte[]> sent(byte tag, boolean byReceiver, Meeting meeting, Runnable run) {
    List<byte[]> bodies = new ArrayList<>();
    HandOn.Hand listen =
        (channel, sentTag, body) -> {
          bodies.add(body);
          channel.send(sentTag, body);
        };
    if (byReceiver) {
      meeting.receiverWire = channel -> lying(channel, new AtomicInteger(), -1, tag, listen);
    } else {
      meeting.senderWire = channel -> lying(channel, new AtomicInteger(), -1, tag, listen);
    }
    run.run();
    return bodies;
  }

  /** A fixed seed, as others have shipped, would let a sender prepare items that fail to encode. */
  @Test
  void seeds_areFreshForEveryBucketAndRun() {
    IntersectionParameters parameters =
        new IntersectionParameters(
            Digest.of("seeds"), Meeting.RECEIVER, Meeting.SENDER, Engine.VOLE, false, 64, 1);
    Set<String> seeds = new HashSet<>();
    for (int run = 0; run < 2; run++) {
      // Another size is another state of the generator.
      List<Integer> own = ids(0, 100 + run);
      Meeting meeting = new Meeting();
      for (byte[] body :
          sent(
              IntersectionMessages.Short.SEED_TAG,
              true,
              meeting,
              () -> meeting.run(parameters, own, ids(50, 150)))) {
        seeds.add(Arrays.toString(Arrays.copyOfRange(body, HEAD, body.length)));
      }
      meeting.receiver();
    }
    assertEquals(4, seeds.size());
  }

  /**
   * With the same randomness the sender's tags are byte for byte the same however its items are
   * ordered: a mutant that sends them unsorted shows which item is which.
   */
  @Test
  void tagsSent_doNotDependOnTheOrderOfTheItems() {
    IntersectionParameters parameters = Meeting.parameters(Engine.ECDH, false);
    List<Integer> one = ids(0, 40);
    List<Integer> other = one.reversed();
    List<byte[]> first = new ArrayList<>();
    for (List<Integer> order : List.of(one, other)) {
      Meeting meeting = new Meeting();
      List<byte[]> tags =
          sent(
              IntersectionMessages.TagBatch.TAG,
              false,
              meeting,
              () -> meeting.run(parameters, ids(20, 60), order));
      assertEquals(20, meeting.receiver().matches().length);
      if (first.isEmpty()) {
        first.addAll(tags);
      } else {
        assertEquals(first.size(), tags.size());
        for (int i = 0; i < tags.size(); i++) {
          assertArrayEquals(first.get(i), tags.get(i));
        }
      }
    }
    assertFalse(first.isEmpty());
  }

  /** What the sender sees of the receiver: the same lengths whatever the items. */
  @Test
  void messages_haveLengthsThatDependOnSizesOnly() {
    Set<Long> bytes = new HashSet<>();
    for (int from : new int[] {0, 10, 100}) {
      Meeting meeting =
          new Meeting()
              .run(Meeting.parameters(Engine.VOLE, true), ids(0, 30), ids(from, from + 20));
      meeting.receiver();
      bytes.add(meeting.receiverBytes * 1_000_000 + meeting.senderBytes);
    }
    assertEquals(1, bytes.size());
  }
}
