package hesuan.agent.job;

import hesuan.agent.Members;
import hesuan.agent.budget.Witnesses;
import hesuan.agent.step.Steps;
import hesuan.evidence.SigningKeys;
import hesuan.job.JobVerdict;
import hesuan.job.PartyJobState;
import hesuan.transport.Link;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * The attempts that run now, each on a virtual thread of its own; and deliveries of results that a
 * broken attempt left over.
 */
public final class Attempts {
  private record Running(int attempt, Thread thread) {}

  private final Map<JobId, Running> running = new ConcurrentHashMap<>();
  private final Map<JobId, Thread> delivering = new ConcurrentHashMap<>();
  private final PartyId self;
  private final JobBook book;
  private final Members members;
  private final Witnesses witnesses;
  private final Steps steps;
  private final PeopleFiles people;
  private final BucketFiles buckets;
  private final Links links;
  private final Function<JobDriver, Release> releases;
  private final AtomicReference<JobDriver> driver = new AtomicReference<>();

  /** The way to another agent, for one attempt of one job; attempt 0 is for late deliveries. */
  public interface Links {
    Link open(JobEntry entry, int attempt, PartyId peer);
  }

  public Attempts(
      SigningKeys keys,
      JobBook book,
      Admission admission,
      Receipts receipts,
      Members members,
      Witnesses witnesses,
      Steps steps,
      PeopleFiles people,
      BucketFiles buckets,
      Links links) {
    this.self = keys.party();
    this.book = book;
    this.members = members;
    this.witnesses = witnesses;
    this.steps = steps;
    this.people = people;
    this.buckets = buckets;
    this.links = links;
    this.releases = d -> new Release(keys, d, book, admission, receipts, members, people);
  }

  /** Attempts feed the driver, which starts attempts: so it is named once both exist. */
  void drivenBy(JobDriver theDriver) {
    driver.set(theDriver);
  }

  /** Unless it runs already. */
  void run(JobEntry entry, int attempt) {
    running.compute(
        entry.id(),
        (job, now) -> {
          if (now != null && now.attempt == attempt) {
            return now;
          }
          if (now != null) {
            now.thread.interrupt();
          }
          JobDriver feeds = driver.get();
          Runnable steps =
              new Attempt(
                  entry,
                  attempt,
                  self,
                  feeds,
                  book,
                  members,
                  witnesses,
                  this.steps,
                  releases.apply(feeds),
                  people,
                  buckets,
                  links);
          Thread thread =
              Thread.ofVirtual()
                  .name(job + "-" + attempt)
                  .unstarted(
                      () -> {
                        try {
                          steps.run();
                        } finally {
                          running.computeIfPresent(job, (_, r) -> r.attempt == attempt ? null : r);
                        }
                      });
          thread.start();
          return new Running(attempt, thread);
        });
  }

  public void stop(JobId job, int attempt) {
    Running now = running.get(job);
    if (now != null && now.attempt <= attempt) {
      now.thread.interrupt();
    }
  }

  /** A running attempt delivers by itself. */
  void deliver(JobEntry entry, PartyId receiver) {
    if (!running.containsKey(entry.id())) {
      delivering.computeIfAbsent(
          entry.id(),
          job ->
              Thread.ofVirtual()
                  .name(job + "-delivery")
                  .start(
                      () -> {
                        try {
                          Attempt.delivery(
                                  entry, self, receiver, releases.apply(driver.get()), links)
                              .run();
                        } finally {
                          delivering.remove(job);
                        }
                      }));
    }
  }

  /** Whether this party should be asking the leader for a result that it missed. */
  boolean missesResult(JobEntry entry) {
    boolean receives =
        !self.equals(entry.plan().leader()) && entry.facts().receivers().contains(self);
    return receives
        && switch (entry.state()) {
          case PartyJobState.Settled settled ->
              settled.verdict() == JobVerdict.DONE && settled.received() == null;
          case PartyJobState.Released released -> released.received() == null;
          case PartyJobState.Considered _,
              PartyJobState.Admitted _,
              PartyJobState.Declined _,
              PartyJobState.Charged _,
              PartyJobState.Running _,
              PartyJobState.AwaitingRelease _ ->
              false;
        };
  }

  /** A job that ended without a release leaves no list of people. */
  void dropPeople(JobId job) {
    people.drop(job);
  }

  /** A job that is settled has no further attempt. */
  void dropBuckets(JobId job) {
    buckets.drop(job);
  }

  public void stopAll() {
    running.values().forEach(r -> r.thread.interrupt());
    delivering.values().forEach(Thread::interrupt);
  }
}
