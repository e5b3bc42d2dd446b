package hesuan.agent.job;

import com.google.protobuf.ByteString;
import hesuan.agent.budget.Budget;
import hesuan.agent.budget.BudgetEvent;
import hesuan.control.FromAgent;
import hesuan.control.Interrupt;
import hesuan.control.Propose;
import hesuan.control.Released;
import hesuan.control.Settle;
import hesuan.control.Start;
import hesuan.control.StepReport;
import hesuan.control.Verdict;
import hesuan.evidence.Envelope;
import hesuan.evidence.Receipt;
import hesuan.job.JobVerdict;
import hesuan.job.PartyJobEffect;
import hesuan.job.PartyJobEvent;
import hesuan.job.PartyJobLife;
import hesuan.job.PartyJobState;
import hesuan.job.PartyVerdict;
import hesuan.job.Refusal;
import hesuan.job.StepHook;
import hesuan.job.Transition;
import hesuan.store.Transaction;
import hesuan.wire.Countersignature;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds what happens into {@link PartyJobLife}, stores what it decides, then carries out its
 * effects. One job at a time is locked; a transition and its stored effects are one transaction.
 */
public final class JobDriver {
  /** Rows that belong to a transition, written in its transaction (which may be retried). */
  interface Rows {
    Rows NONE = t -> {};

    void write(Transaction t) throws SQLException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(JobDriver.class);
  private static final int NOISE_SEED_BYTES = 32;

  private final PartyId self;
  private final JobBook book;
  private final Budget budget;
  private final Admission admission;
  private final Attempts attempts;
  private final Receipts receipts;
  private final Consumer<FromAgent> line;
  private final StepHook hook;
  private final Clock clock;
  private final SecureRandom random;
  private final Map<JobId, ReentrantLock> locks = new ConcurrentHashMap<>();

  /** Jobs that need nothing more, so that the clock need not look at each that ever was. */
  private final Set<JobId> finished = ConcurrentHashMap.newKeySet();

  /**
   * @param line says something to the coordinator, or forgets it if there is no line now
   */
  public JobDriver(
      PartyId self,
      JobBook book,
      Budget budget,
      Admission admission,
      Attempts attempts,
      Receipts receipts,
      Consumer<FromAgent> line,
      StepHook hook,
      Clock clock,
      SecureRandom random) {
    this.self = self;
    this.book = book;
    this.budget = budget;
    this.admission = admission;
    this.attempts = attempts;
    this.receipts = receipts;
    this.line = line;
    this.hook = hook;
    this.clock = clock;
    this.random = random;
    attempts.drivenBy(this);
  }

  /** A job is put to this party; the same one again only brings the same answer again. */
  public void propose(Propose proposal) {
    JobId job = new JobId(proposal.getJob());
    locked(
        job,
        () -> {
          Optional<JobEntry> known = book.find(job);
          if (known.isPresent()) {
            if (!known.get().proposal().getPlan().equals(proposal.getPlan())) {
              sendVerdict(
                  job,
                  null,
                  List.of(
                      refusal(
                          "job",
                          ErrorCode.CONFLICT,
                          job.value(),
                          "the plan first shown",
                          "another plan")));
              return;
            }
            carryOut(
                known.get(), new PartyJobLife(known.get().facts(), self).due(known.get().state()));
            return;
          }
          Plan plan;
          try {
            plan = Json.read(proposal.getPlan().toByteArray(), Plan.class);
          } catch (ProblemException e) {
            sendVerdict(job, null, List.of(new Refusal(self, "plan", e.problem(), "")));
            return;
          }
          consider(job, proposal, plan);
        });
  }

  private void consider(JobId job, Propose proposal, Plan plan) {
    JobEntry entry =
        new JobEntry(
            job,
            proposal,
            plan,
            new PartyJobState.Considered(),
            null,
            List.of(),
            null,
            clock.instant().getEpochSecond(),
            proposal.getDeadlineMillis());
    Transition<PartyJobState, PartyJobEffect> first =
        new PartyJobLife(entry.facts(), self).consider();
    hook.at(first.name().before());
    book.store()
        .inTransaction(
            "consider job",
            t -> {
              JobBook.insert(t, entry);
              return null;
            });
    hook.at(first.name().after());
    carryOut(entry, first.effects());
  }

