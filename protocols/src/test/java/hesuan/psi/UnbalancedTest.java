package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plain intersection is the oracle; a peer that says anything else gets a named error. */
class UnbalancedTest {
  private static final PartyId ASKER = new PartyId("shop-a");
  private static final PartyId HOLDER = new PartyId("bank-h");
  private static final UnbalancedVersion VERSION =
      new UnbalancedVersion(Digest.of("customers 1"), 4096);

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static SecretBytes seed(int value) {
    byte[] seed = new byte[32];
    Arrays.fill(seed, (byte) value);
    return new SecretBytes(seed);
  }

  private static long[] blocks(Collection<Integer> ids) {
    return Meeting.blocks(VERSION.dataset(), ids);
  }

  private static UnbalancedDataset dataset(Collection<Integer> ids, int shardItems) {
    return UnbalancedDataset.build(
        VERSION, seed(1), blocks(ids), shardItems, Workers.ONE, Run.seeded(5));
  }

  private static UnbalancedParameters parameters(int sizeStep) {
    return new UnbalancedParameters(Digest.of("job 1"), ASKER, HOLDER, VERSION, sizeStep);
  }

  /** One run in memory. */
  private static final class Asking {
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    UnaryOperator<Channel> askerWire = channel -> channel;
    UnaryOperator<Channel> holderWire = channel -> channel;
    UnbalancedParameters holderParameters = parameters(1);
    QueryBudget budget = QueryBudget.upTo(1 << 20);
    int randomSeed = 9;
    UnbalancedAsker.@Nullable Answer answer;
    @Nullable IntersectionOutcome holder;
    long askerBytes;
    long holderBytes;

