package hesuan.psi;

import hesuan.group.BatchOprf;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A holder's set, ready to be asked: its key, the tag of every item, and the filter over them.
 * Building costs one multiplication an item, once; rows that are added or withdrawn cost theirs.
 * Immutable: an update gives another, which shares what did not change.
 */
public final class UnbalancedDataset {
  /** Items whose tags are made at a time. */
  private static final int CHUNK = 1 << 15;

  private final UnbalancedVersion version;
  private final Scalar key;
  private final List<Tags> shards;
  private final UnbalancedFilter filter;

  /** The tags of a shard, two longs each, in no order, and the revision that last changed it. */
  private record Tags(long[] tags, int revision) {
    int count() {
      return tags.length / 2;
    }

    /** This, or its next revision if it makes a difference. */
    Tags changed(long[] in, long[] out, int nextRevision) {
      if (in.length == 0 && out.length == 0) {
        return this;
      }
      Set<Tag> all = new LinkedHashSet<>(Tag.all(tags));
      boolean changed = all.removeAll(Tag.all(out));
      changed |= all.addAll(Tag.all(in));
      if (!changed) {
        return this;
      }
      long[] next = new long[2 * all.size()];
      int at = 0;
      for (Tag tag : all) {
        next[at++] = tag.first;
        next[at++] = tag.second;
      }
      return new Tags(next, nextRevision);
    }
  }

  private record Tag(long first, long second) {
    static Set<Tag> all(long[] tags) {
      Set<Tag> all = new LinkedHashSet<>();
      for (int i = 0; i < tags.length; i += 2) {
        all.add(new Tag(tags[i], tags[i + 1]));
      }
      return all;
    }
  }

  private UnbalancedDataset(
      UnbalancedVersion version, Scalar key, List<Tags> shards, UnbalancedFilter filter) {
    this.version = version;
    this.key = key;
    this.shards = List.copyOf(shards);
    this.filter = filter;
  }

  /**
   * @param seed of the key, 32 secret bytes; the version's digest goes into the key too, so that no
   *     two versions share one
   * @param items two longs each ({@link ItemBlocks} keyed by the version's dataset), distinct
   */
  public static UnbalancedDataset build(
      UnbalancedVersion version,
      SecretBytes seed,
      long[] items,
      Workers workers,
      SecureRandom random) {
    return build(version, seed, items, UnbalancedFilter.SHARD_ITEMS, workers, random);
  }

