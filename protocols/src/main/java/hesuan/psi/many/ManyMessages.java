package hesuan.psi.many;

import hesuan.channel.RecordedChannel;
import hesuan.psi.IntersectionParameters;
import hesuan.wire.Digest;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * What the parties send, each kind with its tag, its bound and both directions of its encoding.
 * Every body starts with version, bucket and count, which a receiver knows beforehand, except in
 * the opening.
 */
final class ManyMessages {
  private static final VarHandle LITTLE_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int HEAD = 9;
  private static final int DIGEST_BYTES = 32;

  private ManyMessages() {}

  private static void send(RecordedChannel to, byte tag, int bucket, int count, byte[] content) {
    byte[] body = new byte[HEAD + content.length];
    head(body, bucket, count);
    System.arraycopy(content, 0, body, HEAD, content.length);
    to.send(tag, body);
  }

  private static void head(byte[] body, int bucket, int count) {
    ByteBuffer.wrap(body).put((byte) ManyParameters.VERSION).putInt(bucket).putInt(count);
  }

  /** A body of exactly that bucket, count and size. */
  private static byte[] receive(RecordedChannel from, byte tag, int bucket, int count, int bytes) {
    ByteBuffer body = receiveAny(from, tag, bytes);
    int foundBucket = body.getInt();
    int foundCount = body.getInt();
    if (foundBucket != bucket || foundCount != count) {
      throw from.violation(
          "bucket " + bucket + ", count " + count, foundBucket + ", " + foundCount);
    }
    return body.array();
  }

  private static ByteBuffer receiveAny(RecordedChannel from, byte tag, int bytes) {
    ByteBuffer body = ByteBuffer.wrap(from.receiveExactly(tag, HEAD + bytes));
    byte version = body.get();
    if (version != ManyParameters.VERSION) {
      throw from.violation("version " + ManyParameters.VERSION, "" + version);
    }
    return body;
  }

  private static byte[] content(byte[] body) {
    return Arrays.copyOfRange(body, HEAD, body.length);
  }

  /**
   * First, from everyone to everyone.
   *
   * @param items the size that the party tells
   * @param bucket the first that it still has to do
   * @param random its part of the run's seed
   */
  record Opening(int items, int bucket, byte[] random) {
    static final byte TAG = 32;
    static final int RANDOM_BYTES = 16;

    void send(RecordedChannel to, Digest parameters) {
      byte[] content = Arrays.copyOf(parameters.bytes(), DIGEST_BYTES + RANDOM_BYTES);
      System.arraycopy(random, 0, content, DIGEST_BYTES, RANDOM_BYTES);
      ManyMessages.send(to, TAG, bucket, items, content);
    }

    static Opening receive(RecordedChannel from, Digest expected, int sizeStep) {
      ByteBuffer body = receiveAny(from, TAG, DIGEST_BYTES + RANDOM_BYTES);
      int bucket = body.getInt();
      int items = body.getInt();
      byte[] digest = new byte[DIGEST_BYTES];
      body.get(digest);
      if (!Arrays.equals(digest, expected.bytes())) {
        throw from.violation("parameters " + expected, HexFormat.of().formatHex(digest));
      }
      int max = IntersectionParameters.ITEMS_MAX;
      if (items < 0 || items > max || items % sizeStep != 0 || items == 0 && sizeStep > 1) {
        throw from.violation("up to " + max + " items in steps of " + sizeStep, "" + items);
      }
      byte[] random = new byte[RANDOM_BYTES];
      body.get(random);
      return new Opening(items, bucket, random);
    }
  }

  /** A few bytes whose length both know. */
  record Short(byte[] bytes) {
    static final byte KEY_TAG = 33;
    static final byte DIGEST_TAG = 36;
    static final byte END_TAG = 38;

    void send(RecordedChannel to, byte tag, int bucket) {
      ManyMessages.send(to, tag, bucket, bytes.length, bytes);
    }

    static Short receive(RecordedChannel from, byte tag, int bucket, int bytes) {
      return new Short(content(ManyMessages.receive(from, tag, bucket, bytes, bytes)));
    }
  }

  /** Cells of a store, 16 bytes each, from number {@code from} on. */
  record Cells(long[] cells, int from, int count) {
    static final byte TAG = 34;
    static final int BATCH = 1 << 14;

    void send(RecordedChannel to, int bucket) {
      byte[] body = new byte[HEAD + count * 16];
      head(body, bucket, count);
      for (int i = 0; i < 2 * count; i++) {
        LITTLE_LONG.set(body, HEAD + i * 8, cells[2 * from + i]);
      }
      to.send(TAG, body);
    }

    /** Adds (XOR) the cells to those of a sum. */
    static void receive(RecordedChannel peer, int bucket, long[] sum, int from, int count) {
      byte[] body = ManyMessages.receive(peer, TAG, bucket, count, count * 16);
      for (int i = 0; i < 2 * count; i++) {
        sum[2 * from + i] ^= (long) LITTLE_LONG.get(body, HEAD + i * 8);
      }
    }
  }

  /** Tags of shared items among random ones, strictly ascending over all batches of a bucket. */
  record Tags(byte[] tags) {
    static final byte TAG = 35;
    static final int BATCH = 1 << 15;

    void send(RecordedChannel to, int bucket, int count) {
      ManyMessages.send(to, TAG, bucket, count, tags);
    }

    static Tags receive(RecordedChannel from, int bucket, int count, int tagBytes) {
      return new Tags(content(ManyMessages.receive(from, TAG, bucket, count, count * tagBytes)));
    }
  }

  /** The transcripts of all pairs of the sender, by the other's name. */
  record Transcripts(List<Digest> pairs) {
    static final byte TAG = 37;

    void send(RecordedChannel to, int bucket) {
      byte[] content = new byte[pairs.size() * DIGEST_BYTES];
      for (int i = 0; i < pairs.size(); i++) {
        System.arraycopy(pairs.get(i).bytes(), 0, content, i * DIGEST_BYTES, DIGEST_BYTES);
      }
      ManyMessages.send(to, TAG, bucket, pairs.size(), content);
    }

    static Transcripts receive(RecordedChannel from, int bucket, int count) {
      byte[] body = ManyMessages.receive(from, TAG, bucket, count, count * DIGEST_BYTES);
      List<Digest> pairs = new ArrayList<>();
      for (int at = HEAD; at < body.length; at += DIGEST_BYTES) {
        pairs.add(new Digest(HexFormat.of().formatHex(body, at, at + DIGEST_BYTES)));
      }
      return new Transcripts(pairs);
    }
  }
}
