package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.okvs.Okvs;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What travels, each kind with its tag, its bound and both directions of its encoding. Every body
 * starts with the version and a count; integers are big-endian. A receiver always knows the count
 * to expect, except in the opening, so nothing is allocated on a peer's word.
 */
final class Messages {
  /** Items in a message; 2048 labelled ones are 192 KiB. */
  static final int BATCH = 2048;

  private static final int HEAD = 5;

  private Messages() {}

  private static ByteBuffer body(int count, int bytes) {
    return ByteBuffer.allocate(HEAD + bytes).put((byte) OverlapParameters.VERSION).putInt(count);
  }

  /** A body of exactly that count and size. */
  private static ByteBuffer receive(RecordedChannel from, byte tag, int count, int bytes) {
    ByteBuffer body = receiveAnyCount(from, tag, bytes);
    int found = body.getInt();
    if (found != count) {
      throw from.violation("a count of " + count, "" + found);
    }
    return body;
  }

  private static ByteBuffer receiveAnyCount(RecordedChannel from, byte tag, int bytes) {
    ByteBuffer body = ByteBuffer.wrap(from.receive(tag, HEAD + bytes));
    if (body.capacity() != HEAD + bytes) {
      throw from.violation("a body of " + (HEAD + bytes) + " bytes", "" + body.capacity());
    }
    byte version = body.get();
    if (version != OverlapParameters.VERSION) {
      throw from.violation("version " + OverlapParameters.VERSION, "" + version);
    }
    return body;
  }

  private static byte[] take(ByteBuffer body, int bytes) {
    byte[] part = new byte[bytes];
    body.get(part);
    return part;
  }

  /** First, both ways on every channel; the count is the number of real items of the sender. */
  record Opening(Digest parameters, int items) {
    static final byte TAG = 1;

    void send(RecordedChannel to) {
      to.send(TAG, body(items, 32).put(parameters.bytes()).array());
    }

    static Opening receive(RecordedChannel from, Digest expected) {
      ByteBuffer body = receiveAnyCount(from, TAG, 32);
      int items = body.getInt();
      Digest parameters = new Digest(HexFormat.of().formatHex(take(body, 32)));
      if (!parameters.equals(expected)) {
        throw from.violation("parameters " + expected, parameters.hex());
      }
      if (items < 0 || items > OverlapParameters.ITEMS_MAX) {
        throw from.violation("0 to " + OverlapParameters.ITEMS_MAX + " items", "" + items);
      }
      return new Opening(parameters, items);
    }
  }

  /** 32 bytes: the leader's label key, or the secret that two helpers share. */
  record Key(byte[] bytes) {
    static final byte LABEL_TAG = 2;
    static final byte SHARE_TAG = 3;

    void send(RecordedChannel to, byte tag) {
      to.send(tag, body(1, 32).put(bytes).array());
    }

    static Key receive(RecordedChannel from, byte tag) {
      return new Key(take(Messages.receive(from, tag, 1, 32), 32));
    }
  }

  /**
   * Elements, 32 bytes each, and then as many labels, 64 bytes each, or none. Whether they are
   * elements is checked by who multiplies them.
   */
  record Items(int count, byte[] points, byte[] labels) {
    static final byte TAG = 4;

    void send(RecordedChannel to) {
      to.send(TAG, body(count, points.length + labels.length).put(points).put(labels).array());
    }

    static Items receive(RecordedChannel from, int count, boolean labelled) {
      int labelBytes = labelled ? count * 64 : 0;
      ByteBuffer body = Messages.receive(from, TAG, count, count * 32 + labelBytes);
      return new Items(count, take(body, count * 32), take(body, labelBytes));
    }
  }

  /** Tags in strictly ascending order, over all batches. */
  record TagBatch(int count, byte[] tags) {
    static final byte TAG = 5;

    void send(RecordedChannel to) {
      to.send(TAG, body(count, tags.length).put(tags).array());
    }

    static TagBatch receive(RecordedChannel from, int count) {
      int bytes = count * Tags.BYTES;
      return new TagBatch(count, take(Messages.receive(from, TAG, count, bytes), bytes));
    }
  }

  /** A helper's zero-shares by tag, in one opening and batches of cells. */
  record Store(Okvs okvs) {
    static final byte SEED_TAG = 6;
    static final byte CELLS_TAG = 7;
    private static final int LONGS = 1 << 15;

    void send(RecordedChannel to, int keys) {
      to.send(SEED_TAG, body(keys, Okvs.SEED_BYTES).put(okvs.seed()).array());
      for (int from = 0; from < okvs.longs(); from += LONGS) {
        int count = Math.min(LONGS, okvs.longs() - from);
        ByteBuffer body = body(count, count * 8);
        for (int i = 0; i < count; i++) {
          body.putLong(okvs.cell(from + i));
        }
        to.send(CELLS_TAG, body.array());
      }
    }

    static Store receive(RecordedChannel from, int keys) {
      byte[] seed = take(Messages.receive(from, SEED_TAG, keys, Okvs.SEED_BYTES), Okvs.SEED_BYTES);
      int longs = Okvs.Shape.of(keys).longs();
      long[] cells = new long[0];
      for (int at = 0; at < longs; at += LONGS) {
        int count = Math.min(LONGS, longs - at);
        ByteBuffer body = Messages.receive(from, CELLS_TAG, count, count * 8);
        if (cells.length < at + count) {
          cells = java.util.Arrays.copyOf(cells, Math.min(longs, 2 * (at + count)));
        }
        for (int i = 0; i < count; i++) {
          cells[at + i] = body.getLong();
        }
      }
      return new Store(Okvs.of(keys, seed, cells));
    }
  }

  /**
   * Digests of conversations: a helper's own at the end, and all of them in the leader's answer.
   */
  record Closing(List<Digest> transcripts) {
    static final byte HELPER_TAG = 8;
    static final byte LEADER_TAG = 9;
    static final byte CONFIRM_TAG = 10;

    void send(RecordedChannel to, byte tag) {
      ByteBuffer body = body(transcripts.size(), 32 * transcripts.size());
      transcripts.forEach(each -> body.put(each.bytes()));
      to.send(tag, body.array());
    }

    static Closing receive(RecordedChannel from, byte tag, int count) {
      ByteBuffer body = Messages.receive(from, tag, count, 32 * count);
      List<Digest> transcripts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        transcripts.add(new Digest(HexFormat.of().formatHex(take(body, 32))));
      }
      return new Closing(transcripts);
    }
  }
}
