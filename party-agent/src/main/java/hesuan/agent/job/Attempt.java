package hesuan.agent.job;

import hesuan.agent.Members;
import hesuan.agent.budget.Witnesses;
import hesuan.agent.step.KeptPeople;
import hesuan.agent.step.Output;
import hesuan.agent.step.StepContext;
import hesuan.agent.step.StepResult;
import hesuan.agent.step.Steps;
import hesuan.channel.Channel;
import hesuan.job.PartyJobEvent;
import hesuan.transport.Link;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt of one job at this party, from the first connection to the last delivery, told as one
 * story. Whatever ends it early is told to the other parties and to the coordinator.
 */
final class Attempt implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
  private static final String RELEASE = "release";
  private static final String BUDGET = "budget";

  private final JobEntry entry;
  private final int attempt;
  private final PartyId self;
  private final JobDriver driver;
  private final JobBook book;
  private final Members members;
  private final Witnesses witnesses;
  private final Steps steps;
  private final Release release;
  private final PeopleFiles people;
  private final BucketFiles buckets;
  private final Attempts.Links links;
  private final Map<PartyId, Link> open = new TreeMap<>();

  Attempt(
      JobEntry entry,
      int attempt,
      PartyId self,
      JobDriver driver,
      JobBook book,
      Members members,
      Witnesses witnesses,
      Steps steps,
      Release release,
      PeopleFiles people,
      BucketFiles buckets,
      Attempts.Links links) {
    this.entry = entry;
    this.attempt = attempt;
    this.self = self;
    this.driver = driver;
    this.book = book;
    this.members = members;
    this.witnesses = witnesses;
    this.steps = steps;
    this.release = release;
    this.people = people;
    this.buckets = buckets;
    this.links = links;
  }

  @Override
  public void run() {
    try {
      driver.feed(entry.id(), new PartyJobEvent.Begun(attempt), JobDriver.Rows.NONE);
      witnesses.requireKept();
      connect();
      compareBudgets();
      StepResult result = runSteps();
      PeopleFiles.Sealed sealed = seal(result);
      if (result.output() != null) {
        leadRelease(result.output(), sealed);
      } else {
        followRelease(sealed);
      }
      LOG.info(
          "attempt {} of {} sent {} bytes",
          attempt,
          entry.id(),
          open.values().stream().mapToLong(Link::bytesSent).sum());
      open.values().forEach(Link::close);
    } catch (ProblemException e) {
      fail(e.problem().code() == ErrorCode.CANCELLED ? stopped() : e.problem());
    } catch (InterruptedException e) {
      fail(stopped());
    } catch (Exception e) {
      LOG.error("attempt {} of {} failed", attempt, entry.id(), e);
      fail(
          Thread.currentThread().isInterrupted()
              ? stopped()
              : new Problem(
                  ErrorCode.INTERNAL,
                  self.value(),
                  "a step to its end",
                  "a defect; see the agent's log"));
    }
  }

  /**
   * By the agent's own end, which another attempt cures; whatever else stops an attempt is stored
   * before.
   */
  private Problem stopped() {
    return new Problem(
        ErrorCode.RESTARTED, self.value(), "an attempt in one run", "the attempt was stopped");
  }

  /**
   * All at once: each side waits for the other, and three parties wait in different orders. The
   * first that fails, or an interrupt, ends the waiting for the others.
   */
  private void connect() throws InterruptedException {
    ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor();
    CompletionService<Link> dialling = new ExecutorCompletionService<>(pool);
    Map<PartyId, Future<Link>> dialled = new TreeMap<>();
    try {
      for (PartyId peer : entry.plan().parties()) {
        if (!peer.equals(self)) {
          dialled.put(peer, dialling.submit(() -> links.open(entry, attempt, peer)));
        }
      }
      for (int done = 0; done < dialled.size(); done++) {
        Future<Link> next = dialling.take();
        if (next.state() == Future.State.FAILED) {
          throw next.exceptionNow() instanceof ProblemException problem
              ? problem
              : new ProblemException(
                  ErrorCode.INTERNAL,
                  self.value(),
                  "a connection",
                  String.valueOf(next.exceptionNow()));
        }
      }
    } finally {
      pool.shutdownNow();
      pool.close();
      dialled.forEach(
          (peer, link) -> {
            if (link.state() == Future.State.SUCCESS) {
              open.put(peer, link.resultNow());
            }
          });
    }
  }

  /**
   * Everyone has everyone's charge on its disk, and nobody has forgotten one, before a step runs.
   */
  private void compareBudgets() {
    Map<PartyId, Channel> channels = new TreeMap<>();
    open.forEach((peer, link) -> channels.put(peer, link.channel(BUDGET)));
    channels.values().forEach(witnesses::say);
    channels.forEach(
        (peer, channel) -> witnesses.hear(channel, members.pinned(entry.contract(), peer)));
  }

  /** What the last step left, which is the one that has an output. */
  private StepResult runSteps() throws Exception {
    StepContext context =
        new StepContext(
            self,
            entry.plan(),
            attempt,
            java.util.Objects.requireNonNull(entry.noiseSeed(), "charged without a seed"),
            buckets.of(entry.id()),
            (peer, name) -> open.get(peer).channel(name));
    StepResult last = null;
    for (Plan.Step step : entry.plan().steps()) {
      StepResult result = steps.run(step, context);
      book.transcript(entry.id(), attempt, step.name(), result.transcript());
      driver.feed(
          entry.id(), new PartyJobEvent.StepDone(attempt, step.name()), JobDriver.Rows.NONE);
      last = result;
    }
    return java.util.Objects.requireNonNull(last, "a plan without steps");
  }

  private PeopleFiles.@Nullable Sealed seal(StepResult result) {
    try (KeptPeople kept = result.people()) {
      return kept == null
          ? null
          : people.seal(entry.id(), attempt, entry.plan().outputs().getFirst().name(), kept);
    }
  }

  private void leadRelease(Output output, PeopleFiles.@Nullable Sealed sealed) {
    Map<PartyId, Channel> channels = new TreeMap<>();
    open.forEach((peer, link) -> channels.put(peer, link.channel(RELEASE)));
    release.lead(entry, attempt, output, sealed, channels);
    for (PartyId receiver : receivers()) {
      release.deliver(entry, channels.get(receiver));
    }
  }

  private void followRelease(PeopleFiles.@Nullable Sealed sealed) {
    Channel leader = open.get(entry.plan().leader()).channel(RELEASE);
    release.answer(entry, attempt, sealed, leader);
    if (receivers().contains(self)) {
      release.receive(entry, leader);
    }
  }

  private List<PartyId> receivers() {
    return entry.facts().receivers().stream()
        .filter(p -> !p.equals(entry.plan().leader()))
        .toList();
  }

  private void fail(Problem problem) {
    LOG.warn("attempt {} of {}: {}", attempt, entry.id(), problem.sentence(false));
    open.values().forEach(link -> link.fail(problem));
    Thread.interrupted(); // what follows must reach the disk even when this attempt was stopped
    driver.feed(entry.id(), new PartyJobEvent.Trouble(attempt, problem), JobDriver.Rows.NONE);
  }

  /** A result that was stored, but whose receiver was not reached then. */
  static Runnable delivery(
      JobEntry entry, PartyId self, PartyId receiver, Release release, Attempts.Links links) {
    return () -> {
      PartyId peer = self.equals(receiver) ? entry.plan().leader() : receiver;
      try (Link link = links.open(entry, 0, peer)) {
        Channel channel = link.channel("delivery");
        if (self.equals(receiver)) {
          release.receive(entry, channel);
        } else {
          release.deliver(entry, channel);
        }
      } catch (ProblemException e) {
        LOG.info("{} not delivered to {} yet: {}", entry.id(), receiver, e.getMessage());
      }
    };
  }
}
