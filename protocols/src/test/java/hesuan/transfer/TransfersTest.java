package hesuan.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransfersTest {
  private static <R> TwoEnds<R> run(Function<Transfers, R> first, Function<Transfers, R> second) {
    return new TwoEnds<R>()
        .run(
            channel -> {
              try (Transfers transfers =
                  Transfers.open(channel, Digest.of("run"), true, TwoEnds.seeded(1), Workers.ONE)) {
                return first.apply(transfers);
              }
            },
            channel -> {
              try (Transfers transfers =
                  Transfers.open(
                      channel, Digest.of("run"), false, TwoEnds.seeded(2), Workers.ONE)) {
                return second.apply(transfers);
              }
            })
        .orThrow();
  }

  /** What one end got in both directions. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Got(long[] sent, long[] received, long delta0, long delta1) {}

  private static Got draw(Transfers transfers, int count) {
    long[] sent = new long[2 * count];
    long[] received = new long[2 * count];
    CorrelatedSender sender = transfers.sender();
    transfers.next(sent, received, count);
    return new Got(sent, received, sender.delta0(), sender.delta1());
  }

  private static void assertCorrelated(Got sender, Got receiver, int count) {
    assertEquals(1, sender.delta0 & 1);
    int ones = 0;
    for (int i = 0; i < count; i++) {
      long bit = receiver.received[2 * i] & 1;
      ones += (int) bit;
      assertEquals(0, sender.sent[2 * i] & 1);
      assertEquals(sender.sent[2 * i] ^ sender.delta0 & -bit, receiver.received[2 * i]);
      assertEquals(sender.sent[2 * i + 1] ^ sender.delta1 & -bit, receiver.received[2 * i + 1]);
    }
    // Six standard deviations of fair bits.
    assertTrue(Math.abs(ones - count / 2) <= 3 * Math.sqrt(count) + 1, ones + " of " + count);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1009, 20_011, 1_100_003})
  void next_bothWays_correlationHolds(int count) {
    TwoEnds<Got> ends =
        run(transfers -> draw(transfers, count), transfers -> draw(transfers, count));
    assertCorrelated(ends.first, ends.second, count);
    assertCorrelated(ends.second, ends.first, count);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "63,1", "5000,3", "65537,1", "70001,2"})
  void chosen_bothKinds_giveWhatWasChosen(int count, int columns) {
    Random random = new Random(count);
    long[] zeros = random.longs((long) count * columns).toArray();
    long[] ones = random.longs((long) count * columns).toArray();
    long[] choices = random.longs((count + 63) / 64).toArray();
    TwoEnds<long[][]> ends =
        run(
            transfers -> {
              ChosenTransfers chosen = new ChosenTransfers(transfers);
              chosen.send(zeros, ones, count, columns);
              return new long[][] {chosen.give(ones, count, columns)};
            },
            transfers -> {
              ChosenTransfers chosen = new ChosenTransfers(transfers);
              long[] words = chosen.receive(choices, count, columns);
              return new long[][] {words, chosen.choose(choices, count, columns)};
            });
    long[] expected = new long[zeros.length];
    long[] products = new long[zeros.length];
    long[] sums = new long[zeros.length];
    for (int i = 0; i < zeros.length; i++) {
      boolean one = (choices[i / columns / 64] >>> i / columns & 1) == 1;
      expected[i] = one ? ones[i] : zeros[i];
      products[i] = one ? ones[i] : 0;
      sums[i] = ends.first[0][i] + ends.second[1][i];
    }
    assertArrayEquals(expected, ends.second[0]);
    assertArrayEquals(products, sums);
  }

  @Test
  void next_inAnyPortions_givesTheSameRows() {
    int count = 1_060_000;
    TwoEnds<Got> whole =
        run(transfers -> draw(transfers, count), transfers -> draw(transfers, count));
    TwoEnds<Got> portions =
        run(
            transfers -> {
              Got got = draw(transfers, count / 2);
              Got rest = draw(transfers, count / 2);
              return new Got(
                  joined(got.sent, rest.sent),
                  joined(got.received, rest.received),
                  got.delta0,
                  got.delta1);
            },
            transfers -> draw(transfers, count));
    assertArrayEquals(whole.first.sent, portions.first.sent);
    assertCorrelated(portions.first, portions.second, count);
  }

  private static long[] joined(long[] a, long[] b) {
    long[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  @Test
  void next_twoWorkers_givesTheSameRows() {
    int count = 20_000;
    TwoEnds<Got> one =
        run(transfers -> draw(transfers, count), transfers -> draw(transfers, count));
    try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
      Workers two = Workers.of(2, pool);
      TwoEnds<Got> both =
          new TwoEnds<Got>()
              .run(
                  channel -> {
                    try (Transfers transfers =
                        Transfers.open(channel, Digest.of("run"), true, TwoEnds.seeded(1), two)) {
                      // Both stocks end together, as for triples.
                      draw(transfers, 10_240);
                      return draw(transfers, count);
                    }
                  },
                  channel -> {
                    try (Transfers transfers =
                        Transfers.open(
                            channel, Digest.of("run"), false, TwoEnds.seeded(2), Workers.ONE)) {
                      draw(transfers, 10_240);
                      return draw(transfers, count);
                    }
                  })
              .orThrow();
      assertCorrelated(both.first, both.second, count);
      assertCorrelated(both.second, both.first, count);
      assertCorrelated(one.first, one.second, count);
    }
  }

  /** Rows from short transfers and from the first round, and none of them twice. */
  @Test
  void next_pastARound_rowsAreAllUnlike() {
    int count = 70_000;
    TwoEnds<Got> ends =
        run(transfers -> draw(transfers, count), transfers -> draw(transfers, count));
    for (Got got : List.of(ends.first, ends.second)) {
      for (long[] rows : List.of(got.sent, got.received)) {
        // 140,000 words of 63 random bits: two alike with probability 2^-29.
        assertEquals(2L * count, Arrays.stream(rows).distinct().count());
      }
    }
  }

  @Test
  void stock_keptRows_areNotGivenOut() {
    long[] rows = new Random(1).longs(2 * HalfTrees.CHOICES + 20).toArray();
    RowMaker.Stock stock = new RowMaker.Stock(rows.clone());
    long[] got = new long[100];
    assertEquals(20, stock.take(got, 0, 100));
    assertTrue(stock.isEmpty());
    assertArrayEquals(Arrays.copyOf(rows, 20), Arrays.copyOf(got, 20));
    assertArrayEquals(Arrays.copyOfRange(rows, 20, rows.length), stock.kept);
  }

  /** A round of a million transfers costs 98 KB each way, and the start 85 KB. */
  @Test
  void next_aMillion_travelsShort() {
    int count = 1_000_000;
    TwoEnds<Got> ends =
        run(transfers -> draw(transfers, count), transfers -> draw(transfers, count));
    assertTrue(ends.bytes < 2 * 190_000, ends.bytes + " bytes");
  }
}
