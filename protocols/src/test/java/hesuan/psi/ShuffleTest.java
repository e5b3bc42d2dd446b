package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Without a shuffle, or with a label that keeps its bytes, counts would be as right as ever and
 * everybody would see who matches. So the order and the bytes have tests of their own.
 */
class ShuffleTest {
  private static final int PEOPLE = 60;

  /** Keeps the items that one end sends and receives. */
  private record Listener(Channel inner, List<byte[]> sent, List<byte[]> received)
      implements Channel {
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
      if (tag == Messages.Items.TAG) {
        sent.add(body.clone());
      }
      inner.send(tag, body);
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      byte[] body = inner.receive(tag, bytesMax);
      if (tag == Messages.Items.TAG) {
        received.add(body);
      }
      return body;
    }
  }

  private final List<byte[]> sent = new ArrayList<>();
  private final List<byte[]> received = new ArrayList<>();

  private Run run(int parties, int self, int peer) {
    Set<Integer> ids = new TreeSet<>();
    IntStream.range(0, PEOPLE).forEach(ids::add);
    Run run = new Run(java.util.Collections.nCopies(parties, ids), 2, id -> id % 2);
    run.wire =
        channel ->
            channel.self().equals(Run.party(self)) && channel.peer().equals(Run.party(peer))
                ? new Listener(channel, sent, received)
                : channel;
    run.start();
    assertEquals(List.of(30L, 30L), run.outcome().noisyCounts());
    return run;
  }

  private static byte[] points(byte[] items, int count) {
    return Arrays.copyOfRange(items, 5, 5 + 32 * count);
  }

  private static int count(byte[] items) {
    return java.nio.ByteBuffer.wrap(items).getInt(1);
  }

  private static String hex(byte[] records, int width, int index) {
    return HexFormat.of().formatHex(records, index * width, index * width + width);
  }

  /** How many of the first list, raised to the exponent, stand at the same place in the second. */
  private static int unmoved(byte[] from, byte[] to, int count, Scalar exponent) {
    byte[] raised = new byte[from.length];
    assertEquals(0, Points.multiply(from, count, exponent, raised, Workers.ONE));
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < count; i++) {
      places.put(hex(to, 32, i), i);
    }
    int unmoved = 0;
    for (int i = 0; i < count; i++) {
      Integer place = places.get(hex(raised, 32, i));
      assertTrue(place != null, "an item is lost");
      unmoved += place == i ? 1 : 0;
    }
    return unmoved;
  }

  @Test
  void leadersItems_comeBackInAnotherOrder_withOtherLabels() {
    run(2, 0, 1);
    int count = count(sent.get(0));
    Scalar helper = Scalar.random(Run.seeded(1));
    int unmoved =
        unmoved(points(sent.get(0), count), points(received.get(0), count), count, helper);
    assertTrue(unmoved < 10, unmoved + " stayed");

    Set<String> halves = new HashSet<>();
    for (byte[] items : List.of(sent.get(0), received.get(0))) {
      byte[] labels = Arrays.copyOfRange(items, 5 + 32 * count, items.length);
      for (int i = 0; i < 2 * count; i++) {
        halves.add(hex(labels, 32, i));
      }
    }
    assertEquals(4 * count, halves.size());
  }

  @Test
  void leadersItems_leaveInAnotherOrderThanTheirs() {
    Run run = run(2, 0, 1);
    int count = count(sent.get(0));
    byte[] keys = new byte[32 * count];
    byte[] own = Run.keys(run.parameters.session(), IntStream.range(0, PEOPLE).boxed().toList());
    System.arraycopy(own, 0, keys, 0, own.length);
    for (int group = 0; group < 2; group++) {
      int dummies = (count - PEOPLE) / 2;
      Inputs.dummies(keys, PEOPLE + group * dummies, run.parameters, 0, group, dummies);
    }
    byte[] hashed = new byte[keys.length];
    Points.hashMultiply(ItemList.HASH_DOMAIN, keys, count, Scalar.of(1), hashed, Workers.ONE);
    Scalar leader = Scalar.random(Run.seeded(100));
    int unmoved = unmoved(hashed, points(sent.get(0), count), count, leader);
    assertTrue(unmoved < 10, unmoved + " stayed");
  }

  /** The first helper sends the leader's list, then its own blinded one, which comes back. */
  @Test
  void ownItemsOfAHelper_comeBackInAnotherOrder() {
    run(3, 1, 2);
    int count = count(sent.get(1));
    Scalar other = Scalar.random(Run.seeded(2));
    int unmoved = unmoved(points(sent.get(1), count), points(received.get(0), count), count, other);
    assertTrue(unmoved < 10, unmoved + " stayed");
  }
}
