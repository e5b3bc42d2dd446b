package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A channel that keeps a digest of what it carried in either direction. */
final class Peer {
  private final Channel channel;
  private final String protocol;
  private final MessageDigest sent = Digest.sha256();
  private final MessageDigest received = Digest.sha256();

  /**
   * @param protocol name and version, which the transcript's digest starts with
   */
  Peer(Channel channel, String protocol) {
    this.channel = channel;
    this.protocol = protocol;
  }

  PartyId party() {
    return channel.peer();
  }

  void send(byte tag, byte[] body) {
    note(sent, tag, body);
    channel.send(tag, body);
  }

  byte[] receive(byte tag, int bytesMax) {
    byte[] body = channel.receive(tag, bytesMax);
    note(received, tag, body);
    return body;
  }

  /** This conversation as a channel for a protocol within it, whose tags are moved up. */
  Channel channel(int tagOffset) {
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
        Peer.this.send((byte) (tag + tagOffset), body);
      }

      @Override
      public byte[] receive(byte tag, int bytesMax) {
        return Peer.this.receive((byte) (tag + tagOffset), bytesMax);
      }
    };
  }

  private static void note(MessageDigest digest, byte tag, byte[] body) {
    digest.update(ByteBuffer.allocate(5).put(0, tag).putInt(1, body.length));
    digest.update(body);
  }

  /** The digest of both directions so far; both ends compute the same. */
  Digest transcript() {
    boolean first = channel.self().compareTo(channel.peer()) < 0;
    MessageDigest both = Digest.sha256();
    both.update((protocol + "/pair").getBytes(StandardCharsets.US_ASCII));
    both.update(copy(first ? sent : received));
    both.update(copy(first ? received : sent));
    return new Digest(java.util.HexFormat.of().formatHex(both.digest()));
  }

  private static byte[] copy(MessageDigest digest) {
    try {
      return ((MessageDigest) digest.clone()).digest();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("every JDK's SHA-256 can be cloned", e);
    }
  }

  ProblemException violation(String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, party().value(), expected, found);
  }
}
