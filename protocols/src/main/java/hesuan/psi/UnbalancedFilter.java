package hesuan.psi;

import hesuan.wire.Digest;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What an asker keeps of a holder's set: a filter for each shard of its tags, as of a revision. It
 * tells nothing without the holder's answers, and about as many bytes as the set's are long.
 * Immutable.
 */
public final class UnbalancedFilter {
  /** Items in a shard on average at most: what one added row costs to send again. */
  static final int SHARD_ITEMS = 1 << 15;

  /** Twice the average, and room for the deviation of small ones. */
  static final int SHARD_ITEMS_MAX = 2 * SHARD_ITEMS + 1024;

  /** With 2^12 shards there is room for {@link IntersectionParameters#ITEMS_MAX} items. */
  static final int SHARDS_MAX = IntersectionParameters.ITEMS_MAX / SHARD_ITEMS;

  private final UnbalancedVersion version;
  private final int revision;
  private final List<Shard> shards;
  private final Digest digest;

  UnbalancedFilter(UnbalancedVersion version, int revision, List<Shard> shards) {
    this.version = version;
    this.revision = revision;
    this.shards = List.copyOf(shards);
    MessageDigest sha256 = Digest.sha256();
    String head = UnbalancedParameters.PROTOCOL + "/filter/" + version.digest() + "/" + revision;
    sha256.update(head.getBytes(StandardCharsets.US_ASCII));
    shards.forEach(shard -> sha256.update(shard.digest.bytes()));
    digest = new Digest(HexFormat.of().formatHex(sha256.digest()));
  }

  /** One filter as it travels, and its digest. */
  record Shard(FuseFilter filter, Digest digest) {
    static final int HEAD_BYTES = 4 + FuseFilter.SEED_BYTES;

    static Shard of(FuseFilter filter) {
      return new Shard(filter, Digest.of(encode(filter)));
    }

    byte[] encode() {
      return encode(filter);
    }

    private static byte[] encode(FuseFilter filter) {
      int bytes = FuseFilter.tableBytes(filter.count(), filter.fingerprintBytes());
      return ByteBuffer.allocate(HEAD_BYTES + bytes)
          .putInt(filter.count())
          .putLong(filter.seed())
          .put(filter.table(), 0, bytes)
          .array();
    }

    /** Of exactly as many bytes as its count asks for, which is for the caller to check. */
    static Shard decode(byte[] encoded, int fingerprintBytes) {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      int count = in.getInt();
      long seed = in.getLong();
      byte[] table = new byte[in.remaining() + FuseFilter.SEED_BYTES];
      in.get(table, 0, in.remaining());
      return new Shard(new FuseFilter(count, fingerprintBytes, seed, table), Digest.of(encoded));
    }
  }

  /**
   * To be kept; {@link #read} takes it back. Whoever keeps it sees to it that it comes back whole.
   */
  public void write(DataOutput out) throws IOException {
    out.writeInt(revision);
    out.writeInt(shards.size());
    for (Shard shard : shards) {
      byte[] encoded = shard.encode();
      out.writeInt(encoded.length);
      out.write(encoded);
    }
  }

  /**
   * @throws IOException where it cannot have been written by {@link #write} for that version
   */
  public static UnbalancedFilter read(UnbalancedVersion version, DataInput in) throws IOException {
    int revision = in.readInt();
    int count = in.readInt();
    if (revision < 0 || count < 1 || count > SHARDS_MAX || Integer.bitCount(count) != 1) {
      throw new IOException("no filter: " + count + " shards of revision " + revision);
    }
    List<Shard> shards = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int bytes = in.readInt();
      int items = in.readInt();
      int fingerprintBytes = version.fingerprintBytes();
      if (items < 0
          || items > SHARD_ITEMS_MAX
          || bytes != Shard.HEAD_BYTES + FuseFilter.tableBytes(items, fingerprintBytes)) {
        throw new IOException("no filter: a shard of " + items + " items in " + bytes + " bytes");
      }
      byte[] encoded = ByteBuffer.allocate(bytes).putInt(items).array();
      in.readFully(encoded, Integer.BYTES, bytes - Integer.BYTES);
      shards.add(Shard.decode(encoded, fingerprintBytes));
    }
    return new UnbalancedFilter(version, revision, shards);
  }

  /** The same with some shards in place of others, or more of them. */
  static UnbalancedFilter changed(
      UnbalancedVersion version,
      int revision,
      int shards,
      Map<Integer, Shard> changes,
      List<Shard> before) {
    List<Shard> all = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      Shard change = changes.get(i);
      all.add(change == null ? before.get(i) : change);
    }
    return new UnbalancedFilter(version, revision, all);
  }

  public UnbalancedVersion version() {
    return version;
  }

  public int revision() {
    return revision;
  }

  /** Bytes that it takes to send and to keep. */
  public long bytes() {
    return shards.stream().mapToLong(shard -> shard.filter.table().length).sum();
  }

  /** Of every shard; the holder's and the asker's must be the same. */
  public Digest digest() {
    return digest;
  }

  List<Shard> shards() {
    return shards;
  }

  public long items() {
    return shards.stream().mapToLong(shard -> shard.filter.count()).sum();
  }

  boolean mayContain(long first, long second) {
    return shards.get(shardOf(first, shards.size())).filter.mayContain(first, second);
  }

  /** Shards are a power of two; the leading bits of a tag choose. */
  static int shardOf(long first, int shards) {
    return (int) Math.unsignedMultiplyHigh(first, shards);
  }
}