  /**
   * The coordinator says that everyone has signed. Nothing runs before that is verified here, and
   * decided, once an attempt: the coordinator says so every two seconds until the attempt is over,
   * and from the second time on finds what it began.
   */
  public void start(Start start) {
    JobId job = new JobId(start.getJob());
    locked(
        job,
        () -> {
          Optional<JobEntry> found = book.find(job);
          if (found.isEmpty()) {
            return;
          }
          JobEntry entry = found.get();
          PartyJobEvent event = new PartyJobEvent.Start(start.getAttempt());
          if (!new PartyJobLife(entry.facts(), self).step(entry.state(), event).changed()) {
            feed(job, event, Rows.NONE);
            return;
          }
          List<Envelope> all = new ArrayList<>();
          List<Refusal> refusals = new ArrayList<>();
          try {
            start.getCountersignaturesList().forEach(b -> all.add(Envelope.read(b.toByteArray())));
            refusals.addAll(admission.mayStart(entry, all, start.getAttempt()));
          } catch (ProblemException e) {
            refusals.add(new Refusal(self, "countersignature", e.problem(), ""));
          }
          if (!refusals.isEmpty()) {
            feed(job, new PartyJobEvent.Decided(refusals), Rows.NONE);
            return;
          }
          byte[] seed = new byte[NOISE_SEED_BYTES];
          random.nextBytes(seed);
          try (SecretBytes fresh = new SecretBytes(seed)) {
            feed(job, event, t -> JobBook.started(t, job, all, fresh));
          } finally {
            java.util.Arrays.fill(seed, (byte) 0);
          }
        });
  }

  /** Another party has ended that attempt. */
  public void interrupt(Interrupt interrupt) {
    JobId job = new JobId(interrupt.getJob());
    if (book.find(job).isPresent()) {
      // before the attempt is stopped, or its own word on that would stand as the reason
      Problem problem = Json.read(interrupt.getProblem().toByteArray(), Problem.class);
      feed(job, new PartyJobEvent.Trouble(interrupt.getAttempt(), problem), Rows.NONE);
    }
    attempts.stop(job, interrupt.getAttempt());
  }

  public void settle(Settle settle) {
    JobId job = new JobId(settle.getJob());
    if (book.find(job).isEmpty()) {
      return;
    }
    Problem problem =
        settle.getProblem().isEmpty()
            ? null
            : Json.read(settle.getProblem().toByteArray(), Problem.class);
    feed(job, new PartyJobEvent.Settle(JobVerdict.of(settle.getVerdict()), problem), Rows.NONE);
  }

  /** After a start of the process: nothing runs that the store doesn't ask for. */
  public void restarted() {
    for (JobEntry entry : book.all()) {
      feed(entry.id(), new PartyJobEvent.Restarted(), Rows.NONE);
    }
  }

  /** Now and then: says and does again what has found no answer, and watches deadlines. */
  public void tick() {
    for (JobId id : book.ids()) {
      if (finished.contains(id)) {
        continue;
      }
      try {
        book.find(id).ifPresent(this::tick);
      } catch (RuntimeException e) {
        LOG.error("job {} cannot go on", id, e);
      }
    }
  }

  private void tick(JobEntry entry) {
    if (entry.state() instanceof PartyJobState.Settled settled
        && settled.receipt() != null
        && settled.undelivered().isEmpty()
        && !attempts.missesResult(entry)) {
      finished.add(entry.id());
      return;
    }
    if (clock.millis() > entry.deadlineMillis()) {
      feed(entry.id(), new PartyJobEvent.DeadlinePassed(), Rows.NONE);
    }
    locked(entry.id(), () -> book.find(entry.id()).ifPresent(this::sayAgain));
  }

  private void sayAgain(JobEntry entry) {
    carryOut(entry, new PartyJobLife(entry.facts(), self).due(entry.state()));
    if (attempts.missesResult(entry)) {
      attempts.deliver(entry, self);
    }
  }