    Asking run(
        UnbalancedParameters parameters,
        UnbalancedDataset dataset,
        Collection<Integer> ids,
        @Nullable UnbalancedFilter cached) {
      MemoryChannel[] ends = MemoryChannel.pair(ASKER, HOLDER);
      UnbalancedAsker asker =
          new UnbalancedAsker(parameters, blocks(ids), cached, Workers.ONE, Run.seeded(randomSeed));
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      holder =
                          new UnbalancedHolder(holderParameters, dataset, budget, Workers.ONE)
                              .run(holderWire.apply(ends[1]));
                    } catch (RuntimeException e) {
                      failures.add(e);
                      ends[1].close();
                    }
                  });
      try {
        answer = asker.run(askerWire.apply(ends[0]));
      } catch (RuntimeException e) {
        failures.add(e);
        ends[0].close();
      }
      try {
        other.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      askerBytes = ends[0].bytesSent();
      holderBytes = ends[1].bytesSent();
      return this;
    }

    UnbalancedAsker.Answer answer() {
      if (answer == null || holder == null) {
        AssertionError error = new AssertionError("no outcome");
        failures.forEach(error::addSuppressed);
        throw error;
      }
      return answer;
    }

    IntersectionOutcome outcome() {
      return answer().outcome();
    }

    void assertNamed(ErrorCode... codes) {
      assertNull(answer);
      assertFalse(failures.isEmpty());
      Set<ErrorCode> allowed = new HashSet<>(List.of(codes));
      allowed.add(ErrorCode.PEER_SILENT);
      Set<ErrorCode> found = new HashSet<>();
      failures.forEach(each -> found.add(((ProblemException) each).problem().code()));
      assertTrue(allowed.containsAll(found), found::toString);
      assertTrue(found.stream().anyMatch(each -> each != ErrorCode.PEER_SILENT), found::toString);
    }
  }

  private static int[] plain(List<Integer> asked, Collection<Integer> held) {
    return IntStream.range(0, asked.size()).filter(i -> held.contains(asked.get(i))).toArray();
  }

  @Test
  void sizesOfAllKinds_giveThePlainIntersection() {
    for (int held : new int[] {0, 1, 2, 7, 300}) {
      UnbalancedDataset dataset = dataset(range(0, held), 64);
      assertEquals(held, dataset.items());
      for (int asked : new int[] {0, 1, 5, 41}) {
        List<Integer> ids = range(held / 2, held / 2 + asked);
        Asking asking = new Asking().run(parameters(1), dataset, ids, null);
        assertArrayEquals(plain(ids, range(0, held)), asking.outcome().matches());
        assertEquals(held, asking.outcome().peerItems());
        assertEquals(asked, asking.holder.peerItems());
        assertEquals(asking.outcome().transcript(), asking.holder.transcript());
        assertTrue(asking.outcome().learns());
        assertFalse(asking.holder.learns());
        assertEquals(0, asking.holder.matches().length);
      }
    }
  }

  @Test
  void largeBatches_giveThePlainIntersection() {
    List<Integer> held = range(0, 1000);
    List<Integer> asked = range(900, 900 + 2500);
    Asking asking = new Asking().run(parameters(1), dataset(held, 128), asked, null);
    assertArrayEquals(plain(asked, held), asking.outcome().matches());
  }

  @Test
  void sizesWithAStep_areHidden() {
    UnbalancedDataset dataset = dataset(range(0, 30), 64);
    Set<Long> bytes = new HashSet<>();
    for (int asked : new int[] {0, 1, 19, 20}) {
      Asking asking = new Asking();
      asking.holderParameters = parameters(20);
      asking.run(parameters(20), dataset, range(25, 25 + asked), null);
      assertArrayEquals(plain(range(25, 25 + asked), range(0, 30)), asking.outcome().matches());
      assertEquals(20, asking.holder.peerItems());
      bytes.add(asking.askerBytes);
    }
    assertEquals(1, bytes.size());
  }

  @Test
  void cachedFilter_isNotSentAgain_andShardsThatChangedAre() {
    UnbalancedDataset first = dataset(range(0, 2000), 64);
    UnbalancedFilter cached =
        new Asking().run(parameters(1), first, range(0, 3), null).answer().filter();
    Asking again = new Asking().run(parameters(1), first, range(1998, 2003), cached);
    assertArrayEquals(new int[] {0, 1}, again.outcome().matches());
    assertTrue(again.holderBytes < 1000, "" + again.holderBytes);

    UnbalancedDataset second =
        first.update(
            blocks(List.of(2000, 2001, 5)),
            blocks(List.of(7, 1999, 9999)),
            Workers.ONE,
            Run.seeded(6));
    assertEquals(1, second.revision());
    assertEquals(2000, second.items());
    List<Integer> asked = List.of(5, 7, 8, 1999, 2000, 2001, 2002);
    Asking updated = new Asking().run(parameters(1), second, asked, cached);
    assertArrayEquals(new int[] {0, 2, 4, 5}, updated.outcome().matches());
    assertEquals(second.filter().digest(), updated.answer().filter().digest());
    assertTrue(updated.holderBytes < cached.bytes() / 3, "" + updated.holderBytes);
    Asking whole = new Asking().run(parameters(1), second, asked, null);
    assertArrayEquals(updated.outcome().matches(), whole.outcome().matches());
    assertEquals(updated.answer().filter().digest(), whole.answer().filter().digest());

    // A holder that was set back sends everything.
    Asking back = new Asking().run(parameters(1), first, asked, whole.answer().filter());
    assertArrayEquals(new int[] {0, 1, 2, 3}, back.outcome().matches());
  }

  @Test
  void updateWithoutADifference_sendsNothing() {
    UnbalancedDataset first = dataset(range(0, 200), 64);
    UnbalancedDataset second =
        first.update(blocks(range(0, 50)), blocks(range(300, 350)), Workers.ONE, Run.seeded(6));
    for (int shard = 0; shard < 4; shard++) {
      assertEquals(0, second.revisionOf(shard));
    }
    // Withdrawn and added at once stays in.
    UnbalancedDataset third =
        second.update(blocks(List.of(1)), blocks(List.of(1, 2)), Workers.ONE, Run.seeded(7));
    assertArrayEquals(
        new int[] {0, 1, 3},
        new Asking().run(parameters(1), third, range(0, 4), null).outcome().matches());
  }

  /** One key for two versions would let answers to one be used on the other. */
  @Test
  void key_isTheVersionsOwn_andTheSameAfterARestart() {
    UnbalancedVersion next = new UnbalancedVersion(Digest.of("customers 2"), 4096);
    UnbalancedDataset one = dataset(range(0, 3), 64);
    UnbalancedDataset same = dataset(range(0, 9), 64);
    UnbalancedDataset other =
        UnbalancedDataset.build(next, seed(1), blocks(range(0, 3)), 64, Workers.ONE, Run.seeded(5));
    assertEquals(one.key().value(), same.key().value());
    assertNotEquals(one.key().value(), other.key().value());
    UnbalancedFilter filter = one.filter();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new UnbalancedAsker(
                new UnbalancedParameters(Digest.of("j"), ASKER, HOLDER, next, 1),
                blocks(range(0, 2)),
                filter,
                Workers.ONE,
                Run.seeded(1)));
  }

  /** A blind that returns would let the holder see that the same item is asked again. */
  @Test
  void blind_isFreshInEveryRun() {
    UnbalancedDataset dataset = dataset(range(0, 10), 64);
    List<byte[]> sent = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      Asking asking = new Asking();
      asking.randomSeed = run;
      asking.askerWire =
          channel ->
              edited(
                  channel,
                  (tag, body) -> {
                    if (tag == UnbalancedMessages.Elements.BLINDED_TAG) {
                      sent.add(body);
                    }
                    return body;
                  });
      asking.run(parameters(1), dataset, range(0, 4), null).answer();
    }
    Set<String> elements = new HashSet<>();
    for (byte[] body : sent) {
      for (int i = 0; i < 4; i++) {
        elements.add(HexFormat.of().formatHex(body, 5 + 32 * i, 37 + 32 * i));
      }
    }
    assertEquals(8, elements.size());
  }

  @Test
  void budget_isChargedBeforeTheFirstAnswer_andNeverGivenBack() {
    UnbalancedDataset dataset = dataset(range(0, 10), 64);
    QueryBudget budget = QueryBudget.upTo(10);
    Asking first = new Asking();
    first.budget = budget;
    first.run(parameters(1), dataset, range(0, 4), null).answer();
    Asking broken = new Asking();
    broken.budget = budget;
    broken.askerWire =
        channel ->
            edited(
                channel,
                (tag, body) -> {
                  if (tag == UnbalancedMessages.Elements.BLINDED_TAG) {
                    Arrays.fill(body, 5, body.length, (byte) 0);
                  }
                  return body;
                });
    broken.run(parameters(1), dataset, range(0, 4), null).assertNamed(ErrorCode.PROTOCOL_VIOLATION);
    Asking third = new Asking();
    third.budget = budget;
    third.run(parameters(1), dataset, range(0, 3), null).assertNamed(ErrorCode.QUERIES_EXHAUSTED);
    assertEquals(0, third.holderBytes);
    Asking fourth = new Asking();
    fourth.budget = budget;
    assertArrayEquals(
        new int[] {0, 1},
        fourth.run(parameters(1), dataset, range(0, 2), null).outcome().matches());
  }

  @Test
  void differentParameters_endAtTheOpening() {
    UnbalancedDataset dataset = dataset(range(0, 10), 64);
    Asking asking = new Asking();
    asking.holderParameters =
        new UnbalancedParameters(Digest.of("job 2"), ASKER, HOLDER, VERSION, 1);
    asking.run(parameters(1), dataset, range(0, 4), null).assertNamed(ErrorCode.PROTOCOL_VIOLATION);
    assertEquals(0, asking.holderBytes);
  }

  private interface Edit {
    byte[] change(byte tag, byte[] body);
  }

  private static Channel edited(Channel end, Edit edit) {
    return new HandOn(end, (to, tag, body) -> to.send(tag, edit.change(tag, body)));
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
    UnbalancedDataset dataset = dataset(range(0, 10), 64);
    Edit edit =
        (tag, body) -> {
          if (tag == UnbalancedMessages.Elements.BLINDED_TAG
              || tag == UnbalancedMessages.Elements.ANSWER_TAG) {
            System.arraycopy(HexFormat.of().parseHex(encoding), 0, body, 5 + 32, 32);
          }
          return body;
        };
    Asking asker = new Asking();
    asker.askerWire = channel -> edited(channel, edit);
    Asking holder = new Asking();
    holder.holderWire = channel -> edited(channel, edit);
    for (Asking asking : List.of(asker, holder)) {
      asking.run(parameters(1), dataset, range(0, 4), null);
      asking.assertNamed(ErrorCode.PROTOCOL_VIOLATION);
      // Found where it is computed with, not only by the closing digest.
      assertTrue(
          asking.failures.stream().anyMatch(each -> each.getMessage().contains("1 others")),
          asking.failures::toString);
    }
  }

  /** Every byte that is not covered by a check of its own is covered by the closing digest. */
  @Test
  void anyFlippedBit_orCutBody_endsTheRun() {
    UnbalancedDataset dataset = dataset(range(0, 10), 64);
    for (boolean fromAsker : new boolean[] {true, false}) {
      for (int tag = 1; tag <= 6; tag++) {
        for (int at : new int[] {0, 1, 4, 5, 8, 12, 36, 37, -1, -2}) {
          byte victim = (byte) tag;
          boolean[] edited = new boolean[1];
          Edit edit =
              (found, body) -> {
                if (found != victim || at >= body.length) {
                  return body;
                }
                edited[0] = true;
                if (at == -2) {
                  return Arrays.copyOf(body, body.length - 1);
                }
                body[at < 0 ? body.length - 1 : at] ^= 1;
                return body;
              };
          Asking asking = new Asking();
          if (fromAsker) {
            asking.askerWire = channel -> edited(channel, edit);
          } else {
            asking.holderWire = channel -> edited(channel, edit);
          }
          asking.run(parameters(1), dataset, range(0, 4), null);
          if (edited[0]) {
            // What the holder says last, only the asker hears, and the other way round.
            assertFalse(asking.failures.isEmpty(), "tag " + tag + ", byte " + at);
          }
        }
      }
    }
  }

  private static byte[] written(UnbalancedDataset dataset) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    dataset.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static UnbalancedDataset read(byte[] bytes) throws IOException {
    return UnbalancedDataset.read(
        VERSION, seed(1), new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @Test
  void dataset_writtenAndRead_answersAndIsUpdatedAsBefore() throws IOException {
    UnbalancedDataset made =
        dataset(range(0, 500), 64)
            .update(blocks(range(500, 510)), blocks(range(0, 5)), Workers.ONE, Run.seeded(6));
    UnbalancedDataset again = read(written(made));
    assertEquals(made.filter().digest(), again.filter().digest());
    UnbalancedFilter cached =
        new Asking().run(parameters(1), made, range(0, 20), null).answer().filter();
    Asking asking = new Asking().run(parameters(1), again, range(0, 20), cached);
    assertEquals(15, asking.answer().outcome().matches().length);
    UnbalancedDataset next =
        again.update(blocks(range(600, 601)), blocks(range(5, 6)), Workers.ONE, Run.seeded(7));
    assertEquals(2, next.revision());
    assertEquals(
        14,
        new Asking()
            .run(parameters(1), next, range(0, 20), cached)
            .answer()
            .outcome()
            .matches()
            .length);
  }

  @Test
  void dataset_readOfAnythingElse_isRefused() throws IOException {
    byte[] bytes = written(dataset(range(0, 100), 64));
    for (int at : List.of(0, 4, 8, 12)) {
      byte[] changed = bytes.clone();
      changed[at] ^= (byte) 0x80;
      assertThrows(IOException.class, () -> read(changed), "byte " + at);
    }
    assertThrows(IOException.class, () -> read(Arrays.copyOf(bytes, bytes.length - 1)));
  }

  @Test
  void holder_thatMayNotAnswer_saysNoElement() {
    Asking asking = new Asking();
    List<Digest> asked = new ArrayList<>();
    asking.budget =
        new QueryBudget() {
          @Override
          public void charge(PartyId asker, UnbalancedVersion version, int items) {}

          @Override
          public void answering(PartyId asker, Digest elements) {
            asked.add(elements);
            throw new ProblemException(ErrorCode.QUERIES_EXHAUSTED, "asker", "a charge", "none");
          }
        };
    UnbalancedDataset dataset = dataset(range(0, 100), 64);
    asking.run(parameters(1), dataset, range(0, 20), null);
    assertNull(asking.answer);
    long filterOnly = asking.holderBytes;
    // the same blind asks with the same elements, another with others
    asking.run(parameters(1), dataset, range(0, 20), null);
    asking.randomSeed = 10;
    asking.run(parameters(1), dataset, range(0, 20), null);
    assertEquals(asked.get(0), asked.get(1));
    assertNotEquals(asked.get(0), asked.get(2));
    Asking answered = new Asking().run(parameters(1), dataset, range(0, 20), null);
    assertTrue(answered.holderBytes >= filterOnly + 20 * 32);
  }
}
