package hesuan.coordinator.schedule;

import hesuan.control.PlanAsk;
import hesuan.control.Propose;
import hesuan.control.ToAgent;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.record.FederationLog;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.job.JobEffect;
import hesuan.job.JobEvent;
import hesuan.job.JobLife;
import hesuan.job.JobState;
import hesuan.job.PartyVerdict;
import hesuan.job.Refusal;
import hesuan.job.StepHook;
import hesuan.job.Transition;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.ContractId;
import hesuan.wire.Countersignature;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives every job to its end. One change at a time: read the state, let {@link JobLife} decide,
 * store, then carry out; what was stored and not carried out is carried out after a restart, and
 * everything is said again until the parties have moved on. Safe for many threads.
 */
public final class Scheduler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Scheduler.class);
  private static final int ASKS_MAX = 64;

  /** What else belongs into the transaction of a change. */
  private interface Also {
    void write(Transaction t) throws SQLException;
  }

  private static final Also NOTHING = t -> {};

  /**
   * @param created false when the same submission was accepted before
   */
  public record Submitted(Job job, boolean created) {}

  /** A plan that was shown to every party and not run. */
  public record Asked(Planning.Prepared prepared, List<PartyVerdict> verdicts) {}

  private final class Ask {
    private final Map<PartyId, PartyVerdict> verdicts = new ConcurrentHashMap<>();
    private final CountDownLatch awaited;
    private final List<PartyId> parties;

    Ask(List<PartyId> parties) {
      this.parties = parties;
      this.awaited = new CountDownLatch(parties.size());
    }
  }

  private final Store store;
  private final Jobs jobs;
  private final Planning planning;
  private final Products products;
  private final Contracts contracts;
  private final Members members;
  private final FederationLog federationLog;
  private final Line line;
  private final Clock clock;
  private final Timing timing;
  private final StepHook hook;
  private final PartyId coordinator;
  private final long startMillis;

  private final ReentrantLock turn = new ReentrantLock();
  private final Condition changed = turn.newCondition();
  private final Map<JobId, Job> live = new TreeMap<>();
  private final Map<JobId, List<PartyId>> lastWaiting = new TreeMap<>();
  private final Map<String, Ask> asks = new ConcurrentHashMap<>();
  private final AtomicLong askNumber = new AtomicLong();
  private final Thread ticker;
  private long changes;
  private volatile boolean closed;

  public Scheduler(
      Store store,
      Jobs jobs,
      Planning planning,
      Products products,
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
    this.products = products;
    this.contracts = contracts;
    this.members = members;
    this.federationLog = federationLog;
    this.line = line;
    this.clock = clock;
    this.timing = timing;
    this.hook = hook;
    this.coordinator = federationLog.keys().party();
    this.startMillis = clock.millis();
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
      ticker.join(Duration.ofSeconds(2));
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
  public Asked ask(PartyId submitter, JobSpec spec) {
    Planning.Prepared prepared = planning.prepare(submitter, spec);
    Plan plan = prepared.plan();
    if (plan == null) {
      return new Asked(prepared, List.of());
    }
    if (asks.size() >= ASKS_MAX) {
      throw new ProblemException(
          ErrorCode.LIMIT_EXCEEDED, "plan", ASKS_MAX + " plans at a time", "more");
    }
    String number = "ask-" + askNumber.incrementAndGet();
    Ask ask = new Ask(plan.parties());
    asks.put(number, ask);
    try {
      Propose propose =
          proposal(prepared.id(), spec, plan, clock.millis() + timing.planWait().toMillis());
      plan.parties()
          .forEach(
              party ->
                  line.send(
                      party,
                      number,
                      () ->
                          ToAgent.newBuilder()
                              .setPlanAsk(PlanAsk.newBuilder().setAsk(number).setPropose(propose))
                              .build()));
      boolean all = ask.awaited.await(waitFor(plan.parties()), TimeUnit.MILLISECONDS);
      log.debug("{} answered by {} parties, all: {}", number, ask.verdicts.size(), all);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      asks.remove(number);
    }
    return new Asked(
        prepared,
        plan.parties().stream()
            .map(party -> ask.verdicts.getOrDefault(party, unheard(party)))
            .toList());
  }

  /** Nobody waits for parties of which none is there. */
  private long waitFor(List<PartyId> parties) {
    return parties.stream().allMatch(line::connected) ? timing.planWait().toMillis() : 1_000;
  }

  private PartyVerdict unheard(PartyId party) {
    ErrorCode code = line.connected(party) ? ErrorCode.PEER_SILENT : ErrorCode.PEER_UNREACHABLE;
    return new PartyVerdict(
        party,
        List.of(
            new Refusal(
                party, "connected", new Problem(code, party.value(), "an answer", "none"), "")));
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
    if (said.getAdmitted()) {
      byte[] envelope = said.getEnvelope().toByteArray();
      checkCountersignature(job, from, Envelope.read(envelope));
      change(
          job.id(),
          new JobEvent.VerdictGiven(PartyVerdict.admitted(from)),
          t -> Jobs.countersigned(t, job.id(), from, envelope));
    } else {
      change(
          job.id(),
          new JobEvent.VerdictGiven(refusal(from, said.getRefusal().toByteArray())),
          NOTHING);
    }
  }

  private void checkCountersignature(Job job, PartyId from, Envelope envelope) {
    PartyKeys keys = members.require(from).keys();
    Digest pinned =
        contracts
            .require(job.contract())
            .contract()
            .member(from)
            .map(hesuan.wire.Contract.Member::keys)
            .orElseThrow();
    if (!keys.digest().equals(pinned)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "keys of " + from,
          "those that " + job.contract() + " pins",
          "other keys");
    }
    Countersignature signed =
        envelope.verify(Countersignature.PAYLOAD_TYPE, keys, Countersignature.class);
    Countersignature expected = new Countersignature(from, job.id(), requirePlan(job).digest());
    if (!signed.equals(expected)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "countersignature of " + from,
          "plan " + expected.plan(),
          signed.job() + ", plan " + signed.plan());
    }
  }

  private static PartyVerdict refusal(PartyId from, byte[] bytes) {
    PartyVerdict said = Json.read(bytes, PartyVerdict.class);
    if (!said.party().equals(from) || said.admitted()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "refusal",
          "a verdict of " + from + " with reasons",
          "of " + said.party() + " with " + said.refusals().size());
    }
    return said;
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
    Ask ask = asks.get(said.getAsk());
    if (ask == null || !ask.parties.contains(from)) {
      return;
    }
    PartyVerdict verdict = Json.read(said.getVerdict().toByteArray(), PartyVerdict.class);
    if (verdict.party().equals(from) && ask.verdicts.putIfAbsent(from, verdict) == null) {
      ask.awaited.countDown();
    }
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
        job -> requirePlan(job).products().stream().anyMatch(pin -> pin.ref().equals(ref)));
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

  private static Plan requirePlan(Job job) {
    Plan plan = job.plan();
    if (plan == null) {
      throw new IllegalStateException(job.id() + " has no plan");
    }
    return plan;
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
      if (next.changed()) {
        Job after = job.with(next.state());
        JobNote note = note(after, next, event);
        storeChange(
            after,
            next,
            t -> {
              Jobs.update(t, after);
              Jobs.tell(t, id, clock.millis(), note);
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

  private static JobNote note(Job after, Transition<JobState, JobEffect> next, JobEvent event) {
    String what =
        String.valueOf(next.name())
            .substring("COORDINATOR_".length())
            .toLowerCase(java.util.Locale.ROOT)
            .replace('_', '-');
    int attempt = after.attempt();
    return switch (event) {
      case JobEvent.VerdictGiven(PartyVerdict verdict) ->
          new JobNote(
              what,
              after.stateName(),
              verdict.party(),
              null,
              null,
              verdict.admitted() ? null : verdict.refusals().getFirst().problem(),
              null,
              verdict.admitted() ? null : Json.node(verdict.refusals()));
      case JobEvent.StepDone done ->
          new JobNote(
              what, after.stateName(), done.party(), done.attempt(), done.step(), null, null, null);
      case JobEvent.Trouble trouble ->
          new JobNote(
              what,
              after.stateName(),
              trouble.party(),
              trouble.attempt(),
              null,
              trouble.problem(),
              null,
              null);
      case JobEvent.Released released ->
          new JobNote(
              what,
              after.stateName(),
              released.party(),
              released.attempt(),
              null,
              null,
              null,
              null);
      case JobEvent.Cancel(PartyId by) ->
          new JobNote(what, after.stateName(), by, null, null, reason(after), null, null);
      case JobEvent.ReceiptTaken(PartyId party) ->
          new JobNote(what, after.stateName(), party, null, null, null, null, null);
      case JobEvent.DeadlinePassed _ ->
          new JobNote(what, after.stateName(), null, null, null, reason(after), null, null);
      case JobEvent.Begin _ ->
          new JobNote(what, after.stateName(), null, attempt, null, null, null, null);
      case JobEvent.ReceiptWritten _ ->
          new JobNote(what, after.stateName(), null, null, null, null, null, null);
    };
  }

  private static @Nullable Problem reason(Job job) {
    return job.state() instanceof JobState.Ended ended ? ended.reason() : null;
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
    Plan plan = requirePlan(job);
    line.send(
        to,
        "propose " + job.id(),
        () ->
            ToAgent.newBuilder()
                .setPropose(proposal(job.id(), job.spec(), plan, job.deadlineMillis()))
                .build());
  }

  private Propose proposal(JobId id, JobSpec spec, Plan plan, long deadlineMillis) {
    return Messages.propose(
        id,
        spec,
        plan,
        plan.products().stream().map(pin -> products.require(pin.ref()).envelope()).toList(),
        contracts.require(plan.contract()),
        deadlineMillis);
  }

  private void beginWhenAllAreThere(Job job) {
    List<PartyId> missing = job.parties().stream().filter(party -> !line.connected(party)).toList();
    if (missing.isEmpty()) {
      lastWaiting.remove(job.id());
      change(job.id(), new JobEvent.Begin(), NOTHING);
      return;
    }
    noteWaiting(job, missing);
  }

  /** A proposal that finds no answer is no trouble yet, but whoever watches is told. */
  private void noteUnanswered(Job job, List<PartyId> admitted) {
    boolean late = clock.millis() - job.createdMillis() >= timing.planWait().toMillis();
    List<PartyId> missing =
        job.parties().stream()
            .filter(party -> !admitted.contains(party))
            .filter(party -> late || !line.connected(party))
            .toList();
    if (missing.isEmpty()) {
      lastWaiting.remove(job.id());
    } else {
      noteWaiting(job, missing);
    }
  }

  /** Once for the same parties. */
  private void noteWaiting(Job job, List<PartyId> missing) {
    if (!missing.equals(lastWaiting.put(job.id(), missing))) {
      PartyId first = missing.getFirst();
      Problem why =
          line.connected(first)
              ? new Problem(ErrorCode.PEER_SILENT, first.value(), "an answer", "none yet")
              : line.whyGone(first);
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
          lostParty(each).ifPresent(trouble -> change(each.id(), trouble, NOTHING));
        }
        Job now = live.get(each.id());
        if (now != null && now.state() instanceof JobState.Proposed(var admitted)) {
          noteUnanswered(now, admitted);
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

  /** A party that has been gone for too long while an attempt needs it. */
  private Optional<JobEvent> lostParty(Job job) {
    if (!(job.state() instanceof JobState.Running)
        && !(job.state() instanceof JobState.Releasing)) {
      return Optional.empty();
    }
    boolean all = job.spec().run().onPartyLoss().equals("fail");
    List<PartyId> needed = new ArrayList<>(all ? job.parties() : List.of(job.facts().leader()));
    return needed.stream()
        .filter(this::isLost)
        .findFirst()
        .map(
            party ->
                new JobEvent.Trouble(
                    party,
                    job.attempt(),
                    new Problem(
                        ErrorCode.PEER_SILENT,
                        party.value(),
                        "connected to the coordinator",
                        "gone for "
                            + (clock.millis() - line.goneSinceMillis(party)) / 1000
                            + " s")));
  }

  private boolean isLost(PartyId party) {
    long now = clock.millis();
    return !line.connected(party)
        && now - line.goneSinceMillis(party) >= timing.lossGrace().toMillis()
        && (line.goneSinceMillis(party) > startMillis
            || now - startMillis >= timing.startGrace().toMillis());
  }
}