  /**
   * One event: decided, stored, then acted upon. The effects that need a channel (consent,
   * delivery) are the caller's; it finds them in what is returned.
   *
   * @param rows written with the state if, and only if, the event changes it
   */
  Transition<PartyJobState, PartyJobEffect> feed(JobId job, PartyJobEvent event, Rows rows) {
    ReentrantLock lock = lock(job);
    lock.lock();
    try {
      JobEntry entry = book.find(job).orElseThrow();
      Transition<PartyJobState, PartyJobEffect> transition =
          new PartyJobLife(entry.facts(), self).step(entry.state(), event);
      if (transition.changed()) {
        hook.at(transition.name().before());
        store(entry, transition, rows);
        hook.at(transition.name().after());
        LOG.info("{} {}", job, transition.state().getClass().getSimpleName());
      }
      carryOut(book.find(job).orElseThrow(), transition.effects());
      if (transition.changed() && transition.state() instanceof PartyJobState.Settled settled) {
        attempts.dropBuckets(job);
        if (settled.verdict() != JobVerdict.DONE) {
          attempts.dropPeople(job);
        }
      }
      return transition;
    } finally {
      lock.unlock();
    }
  }

  private void store(
      JobEntry entry, Transition<PartyJobState, PartyJobEffect> transition, Rows rows) {
    JobId job = entry.id();
    Optional<Envelope> own =
        transition.effects().contains(new PartyJobEffect.ReserveBudget())
            ? Optional.of(countersign(entry))
            : Optional.empty();
    // read before the transaction, which is the store's only writer
    List<BudgetEvent.Query> queries = admission.queries(entry.plan());
    book.store()
        .inTransaction(
            "job transition",
            t -> {
              JobBook.state(t, job, transition.state());
              rows.write(t);
              for (PartyJobEffect effect : transition.effects()) {
                if (effect instanceof PartyJobEffect.Stored stored) {
                  write(t, entry, stored, queries, own);
                }
              }
              return null;
            });
  }

  private void write(
      Transaction t,
      JobEntry entry,
      PartyJobEffect.Stored effect,
      List<BudgetEvent.Query> queries,
      Optional<Envelope> own)
      throws SQLException {
    switch (effect) {
      case PartyJobEffect.ReserveBudget _ -> {
        budget.reserve(
            t, entry.id(), Admission.query(entry.plan()), Admission.ownCharges(entry.plan(), self));
        budget.queries().reserve(t, entry.id(), queries);
        JobBook.countersigned(t, entry.id(), own.orElseThrow());
      }
      case PartyJobEffect.ChargeBudget _ -> {
        budget.queries().charge(t, entry.id(), queries);
        JobBook.noiseSeed(
            t,
            entry.id(),
            budget.charge(
                t,
                entry.id(),
                Admission.query(entry.plan()),
                Admission.ownCharges(entry.plan(), self),
                JobBook.noiseSeed(t, entry.id())));
      }
      case PartyJobEffect.FreeReservation _ -> {
        budget.free(t, entry.id());
        budget.queries().free(t, entry.id());
      }
      case PartyJobEffect.StoreConsent _, PartyJobEffect.StoreResult _ -> {} // the caller's rows
    }
  }

  private Envelope countersign(JobEntry entry) {
    return admission.sign(
        Countersignature.PAYLOAD_TYPE,
        new Countersignature(self, entry.id(), entry.plan().digest()));
  }

  private void carryOut(JobEntry entry, List<PartyJobEffect> effects) {
    for (PartyJobEffect effect : effects) {
      if (effect instanceof PartyJobEffect.Sent sent) {
        carryOut(entry, sent);
      }
    }
  }

