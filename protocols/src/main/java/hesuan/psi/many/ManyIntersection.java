package hesuan.psi.many;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import hesuan.okvs.ClusteredOkvs;
import hesuan.psi.BucketSink;
import hesuan.psi.Buckets;
import hesuan.psi.CollectedMatches;
import hesuan.psi.IntersectionOutcome;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionReceiver;
import hesuan.psi.IntersectionSender;
import hesuan.psi.ItemSource;
import hesuan.psi.SizeCheck;
import hesuan.psi.TagList;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One party's whole part in an intersection of three to ten; docs/protocols/many-psi.md has steps
 * and argument. Straight-line code for one virtual thread.
 */
public final class ManyIntersection {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final ManyParameters parameters;
  private final PartyId self;
  private final ItemSource items;
  private final Map<PartyId, SizeCheck> sizes;
  private final Workers workers;
  private final SecureRandom random;

  public ManyIntersection(
      ManyParameters parameters,
      PartyId self,
      ItemSource items,
      Workers workers,
      SecureRandom random) {
    this(parameters, self, items, Map.of(), workers, random);
  }

  /**
   * @param sizes decide on what a party tells of its size
   */
  public ManyIntersection(
      ManyParameters parameters,
      PartyId self,
      ItemSource items,
      Map<PartyId, SizeCheck> sizes,
      Workers workers,
      SecureRandom random) {
    if (!parameters.parties().contains(self)) {
      throw new IllegalArgumentException(self + " is none of " + parameters.parties());
    }
    this.parameters = parameters;
    this.self = self;
    this.items = items;
    this.sizes = Map.copyOf(sizes);
    this.workers = workers;
    this.random = random;
  }

  /**
   * Runs the protocol once, with secrets drawn anew for every bucket.
   *
   * @param channels to every other party
   * @throws ProblemException when a peer is gone or breaks the protocol; the caller then closes all
   *     channels, which tells the others
   */
  public ManyOutcome run(Map<PartyId, Channel> channels) {
    CollectedMatches all = new CollectedMatches();
    ManyEnd end = run(channels, 0, all);
    return new ManyOutcome(
        parameters.receivers().contains(self), all.ascending(), end.sizes(), end.transcript());
  }

  /**
   * The same, bucket by bucket.
   *
   * @param firstOpen the first bucket that is not yet done; the run begins there or earlier
   */
  public ManyEnd run(Map<PartyId, Channel> channels, int firstOpen, BucketSink sink) {
    Gathering all = new Gathering(parameters, self, channels, items.size(), firstOpen, random);
    sizes.forEach((party, check) -> check.told(all.size(party)));
    Buckets buckets = new Buckets(items, all.size(self), all.buckets());
    sink.begin(all.firstBucket(), all.buckets());
    for (int b = all.firstBucket(); b < all.buckets(); b++) {
      Buckets.Bucket bucket = buckets.bucket(b, random);
      sink.done(b, bucket.numbersAt(matchedPlaces(all, b, bucket.blocks())));
    }
    return new ManyEnd(all.sizes(), all.close());
  }

  private int[] matchedPlaces(Gathering all, int bucket, long[] blocks) {
    if (self.equals(parameters.leader())) {
      return lead(all, bucket, blocks);
    }
    return self.equals(parameters.pivot())
        ? turn(all, bucket, blocks)
        : contribute(all, bucket, blocks);
  }

  /** The leader: sums of the functions whose keys it gets, then the receiver of the two. */
  private int[] lead(Gathering all, int bucket, long[] blocks) {
    long[] sums = new long[blocks.length];
    for (PartyId other : parameters.others()) {
      byte tag = ManyMessages.Short.KEY_TAG;
      byte[] key =
          ManyMessages.Short.receive(all.peer(other), tag, bucket, BlockHash.KEY_BYTES).bytes();
      workers.split(blocks.length / 2, (from, to) -> addFunction(key, blocks, from, to, sums));
    }
    IntersectionOutcome outcome =
        new IntersectionReceiver(
                parameters.centres(all.session(bucket), all.buckets()),
                summed(all, bucket, blocks, sums),
                workers,
                random)
            .run(all.unrecorded(parameters.pivot()));
    int[] matched = checked(all, parameters.pivot(), outcome);
    if (!parameters.told().isEmpty()) {
      tell(all, bucket, blocks, matched);
    }
    return matched;
  }

  private static void addFunction(byte[] key, long[] blocks, int from, int to, long[] sums) {
    BlockHash function = new BlockHash(key);
    long[] piece = new long[2 * BlockHash.PIECE];
    for (int at = from; at < to; at += BlockHash.PIECE) {
      int count = Math.min(BlockHash.PIECE, to - at);
      function.hash(blocks, at, count, piece, 0);
      for (int i = 0; i < 2 * count; i++) {
        sums[2 * at + i] ^= piece[i];
      }
    }
    function.wipe();
  }

