package hesuan.transport;

import hesuan.channel.Channel;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One step's channel over a {@link Link}: a stream in each direction, joined by the step's name.
 * Each direction holds at most {@link #WINDOW_BYTES} that its reader has not taken.
 */
public final class LinkChannel implements Channel, AutoCloseable {
  /** What a sender may have under way; holds the largest message, and a fast link's round trip. */
  static final int WINDOW_BYTES = 8 << 20;

  /** As much before the other side has opened the step as well: running ahead costs it little. */
  static final int EARLY_BYTES = 64 << 10;

  /** Charged for a message besides its body, so that many empty ones are bounded as well. */
  static final int MESSAGE_OVERHEAD_BYTES = 64;

  /** Credit is given back in lots, to spare frames; small enough never to starve the sender. */
  private static final int CREDIT_LOT_BYTES = WINDOW_BYTES / 8;

  private record Message(byte tag, byte[] body) {}

  private final Link link;
  private final String step;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private final Deque<Message> arrived = new ArrayDeque<>();
  private int outId;
  private int inId;
  private long sendCredit = EARLY_BYTES;
  private long receiveCredit = EARLY_BYTES;
  private int takenBytes;
  private boolean peerEnded;
  private boolean closed;
  private long bytesSent;
  private long bytesReceived;

  LinkChannel(Link link, String step) {
    this.link = link;
    this.step = step;
  }

  public String step() {
    return step;
  }

  @Override
  public PartyId self() {
    return link.self();
  }

  @Override
  public PartyId peer() {
    return link.peer();
  }

  /** Bodies and tags sent so far. */
  public long bytesSent() {
    lock.lock();
    try {
      return bytesSent;
    } finally {
      lock.unlock();
    }
  }

  public long bytesReceived() {
    lock.lock();
    try {
      return bytesReceived;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void send(byte tag, byte[] body) {
    if (body.length > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException("message of " + body.length + " bytes");
    }
    int cost = body.length + MESSAGE_OVERHEAD_BYTES;
    lock.lock();
    try {
      checkSendable();
      while (sendCredit < cost) {
        changed.await();
        checkSendable();
      }
      sendCredit -= cost;
      bytesSent += body.length + 1;
      link.writeData(outId, tag, body); // inside the lock: two senders' frames keep their order
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public byte[] receive(byte tag, int bytesMax) {
    Message message = next();
    if (message.tag != tag || message.body.length > bytesMax) {
      throw link.violated(
              step + ": tag " + tag + " of at most " + bytesMax + " bytes",
              "tag " + message.tag + " of " + message.body.length + " bytes")
          .asException();
    }
    return message.body;
  }

  private Message next() {
    lock.lock();
    try {
      while (arrived.isEmpty()) {
        checkOpen("a message in " + step);
        if (peerEnded || link.peerLeft()) {
          throw peerHasLeft();
        }
        changed.await();
      }
      checkOpen("a message in " + step);
      Message message = arrived.remove();
      taken(message.body.length + MESSAGE_OVERHEAD_BYTES);
      return message;
    } catch (InterruptedException e) {
      throw interrupted();
    } finally {
      lock.unlock();
    }
  }

  private void taken(int cost) {
    takenBytes += cost;
    if (takenBytes >= CREDIT_LOT_BYTES && !peerEnded) {
      receiveCredit += takenBytes;
      link.writeCredit(inId, takenBytes);
      takenBytes = 0;
    }
  }

  private void checkOpen(String expected) {
    Problem failure = link.failure();
    if (failure != null) {
      throw failure.asException();
    }
    if (closed) {
      throw new ProblemException(
          ErrorCode.CANCELLED, peer().value(), expected, "closed by this side");
    }
  }

  private void checkSendable() {
    checkOpen("a reader of " + step);
    if (link.peerLeft()) {
      throw peerHasLeft();
    }
  }

  private ProblemException peerHasLeft() {
    return new ProblemException(
        ErrorCode.PEER_FAILED, peer().value(), "step " + step + " to go on", "the peer has left");
  }

  private ProblemException interrupted() {
    Thread.currentThread().interrupt();
    return new ProblemException(
        ErrorCode.CANCELLED, peer().value(), "step " + step + " to go on", "interrupted");
  }

  /** Nothing more is sent or wanted here; what still comes is dropped. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      link.writeEnd(outId);
      while (!arrived.isEmpty()) {
        taken(arrived.remove().body.length + MESSAGE_OVERHEAD_BYTES);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // From here on: called by the link, on its event loop unless said otherwise.

  /** On the thread that opens the step here; false if it has been opened before. */
  boolean openedHere(int id) {
    lock.lock();
    try {
      if (outId != 0) {
        return false;
      }
      outId = id;
      openedByBoth();
      return true;
    } finally {
      lock.unlock();
    }
  }

  boolean openedThere(int id) {
    lock.lock();
    try {
      if (inId != 0) {
        return false;
      }
      inId = id;
      openedByBoth();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** From here on the whole window is good. */
  private void openedByBoth() {
    if (outId != 0 && inId != 0) {
      receiveCredit += WINDOW_BYTES - EARLY_BYTES;
      link.writeCredit(inId, WINDOW_BYTES - EARLY_BYTES);
    }
  }

  boolean isOpenHere() {
    lock.lock();
    try {
      return outId != 0;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a message of that size keeps to the window; takes its place in it if so. */
  boolean admits(int bodyBytes) {
    lock.lock();
    try {
      int cost = bodyBytes + MESSAGE_OVERHEAD_BYTES;
      if (peerEnded || receiveCredit < cost) {
        return false;
      }
      receiveCredit -= cost;
      return true;
    } finally {
      lock.unlock();
    }
  }

  void arrived(byte tag, byte[] body) {
    lock.lock();
    try {
      bytesReceived += body.length + 1;
      if (closed) {
        taken(body.length + MESSAGE_OVERHEAD_BYTES);
      } else {
        arrived.add(new Message(tag, body));
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the credit is one that the peer could owe. */
  boolean credited(int bytes) {
    lock.lock();
    try {
      if (bytes <= 0 || sendCredit + bytes > WINDOW_BYTES) {
        return false;
      }
      sendCredit += bytes;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it had not ended before. */
  boolean endedThere() {
    lock.lock();
    try {
      boolean first = !peerEnded;
      peerEnded = true;
      changed.signalAll();
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** The link's state has changed: whoever waits looks again. */
  void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
