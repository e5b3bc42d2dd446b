package hesuan.join;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Several small segments, where a job would have one. */
class BinSharesTest {
  private static final int GROUPS = 3;
  private static final int ITEMS = 90;
  private static final Bins BINS = new Bins(4, 80);
  private static final JoinParameters PARAMETERS =
      new JoinParameters(
          Digest.of("a run"),
          JoinRun.MATCHER,
          JoinRun.VALUER,
          GROUPS,
          1,
          new Matches.Hidden(List.of(1000L)),
          true,
          false);

  private final List<String> lengths = new ArrayList<>();
  private final long[] valuerBlocks = new Random(7).longs(2 * ITEMS).toArray();
  private final int[] holders = new int[BINS.total()];
  private final long[] stored = new long[2 * BINS.total()];
  private final long[] found = new long[2 * BINS.total()];

  /** The sums (XOR) of both parties' shares, bin by bin. */
  private long[] sums(long[] matcherBlocks, int[] groupOf) throws InterruptedException {
    lengths.clear();
    byte[] seed = new byte[Bins.SEED_BYTES];
    int[] assigned = BinTable.assign(BINS, BINS.places(seed, valuerBlocks), JoinRun.seeded(3));
    assertNotNull(assigned);
    System.arraycopy(assigned, 0, holders, 0, holders.length);
    MemoryChannel[] ends = MemoryChannel.pair(JoinRun.MATCHER, JoinRun.VALUER);
    Channel spy = JoinRun.spied(ends[0], (tag, body) -> lengths.add(tag + ":" + body.length));
    Thread matcher =
        Thread.startVirtualThread(
            () -> {
              try {
                program(spy, BINS.places(seed, matcherBlocks), matcherBlocks, groupOf);
              } catch (RuntimeException e) {
                ends[0].close();
                throw e;
              }
            });
    RecordedChannel channel = new RecordedChannel(ends[1], "test");
    BinShares shares = new BinShares(PARAMETERS, BINS, channel, Workers.ONE, JoinRun.seeded(2));
    for (int segment = 0; segment < BINS.segments(); segment++) {
      long[] own = shares.lookUp(segment, valuerBlocks, holders, groupOf.length);
      System.arraycopy(own, 0, found, segment * own.length, own.length);
    }
    matcher.join();
    long[] sums = new long[stored.length];
    for (int i = 0; i < stored.length; i++) {
      sums[i] = stored[i] ^ found[i];
    }
    return sums;
  }

  private void program(Channel wire, int[] places, long[] blocks, int[] groupOf) {
    RecordedChannel channel = new RecordedChannel(wire, "test");
    BinShares shares = new BinShares(PARAMETERS, BINS, channel, Workers.ONE, JoinRun.seeded(1));
    for (int segment = 0; segment < BINS.segments(); segment++) {
      long[] own = shares.program(segment, blocks, places, groupOf);
      System.arraycopy(own, 0, stored, segment * own.length, own.length);
    }
  }

  private long low(long[] sums, int bin) {
    return sums[2 * bin] & -1L >>> Long.SIZE - BINS.matchBits();
  }

  private long groupBits(long[] sums, int bin) {
    return sums[2 * bin] >>> BINS.matchBits() & (1 << GROUPS - 1) - 1;
  }

  @Test
  void bins_ofSharedItems_areZeroButForTheGroup() throws InterruptedException {
    // the matcher has the valuer's even items and as many of its own
    long[] matcherBlocks = new Random(8).longs(2 * ITEMS).toArray();
    int[] groupOf = new int[ITEMS];
    for (int item = 0; item < ITEMS; item++) {
      groupOf[item] = item % GROUPS;
      if (item % 2 == 0) {
        System.arraycopy(valuerBlocks, 2 * item, matcherBlocks, 2 * item, 2);
      }
    }
    long[] sums = sums(matcherBlocks, groupOf);
    int matched = 0;
    for (int bin = 0; bin < BINS.total(); bin++) {
      int item = holders[bin] < 0 ? -1 : holders[bin] / Bins.WAYS;
      if (item >= 0 && item % 2 == 0) {
        matched++;
        assertEquals(0, low(sums, bin));
        // the last group has no bit
        assertEquals(item % GROUPS == GROUPS - 1 ? 0 : 1 << item % GROUPS, groupBits(sums, bin));
      } else {
        assertNotEquals(0, low(sums, bin));
      }
    }
    assertEquals(ITEMS / 2, matched);
  }

  /** One party's shares alone tell nothing, even where every item matches: no two are alike. */
  @Test
  void sharesOfOneParty_areAllDifferent() throws InterruptedException {
    sums(valuerBlocks, new int[ITEMS]);
    for (long[] own : List.of(stored, found)) {
      assertEquals(
          BINS.total(),
          IntStream.range(0, BINS.total()).mapToLong(bin -> low(own, bin)).distinct().count());
    }
  }

  /** Which segment an item falls into is not to be seen in the size of its store. */
  @Test
  void stores_haveOneSize_whateverIsInThem() throws InterruptedException {
    List<String> first = null;
    for (int run = 0; run < 3; run++) {
      sums(new Random(run).longs(2 * ITEMS).toArray(), new int[ITEMS]);
      if (first != null) {
        assertEquals(first, lengths);
      }
      first = List.copyOf(lengths);
    }
    int quarter = lengths.size() / BINS.segments();
    for (int segment = 1; segment < BINS.segments(); segment++) {
      assertEquals(
          lengths.subList(0, quarter), lengths.subList(segment * quarter, (segment + 1) * quarter));
    }
  }

  /** The blocks of bins without a match look random. */
  @Test
  void binsWithoutAMatch_areRandom() throws InterruptedException {
    long[] sums = sums(new Random(9).longs(2 * ITEMS).toArray(), new int[ITEMS]);
    int ones = 0;
    long bits = 0;
    for (int bin = 0; bin < BINS.total(); bin++) {
      ones += Long.bitCount(low(sums, bin));
      bits += BINS.matchBits();
    }
    // six standard deviations
    assertTrue(Math.abs(2 * ones - bits) < 6 * Math.sqrt(bits), ones + " of " + bits);
  }
}
