package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.psi.IntersectionParameters.Engine;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain intersection is the oracle. */
class IntersectionTest {
  private static List<Integer> shuffled(int from, int to, long seed) {
    List<Integer> ids = new ArrayList<>(IntStream.range(from, to).boxed().toList());
    Collections.shuffle(ids, new Random(seed));
    return ids;
  }

  private static int[] plain(List<Integer> own, List<Integer> other) {
    Set<Integer> others = new HashSet<>(other);
    return IntStream.range(0, own.size()).filter(i -> others.contains(own.get(i))).toArray();
  }

  private static void assertIntersection(
      IntersectionParameters parameters, List<Integer> receiver, List<Integer> sender) {
    Meeting meeting = new Meeting().run(parameters, receiver, sender);
    String shape = parameters + ", " + receiver.size() + " x " + sender.size();
    assertArrayEquals(plain(receiver, sender), meeting.receiver().matches(), shape);
    assertArrayEquals(
        parameters.bothLearn() ? plain(sender, receiver) : new int[0],
        meeting.sender().matches(),
        shape);
    assertTrue(meeting.receiver().learns());
    assertEquals(parameters.bothLearn(), meeting.sender().learns());
    assertEquals(meeting.receiver().transcript(), meeting.sender().transcript());
    assertEquals(parameters.announced(sender.size()), meeting.receiver().peerItems());
    assertEquals(parameters.announced(receiver.size()), meeting.sender().peerItems());
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void smallSizes_giveThePlainIntersection(Engine engine) {
    int[] sizes = {0, 1, 3, 31, 64, 65};
    for (int i = 0; i < 2 * sizes.length; i++) {
      int n = sizes[i % sizes.length];
      int m = sizes[(i + i / sizes.length) % sizes.length];
      IntersectionParameters parameters = Meeting.parameters(engine, i % 3 == 0);
      assertIntersection(parameters, shuffled(0, n, n), shuffled(n / 2, n / 2 + m, m));
    }
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void allEqual_andAllDifferent(Engine engine) {
    IntersectionParameters parameters = Meeting.parameters(engine, true);
    assertIntersection(parameters, shuffled(0, 101, 1), shuffled(0, 101, 2));
    assertIntersection(parameters, shuffled(0, 101, 1), shuffled(101, 198, 2));
  }

  private static IntersectionParameters bucketed(Engine engine, int bucketItems, int sizeStep) {
    return new IntersectionParameters(
        Digest.of("buckets"),
        Meeting.RECEIVER,
        Meeting.SENDER,
        engine,
        true,
        bucketItems,
        sizeStep);
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void buckets_ofEitherSidesSize_giveThePlainIntersection(Engine engine) {
    IntersectionParameters parameters = bucketed(engine, 64, 1);
    assertIntersection(parameters, shuffled(0, 200, 1), shuffled(150, 201, 2));
    assertIntersection(parameters, shuffled(0, 5, 1), shuffled(3, 203, 2));
    assertIntersection(parameters, shuffled(0, 0, 1), shuffled(3, 203, 2));
    assertIntersection(parameters, shuffled(0, 64, 1), shuffled(0, 65, 2));
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void sizesWithAStep_areHidden(Engine engine) {
    IntersectionParameters parameters = bucketed(engine, 64, 50);
    Set<Long> bytes = new HashSet<>();
    for (int n : new int[] {0, 1, 49, 50}) {
      assertIntersection(parameters, shuffled(0, n, 1), shuffled(10, 90, 2));
      Meeting meeting = new Meeting().run(parameters, shuffled(0, n, 1), shuffled(10, 90, 2));
      assertEquals(50, meeting.sender().peerItems());
      bytes.add(meeting.receiverBytes);
    }
    assertEquals(1, bytes.size());
  }

  @Test
  void bucketsDone_areNotDoneAgain() {
    IntersectionParameters parameters = bucketed(Engine.ECDH, 64, 1);
    List<Integer> ids = shuffled(0, 250, 3);
    Meeting whole = new Meeting().run(parameters, ids, ids);
    assertEquals(List.of(0, 1, 2, 3), whole.bucketsDone);
    Meeting rest = new Meeting();
    rest.receiverFirst = 3;
    rest.senderFirst = 2;
    rest.run(parameters, ids, ids);
    assertEquals(List.of(2, 3), rest.bucketsDone);
    assertTrue(rest.receiver().matches().length < 250);
    assertArrayEquals(rest.receiver().matches(), rest.sender().matches());
    Meeting none = new Meeting();
    none.receiverFirst = 4;
    none.senderFirst = 4;
    none.run(parameters, ids, ids);
    assertEquals(0, none.receiver().matches().length);
  }

  @Test
  void differentParameters_stopBothSidesAtTheOpening() {
    IntersectionParameters parameters = Meeting.parameters(Engine.ECDH, true);
    Meeting meeting = new Meeting();
    meeting.senderParameters = Meeting.parameters(Engine.ECDH, false);
    meeting.run(parameters, List.of(1, 2), List.of(2, 3));
    assertEquals(2, meeting.failures.size());
    for (Throwable failure : meeting.failures) {
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, ((ProblemException) failure).problem().code());
    }
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void size_refusedByTheSender_endsTheRunBeforeItSaysMoreThanItsOwn(Engine engine) {
    Meeting meeting = new Meeting();
    List<Integer> told = new ArrayList<>();
    meeting.senderCheck =
        peerItems -> {
          told.add(peerItems);
          throw new ProblemException(ErrorCode.QUERIES_EXHAUSTED, "peer", "fewer", "more");
        };
    IntersectionParameters parameters = Meeting.parameters(engine, false);
    meeting.run(parameters, List.of(1, 2, 3), List.of(2, 3));
    assertEquals(List.of(3), told);
    assertEquals(0, meeting.bucketsDone.size());
    assertTrue(meeting.senderBytes < 64, () -> "an opening only, not " + meeting.senderBytes);
  }

  @Test
  void parameters_digest_dependsOnEveryField() {
    Digest session = Digest.of("s");
    Set<Digest> digests = new HashSet<>();
    for (Engine engine : Engine.values()) {
      digests.add(
          IntersectionParameters.of(session, Meeting.RECEIVER, Meeting.SENDER, engine, true)
              .digest());
    }
    Engine ecdh = Engine.ECDH;
    List<IntersectionParameters> others =
        List.of(
            IntersectionParameters.of(session, Meeting.RECEIVER, Meeting.SENDER, ecdh, false),
            IntersectionParameters.of(session, Meeting.SENDER, Meeting.RECEIVER, ecdh, true),
            IntersectionParameters.of(Digest.of("t"), Meeting.RECEIVER, Meeting.SENDER, ecdh, true),
            new IntersectionParameters(
                session, Meeting.RECEIVER, Meeting.SENDER, ecdh, true, 4096, 1),
            new IntersectionParameters(
                session,
                Meeting.RECEIVER,
                Meeting.SENDER,
                ecdh,
                true,
                IntersectionParameters.BUCKET_ITEMS,
                2));
    others.forEach(each -> digests.add(each.digest()));
    assertEquals(8, digests.size());
  }

  @Test
  void repeatedItems_areADefectOfTheCaller() {
    long[] items = Meeting.blocks(Digest.of("s"), List.of(4, 5, 6, 5));
    assertThrows(IllegalArgumentException.class, () -> Buckets.distinct(items));
    assertEquals(6, Buckets.distinct(Meeting.blocks(Digest.of("s"), List.of(4, 5, 6))).length);
    // Half a block in common is no repetition.
    Buckets.distinct(new long[] {1, 2, 1, 3});
  }

  @Test
  void itemBlocks_bindSessionAndLength_andAreTheSameFlat() {
    Digest session = Digest.of("s");
    ItemBlocks blocks = new ItemBlocks(session);
    blocks.add(new byte[] {0});
    blocks.add(new byte[] {0, 0});
    blocks.add(new byte[1000]);
    Set<Long> seen = new HashSet<>();
    for (long each : blocks.toArray()) {
      seen.add(each);
    }
    assertEquals(6, seen.size());
    assertArrayEquals(
        new ItemBlocksProbe(session, new byte[] {1, 2, 3, 4}, new byte[] {5, 6, 7, 8}).blocks,
        ItemBlocks.of(session, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, hesuan.group.Workers.ONE));
    assertFalse(
        java.util.Arrays.equals(
            new ItemBlocksProbe(session, new byte[] {1}).blocks,
            new ItemBlocksProbe(Digest.of("t"), new byte[] {1}).blocks));
    assertThrows(IllegalArgumentException.class, () -> new ItemBlocks(session).add(""));
  }

  private static final class ItemBlocksProbe {
    final long[] blocks;

    ItemBlocksProbe(Digest session, byte[]... ids) {
      ItemBlocks all = new ItemBlocks(session);
      for (byte[] id : ids) {
        all.add(id);
      }
      blocks = all.toArray();
    }
  }
}
