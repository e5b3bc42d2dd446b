package hesuan.channel;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Both ends of a channel in one process: for tests, the simulator and in-process benches. */
public final class MemoryChannel implements Channel {
  private record Message(byte tag, byte[] body, boolean last) {}

  private static final Message CLOSED = new Message((byte) 0, new byte[0], true);
  private static final long SILENCE_MILLIS = 60_000;

  private final PartyId self;
  private final PartyId peer;
  private final BlockingQueue<Message> incoming;
  private final BlockingQueue<Message> outgoing;
  private final AtomicLong bytesSent = new AtomicLong();

  private MemoryChannel(
      PartyId self,
      PartyId peer,
      BlockingQueue<Message> incoming,
      BlockingQueue<Message> outgoing) {
    this.self = self;
    this.peer = peer;
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  /** A pair: what {@code [0]} (a's end) sends, {@code [1]} (b's end) receives, and back. */
  public static MemoryChannel[] pair(PartyId a, PartyId b) {
    BlockingQueue<Message> toA = new LinkedBlockingQueue<>();
    BlockingQueue<Message> toB = new LinkedBlockingQueue<>();
    return new MemoryChannel[] {
      new MemoryChannel(a, b, toA, toB), new MemoryChannel(b, a, toB, toA)
    };
  }

  @Override
  public PartyId self() {
    return self;
  }

  @Override
  public PartyId peer() {
    return peer;
  }

  @Override
  public void send(byte tag, byte[] body) {
    if (body.length > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException("message of " + body.length + " bytes");
    }
    bytesSent.addAndGet(body.length);
    outgoing.add(new Message(tag, body.clone(), false));
  }

  @Override
  public byte[] receive(byte tag, int bytesMax) {
    Message message = next();
    if (message.tag != tag || message.body.length > bytesMax) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          peer.value(),
          "tag " + tag + " of at most " + bytesMax + " bytes",
          "tag " + message.tag + " of " + message.body.length + " bytes");
    }
    return message.body;
  }

  private Message next() {
    try {
      Message message = incoming.poll(SILENCE_MILLIS, TimeUnit.MILLISECONDS);
      if (message == null || message.last) {
        throw new ProblemException(ErrorCode.PEER_SILENT, peer.value(), "a message", "none");
      }
      return message;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ErrorCode.CANCELLED, peer.value(), "a message", "interrupted");
    }
  }

  /** Ends the peer's waiting at once, as a lost connection would. */
  public void close() {
    outgoing.add(CLOSED);
  }

  public long bytesSent() {
    return bytesSent.get();
  }
}