  static UnbalancedDataset build(
      UnbalancedVersion version,
      SecretBytes seed,
      long[] items,
      int shardItems,
      Workers workers,
      SecureRandom random) {
    Buckets.distinct(items);
    Scalar key = key(version, seed);
    int count = items.length / 2;
    int needed = Math.max(1, Math.ceilDiv(count, shardItems));
    int shards = Integer.highestOneBit(2 * needed - 1);
    TagStore store = new TagStore(shards, count);
    for (int from = 0; from < count; from += CHUNK) {
      int some = Math.min(CHUNK, count - from);
      store.add(tags(key, items, from, some, workers));
    }
    List<Tags> all = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      all.add(new Tags(store.take(shard), 0));
    }
    return of(version, key, all, 0, List.of(), workers, random);
  }

  private static Scalar key(UnbalancedVersion version, SecretBytes seed) {
    byte[] info = version.digest().hex().getBytes(StandardCharsets.US_ASCII);
    return BatchOprf.deriveKey(seed, info);
  }

  /** To be kept, without the key; as secret as the items. {@link #read} takes it back. */
  public void write(DataOutput out) throws IOException {
    filter.write(out);
    byte[] bytes = new byte[0];
    for (Tags shard : shards) {
      out.writeInt(shard.revision);
      out.writeInt(shard.tags.length);
      bytes = bytes.length == 8 * shard.tags.length ? bytes : new byte[8 * shard.tags.length];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(shard.tags);
      out.write(bytes);
    }
  }

  /**
   * @param seed with which it was built
   * @throws IOException where it cannot have been written by {@link #write} for that version
   */
  public static UnbalancedDataset read(UnbalancedVersion version, SecretBytes seed, DataInput in)
      throws IOException {
    UnbalancedFilter filter = UnbalancedFilter.read(version, in);
    List<Tags> shards = new ArrayList<>();
    for (UnbalancedFilter.Shard shard : filter.shards()) {
      int revision = in.readInt();
      int length = in.readInt();
      if (revision < 0 || revision > filter.revision() || length != 2 * shard.filter().count()) {
        throw new IOException("no dataset: " + length + " longs of revision " + revision);
      }
      byte[] bytes = new byte[8 * length];
      in.readFully(bytes);
      long[] tags = new long[length];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(tags);
      shards.add(new Tags(tags, revision));
    }
    return new UnbalancedDataset(version, key(version, seed), shards, filter);
  }

  /** The tag of an item is the output of the function for the block and 16 bytes of zero. */
  static byte[] inputs(long[] items, int from, int count) {
    byte[] inputs = new byte[count * BatchOprf.INPUT_BYTES];
    ByteBuffer out = ByteBuffer.wrap(inputs).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      out.putLong(i * BatchOprf.INPUT_BYTES, items[2 * (from + i)]);
      out.putLong(i * BatchOprf.INPUT_BYTES + 8, items[2 * (from + i) + 1]);
    }
    return inputs;
  }

  private static long[] tags(Scalar key, long[] items, int from, int count, Workers workers) {
    byte[] inputs = inputs(items, from, count);
    byte[] elements = new byte[count * 32];
    BatchOprf.hashed(inputs, count, key, elements, workers);
    long[] tags = new long[2 * count];
    BatchOprf.outputs(inputs, elements, count, tags, 0, workers);
    return tags;
  }

  /** Growing lists of tags, by shard. */
  private static final class TagStore {
    private final long[][] lists;
    private final int[] used;

    TagStore(int shards, int items) {
      int mean = items / shards;
      lists = new long[shards][2 * (mean + 6 * (int) Math.sqrt(mean) + 1)];
      used = new int[shards];
    }

    void add(long[] tags) {
      for (int i = 0; i < tags.length; i += 2) {
        int shard = UnbalancedFilter.shardOf(tags[i], lists.length);
        if (used[shard] == lists[shard].length) {
          lists[shard] = Arrays.copyOf(lists[shard], 2 * used[shard]);
        }
        lists[shard][used[shard]++] = tags[i];
        lists[shard][used[shard]++] = tags[i + 1];
      }
    }

    long[] take(int shard) {
      long[] taken = Arrays.copyOf(lists[shard], used[shard]);
      lists[shard] = new long[0];
      return taken;
    }
  }

  private static UnbalancedDataset of(
      UnbalancedVersion version,
      Scalar key,
      List<Tags> shards,
      int revision,
      List<UnbalancedFilter.Shard> before,
      Workers workers,
      SecureRandom random) {
    UnbalancedFilter.Shard[] filters = new UnbalancedFilter.Shard[shards.size()];
    workers.split(
        filters.length,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            Tags tags = shards.get(i);
            if (tags.count() > UnbalancedFilter.SHARD_ITEMS_MAX) {
              throw new ProblemException(
                  ErrorCode.TOO_LARGE, "dataset", "no more than twice as built", "a new version");
            }
            filters[i] =
                tags.revision < revision
                    ? before.get(i)
                    : UnbalancedFilter.Shard.of(
                        FuseFilter.of(tags.tags, tags.count(), version.fingerprintBytes(), random));
          }
        });
    UnbalancedFilter filter = new UnbalancedFilter(version, revision, List.of(filters));
    return new UnbalancedDataset(version, key, shards, filter);
  }

  /**
   * The next revision, with items put in and taken out; what is there already, or is not, stays so.
   * Only shards that change are made and sent again. An asker can tell which of the items that it
   * asked for before came or went; the document says so.
   */
  public UnbalancedDataset update(
      long[] added, long[] withdrawn, Workers workers, SecureRandom random) {
    int revision = Math.addExact(revision(), 1);
    TagStore in = new TagStore(shards.size(), 0);
    TagStore out = new TagStore(shards.size(), 0);
    in.add(tags(key, added, 0, added.length / 2, workers));
    out.add(tags(key, withdrawn, 0, withdrawn.length / 2, workers));
    List<Tags> next = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      next.add(shards.get(i).changed(in.take(i), out.take(i), revision));
    }
    return of(version, key, next, revision, filter.shards(), workers, random);
  }

  public UnbalancedVersion version() {
    return version;
  }

  public int revision() {
    return filter.revision();
  }

  public long items() {
    return filter.items();
  }

  public UnbalancedFilter filter() {
    return filter;
  }

  Scalar key() {
    return key;
  }

  int revisionOf(int shard) {
    return shards.get(shard).revision;
  }
}
