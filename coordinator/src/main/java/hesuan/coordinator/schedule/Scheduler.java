package hesuan.coordinator.schedule;

import hesuan.control.ToAgent;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.record.FederationLog;
import hesuan.job.JobEffect;
import hesuan.job.JobEvent;
import hesuan.job.JobLife;
import hesuan.job.JobState;
import hesuan.job.PartyVerdict;
import hesuan.job.StepHook;
import hesuan.job.Transition;
import hesuan.job.TransitionName;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives every job to its end. One change at a time: read the state, let {@link JobLife} decide,
 * store, then carry out; what was stored and not carried out is carried out after a restart, and
 * everything is said again until the parties have moved on. Safe for many threads.
 */
public final class Scheduler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Scheduler.class);

  /** What else belongs into the transaction of a change. */
  private interface Also {
    void write(Transaction t) throws SQLException;
  }

  private static final Also NOTHING = t -> {};

  /**
   * @param created false when the same submission was accepted before
   */
  public record Submitted(Job job, boolean created) {}

  private final Store store;
  private final Jobs jobs;
  private final Planning planning;
  private final Contracts contracts;
  private final Verdicts verdicts;
  private final Absence absence;
  private final PlanAsks asks;
  private final FederationLog federationLog;
  private final Line line;
  private final Clock clock;
  private final Timing timing;
  private final StepHook hook;
  private final PartyId coordinator;

  private final ReentrantLock turn = new ReentrantLock();
  private final Condition changed = turn.newCondition();
  private final Map<JobId, Job> live = new TreeMap<>();
  private final Map<JobId, List<PartyId>> lastWaiting = new TreeMap<>();
  private final Thread ticker;
  private long changes;
  private volatile boolean closed;

  public Scheduler(
      Store store,
      Jobs jobs,
      Planning planning,
      Contracts contracts,
      Members members,
      FederationLog federationLog,
      Line line,
      Clock clock,
      Timing timing,
      StepHook hook) {
    this.store = store;
    this.jobs = jobs;
    this.planning = planning;
    this.contracts = contracts;
    this.verdicts = new Verdicts(members, contracts);
    this.absence = new Absence(line, clock, timing);
    this.asks = new PlanAsks(planning, line, clock, timing);
    this.federationLog = federationLog;
    this.line = line;
    this.clock = clock;
    this.timing = timing;
    this.hook = hook;
    this.coordinator = federationLog.keys().party();
    this.ticker = Thread.ofVirtual().name("scheduler").unstarted(this::watch);
  }

  /** Takes up every job that a former process left, and watches the time from now on. */
  public void start() {
    recover();
    ticker.start();
  }

  /** Takes up every job that a former process left; a simulation looks at its own time. */
  public void recover() {
    turn.lock();
    try {
      jobs.unsettled().forEach(job -> live.put(job.id(), job));
    } finally {
      turn.unlock();
    }
  }

  @Override
  public void close() {
    closed = true;
    ticker.interrupt();
    try {
      if (ticker.isAlive()) {
        ticker.join(Duration.ofSeconds(2));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    turn.lock();
    try {
      changed.signalAll();
    } finally {
      turn.unlock();
    }
  }

  // ---- what analysts want

  /**
   * Accepts a job, once per submitter and token.
   *
   * @throws ProblemException CONFLICT where the token stands for another spec
   */
  public Submitted submit(PartyId submitter, String by, JobSpec spec) {
    JobId id = JobId.of(submitter, spec.metadata().submitToken());
    Optional<Job> known = jobs.find(id);
    if (known.isPresent()) {
      return again(known.get(), spec);
    }
    Planning.Prepared prepared = planning.prepare(submitter, spec);
    Transition<JobState, JobEffect> first =
        prepared.plan() == null
            ? JobLife.refuse(prepared.refusals())
            : JobLife.propose(hesuan.job.JobFacts.of(prepared.plan()));
    long now = clock.millis();
    Job job =
        new Job(
            id,
            submitter,
            by,
            spec,
            spec.digest(),
            prepared.plan(),
            spec.contract(),
            prepared.policy(),
            first.state(),
            now,
            now + spec.run().deadline().toMillis());
    turn.lock();
    try {
      Optional<Job> raced = jobs.find(id);
      if (raced.isPresent()) {
        return again(raced.get(), spec);
      }
      storeChange(
          job,
          first,
          t -> {
            Jobs.insert(t, job);
            Jobs.tell(t, id, now, JobNote.submitted(job));
          });
      carryOut(id, first.effects());
      return new Submitted(current(id).orElseThrow(), true);
    } finally {
      turn.unlock();
    }
  }

  private static Submitted again(Job known, JobSpec spec) {
    if (!known.specDigest().equals(spec.digest())) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          "metadata.submitToken",
          "the spec submitted before as " + known.id() + ", " + known.specDigest(),
          spec.digest().hex());
    }
    return new Submitted(known, false);
  }

  /** Shows a plan to every party without running it, and waits for what they say. */
  public PlanAsks.Asked ask(PartyId submitter, JobSpec spec) {
    return asks.ask(submitter, spec);
  }

  /** Ends a job at the wish of a party, or of the operator in the coordinator's name. */
  public Job cancel(Optional<PartyId> by, JobId id) {
    change(id, new JobEvent.Cancel(by.orElse(coordinator)), NOTHING);
    return jobs.requireSeen(by, id);
  }

  /** Counts changes of any job, so that a watcher knows what it has not looked at. */
  public long changes() {
    turn.lock();
    try {
      return changes;
    } finally {
      turn.unlock();
    }
  }

  /** Blocks until there are more changes than those, or for that long; answers which. */
  public boolean awaitChange(long seen, Duration atMost) throws InterruptedException {
    turn.lockInterruptibly();
    try {
      long nanos = atMost.toNanos();
      while (!closed && changes == seen && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
      return closed || changes != seen;
    } finally {
      turn.unlock();
    }
  }

  public boolean isClosed() {
    return closed;
  }

  /** Whether two parties have a reason to talk to each other over the relay. */
  public boolean meets(JobId id, PartyId one, PartyId other) {
    return current(id)
        .filter(job -> job.parties().contains(one) && job.parties().contains(other))
        .isPresent();
  }

  // ---- what parties say; who says it comes from the certificate

  public void verdict(PartyId from, hesuan.control.Verdict said) {
    Job job = taking(from, said.getJob());
    PartyVerdict verdict = verdicts.read(job, from, said);
    change(
        job.id(),
        new JobEvent.VerdictGiven(verdict),
        verdict.admitted()
            ? t -> Jobs.countersigned(t, job.id(), from, said.getEnvelope().toByteArray())
            : NOTHING);
  }

  public void step(PartyId from, hesuan.control.StepReport said) {
    Job job = taking(from, said.getJob());
    JobEvent event =
        said.getProblem().isEmpty()
            ? new JobEvent.StepDone(from, said.getAttempt(), said.getStep())
            : new JobEvent.Trouble(
                from, said.getAttempt(), Json.read(said.getProblem().toByteArray(), Problem.class));
    change(job.id(), event, NOTHING);
  }

  public void released(PartyId from, hesuan.control.Released said) {
    Job job = taking(from, said.getJob());
    byte[] release = said.getRelease().toByteArray();
    change(
        job.id(),
        new JobEvent.Released(from, said.getAttempt(), Digest.ofDocument(Json.tree(release))),
        t -> Jobs.released(t, job.id(), from, release));
  }

  /** The statement of a job's receipt is in the federation's log by now. */
  public void receiptTaken(PartyId from, JobId id) {
    change(id, new JobEvent.ReceiptTaken(from), NOTHING);
  }

  public void planVerdict(PartyId from, hesuan.control.PlanVerdict said) {
    asks.answered(from, said);
  }

  /** A party's line is up: it hears at once whatever it may have missed. */
  public void connected(PartyId party) {
    turn.lock();
    try {
      for (Job job : List.copyOf(live.values())) {
        if (job.parties().contains(party)) {
          repeat(job);
        }
      }
    } finally {
      turn.unlock();
    }
  }

  /** A withdrawal takes effect on the next step of running jobs: they have none. */
  public void withdrawn(PartyId by, ProductRef ref) {
    endWhere(
        by,
        ref.toString(),
        job -> job.requirePlan().products().stream().anyMatch(pin -> pin.ref().equals(ref)));
  }

  public void withdrawn(PartyId by, ContractId contract) {
    endWhere(by, contract.value(), job -> job.contract().equals(contract));
  }

  private interface Which {
    boolean test(Job job);
  }

  private void endWhere(PartyId by, String what, Which which) {
    turn.lock();
    try {
      for (Job job : List.copyOf(live.values())) {
        if (!job.ended() && which.test(job)) {
          PartyId voice = job.parties().contains(by) ? by : job.parties().getFirst();
          change(
              job.id(),
              new JobEvent.VerdictGiven(
                  new PartyVerdict(voice, List.of(Planning.withdrawn(by, what)))),
              NOTHING);
        }
      }
    } finally {
      turn.unlock();
    }
  }

  private Job taking(PartyId from, String id) {
    return current(new JobId(id))
        .filter(job -> job.plan() != null && job.parties().contains(from))
        .orElseThrow(
            () -> new ProblemException(ErrorCode.UNKNOWN_JOB, "job", "a job of " + from, id));
  }

  // ---- one change

  private Optional<Job> current(JobId id) {
    turn.lock();
    try {
      Job job = live.get(id);
      return job != null ? Optional.of(job) : jobs.find(id);
    } finally {
      turn.unlock();
    }
  }

  private void change(JobId id, JobEvent event, Also also) {
    turn.lock();
    try {
      Job job = current(id).orElse(null);
      if (job == null) {
        return;
      }
      Transition<JobState, JobEffect> next = JobLife.step(job.facts(), job.state(), event);
      TransitionName name = next.name();
      if (name != null) {
        Job after = job.with(next.state());
        storeChange(
            after,
            next,
            t -> {
              Jobs.update(t, after);
              Jobs.tell(t, id, clock.millis(), JobNote.of(after, name, event));
              also.write(t);
            });
      }
      carryOut(id, next.effects());
    } finally {
      turn.unlock();
    }
  }

  /** Stored before anything is done about it; the hook may end the process on either side. */
  private void storeChange(Job after, Transition<JobState, JobEffect> next, Also writes) {
    if (next.name() == null) {
      throw new IllegalArgumentException("no change");
    }
    hook.at(next.name().before());
    store.inTransaction(
        next.name().name(),
        t -> {
          writes.write(t);
          return true;
        });
    if (after.settled()) {
      live.remove(after.id());
      lastWaiting.remove(after.id());
    } else {
      live.put(after.id(), after);
    }
    tellWatchers();
    log.info("{} {}: {}", after.id(), next.name(), after.stateName());
    hook.at(next.name().after());
  }

  private void tellWatchers() {
    changes++;
    changed.signalAll();
  }

  // ---- effects; each may be carried out again

  private void carryOut(JobId id, List<JobEffect> effects) {
    for (JobEffect effect : effects) {
      Job job = current(id).orElseThrow();
      switch (effect) {
        case JobEffect.Propose(PartyId to) -> propose(job, to);
        case JobEffect.AwaitParties _ -> beginWhenAllAreThere(job);
        case JobEffect.Start(PartyId to, int attempt) ->
            line.send(
                to,
                "start " + id,
                () -> Messages.start(id, attempt, jobs.countersignatures(id).values()));
        case JobEffect.Interrupt(PartyId to, int attempt, Problem problem) ->
            line.send(to, "interrupt " + id, () -> Messages.interrupt(id, attempt, problem));
        case JobEffect.Settle(PartyId to, var verdict, var problem) ->
            line.send(to, "settle " + id, () -> Messages.settle(id, verdict, problem));
        case JobEffect.WriteReceipt _ -> writeReceipt(job);
      }
    }
  }

  private void propose(Job job, PartyId to) {
    Plan plan = job.requirePlan();
    line.send(
        to,
        "propose " + job.id(),
        () ->
            ToAgent.newBuilder()
                .setPropose(planning.proposal(job.id(), job.spec(), plan, job.deadlineMillis()))
                .build());
  }

  private void beginWhenAllAreThere(Job job) {
    List<PartyId> missing = absence.notConnected(job);
    noteWaiting(job, missing);
    if (missing.isEmpty()) {
      change(job.id(), new JobEvent.Begin(), NOTHING);
    }
  }

  /** Whoever watches is told, once for the same parties. */
  private void noteWaiting(Job job, List<PartyId> missing) {
    if (missing.isEmpty()) {
      lastWaiting.remove(job.id());
    } else if (!missing.equals(lastWaiting.put(job.id(), missing))) {
      Problem why = absence.why(missing.getFirst());
      store.inTransaction(
          "note waiting",
          t -> {
            Jobs.tell(t, job.id(), clock.millis(), JobNote.waiting(job, missing, why));
            return true;
          });
      tellWatchers();
    }
  }

  private void writeReceipt(Job job) {
    if (!(job.state() instanceof JobState.Ended ended) || ended.receipts().written()) {
      return;
    }
    federationLog.say(
        "receipt " + job.id(),
        previous ->
            OwnReceipt.of(
                job,
                ended,
                coordinator,
                contracts.require(job.contract()).digest(),
                clock.instant().getEpochSecond(),
                previous.orElse(null)));
    change(job.id(), new JobEvent.ReceiptWritten(), NOTHING);
  }

  // ---- time

  private void watch() {
    long repeatedMillis = 0;
    while (!closed) {
      try {
        boolean repeat = clock.millis() - repeatedMillis >= timing.repeat().toMillis();
        if (repeat) {
          repeatedMillis = clock.millis();
        }
        look(repeat);
        Thread.sleep(timing.look());
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        log.error("scheduler look failed; it looks again", e);
        repeatedMillis = clock.millis();
      }
    }
  }

  /** One look at every unsettled job. */
  public void look(boolean repeat) {
    turn.lock();
    try {
      for (Job each : List.copyOf(live.values())) {
        if (!each.ended() && clock.millis() >= each.deadlineMillis()) {
          change(each.id(), new JobEvent.DeadlinePassed(), NOTHING);
        } else {
          absence.lost(each).ifPresent(trouble -> change(each.id(), trouble, NOTHING));
        }
        Job now = live.get(each.id());
        if (now != null && now.state() instanceof JobState.Proposed(var admitted)) {
          noteWaiting(now, absence.unanswered(now, admitted));
        }
        if (now != null && repeat) {
          repeat(now);
        } else if (now != null && now.state() instanceof JobState.Countersigned) {
          beginWhenAllAreThere(now);
        }
      }
    } finally {
      turn.unlock();
    }
  }

  private void repeat(Job job) {
    carryOut(job.id(), JobLife.due(job.facts(), job.state()));
  }
}
