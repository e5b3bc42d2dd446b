package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.dp.GroupSelection;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupUnionTest {
  private static final PartyId LEADER = new PartyId("brand-a");
  private static final PartyId MALL = new PartyId("mall-b");
  private static final PartyId PAY = new PartyId("pay-c");
  private static final Digest SESSION = Digest.of("a step");

  private static GroupUnion union(Digest session, int groupsMax, boolean tolerateLoss) {
    return new GroupUnion(session, 1, groupsMax, 3, tolerateLoss);
  }

  private static List<List<String>> groups(String... values) {
    return List.of(values).stream().map(List::of).toList();
  }

  private static List<List<String>> many(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> List.of("" + i)).toList();
  }

  /** A thread each: all of them wait for each other. */
  private static CompletableFuture<Void> async(Runnable party) {
    return CompletableFuture.runAsync(party, Thread::startVirtualThread);
  }

  /** Leader and two members; a member may say anything instead. */
  private static List<List<String>> run(
      GroupUnion ofAll, List<List<String>> leaders, Consumer<Channel> mall, Consumer<Channel> pay) {
    MemoryChannel[] toMall = MemoryChannel.pair(LEADER, MALL);
    MemoryChannel[] toPay = MemoryChannel.pair(LEADER, PAY);
    CompletableFuture<Void> first = async(() -> mall.accept(toMall[1]));
    CompletableFuture<Void> second = async(() -> pay.accept(toPay[1]));
    try {
      return ofAll.lead(leaders, Map.of(MALL, toMall[0], PAY, toPay[0]));
    } finally {
      toMall[0].close();
      toPay[0].close();
      CompletableFuture.allOf(first, second).join();
    }
  }

  @Test
  void union_isTheSameAtAll_inAnOrderOfTheValues() {
    GroupUnion union = union(SESSION, 9, false);
    List<List<String>> expected = groups("9", "10", "北京", "成都");
    assertEquals(
        expected,
        run(
            union,
            groups("10"),
            mall -> assertEquals(expected, union.join(groups("9", "成都"), mall)),
            pay -> assertEquals(expected, union.join(groups("10", "北京", "成都"), pay))));
  }

  @Test
  void union_ofNothing_isEmpty() {
    GroupUnion union = union(SESSION, 9, false);
    assertEquals(
        List.of(),
        run(
            union,
            List.of(),
            mall -> assertEquals(List.of(), union.join(List.of(), mall)),
            pay -> assertEquals(List.of(), union.join(List.of(), pay))));
  }

  @Test
  void union_ofMoreThanAMessage_isWhole() {
    GroupUnion union = union(SESSION, 80_000, false);
    assertEquals(
        many(0, 70_000),
        run(
            union,
            many(0, 3),
            mall -> assertEquals(70_000, union.join(many(0, 70_000), mall).size()),
            pay -> union.join(List.of(), pay)));
  }

  @Test
  void lead_memberSaysMoreThanThePlanAllows_isRejected() {
    rejected(mall -> union(SESSION, 99, false).join(many(0, 10), mall));
  }

  @Test
  void lead_memberOfAnotherSession_isRejected() {
    rejected(mall -> union(Digest.of("another"), 9, false).join(groups("a"), mall));
  }

  @Test
  void lead_groupsOutOfOrderOrTwice_areRejected() {
    rejected(mall -> union(SESSION, 9, false).join(groups("b", "a"), mall));
    rejected(mall -> union(SESSION, 9, false).join(groups("a", "a"), mall));
  }

  @Test
  void lead_keyTooLongOrOfOtherBytes_isRejected() {
    rejected(mall -> union(SESSION, 9, false).join(groups("x".repeat(201)), mall));
    rejected(mall -> union(SESSION, 9, false).join(groups("a\u0000"), mall));
    rejected(
        mall -> {
          byte[] opening =
              new Fields.Writer()
                  .fixed(new byte[] {GroupUnion.VERSION})
                  .fixed(SESSION.bytes())
                  .number(1)
                  .number(0)
                  .number(1)
                  .bytes();
          mall.send(GroupUnion.TAG_OPENING, opening);
          mall.send(
              GroupUnion.TAG_GROUPS, new Fields.Writer().block(new byte[] {(byte) 0xff}).bytes());
        });
  }

  private static void rejected(Consumer<Channel> mall) {
    ProblemException problem =
        assertThrows(
            ProblemException.class,
            () -> {
              MemoryChannel[] ends = MemoryChannel.pair(LEADER, MALL);
              CompletableFuture<Void> other =
                  async(
                      () -> {
                        try {
                          mall.accept(ends[1]);
                        } catch (ProblemException e) {
                          assertEquals(ErrorCode.PEER_SILENT, e.problem().code());
                        }
                      });
              try {
                new GroupUnion(SESSION, 1, 9, 2, true).lead(List.of(), Map.of(MALL, ends[0]));
              } finally {
                ends[0].close();
                other.join();
              }
            });
    assertEquals(ErrorCode.PROTOCOL_VIOLATION, problem.problem().code(), problem::getMessage);
  }

  /** Such a leader would spoil the answer without anybody noticing. */
  @Test
  void join_unionWithoutOwnGroups_isRejected() {
    MemoryChannel[] ends = MemoryChannel.pair(LEADER, MALL);
    CompletableFuture<List<List<String>>> member =
        CompletableFuture.supplyAsync(
            () -> union(SESSION, 9, false).join(groups("a", "b"), ends[1]),
            Thread::startVirtualThread);
    async(
        () -> {
          try {
            union(SESSION, 9, false).join(groups("a"), ends[0]);
          } catch (ProblemException e) {
            assertEquals(ErrorCode.PROTOCOL_VIOLATION, e.problem().code());
          }
        });
    CompletionException thrown = assertThrows(CompletionException.class, member::join);
    assertEquals(
        ErrorCode.PROTOCOL_VIOLATION,
        assertInstanceOf(ProblemException.class, thrown.getCause()).problem().code());
  }

  @Test
  void lead_memberGone_isToleratedOnlyWhereAgreed() {
    for (boolean tolerate : new boolean[] {true, false}) {
      GroupUnion union = union(SESSION, 9, tolerate);
      Runnable run =
          () ->
              assertEquals(
                  groups("a"),
                  run(
                      union,
                      groups("a"),
                      mall -> ((MemoryChannel) mall).close(),
                      pay -> {
                        try {
                          union.join(List.of(), pay);
                        } catch (ProblemException e) {
                          assertTrue(!tolerate);
                        }
                      }));
      if (tolerate) {
        run.run();
      } else {
        assertThrows(ProblemException.class, run::run);
      }
    }
  }

  @Test
  void longestGroups_fitAMessage() {
    String most = "x".repeat(GroupSelection.KEY_BYTES_MAX);
    GroupUnion union = new GroupUnion(SESSION, 4, 2000, 1, false);
    List<List<String>> own =
        IntStream.range(1000, 3000).mapToObj(i -> List.of("" + i, most, most, most)).toList();
    MemoryChannel[] ends = MemoryChannel.pair(LEADER, MALL);
    CompletableFuture<List<List<String>>> member =
        CompletableFuture.supplyAsync(() -> union.join(own, ends[1]), Thread::startVirtualThread);
    assertEquals(own, union.lead(List.of(), Map.of(MALL, ends[0])));
    assertEquals(own, member.join());
  }
}