  private void carryOut(JobEntry entry, PartyJobEffect.Sent effect) {
    JobId job = entry.id();
    switch (effect) {
      case PartyJobEffect.Decide _ -> decide(entry);
      case PartyJobEffect.SendVerdict(var refusals) ->
          sendVerdict(job, entry.countersignature(), refusals);
      case PartyJobEffect.RunAttempt(int attempt) -> attempts.run(entry, attempt);
      case PartyJobEffect.StopAttempt(int attempt) -> attempts.stop(job, attempt);
      case PartyJobEffect.SendStepDone(int attempt, String step) ->
          report(job, attempt, step, ByteString.EMPTY);
      case PartyJobEffect.SendTrouble(int attempt, Problem problem) ->
          report(job, attempt, "", ByteString.copyFrom(Json.canonical(problem)));
      case PartyJobEffect.SendReleased(int attempt, Digest _) -> sendReleased(job, attempt);
      case PartyJobEffect.Deliver(PartyId to) -> attempts.deliver(entry, to);
      case PartyJobEffect.WriteReceipt _ -> writeReceipt(entry);
      case PartyJobEffect.SendReceipt _ -> sendReceipt(job);
      // the attempt that fed the event sees to these itself, over its own channels
      case PartyJobEffect.AskConsents _,
          PartyJobEffect.SendConsent _,
          PartyJobEffect.RefuseConsent _,
          PartyJobEffect.AcknowledgeDelivery _,
          PartyJobEffect.RefuseDelivery _ -> {}
    }
  }

  private void decide(JobEntry entry) {
    List<Refusal> refusals = admission.decide(entry);
    try {
      feed(entry.id(), new PartyJobEvent.Decided(refusals), Rows.NONE);
    } catch (ProblemException e) {
      // another job was quicker to reserve what was left
      feed(
          entry.id(),
          new PartyJobEvent.Decided(List.of(new Refusal(self, "budget", e.problem(), ""))),
          Rows.NONE);
    }
  }

  private void sendVerdict(
      JobId job,
      @org.jspecify.annotations.Nullable Envelope countersignature,
      List<Refusal> refusals) {
    Verdict.Builder verdict =
        Verdict.newBuilder().setJob(job.value()).setAdmitted(refusals.isEmpty());
    if (refusals.isEmpty() && countersignature != null) {
      verdict.setEnvelope(ByteString.copyFrom(countersignature.bytes()));
    } else {
      verdict.setRefusal(ByteString.copyFrom(Json.canonical(new PartyVerdict(self, refusals))));
    }
    line.accept(FromAgent.newBuilder().setVerdict(verdict).build());
  }

  private void report(JobId job, int attempt, String step, ByteString problem) {
    line.accept(
        FromAgent.newBuilder()
            .setStep(
                StepReport.newBuilder()
                    .setJob(job.value())
                    .setAttempt(attempt)
                    .setStep(step)
                    .setProblem(problem))
            .build());
  }

  private void sendReleased(JobId job, int attempt) {
    book.result(job)
        .ifPresent(
            result ->
                line.accept(
                    FromAgent.newBuilder()
                        .setReleased(
                            Released.newBuilder()
                                .setJob(job.value())
                                .setAttempt(attempt)
                                .setRelease(ByteString.copyFrom(result.release().bytes())))
                        .build()));
  }

  private void writeReceipt(JobEntry entry) {
    Receipt receipt = receipts.ofJob(entry);
    feed(
        entry.id(),
        new PartyJobEvent.ReceiptWritten(receipt.envelopeDigest()),
        t -> Receipts.store(t, entry.id().value(), "job", receipt));
  }

  private void sendReceipt(JobId job) {
    receipts
        .find(job.value(), "job")
        .ifPresent(
            receipt ->
                line.accept(
                    FromAgent.newBuilder()
                        .setReceipt(
                            hesuan.control.Receipt.newBuilder()
                                .setJob(job.value())
                                .setReceipt(ByteString.copyFrom(receipt.bytes())))
                        .build()));
  }

  private Refusal refusal(String rule, ErrorCode code, String at, String expected, String found) {
    return new Refusal(self, rule, new Problem(code, at, expected, found), "");
  }

  private void locked(JobId job, Runnable work) {
    ReentrantLock lock = lock(job);
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  private ReentrantLock lock(JobId job) {
    return locks.computeIfAbsent(job, _ -> new ReentrantLock());
  }
}