  /** The pivot: reads the sum of all stores, then the sender of the two. */
  private int[] turn(Gathering all, int bucket, long[] blocks) {
    Map<ClusteredOkvs.Shape, long[]> stores = receiveStores(all, bucket);
    long[] sums = new long[blocks.length];
    stores.forEach(
        (shape, cells) -> {
          ClusteredOkvs.Rows rows =
              ClusteredOkvs.Rows.of(shape, all.key("store", bucket), blocks, workers);
          long[] read = new long[blocks.length];
          ClusteredOkvs.decode(rows, cells, read, workers);
          int[] places = rows.places();
          workers.split(
              places.length,
              (from, to) -> {
                for (int row = from; row < to; row++) {
                  sums[2 * places[row]] ^= read[2 * row];
                  sums[2 * places[row] + 1] ^= read[2 * row + 1];
                }
              });
        });
    IntersectionOutcome outcome =
        new IntersectionSender(
                parameters.centres(all.session(bucket), all.buckets()),
                summed(all, bucket, blocks, sums),
                workers,
                random)
            .run(all.unrecorded(parameters.leader()));
    int[] matched = checked(all, parameters.leader(), outcome);
    byte[] agreement = all.agreement(bucket, blocks, matched);
    for (PartyId other : parameters.told()) {
      byte tag = ManyMessages.Short.DIGEST_TAG;
      new ManyMessages.Short(agreement).send(all.peer(other), tag, bucket);
    }
    return matched;
  }

  /** Stores of one geometry are added as they arrive, a piece of each in turn. */
  private Map<ClusteredOkvs.Shape, long[]> receiveStores(Gathering all, int bucket) {
    Map<ClusteredOkvs.Shape, long[]> stores = new LinkedHashMap<>();
    int most = 0;
    for (PartyId other : parameters.others()) {
      ClusteredOkvs.Shape shape = all.geometry(other);
      most = Math.max(most, shape.cells());
      stores.computeIfAbsent(shape, s -> new long[2 * s.cells()]);
    }
    for (int from = 0; from < most; from += ManyMessages.Cells.BATCH) {
      for (PartyId other : parameters.others()) {
        ClusteredOkvs.Shape shape = all.geometry(other);
        int count = Math.min(ManyMessages.Cells.BATCH, shape.cells() - from);
        if (count > 0) {
          ManyMessages.Cells.receive(all.peer(other), bucket, stores.get(shape), from, count);
        }
      }
    }
    return stores;
  }

  /** Another party: a function of its own, its key for the one centre, its values for the other. */
  private int[] contribute(Gathering all, int bucket, long[] blocks) {
    byte[] key = new byte[BlockHash.KEY_BYTES];
    random.nextBytes(key);
    new ManyMessages.Short(key)
        .send(all.peer(parameters.leader()), ManyMessages.Short.KEY_TAG, bucket);
    ClusteredOkvs.Shape shape = all.geometry(self);
    ClusteredOkvs.Rows rows =
        ClusteredOkvs.Rows.of(shape, all.key("store", bucket), blocks, workers);
    long[] cells = ClusteredOkvs.encode(rows, values(key, blocks, rows.places()), random, workers);
    RecordedChannel pivot = all.peer(parameters.pivot());
    for (int from = 0; from < shape.cells(); from += ManyMessages.Cells.BATCH) {
      int count = Math.min(ManyMessages.Cells.BATCH, shape.cells() - from);
      new ManyMessages.Cells(cells, from, count).send(pivot, bucket);
    }
    Arrays.fill(key, (byte) 0);
    return parameters.told().contains(self) ? hear(all, bucket, blocks) : new int[0];
  }

