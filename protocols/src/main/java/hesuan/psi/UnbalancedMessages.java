package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * What asker and holder send, each kind with its tag, its bound and both directions of its
 * encoding. Every body starts with the version and a number. Of both openings all counts are
 * checked before anything is allocated; after them a receiver knows what comes.
 */
final class UnbalancedMessages {
  private static final int HEAD = 5;

  private UnbalancedMessages() {}

  private static void send(RecordedChannel to, byte tag, int number, byte[] content) {
    ByteBuffer body = ByteBuffer.allocate(HEAD + content.length);
    to.send(tag, body.put((byte) UnbalancedParameters.VERSION).putInt(number).put(content).array());
  }

  /** A body of at most that many bytes after the head; the number is read, not checked. */
  private static ByteBuffer receive(RecordedChannel from, byte tag, int bytesMax) {
    ByteBuffer body = ByteBuffer.wrap(from.receive(tag, HEAD + bytesMax));
    if (body.remaining() < HEAD) {
      throw from.violation("a body of " + HEAD + " bytes and more", "" + body.remaining());
    }
    byte version = body.get();
    if (version != UnbalancedParameters.VERSION) {
      throw from.violation("version " + UnbalancedParameters.VERSION, "" + version);
    }
    return body;
  }

  private static ByteBuffer receive(RecordedChannel from, byte tag, int number, int bytes) {
    ByteBuffer body = receive(from, tag, bytes);
    int found = body.getInt();
    if (found != number || body.remaining() != bytes) {
      throw from.violation(
          "number " + number + " of " + bytes + " bytes", found + " of " + body.remaining());
    }
    return body;
  }

  private static byte[] rest(ByteBuffer body) {
    byte[] rest = new byte[body.remaining()];
    body.get(rest);
    return rest;
  }

  private static Digest digest(ByteBuffer body) {
    byte[] bytes = new byte[32];
    body.get(bytes);
    return new Digest(HexFormat.of().formatHex(bytes));
  }

  private static void checkParameters(RecordedChannel from, Digest found, Digest expected) {
    if (!found.equals(expected)) {
      throw from.violation("parameters " + expected, found.hex());
    }
  }

  /**
   * The asker's first.
   *
   * @param items the size that it tells
   * @param revision of the filter that it has; -1 for none
   */
  record AskerOpening(int items, int revision) {
    static final byte TAG = 1;

    void send(RecordedChannel to, Digest parameters) {
      ByteBuffer content = ByteBuffer.allocate(36).put(parameters.bytes()).putInt(revision);
      UnbalancedMessages.send(to, TAG, items, content.array());
    }

    static AskerOpening receive(RecordedChannel from, UnbalancedParameters expected) {
      ByteBuffer body = UnbalancedMessages.receive(from, TAG, 36);
      if (body.remaining() != 40) {
        throw from.violation("an opening of 45 bytes", "another length");
      }
      int items = body.getInt();
      checkParameters(from, digest(body), expected.digest());
      int step = expected.sizeStep();
      int max = expected.version().askedMax();
      if (items < 0 || items > max || items % step != 0 || items == 0 && step > 1) {
        throw from.violation("up to " + max + " items in steps of " + step, "" + items);
      }
      return new AskerOpening(items, body.getInt());
    }
  }

  /**
   * The holder's first.
   *
   * @param changes shards that follow, because the asker lacks them
   * @param filter the digest of all
   */
  record HolderOpening(int shards, int revision, int changes, Digest filter) {
    static final byte TAG = 2;

    void send(RecordedChannel to, Digest parameters) {
      ByteBuffer content = ByteBuffer.allocate(72).put(parameters.bytes());
      content.putInt(revision).putInt(changes).put(filter.bytes());
      UnbalancedMessages.send(to, TAG, shards, content.array());
    }

    static HolderOpening receive(RecordedChannel from, UnbalancedParameters expected) {
      ByteBuffer body = UnbalancedMessages.receive(from, TAG, 72);
      if (body.remaining() != 76) {
        throw from.violation("an opening of 81 bytes", "another length");
      }
      int shards = body.getInt();
      checkParameters(from, digest(body), expected.digest());
      int revision = body.getInt();
      int changes = body.getInt();
      if (shards < 1
          || shards > UnbalancedFilter.SHARDS_MAX
          || Integer.bitCount(shards) != 1
          || revision < 0
          || changes < 0
          || changes > shards) {
        throw from.violation(
            "a power of two of shards, at most " + UnbalancedFilter.SHARDS_MAX,
            shards + " and " + changes + " changes");
      }
      return new HolderOpening(shards, revision, changes, digest(body));
    }
  }

  /** A shard of the filter, its index as number. */
  record ShardBody(int index, UnbalancedFilter.Shard shard) {
    static final byte TAG = 3;

    void send(RecordedChannel to) {
      UnbalancedMessages.send(to, TAG, index, shard.encode());
    }

    /** The next shard, behind the last one. */
    static ShardBody receive(RecordedChannel from, int last, int shards, int fingerprintBytes) {
      int bytesMax =
          UnbalancedFilter.Shard.HEAD_BYTES
              + FuseFilter.tableBytes(UnbalancedFilter.SHARD_ITEMS_MAX, fingerprintBytes);
      ByteBuffer body = UnbalancedMessages.receive(from, TAG, bytesMax);
      int index = body.getInt();
      byte[] encoded = rest(body);
      int count =
          encoded.length < UnbalancedFilter.Shard.HEAD_BYTES
              ? -1
              : ByteBuffer.wrap(encoded).getInt();
      if (index <= last
          || index >= shards
          || count < 0
          || count > UnbalancedFilter.SHARD_ITEMS_MAX
          || encoded.length
              != UnbalancedFilter.Shard.HEAD_BYTES
                  + FuseFilter.tableBytes(count, fingerprintBytes)) {
        throw from.violation(
            "a shard after " + last + " of " + shards, "" + index + " of " + count + " items");
      }
      return new ShardBody(index, UnbalancedFilter.Shard.decode(encoded, fingerprintBytes));
    }
  }

  /** Encoded elements; the number is that of the first. */
  record Elements(int first, byte[] bytes) {
    static final byte BLINDED_TAG = 4;
    static final byte ANSWER_TAG = 5;
    static final int BATCH = 2048;

    void send(RecordedChannel to, byte tag) {
      UnbalancedMessages.send(to, tag, first, bytes);
    }

    static Elements receive(RecordedChannel from, byte tag, int first, int count) {
      return new Elements(first, rest(UnbalancedMessages.receive(from, tag, first, count * 32)));
    }
  }

  /** The digest of the whole conversation, last, both ways. */
  record Closing(Digest transcript) {
    static final byte TAG = 6;

    void send(RecordedChannel to) {
      UnbalancedMessages.send(to, TAG, 0, transcript.bytes());
    }

    static Closing receive(RecordedChannel from) {
      return new Closing(digest(UnbalancedMessages.receive(from, TAG, 0, 32)));
    }
  }

  /** No result before both have seen the same. */
  static Digest close(RecordedChannel peer, Digest parameters) {
    Digest pair = peer.transcript();
    new Closing(pair).send(peer);
    Digest theirs = Closing.receive(peer).transcript();
    if (!theirs.equals(pair)) {
      throw peer.violation("transcript " + pair, theirs.hex());
    }
    return Digest.of(UnbalancedParameters.PROTOCOL + "/transcript/" + parameters + "/" + pair);
  }
}
