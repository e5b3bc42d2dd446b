package hesuan.join;

import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import hesuan.okvs.ClusteredOkvs;
import hesuan.okvs.RandomBlocks;
import hesuan.psi.Oprf;
import hesuan.psi.VoleOprf;
import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Gives both parties shares (XOR) of a block for each bin of a segment: zero with the bit of the
 * group, where the valuer's item is among the matcher's; random elsewhere. The matcher draws a
 * target for each bin and stores it under all items that may stand there, masked by an oblivious
 * pseudorandom function; the valuer looks up the one that does. A block is two longs, of which the
 * lowest {@link #bits} count: first those that must be zero, then one for each group but the last.
 */
final class BinShares {
  private static final byte STORE_SEED = 32;
  private static final byte STORE = 33;
  private static final int BATCH = 1 << 14;
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final JoinParameters parameters;
  private final Bins bins;
  private final RecordedChannel channel;
  private final Workers workers;
  private final SecureRandom random;

  BinShares(
      JoinParameters parameters,
      Bins bins,
      RecordedChannel channel,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.bins = bins;
    this.channel = channel;
    this.workers = workers;
    this.random = random;
  }

  private int bits() {
    return bins.matchBits() + parameters.groups() - 1;
  }

  private int bytes() {
    return (bits() + 7) / 8;
  }

  /** An item's key where it stands in one of its bins: nobody may look it up in another. */
  private static long inWay(long low, int which) {
    return low ^ which + 1;
  }

  private Oprf oprf() {
    return new VoleOprf(parameters.digest(), false, workers, random);
  }

  private RandomBlocks randomBlocks() {
    byte[] seed = new byte[RandomBlocks.SEED_BYTES];
    random.nextBytes(seed);
    return new RandomBlocks(seed);
  }

  /**
   * The matcher's shares.
   *
   * @param blocks of all its items, two longs each
   * @param places three bins of each item
   * @param groupOf each item
   */
  long[] program(int segment, long[] blocks, int[] places, int[] groupOf) {
    int load = bins.loadMax(groupOf.length);
    int first = segment * bins.segmentBins();
    long[] keys = new long[2 * load];
    // of each key the bin, and above it the group
    long[] standing = new long[load];
    int count = 0;
    for (int at = 0; at < places.length; at++) {
      int bin = places[at] - first;
      if (bin >= 0 && bin < bins.segmentBins()) {
        if (count == load) {
          throw new IllegalStateException("bins overflow");
        }
        int item = at / Bins.WAYS;
        keys[2 * count] = inWay(blocks[2 * item], at % Bins.WAYS);
        keys[2 * count + 1] = blocks[2 * item + 1];
        standing[count++] = (long) groupOf[item] << Integer.SIZE | bin;
      }
    }
    RandomBlocks fresh = randomBlocks();
    fresh.fill(keys, count, load - count);
    long[] targets = new long[2 * bins.segmentBins()];
    randomBlocks().fill(targets, 0, bins.segmentBins());

    Oprf.Values values = oprf().send(channel, segment, keys, bins.segmentBins());
    long[] masks = new long[2 * load];
    scatter(masks(values.values()), values.places(), masks);

    byte[] seed = new byte[ClusteredOkvs.SEED_BYTES];
    random.nextBytes(seed);
    ClusteredOkvs.Rows rows =
        ClusteredOkvs.Rows.of(ClusteredOkvs.Shape.of(load), seed, keys, workers);
    long[] stored = new long[2 * load];
    int[] keyOf = rows.places();
    int real = count;
    workers.split(
        load,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            int key = keyOf[row];
            stored[2 * row] = masks[2 * key];
            stored[2 * row + 1] = masks[2 * key + 1];
            if (key < real) {
              int bin = (int) standing[key];
              stored[2 * row] ^= targets[2 * bin];
              stored[2 * row + 1] ^= targets[2 * bin + 1];
              putGroup(stored, row, (int) (standing[key] >>> Integer.SIZE));
            }
          }
        });
    long[] cells = ClusteredOkvs.encode(rows, stored, random, workers);
    channel.send(STORE_SEED, seed);
    sendCells(cells);
    Arrays.fill(masks, 0);
    Arrays.fill(stored, 0);
    return targets;
  }

  private void putGroup(long[] block, int number, int group) {
    if (group < parameters.groups() - 1) {
      int bit = bins.matchBits() + group;
      block[2 * number + bit / Long.SIZE] ^= 1L << bit;
    }
  }

  /**
   * The valuer's shares.
   *
   * @param holders what {@link BinTable#assign} says
   */
  long[] lookUp(int segment, long[] blocks, int[] holders, int matcherItems) {
    int count = bins.segmentBins();
    long[] keys = new long[2 * count];
    randomBlocks().fill(keys, 0, count);
    for (int bin = 0; bin < count; bin++) {
      int holder = holders[segment * count + bin];
      if (holder >= 0) {
        int item = holder / Bins.WAYS;
        keys[2 * bin] = inWay(blocks[2 * item], holder % Bins.WAYS);
        keys[2 * bin + 1] = blocks[2 * item + 1];
      }
    }
    Oprf.Values values = oprf().receive(channel, segment, keys);
    long[] shares = new long[2 * count];
    scatter(masks(values.values()), values.places(), shares);

    byte[] seed = channel.receiveExactly(STORE_SEED, ClusteredOkvs.SEED_BYTES);
    ClusteredOkvs.Shape shape = ClusteredOkvs.Shape.of(bins.loadMax(matcherItems));
    ClusteredOkvs.Rows rows = ClusteredOkvs.Rows.of(shape, seed, keys, workers);
    long[] found = new long[2 * count];
    ClusteredOkvs.decode(rows, receiveCells(shape.cells()), found, workers);
    int[] binOf = rows.places();
    for (int row = 0; row < count; row++) {
      shares[2 * binOf[row]] ^= found[2 * row];
      shares[2 * binOf[row] + 1] ^= found[2 * row + 1];
    }
    return shares;
  }

  /** Values of the function differ by multiples of one secret; hashed, they tell nothing of it. */
  private long[] masks(long[] values) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(
        (JoinParameters.PROTOCOL + "/mask/" + parameters.digest().hex())
            .getBytes(StandardCharsets.US_ASCII));
    byte[] key = Arrays.copyOf(sha256.digest(), BlockHash.KEY_BYTES);
    workers.split(
        values.length / 2,
        (from, to) -> {
          BlockHash hash = new BlockHash(key);
          hash.hash(values, from, to - from, values, from);
          hash.wipe();
        });
    return values;
  }

  private static void scatter(long[] rows, int[] places, long[] out) {
    for (int row = 0; row < places.length; row++) {
      out[2 * places[row]] = rows[2 * row];
      out[2 * places[row] + 1] = rows[2 * row + 1];
    }
  }

  /** Only the bytes of a cell that count. */
  private void sendCells(long[] cells) {
    int width = bytes();
    int total = cells.length / 2;
    byte[] block = new byte[16];
    for (int from = 0; from < total; from += BATCH) {
      int count = Math.min(BATCH, total - from);
      byte[] body = new byte[count * width];
      for (int i = 0; i < count; i++) {
        LITTLE_LONG.set(block, 0, cells[2 * (from + i)]);
        LITTLE_LONG.set(block, 8, cells[2 * (from + i) + 1]);
        System.arraycopy(block, 0, body, i * width, width);
      }
      channel.send(STORE, body);
    }
  }

  private long[] receiveCells(int total) {
    int width = bytes();
    long[] cells = new long[2 * total];
    byte[] block = new byte[16];
    for (int from = 0; from < total; from += BATCH) {
      int count = Math.min(BATCH, total - from);
      byte[] body = channel.receiveExactly(STORE, count * width);
      for (int i = 0; i < count; i++) {
        System.arraycopy(body, i * width, block, 0, width);
        cells[2 * (from + i)] = (long) LITTLE_LONG.get(block, 0);
        cells[2 * (from + i) + 1] = (long) LITTLE_LONG.get(block, 8);
      }
    }
    return cells;
  }
}
