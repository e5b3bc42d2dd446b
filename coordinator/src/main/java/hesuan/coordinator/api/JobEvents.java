package hesuan.coordinator.api;

import hesuan.coordinator.schedule.Job;
import hesuan.coordinator.schedule.Jobs;
import hesuan.coordinator.schedule.Scheduler;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.sse.Event;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Streams of a job's story: what is stored, then what comes, until nothing more can come. One
 * virtual thread a watcher; a watcher that does not read is waited for, so nothing piles up.
 */
@Requires(beans = Federation.class)
@Singleton
final class JobEvents {
  private static final int WATCHERS_MAX = 200;
  private static final Duration HEARTBEAT = Duration.ofSeconds(10);

  private final Jobs jobs;
  private final Scheduler scheduler;
  private final Semaphore places = new Semaphore(WATCHERS_MAX);

  JobEvents(Jobs jobs, Scheduler scheduler) {
    this.jobs = jobs;
    this.scheduler = scheduler;
  }

  Publisher<Event<String>> of(JobId job, long after) {
    return subscriber -> {
      if (!places.tryAcquire()) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, "events", WATCHERS_MAX + " watchers", "more");
      }
      Watch watch = new Watch(job, after, subscriber);
      subscriber.onSubscribe(watch);
      watch.thread.start();
    };
  }

  /** One watcher: permits are what it has asked for and not yet been told. */
  private final class Watch implements Subscription {
    private final JobId job;
    private final Subscriber<? super Event<String>> subscriber;
    private final Semaphore asked = new Semaphore(0);
    private final Thread thread;
    private long told;

    Watch(JobId job, long after, Subscriber<? super Event<String>> subscriber) {
      this.job = job;
      this.told = after;
      this.subscriber = subscriber;
      this.thread = Thread.ofVirtual().name("watch-" + job).unstarted(this::run);
    }

    @Override
    public void request(long count) {
      int room = Integer.MAX_VALUE - asked.availablePermits();
      asked.release((int) Math.min(count, room));
    }

    @Override
    public void cancel() {
      thread.interrupt();
    }

    private void run() {
      try {
        while (!scheduler.isClosed() && !over()) {
          // told what there was; look again
        }
        subscriber.onComplete();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        places.release();
      }
    }

    /** Tells what is new, or waits for it; answers whether nothing more can come. */
    private boolean over() throws InterruptedException {
      long seen = scheduler.changes();
      Job now = jobs.find(job).orElseThrow();
      List<Jobs.Event> fresh = jobs.events(job, told);
      for (Jobs.Event event : fresh) {
        say(
            Event.of(Json.canonicalText(Present.event(event)))
                .id(Long.toString(event.sequence()))
                .name(event.note().what()));
        told = event.sequence();
      }
      if (!fresh.isEmpty()) {
        return false;
      }
      if (now.settled()) {
        return true;
      }
      if (!scheduler.awaitChange(seen, HEARTBEAT)) {
        say(Event.of("").comment("still here"));
      }
      return false;
    }

    private void say(Event<String> event) throws InterruptedException {
      asked.acquire();
      subscriber.onNext(event);
    }
  }
}
