package hesuan.join;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/** The messages, and what both roles do alike. Integers are big-endian. */
final class Conversation {
  static final byte OPENING = 1;
  static final byte GROUPS = 2;
  static final byte POINTS = 3;
  static final byte TAGS = 4;
  static final byte SHARES = 9;
  private static final byte CLOSING = 10;

  static final int POINT_BYTES = 32;
  static final int TAG_BYTES = 16;

  /** Elements in a message. */
  static final int BATCH = 2048;

  /** Tags in a message. */
  static final int TAG_BATCH = 1 << 15;

  private static final String HASH_DOMAIN =
      JoinParameters.PROTOCOL + "/ristretto255_XMD:SHA-512_R255MAP_RO_";

  final RecordedChannel channel;
  private final JoinParameters parameters;
  private final Workers workers;

  Conversation(JoinParameters parameters, Channel channel, Workers workers) {
    this.parameters = parameters;
    this.channel = new RecordedChannel(channel, JoinParameters.PROTOCOL);
    this.workers = workers;
  }

  /** Tells the own number of items, and hears the peer's. */
  int open(int items) {
    byte[] digest = parameters.digest().bytes();
    channel.send(
        OPENING,
        ByteBuffer.allocate(37)
            .put((byte) JoinParameters.VERSION)
            .put(digest)
            .putInt(items)
            .array());
    ByteBuffer body = ByteBuffer.wrap(channel.receiveExactly(OPENING, 37));
    byte version = body.get();
    if (version != JoinParameters.VERSION) {
      throw channel.violation("version " + JoinParameters.VERSION, "" + version);
    }
    byte[] found = new byte[32];
    body.get(found);
    if (!Arrays.equals(found, digest)) {
      throw channel.violation("parameters " + parameters.digest(), HexFormat.of().formatHex(found));
    }
    int peerItems = body.getInt();
    if (peerItems < 0 || peerItems > JoinParameters.ITEMS_MAX) {
      throw channel.violation("0 to " + JoinParameters.ITEMS_MAX + " items", "" + peerItems);
    }
    return peerItems;
  }

  /** Sends exponent H(key) for the keys in that order. */
  void sendPoints(byte[] keys, int[] order, Scalar exponent) {
    for (int from = 0; from < order.length; from += BATCH) {
      int count = Math.min(BATCH, order.length - from);
      byte[] points = new byte[count * POINT_BYTES];
      for (int i = 0; i < count; i++) {
        System.arraycopy(keys, order[from + i] * POINT_BYTES, points, i * POINT_BYTES, POINT_BYTES);
      }
      Points.hashMultiply(HASH_DOMAIN, points, count, exponent, points, workers);
      channel.send(POINTS, points);
    }
  }

  /** Receives that many elements and returns the tags of their multiples, two longs each. */
  long[] receiveTags(int total, Scalar exponent) {
    Tags tags = new Tags(parameters.digest());
    long[] all = new long[0];
    for (int at = 0; at < total; at += BATCH) {
      int count = Math.min(BATCH, total - at);
      byte[] points = channel.receiveExactly(POINTS, count * POINT_BYTES);
      int bad = Points.multiply(points, count, exponent, points, workers);
      if (bad != 0) {
        throw channel.violation("encoded elements other than the identity", bad + " others");
      }
      if (all.length < 2 * (at + count)) {
        // grows with what has arrived, not with what was announced
        all = Arrays.copyOf(all, (int) Math.min(2L * total, 4L * (at + count)));
      }
      tags.of(points, count, all, at);
    }
    return all;
  }

  void sendShares(long[] shares) {
    ByteBuffer body = ByteBuffer.allocate(shares.length * Long.BYTES);
    for (long share : shares) {
      body.putLong(share);
    }
    channel.send(SHARES, body.array());
  }

  /** The sums of the own shares and the peer's. */
  long[] openShares(long[] shares) {
    ByteBuffer body = ByteBuffer.wrap(channel.receiveExactly(SHARES, shares.length * Long.BYTES));
    long[] sums = shares.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += body.getLong();
    }
    return sums;
  }

  /** Both have seen the same, or there is no result. */
  Digest close() {
    Digest transcript = channel.transcript();
    channel.send(CLOSING, transcript.bytes());
    byte[] said = channel.receiveExactly(CLOSING, 32);
    if (!Arrays.equals(said, transcript.bytes())) {
      throw channel.violation("transcript " + transcript, HexFormat.of().formatHex(said));
    }
    return transcript;
  }

  /** A uniform permutation of the numbers from {@code from} to {@code to} (Fisher-Yates). */
  static int[] shuffled(int from, int to, SecureRandom random) {
    int[] order = new int[to - from];
    for (int i = 0; i < order.length; i++) {
      int k = random.nextInt(i + 1);
      order[i] = order[k];
      order[k] = from + i;
    }
    return order;
  }
}
