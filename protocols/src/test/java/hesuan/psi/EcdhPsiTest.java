package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the Diffie-Hellman engine of an intersection must do beyond a right result. */
class EcdhPsiTest {
  private static final int HEAD = 9;

  private interface Tap {
    void sent(byte tag, byte[] body);
  }

  /** Hands each body to the test, which may change it. */
  private static Channel tapped(Channel end, Tap tap) {
    return new HandOn(
        end,
        (to, tag, body) -> {
          tap.sent(tag, body);
          to.send(tag, body);
        });
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static Set<String> records(List<byte[]> bodies, int width) {
    Set<String> all = new HashSet<>();
    for (byte[] body : bodies) {
      for (int at = HEAD; at < body.length; at += width) {
        assertTrue(all.add(HexFormat.of().formatHex(body, at, at + width)), "repeated");
      }
    }
    return all;
  }

  /** What both sides say in one run with these seeds: blinded, answers, tags. */
  private static List<List<byte[]>> said(IntersectionParameters parameters, int seed)
      throws InterruptedException {
    List<List<byte[]>> said = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Tap tap =
        (tag, body) -> {
          switch (tag) {
            case IntersectionMessages.Points.BLINDED_TAG -> said.get(0).add(body);
            case IntersectionMessages.Points.ANSWER_TAG -> said.get(1).add(body);
            case IntersectionMessages.TagBatch.TAG -> said.get(2).add(body);
            default -> {}
          }
        };
    MemoryChannel[] ends = MemoryChannel.pair(Meeting.RECEIVER, Meeting.SENDER);
    long[] items = Meeting.blocks(parameters.session(), range(0, 200));
    SecureRandom random = Run.seeded(seed);
    SecureRandom other = Run.seeded(seed + 1000);
    Thread sender =
        Thread.ofPlatform()
            .start(
                () ->
                    new IntersectionSender(parameters, items, Workers.ONE, other)
                        .run(tapped(ends[1], tap)));
    new IntersectionReceiver(parameters, items, Workers.ONE, random).run(tapped(ends[0], tap));
    sender.join();
    return said;
  }

  /** Exponents are fresh for every run and every bucket: nothing said in one recurs in another. */
  @Test
  void exponents_areFreshInEveryRun() throws InterruptedException {
    IntersectionParameters parameters = Meeting.parameters(Engine.ECDH, false);
    List<List<byte[]>> one = said(parameters, 1);
    List<List<byte[]>> two = said(parameters, 2);
    int[] width = {32, 32, parameters.tagBytes(200, 200)};
    for (int kind = 0; kind < 3; kind++) {
      Set<String> both = records(one.get(kind), width[kind]);
      int said = both.size();
      assertTrue(said >= 200);
      both.addAll(records(two.get(kind), width[kind]));
      assertEquals(2 * said, both.size());
    }
  }

  @Test
  void tags_ascend_soTheirOrderTellsNothing() throws InterruptedException {
    IntersectionParameters parameters = Meeting.parameters(Engine.ECDH, false);
    int width = parameters.tagBytes(200, 200);
    assertTrue(8 * width >= 40 + 2 * 8, "" + width);
    byte[] last = new byte[width];
    for (byte[] body : said(parameters, 3).get(2)) {
      for (int at = HEAD; at < body.length; at += width) {
        byte[] tag = Arrays.copyOfRange(body, at, at + width);
        assertTrue(Arrays.compareUnsigned(last, tag) < 0);
        last = tag;
      }
    }
  }

  @Test
  void tagsInAnotherOrder_areRefused() {
    Meeting meeting = new Meeting();
    int width = Meeting.parameters(Engine.ECDH, false).tagBytes(20, 20);
    meeting.senderWire =
        channel ->
            tapped(
                channel,
                (tag, body) -> {
                  if (tag == IntersectionMessages.TagBatch.TAG) {
                    byte[] first = Arrays.copyOfRange(body, HEAD, HEAD + width);
                    System.arraycopy(body, HEAD + width, body, HEAD, width);
                    System.arraycopy(first, 0, body, HEAD + width, width);
                  }
                });
    assertRefused(meeting.run(Meeting.parameters(Engine.ECDH, false), range(0, 20), range(5, 25)));
  }

  private static void assertRefused(Meeting meeting) {
    assertNull(meeting.receiver);
    assertNull(meeting.sender);
    Set<ErrorCode> codes = new HashSet<>();
    meeting.failures.forEach(each -> codes.add(((ProblemException) each).problem().code()));
    assertTrue(codes.contains(ErrorCode.PROTOCOL_VIOLATION), codes::toString);
    codes.removeAll(Set.of(ErrorCode.PROTOCOL_VIOLATION, ErrorCode.PEER_SILENT));
    assertTrue(codes.isEmpty(), codes::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // The identity, a negative, a non-canonical one, no square, y = 0, the old order-8 points.
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
      })
  void pointsThatAreNoElements_endTheRun_eitherWay(String encoding) {
    Tap lie =
        (tag, body) -> {
          if (tag == IntersectionMessages.Points.BLINDED_TAG
              || tag == IntersectionMessages.Points.ANSWER_TAG) {
            System.arraycopy(HexFormat.of().parseHex(encoding), 0, body, HEAD + 64, 32);
          }
        };
    Meeting receiver = new Meeting();
    receiver.receiverWire = channel -> tapped(channel, lie);
    Meeting sender = new Meeting();
    sender.senderWire = channel -> tapped(channel, lie);
    for (Meeting meeting : List.of(receiver, sender)) {
      assertRefused(
          meeting.run(Meeting.parameters(Engine.ECDH, false), range(0, 20), range(5, 25)));
      // Found where it is computed with, not only by the closing digest.
      assertTrue(
          meeting.failures.stream().anyMatch(each -> each.getMessage().contains("1 others")),
          meeting.failures::toString);
    }
  }

  /** Through the vector code and several batches, on two threads. */
  @Test
  void manyItems_giveThePlainIntersection() throws Exception {
    Meeting meeting = new Meeting();
    try (var pool = java.util.concurrent.Executors.newFixedThreadPool(2)) {
      meeting.workers = Workers.of(2, pool);
      meeting.run(Meeting.parameters(Engine.ECDH, true), range(0, 4500), range(2048, 7000));
    }
    assertArrayEquals(IntStream.range(2048, 4500).toArray(), meeting.receiver().matches());
    assertArrayEquals(IntStream.range(0, 4500 - 2048).toArray(), meeting.sender().matches());
  }
}
