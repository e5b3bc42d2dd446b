package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.group.Element;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A peer that sends something else: a named error on every side, and no outcome. */
class HostilePeerTest {
  /** Sends as told, except for the message with that number. */
  private static Channel lying(Channel end, AtomicInteger sent, int victim, HandOn.Hand lie) {
    return new HandOn(
        end,
        (to, tag, body) -> {
          if (sent.getAndIncrement() == victim) {
            lie.pass(to, tag, body);
          } else {
            to.send(tag, body);
          }
        });
  }

  private static Set<Integer> ids(int count) {
    Set<Integer> ids = new TreeSet<>();
    IntStream.range(0, count).forEach(ids::add);
    return ids;
  }

  private static Run run(int parties, int from, int to, int message, HandOn.Hand lie) {
    List<Set<Integer>> sets = IntStream.range(0, parties).mapToObj(p -> ids(5 + p)).toList();
    Run run = new Run(sets, 2, id -> id % 2);
    AtomicInteger sent = new AtomicInteger();
    run.wire =
        channel ->
            channel.self().equals(Run.party(from)) && channel.peer().equals(Run.party(to))
                ? lying(channel, sent, message, lie)
                : channel;
    run.start();
    messages = sent.get();
    return run;
  }

  /** How many messages the watched direction carried in the last run. */
  private static int messages;

  private static void assertNamedEverywhere(Run run, int parties) {
    assertNamed(run);
    assertEquals(parties, run.failures().size(), run::toString);
  }

  private static void assertNamed(Run run) {
    assertFalse(run.hasOutcome(), run::toString);
    boolean violation = false;
    for (Throwable failure : run.failures()) {
      ErrorCode code = ((ProblemException) failure).problem().code();
      assertTrue(code == ErrorCode.PROTOCOL_VIOLATION || code == ErrorCode.PEER_SILENT);
      violation |= code == ErrorCode.PROTOCOL_VIOLATION;
    }
    assertTrue(violation, run::toString);
  }

  /** Every message of every direction, changed in several ways. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void anyMessage_changed_endsTheRunOnAllSides(int parties) {
    Random random = new Random(parties);
    List<HandOn.Hand> lies =
        List.of(
            (channel, tag, body) -> {
              int bit = random.nextInt(body.length * 8);
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
    for (int from = 0; from < parties; from++) {
      for (int to = 0; to < parties; to++) {
        int message = 0;
        do {
          for (int l = 0; l < lies.size() && from != to; l++) {
            HandOn.Hand lie = lies.get(l);
            byte[] victim = new byte[1];
            Run run =
                run(
                    parties,
                    from,
                    to,
                    message,
                    (channel, tag, body) -> {
                      victim[0] = tag;
                      lie.pass(channel, tag, body);
                    });
            boolean repeated = l == lies.size() - 1;
            if (repeated && run.hasOutcome()) {
              // The last of its direction: nobody reads on, and nothing has changed.
              assertEquals(List.of(3L, 2L), run.outcome().noisyCounts());
            } else if (repeated || victim[0] >= Messages.Closing.HELPER_TAG) {
              // A party that is through with the closing need not notice; no result comes of it.
              assertNamed(run);
            } else {
              assertNamedEverywhere(run, parties);
            }
          }
          message++;
        } while (from != to && message < messages);
      }
    }
  }

  private static HandOn.Hand onItems(java.util.function.Consumer<byte[]> change) {
    return (channel, tag, body) -> {
      change.accept(body);
      channel.send(tag, body);
    };
  }

  private static void assertViolation(Run run, String expected) {
    assertNamedEverywhere(run, 2);
    assertTrue(
        run.failures().stream().anyMatch(e -> e.getMessage().contains(expected)), run::toString);
  }

  /** Messages of the leader: opening, label key, items. */
  @Test
  void leadersItems_withIdentity_areRefused() {
    HandOn.Hand lie = onItems(body -> Arrays.fill(body, 5, 37, (byte) 0));
    assertViolation(run(2, 0, 1, 2, lie), "encoded elements other than the identity");
  }

  @Test
  void leadersItems_withNonCanonicalElement_areRefused() {
    HandOn.Hand lie = onItems(body -> Arrays.fill(body, 5, 37, (byte) 0xff));
    assertViolation(run(2, 0, 1, 2, lie), "encoded elements other than the identity");
  }

  @Test
  void leadersItems_repeated_areRefused() {
    HandOn.Hand lie = onItems(body -> System.arraycopy(body, 5, body, 37, 32));
    assertViolation(run(2, 0, 1, 2, lie), "distinct elements");
  }

  @Test
  void helpersItems_repeated_areRefused() {
    HandOn.Hand lie = onItems(body -> System.arraycopy(body, 5, body, 37, 32));
    assertViolation(run(2, 1, 0, 1, lie), "distinct elements");
  }

  @Test
  void helpersLabels_ofAnotherNumber_areRefused() {
    // Adds the generator 50 times to every label: numbers that the leader never wrote.
    Element shift = Element.GENERATOR.times(hesuan.group.Scalar.of(50));
    HandOn.Hand lie =
        onItems(
            body -> {
              int count = ByteBuffer.wrap(body).getInt(1);
              for (int i = 0; i < count; i++) {
                int at = 5 + count * 32 + i * 64 + 32;
                byte[] label = Arrays.copyOfRange(body, at, at + 32);
                byte[] moved = Element.decode(label).orElseThrow().plus(shift).encode();
                System.arraycopy(moved, 0, body, at, 32);
              }
            });
    assertViolation(run(2, 1, 0, 1, lie), "labels that this party made");
  }

  @Test
  void helpersTags_outOfOrder_areRefused() {
    HandOn.Hand lie = onItems(body -> System.arraycopy(body, 5, body, 21, 16));
    assertViolation(run(2, 1, 0, 2, lie), "strictly ascending");
  }

  @Test
  void opening_withAbsurdCount_isRefused_beforeAnythingIsAllocated() {
    HandOn.Hand lie = onItems(body -> ByteBuffer.wrap(body).putInt(1, Integer.MAX_VALUE));
    assertViolation(run(2, 0, 1, 0, lie), "items");
    assertViolation(run(2, 1, 0, 0, lie), "items");
  }

  @Test
  void opening_ofAnotherVersion_isRefused() {
    HandOn.Hand lie = onItems(body -> body[0] = 2);
    assertViolation(run(2, 1, 0, 0, lie), "version");
  }

  @Test
  void labelKey_thatIsTheIdentity_isRefused() {
    HandOn.Hand lie = onItems(body -> Arrays.fill(body, 5, 37, (byte) 0));
    assertViolation(run(2, 0, 1, 1, lie), "a label key");
  }

  /** Nothing else would notice: the elements are proper, the counts right, the order random. */
  @Test
  void itemsExchangedOnTheWay_areFoundByTheTranscript() {
    HandOn.Hand lie =
        onItems(
            body -> {
              byte[] other = Element.GENERATOR.times(hesuan.group.Scalar.of(77)).encode();
              System.arraycopy(other, 0, body, 5, 32);
            });
    assertViolation(run(2, 0, 1, 2, lie), "transcript");
    assertViolation(run(2, 1, 0, 1, lie), "transcript");
  }
}
