package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.HexFormat;

/** A channel whose messages have exactly the length that the receiver knows beforehand. */
public final class Peer {
  static final byte OPENING = 1;
  static final byte BASE_KEY = 2;
  static final byte BASE_POINTS = 3;
  static final byte SEED_SUMS = 4;
  static final byte CORRECTIONS = 5;
  static final byte SHORT_CHALLENGE = 6;
  static final byte SHORT_ANSWER = 7;
  static final byte TREES = 8;
  static final byte TREE_CHALLENGE = 9;
  static final byte TREE_ANSWER = 10;

  private final Channel channel;

  public Peer(Channel channel) {
    this.channel = channel;
  }

  public void send(byte tag, byte[] body) {
    for (int from = 0; from < body.length; from += Channel.MESSAGE_BYTES_MAX) {
      int to = Math.min(body.length, from + Channel.MESSAGE_BYTES_MAX);
      channel.send(tag, from == 0 && to == body.length ? body : Arrays.copyOfRange(body, from, to));
    }
  }

  /** A body of that many bytes, in as many messages as it takes. */
  public byte[] receive(byte tag, int bytes) {
    byte[] whole = bytes <= Channel.MESSAGE_BYTES_MAX ? new byte[0] : new byte[bytes];
    for (int from = 0; from < bytes; from += Channel.MESSAGE_BYTES_MAX) {
      int length = Math.min(bytes - from, Channel.MESSAGE_BYTES_MAX);
      byte[] part = channel.receive(tag, length);
      if (part.length != length) {
        throw violation("tag " + tag + " of " + length + " bytes", part.length + " bytes");
      }
      if (whole.length == 0) {
        return part;
      }
      System.arraycopy(part, 0, whole, from, length);
    }
    return whole;
  }

  /** Both say which parameters they hold and in which role, and go on only if these agree. */
  public void open(byte[] ours, byte[] expected) {
    send(OPENING, ours);
    byte[] theirs = receive(OPENING, expected.length);
    if (!Arrays.equals(expected, theirs)) {
      throw violation(
          "opening " + HexFormat.of().formatHex(expected), HexFormat.of().formatHex(theirs));
    }
  }

  public ProblemException violation(String expected, String found) {
    return new ProblemException(
        ErrorCode.PROTOCOL_VIOLATION, channel.peer().value(), expected, found);
  }
}
