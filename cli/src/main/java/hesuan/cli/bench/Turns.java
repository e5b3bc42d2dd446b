package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;

/**
 * Many parties in one process, each on its own thread, of which one computes at a time: a party
 * gives its turn away when it waits. What a party's turns last is what its work would last on a
 * machine of its own.
 */
final class Turns {
  /** Messages under way in one direction; more wait, and so does their memory. */
  private static final int MESSAGES = 2;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private record Waiting(int order, Semaphore turn) {}

  private final PriorityQueue<Waiting> waiting =
      new PriorityQueue<>(Comparator.comparingInt(Waiting::order));
  private boolean taken;

  private void take(int order) {
    Semaphore mine;
    synchronized (waiting) {
      if (!taken) {
        taken = true;
        return;
      }
      mine = new Semaphore(0);
      waiting.add(new Waiting(order, mine));
    }
    mine.acquireUninterruptibly();
  }

  private void give() {
    synchronized (waiting) {
      Waiting next = waiting.poll();
      if (next == null) {
        taken = false;
      } else {
        next.turn.release();
      }
    }
  }

  /** Of one party in one run; used by its thread only. */
  final class Turn {
    private final int order;
    private long nanos;
    private long cpuNanos;
    private long began;
    private long cpuBegan;

    /**
     * @param order who comes first when several can go on. What waits to be read takes memory, so
     *     that should be the party that reads from all.
     */
    Turn(int order) {
      this.order = order;
    }

    void begin() {
      take(order);
      began = System.nanoTime();
      cpuBegan = THREADS.getCurrentThreadCpuTime();
    }

    void end() {
      nanos += System.nanoTime() - began;
      cpuNanos += THREADS.getCurrentThreadCpuTime() - cpuBegan;
      give();
    }

    long nanos() {
      return nanos;
    }

    /** Of this thread, not of workers that it lends. */
    long cpuNanos() {
      return cpuNanos;
    }
  }

  private record Message(byte tag, byte[] body) {}

  /** One party's end of a pair. */
  static final class End implements Channel {
    private static final Message CLOSED = new Message((byte) 0, new byte[0]);

    private final PartyId self;
    private final PartyId peer;
    private final Turn turn;
    private final BlockingQueue<Message> incoming;
    private final BlockingQueue<Message> outgoing;
    private long bytesSent;
    private long bytesReceived;

    private End(
        PartyId self,
        PartyId peer,
        Turn turn,
        BlockingQueue<Message> incoming,
        BlockingQueue<Message> outgoing) {
      this.self = self;
      this.peer = peer;
      this.turn = turn;
      this.incoming = incoming;
      this.outgoing = outgoing;
    }

    static End[] pair(PartyId a, Turn turnOfA, PartyId b, Turn turnOfB) {
      BlockingQueue<Message> toA = new ArrayBlockingQueue<>(MESSAGES);
      BlockingQueue<Message> toB = new ArrayBlockingQueue<>(MESSAGES);
      return new End[] {new End(a, b, turnOfA, toA, toB), new End(b, a, turnOfB, toB, toA)};
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
      bytesSent += body.length + 1;
      put(new Message(tag, body));
    }

    private void put(Message message) {
      if (outgoing.offer(message)) {
        return;
      }
      turn.end();
      try {
        outgoing.put(message);
      } catch (InterruptedException e) {
        throw interrupted();
      } finally {
        turn.begin();
      }
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      Message message = take();
      if (message.equals(CLOSED)) {
        throw new ProblemException(ErrorCode.PEER_SILENT, peer.value(), "a message", "none");
      }
      if (message.tag != tag || message.body.length > bytesMax) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION,
            peer.value(),
            "tag " + tag + " of at most " + bytesMax + " bytes",
            "tag " + message.tag + " of " + message.body.length + " bytes");
      }
      bytesReceived += message.body.length + 1;
      return message.body;
    }

    private Message take() {
      Message message = incoming.poll();
      if (message != null) {
        return message;
      }
      turn.end();
      try {
        return incoming.take();
      } catch (InterruptedException e) {
        throw interrupted();
      } finally {
        turn.begin();
      }
    }

    private ProblemException interrupted() {
      Thread.currentThread().interrupt();
      return new ProblemException(ErrorCode.CANCELLED, peer.value(), "a message", "interrupted");
    }

    /** The peer hears that this party is gone. */
    void close() {
      put(CLOSED);
    }

    long bytesSent() {
      return bytesSent;
    }

    long bytesReceived() {
      return bytesReceived;
    }
  }
}
