package hesuan.circuit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.group.Workers;
import hesuan.transfer.TwoEnds;
import hesuan.wire.Digest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostilePeerTest {
  /** What becomes of a message of one tag: none, one or more in its place. */
  private static Channel changed(Channel end, byte victim, Function<byte[], List<byte[]>> change) {
    return new HandOn(
        end,
        (to, tag, body) -> {
          List<byte[]> bodies = tag == victim ? change.apply(body) : List.of(body);
          bodies.forEach(each -> to.send(tag, each));
        });
  }

  /** Equality, silent triples and a selection, so that every kind of message is sent. */
  private static long[] everything(Channel channel, boolean first, Digest session) {
    try (Circuit circuit =
        Circuit.open(channel, session, first, TwoEnds.seeded(first ? 1 : 2), Workers.ONE)) {
      long[] alike = circuit.equality().shares(new long[64], 61);
      long[] words = new long[200];
      circuit.triples().next(words, words.clone(), words.clone(), 200);
      circuit.select().shared(alike, new long[64], 64, 1);
      return circuit.select().bits(alike, 64);
    }
  }

  private static TwoEnds<long[]> run(
      boolean byFirst, byte tag, Function<byte[], List<byte[]>> change) {
    TwoEnds<long[]> ends = new TwoEnds<>();
    if (byFirst) {
      ends.firstWire = channel -> changed(channel, tag, change);
    } else {
      ends.secondWire = channel -> changed(channel, tag, change);
    }
    return ends.run(
        channel -> everything(channel, true, Digest.of("run")),
        channel -> everything(channel, false, Digest.of("run")));
  }

  @ParameterizedTest
  @ValueSource(bytes = {1, 2, 3, 4, 5, 11, 12, 13, 14})
  void message_ofAnotherLength_isRefused(byte tag) {
    for (boolean byFirst : new boolean[] {true, false}) {
      for (int more : new int[] {-1, 1}) {
        assertTrue(
            run(byFirst, tag, body -> List.of(Arrays.copyOf(body, body.length + more))).violated(),
            tag + " " + byFirst + " " + more);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(bytes = {1, 2, 3, 4, 5, 11, 12, 13, 14})
  void message_saidTwice_isRefused(byte tag) {
    assertTrue(run(true, tag, body -> List.of(body, body)).violated());
  }

  @Test
  void opening_anotherSession_isRefusedByBoth() {
    TwoEnds<long[]> ends =
        new TwoEnds<long[]>()
            .run(
                channel -> everything(channel, true, Digest.of("run")),
                channel -> everything(channel, false, Digest.of("another")));
    assertTrue(ends.violated());
  }

  @Test
  void opening_bothFirst_isRefused() {
    TwoEnds<long[]> ends =
        new TwoEnds<long[]>()
            .run(
                channel -> everything(channel, true, Digest.of("run")),
                channel -> everything(channel, true, Digest.of("run")));
    assertTrue(ends.violated());
  }

  /** What is opened is masked by triples: the same gates twice look unlike, and fair. */
  @Test
  void and_sameSharesAgain_opensOtherBits() {
    List<byte[]> opened = new ArrayList<>();
    TwoEnds<long[]> ends = new TwoEnds<>();
    ends.firstWire =
        channel ->
            changed(
                channel,
                (byte) 13,
                body -> {
                  opened.add(body);
                  return List.of(body);
                });
    Function<Circuit, long[]> twice =
        circuit -> {
          long[] zero = new long[60];
          circuit.gates().and(zero, 0, zero, 0, new long[60], 0, 60);
          circuit.gates().and(zero, 0, zero, 0, new long[60], 0, 60);
          return zero;
        };
    ends.run(channel -> open(channel, true, twice), channel -> open(channel, false, twice))
        .orThrow();
    assertEquals(2, opened.size());
    int unlike = 0;
    int ones = 0;
    for (int i = 0; i < opened.getFirst().length; i++) {
      unlike += Integer.bitCount((opened.get(0)[i] ^ opened.get(1)[i]) & 255);
      ones += Integer.bitCount(opened.get(0)[i] & 255);
    }
    // 7680 fair bits: six standard deviations are 263.
    assertTrue(Math.abs(unlike - 3840) < 263, unlike + " of 7680 unlike");
    assertTrue(Math.abs(ones - 3840) < 263, ones + " of 7680 ones");
    assertFalse(Arrays.equals(opened.get(0), opened.get(1)));
  }

  private static long[] open(Channel channel, boolean first, Function<Circuit, long[]> work) {
    try (Circuit circuit =
        Circuit.open(
            channel, Digest.of("run"), first, TwoEnds.seeded(first ? 1 : 2), Workers.ONE)) {
      return work.apply(circuit);
    }
  }
}
