package hesuan.channel;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A channel that keeps a digest of what it carried in either direction. */
public final class RecordedChannel implements Channel {
  private final Channel channel;
  private final String protocol;
  private final MessageDigest sent = Digest.sha256();
  private final MessageDigest received = Digest.sha256();

  /**
   * @param protocol name and version, which the transcript's digest starts with
   */
  public RecordedChannel(Channel channel, String protocol) {
    this.channel = channel;
    this.protocol = protocol;
  }

  @Override
  public PartyId self() {
    return channel.self();
  }

  @Override
  public PartyId peer() {
    return channel.peer();
  }

  @Override
  public void send(byte tag, byte[] body) {
    note(sent, tag, body);
    channel.send(tag, body);
  }

  @Override
  public byte[] receive(byte tag, int bytesMax) {
    byte[] body = channel.receive(tag, bytesMax);
    note(received, tag, body);
    return body;
  }

  /** A message of exactly that length. */
  public byte[] receiveExactly(byte tag, int bytes) {
    byte[] body = receive(tag, bytes);
    if (body.length != bytes) {
      throw violation("a body of " + bytes + " bytes", "" + body.length);
    }
    return body;
  }

  /** This conversation as a channel for a protocol within it, whose tags are moved up. */
  public Channel within(int tagOffset) {
    return new Channel() {
      @Override
      public PartyId self() {
        return channel.self();
      }

      @Override
      public PartyId peer() {
        return channel.peer();
      }

      @Override
      public void send(byte tag, byte[] body) {
        RecordedChannel.this.send((byte) (tag + tagOffset), body);
      }

      @Override
      public byte[] receive(byte tag, int bytesMax) {
        return RecordedChannel.this.receive((byte) (tag + tagOffset), bytesMax);
      }
    };
  }

  private static void note(MessageDigest digest, byte tag, byte[] body) {
    digest.update(ByteBuffer.allocate(5).put(0, tag).putInt(1, body.length));
    digest.update(body);
  }

  /** The digest of both directions so far; both ends compute the same. */
  public Digest transcript() {
    boolean first = self().compareTo(peer()) < 0;
    MessageDigest both = Digest.sha256();
    both.update((protocol + "/pair").getBytes(StandardCharsets.US_ASCII));
    both.update(copy(first ? sent : received));
    both.update(copy(first ? received : sent));
    return new Digest(HexFormat.of().formatHex(both.digest()));
  }

  private static byte[] copy(MessageDigest digest) {
    try {
      return ((MessageDigest) digest.clone()).digest();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("every JDK's SHA-256 can be cloned", e);
    }
  }

  public ProblemException violation(String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, peer().value(), expected, found);
  }
}
