package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * What the two parties of an intersection send, each kind with its tag, its bound and both
 * directions of its encoding. Every body starts with version, bucket and count. A receiver knows
 * bucket and count beforehand, except in the opening, so nothing is allocated on a peer's word.
 */
final class IntersectionMessages {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int HEAD = 9;

  /** What VOLE says within a bucket carries its own tags, 1 and up, plus this. */
  static final int VOLE_TAGS = 64;

  private IntersectionMessages() {}

  private static byte[] body(int bucket, int count, int bytes) {
    byte[] body = new byte[HEAD + bytes];
    ByteBuffer.wrap(body).put((byte) IntersectionParameters.VERSION).putInt(bucket).putInt(count);
    return body;
  }

  private static void send(RecordedChannel to, byte tag, int bucket, int count, byte[] content) {
    byte[] body = body(bucket, count, content.length);
    System.arraycopy(content, 0, body, HEAD, content.length);
    to.send(tag, body);
  }

  /** A body of exactly that bucket, count and size. */
  private static ByteBuffer receive(
      RecordedChannel from, byte tag, int bucket, int count, int bytes) {
    ByteBuffer body = receiveAny(from, tag, bytes);
    int foundBucket = body.getInt();
    int foundCount = body.getInt();
    if (foundBucket != bucket || foundCount != count) {
      throw from.violation(
          "bucket " + bucket + ", count " + count, foundBucket + ", " + foundCount);
    }
    return body;
  }

  private static ByteBuffer receiveAny(RecordedChannel from, byte tag, int bytes) {
    ByteBuffer body = ByteBuffer.wrap(from.receive(tag, HEAD + bytes));
    if (body.capacity() != HEAD + bytes) {
      throw from.violation("a body of " + (HEAD + bytes) + " bytes", "" + body.capacity());
    }
    byte version = body.get();
    if (version != IntersectionParameters.VERSION) {
      throw from.violation("version " + IntersectionParameters.VERSION, "" + version);
    }
    return body;
  }

  private static byte[] take(ByteBuffer body, int bytes) {
    byte[] part = new byte[bytes];
    body.get(part);
    return part;
  }

  /**
   * First, both ways. The bucket is the first that this party still has to do.
   *
   * @param items the size that the sender tells
   */
  record Opening(int bucket, int items) {
    static final byte TAG = 1;

    void send(RecordedChannel to, Digest parameters) {
      IntersectionMessages.send(to, TAG, bucket, items, parameters.bytes());
    }

    static Opening receive(RecordedChannel from, Digest expected, int sizeStep) {
      ByteBuffer body = receiveAny(from, TAG, 32);
      int bucket = body.getInt();
      int items = body.getInt();
      Digest parameters = new Digest(HexFormat.of().formatHex(take(body, 32)));
      if (!parameters.equals(expected)) {
        throw from.violation("parameters " + expected, parameters.hex());
      }
      int max = IntersectionParameters.ITEMS_MAX;
      if (items < 0 || items > max || items % sizeStep != 0 || items == 0 && sizeStep > 1) {
        throw from.violation("up to " + max + " items in steps of " + sizeStep, "" + items);
      }
      return new Opening(bucket, items);
    }
  }

  /** Encoded elements. */
  record Points(byte[] bytes) {
    static final byte BLINDED_TAG = 2;
    static final byte ANSWER_TAG = 3;
    static final int BATCH = 2048;

    void send(RecordedChannel to, byte tag, int bucket) {
      IntersectionMessages.send(to, tag, bucket, bytes.length / 32, bytes);
    }

    static Points receive(RecordedChannel from, byte tag, int bucket, int count) {
      int bytes = count * 32;
      return new Points(take(IntersectionMessages.receive(from, tag, bucket, count, bytes), bytes));
    }
  }

  /** A few bytes whose length both know: seeds, commitments, digests. */
  record Short(byte[] bytes) {
    static final byte COMMITMENT_TAG = 4;
    static final byte SEED_TAG = 5;
    static final byte COIN_TAG = 6;
    static final byte AGREEMENT_TAG = 10;
    static final byte CLOSING_TAG = 11;

    void send(RecordedChannel to, byte tag, int bucket) {
      IntersectionMessages.send(to, tag, bucket, bytes.length, bytes);
    }

    static Short receive(RecordedChannel from, byte tag, int bucket, int bytes) {
      return new Short(take(IntersectionMessages.receive(from, tag, bucket, bytes, bytes), bytes));
    }
  }

  /** Cells of a store, 16 bytes each, from number {@code from} on. */
  record Cells(long[] cells, int from, int count) {
    static final byte TAG = 7;
    static final int BATCH = 1 << 14;

    void send(RecordedChannel to, int bucket) {
      byte[] body = body(bucket, count, count * 16);
      for (int i = 0; i < 2 * count; i++) {
        LITTLE_LONG.set(body, HEAD + i * 8, cells[2 * from + i]);
      }
      to.send(TAG, body);
    }

    /** Writes the cells into the array, which must have room. */
    static void receive(RecordedChannel from, int bucket, long[] cells, int first, int count) {
      byte[] body = IntersectionMessages.receive(from, TAG, bucket, count, count * 16).array();
      for (int i = 0; i < 2 * count; i++) {
        cells[2 * first + i] = (long) LITTLE_LONG.get(body, HEAD + i * 8);
      }
    }
  }

  /** Truncated tags, strictly ascending over all batches of a bucket. */
  record TagBatch(byte[] tags) {
    static final byte TAG = 8;
    static final int BATCH = 1 << 15;

    void send(RecordedChannel to, int bucket, int count) {
      IntersectionMessages.send(to, TAG, bucket, count, tags);
    }

    static TagBatch receive(RecordedChannel from, int bucket, int count, int tagBytes) {
      int bytes = count * tagBytes;
      return new TagBatch(
          take(IntersectionMessages.receive(from, TAG, bucket, count, bytes), bytes));
    }
  }

  /** Which of the sender's tags the receiver has: a bit each, so its length tells nothing. */
  record Found(byte[] bits) {
    static final byte TAG = 9;

    void send(RecordedChannel to, int bucket, int tags) {
      IntersectionMessages.send(to, TAG, bucket, tags, bits);
    }

    static Found receive(RecordedChannel from, int bucket, int tags) {
      int bytes = (tags + 7) / 8;
      byte[] bits = take(IntersectionMessages.receive(from, TAG, bucket, tags, bytes), bytes);
      if (tags % 8 != 0 && (bits[bytes - 1] & 0xff) >>> tags % 8 != 0) {
        throw from.violation("a bit for each tag", "more bits");
      }
      return new Found(bits);
    }
  }
}
