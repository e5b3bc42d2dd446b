package hesuan.coordinator.control;

import hesuan.control.ToAgent;
import hesuan.coordinator.schedule.Line;
import hesuan.transport.AgentLine;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The connected agents and what is still to be said to each. A message waits under its key until
 * the line takes it, so a slow agent costs one entry for each thing it has to know, never a growing
 * queue; what is lost with a line is said again by whoever sent it. Thread-safe.
 */
public final class Lines implements Line {
  private final Map<PartyId, Post> posts = new ConcurrentHashMap<>();
  private final Map<PartyId, Gone> gone = new ConcurrentHashMap<>();
  private final Clock clock;
  private final long startMillis;

  private record Gone(long sinceMillis, Problem why) {}

  public Lines(Clock clock) {
    this.clock = clock;
    this.startMillis = clock.millis();
  }

  void opened(AgentLine line) {
    Post post = new Post(line);
    Post before = posts.put(line.party(), post);
    if (before != null) {
      before.end();
    }
    post.thread.start();
  }

  /** The end of a line that a newer one may have replaced already. */
  void closed(AgentLine line, Problem why) {
    Post post = posts.get(line.party());
    if (post != null && post.line.equals(line) && posts.remove(line.party(), post)) {
      gone.put(line.party(), new Gone(clock.millis() - line.silentMillis(), why));
      post.end();
    }
  }

  @Override
  public boolean connected(PartyId party) {
    return posts.containsKey(party);
  }

  @Override
  public long goneSinceMillis(PartyId party) {
    Gone last = gone.get(party);
    return last == null ? startMillis : last.sinceMillis;
  }

  @Override
  public Problem whyGone(PartyId party) {
    Gone last = gone.get(party);
    return last == null
        ? new Problem(
            ErrorCode.PEER_UNREACHABLE, party.value(), "connected to the coordinator", "not yet")
        : last.why;
  }

  @Override
  public void send(PartyId to, String key, Supplier<ToAgent> message) {
    Post post = posts.get(to);
    if (post != null) {
      post.put(key, message);
    }
  }

  /** To everyone who is connected. */
  void broadcast(String key, Supplier<ToAgent> message) {
    posts.values().forEach(post -> post.put(key, message));
  }

  /** Clock of the agent minus ours, as its heartbeats show. */
  public @Nullable Long clockSkewMillis(PartyId party) {
    Post post = posts.get(party);
    return post == null ? null : post.line.clockSkewMillis();
  }

  private static final class Post {
    private final AgentLine line;
    private final Map<String, Supplier<ToAgent>> waiting = new LinkedHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition some = lock.newCondition();
    private final Thread thread;

    Post(AgentLine line) {
      this.line = line;
      this.thread = Thread.ofVirtual().name("post-" + line.party()).unstarted(this::work);
    }

    void put(String key, Supplier<ToAgent> message) {
      lock.lock();
      try {
        waiting.put(key, message);
        some.signal();
      } finally {
        lock.unlock();
      }
    }

    private void work() {
      try {
        while (line.send(take().get())) {
          // one after the other until the line is down
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private Supplier<ToAgent> take() throws InterruptedException {
      lock.lockInterruptibly();
      try {
        while (waiting.isEmpty()) {
          some.await();
        }
        String first = waiting.keySet().iterator().next();
        return java.util.Objects.requireNonNull(waiting.remove(first));
      } finally {
        lock.unlock();
      }
    }

    void end() {
      thread.interrupt();
    }
  }
}