  /** The function's values in the order of the store's rows. */
  private long[] values(byte[] key, long[] blocks, int[] places) {
    long[] byPlace = new long[blocks.length];
    workers.split(places.length, (from, to) -> addFunction(key, blocks, from, to, byPlace));
    long[] byRow = new long[blocks.length];
    workers.split(
        places.length,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            byRow[2 * row] = byPlace[2 * places[row]];
            byRow[2 * row + 1] = byPlace[2 * places[row] + 1];
          }
        });
    return byRow;
  }

  /**
   * The items of the run between the centres: the front of SHA-256 over key, item and sum. A hash
   * that resists collisions, since a party that lies in its store can choose sums of the pivot.
   */
  private long[] summed(Gathering all, int bucket, long[] blocks, long[] sums) {
    byte[] key = all.key("item", bucket);
    long[] hashed = new long[blocks.length];
    workers.split(
        blocks.length / 2,
        (from, to) -> {
          MessageDigest sha256 = Digest.sha256();
          byte[] input = Arrays.copyOf(key, 48);
          byte[] hash = new byte[32];
          for (int i = from; i < to; i++) {
            LITTLE_LONG.set(input, 16, blocks[2 * i]);
            LITTLE_LONG.set(input, 24, blocks[2 * i + 1]);
            LITTLE_LONG.set(input, 32, sums[2 * i]);
            LITTLE_LONG.set(input, 40, sums[2 * i + 1]);
            sha256.update(input, 0, input.length);
            try {
              sha256.digest(hash, 0, hash.length);
            } catch (DigestException e) {
              throw new IllegalStateException(e);
            }
            hashed[2 * i] = (long) LITTLE_LONG.get(hash, 0);
            hashed[2 * i + 1] = (long) LITTLE_LONG.get(hash, 8);
          }
        });
    return hashed;
  }

  /** The run of the centres, held against what everyone told. */
  private int[] checked(Gathering all, PartyId peer, IntersectionOutcome outcome) {
    if (outcome.peerItems() != all.load(peer)) {
      throw all.peer(peer)
          .violation("a bucket of " + all.load(peer) + " items", "" + outcome.peerItems());
    }
    if (outcome.matches().length > all.leastLoad()) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          "shared items",
          "at most " + all.leastLoad() + ", what the smallest party told",
          "more: a party brought more than it told");
    }
    all.ran(outcome.transcript());
    return outcome.matches();
  }

  private int tagBytes(Gathering all, PartyId other) {
    IntersectionParameters centres = parameters.centres(all.session(0), all.buckets());
    return centres.tagBytes(all.leastLoad(), all.load(other));
  }

  /** Tags of the shared items for the other receivers, among random ones that hide how many. */
  private void tell(Gathering all, int bucket, long[] blocks, int[] matched) {
    int count = all.leastLoad();
    long[] shared = fill(count);
    for (int i = 0; i < matched.length; i++) {
      shared[2 * i] = blocks[2 * matched[i]];
      shared[2 * i + 1] = blocks[2 * matched[i] + 1];
    }
    byte[] agreement = all.agreement(bucket, blocks, matched);
    for (PartyId other : parameters.told()) {
      RecordedChannel peer = all.peer(other);
      TagList tags = TagList.of(shared, all.key("tag", bucket), tagBytes(all, other), workers);
      for (int from = 0; from < count; from += ManyMessages.Tags.BATCH) {
        int batch = Math.min(ManyMessages.Tags.BATCH, count - from);
        new ManyMessages.Tags(tags.encoded(from, batch)).send(peer, bucket, batch);
      }
      new ManyMessages.Short(agreement).send(peer, ManyMessages.Short.DIGEST_TAG, bucket);
    }
  }

  /** That many blocks that no item has. */
  private long[] fill(int count) {
    byte[] key = new byte[BlockHash.KEY_BYTES];
    random.nextBytes(key);
    long[] counters = new long[2 * count];
    for (int i = 0; i < count; i++) {
      counters[2 * i] = i;
    }
    long[] blocks = new long[2 * count];
    new BlockHash(key).hash(counters, 0, count, blocks, 0);
    return blocks;
  }

  /** Another receiver: its own among the leader's tags, proved by both centres. */
  private int[] hear(Gathering all, int bucket, long[] blocks) {
    RecordedChannel leader = all.peer(parameters.leader());
    int count = all.leastLoad();
    int tagBytes = tagBytes(all, self);
    TagList own = TagList.of(blocks, all.key("tag", bucket), tagBytes, workers);
    TagList.Merge merge = own.new Merge(count);
    for (int from = 0; from < count; from += ManyMessages.Tags.BATCH) {
      int batch = Math.min(ManyMessages.Tags.BATCH, count - from);
      if (!merge.take(ManyMessages.Tags.receive(leader, bucket, batch, tagBytes).tags())) {
        throw leader.violation("tags in strictly ascending order", "another order");
      }
    }
    int[] matched = merge.places();
    byte[] agreement = all.agreement(bucket, blocks, matched);
    for (PartyId centre : List.of(parameters.leader(), parameters.pivot())) {
      byte tag = ManyMessages.Short.DIGEST_TAG;
      byte[] theirs =
          ManyMessages.Short.receive(all.peer(centre), tag, bucket, agreement.length).bytes();
      if (!Arrays.equals(theirs, agreement)) {
        throw all.peer(centre).violation("the digest that goes with the leader's tags", "another");
      }
    }
    return matched;
  }
}
