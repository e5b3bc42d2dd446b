package hesuan.coordinator.schedule;

import com.google.protobuf.ByteString;
import hesuan.control.Propose;
import hesuan.control.Released;
import hesuan.control.Settle;
import hesuan.control.Start;
import hesuan.control.StepReport;
import hesuan.control.ToAgent;
import hesuan.control.Verdict;
import hesuan.coordinator.Coordinator;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.record.FederationLog;
import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.Receipt;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.job.PartyVerdict;
import hesuan.job.Refusal;
import hesuan.job.StepHook;
import hesuan.job.StepName;
import hesuan.log.TileLog;
import hesuan.plan.JobReader;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.store.Store;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Countersignature;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler with everything real behind it (database, log, policy, planner) and, before it,
 * parties that live in this thread and a clock that is turned by hand. The coordinator can be
 * killed at any step and started again from its files.
 */
final class Simulation implements AutoCloseable {
  static final PartyId BRAND = new PartyId("brand-a");
  static final PartyId MALL = new PartyId("mall-b");
  static final List<PartyId> PARTIES = List.of(BRAND, MALL);
  static final String FEDERATION = "test.fed";

  /** The world has ended for the coordinator. */
  static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  static final class TurnedClock extends Clock {
    private Instant now = Instant.parse("2026-11-21T08:00:00Z");

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }

    void turn(long seconds) {
      now = now.plusSeconds(seconds);
    }
  }

  /** What the parties do; by default all go along. */
  static final class Script {
    List<Refusal> mallRefuses = List.of();
    boolean mallAnswers = true;
    boolean brandRuns = true;
    boolean mallRuns = true;
    boolean brandReleases = true;
    @Nullable Problem mallTrouble;
    int troubleUntilAttempt;
    boolean releaseAfterTheEnd;
  }

  private record Sent(PartyId to, Supplier<ToAgent> message) {}

  private final Path folder;
  final TurnedClock clock = new TurnedClock();
  final SecureRandom random = new SecureRandom();
  final Map<PartyId, SigningKeys> keys = new TreeMap<>();
  private final Map<PartyId, TileLog> partyLogs = new TreeMap<>();
  private final Map<String, Receipt> partyReceipts = new HashMap<>();
  private final SigningKeys coordinatorKeys;
  private final PolicyEngine policy = PolicyEngine.builtIn(PartySettings.defaults());
  final TreeSet<PartyId> connected = new TreeSet<>(PARTIES);
  final Map<PartyId, Long> gone = new HashMap<>();
  private final Deque<Sent> mail = new ArrayDeque<>();
  private final List<StepReport> troubles = new ArrayList<>();
  final List<String> told = new ArrayList<>();
  Script script = new Script();
  @Nullable StepName killAt;
  private boolean dead;

  private Store store;
  private TileLog log;
  FederationLog federationLog;
  Products products;
  Contracts contracts;
  Jobs jobs;
  Scheduler scheduler;

  Simulation(Path folder) {
    this.folder = folder;
    this.coordinatorKeys = SigningKeys.generate(Coordinator.ID, random);
    for (PartyId party : PARTIES) {
      keys.put(party, SigningKeys.generate(party, random));
      partyLogs.put(
          party,
          TileLog.open(folder.resolve(party.value()), keys.get(party), FEDERATION, clock, random));
    }
    open();
    store.inTransaction(
        "enrol",
        t -> {
          for (SigningKeys each : keys.values()) {
            Members.put(t, each.publicKeys(), clock.millis());
          }
          return true;
        });
    publish(product("brand-a/members@1", "city"));
    publish(product("mall-b/orders@1", "amount_fen"));
    Contract contract = contract();
    contracts.create(BRAND, contract);
    for (PartyId party : PARTIES) {
      contracts.sign(
          party,
          Envelope.sign(Contract.PAYLOAD_TYPE, Json.canonical(contract), keys.get(party)).bytes());
    }
  }

  private void open() {
    store = Store.open(folder.resolve("state.db"), Coordinator.SCHEMA);
    log = TileLog.open(folder.resolve("log"), coordinatorKeys, FEDERATION, clock, random);
    Members members = new Members(store);
    products = new Products(store, members, clock);
    contracts = new Contracts(store, members, clock);
    jobs = new Jobs(store);
    federationLog = new FederationLog(store, log, coordinatorKeys, members, FEDERATION);
    Planning planning = new Planning(products, contracts, jobs, policy, Coordinator.ID, clock);
    Line line =
        new Line() {
          @Override
          public boolean connected(PartyId party) {
            return connected.contains(party);
          }

          @Override
          public long goneSinceMillis(PartyId party) {
            return gone.getOrDefault(party, 0L);
          }

          @Override
          public Problem whyGone(PartyId party) {
            return new Problem(ErrorCode.PEER_SILENT, party.value(), "a heartbeat", "none");
          }

          @Override
          public void send(PartyId to, String key, Supplier<ToAgent> message) {
            if (connected.contains(to)) {
              mail.add(new Sent(to, message));
            }
          }
        };
    StepHook hook =
        step -> {
          if (dead || step == killAt) {
            dead = true;
            throw new Killed();
          }
        };
    scheduler =
        new Scheduler(
            store,
            jobs,
            planning,
            contracts,
            members,
            federationLog,
            line,
            clock,
            Timing.DEFAULT,
            hook);
    scheduler.recover();
  }

  boolean killed() {
    return dead;
  }

  /** The process comes up again; what was on the way is lost. */
  void restart() {
    store.close();
    log.close();
    mail.clear();
    dead = false;
    killAt = null;
    open();
  }

  void publish(Product product) {
    PartyId owner = product.ref().party();
    products.publish(
        owner, Envelope.signDocument(Product.PAYLOAD_TYPE, product, keys.get(owner)).bytes());
  }

  static Product product(String ref, String column) {
    LocalDate until = LocalDate.of(2027, 11, 20);
    List<String> all = List.of("*");
    return new Product(
        Product.VERSION,
        ProductRef.parse(ref),
        ref,
        List.of(
            new Product.Column("phone", Product.ColumnType.STRING),
            new Product.Column(column, Product.ColumnType.STRING)),
        new Product.Id("phone", IdRule.PHONE_CN),
        List.of(
            new Product.DisclosureRule("phone", Disclosure.JOIN_KEY, all, all, until),
            new Product.DisclosureRule("*", Disclosure.AGGREGATE, all, all, until)),
        new Product.Terms(50, Epsilon.parse("1")),
        Digest.of("data of " + ref),
        70_000);
  }

  private Contract contract() {
    return new Contract(
        "hesuan/v1",
        new ContractId("ctr-autumn"),
        PARTIES.stream()
            .map(p -> new Contract.Member(p, keys.get(p).publicKeys().digest()))
            .toList(),
        List.of("audience.overlap"),
        List.of("brand-a/members", "mall-b/orders"),
        List.of("overlap"),
        List.of(new Contract.Output("aggregate", List.of(BRAND))),
        LocalDate.of(2026, 11, 1),
        LocalDate.of(2027, 11, 20),
        1000,
        List.of());
  }

  static JobSpec spec(String token, int attempts) {
    return JobReader.read(
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: overlap, submitToken: token-of-%s}
        purpose: {code: audience.overlap, basis: consent, retention: P30D}
        contract: ctr-autumn
        inputs: {members: brand-a/members@1, orders: mall-b/orders@1}
        what:
          template:
            name: audience.overlap
            parameters: {by: members.city, groups: [上海, 北京]}
        privacy: {unit: phone, epsilon: 0.5, delta: 1e-7, minGroup: 50}
        outputs: [{name: people_by_city, to: [brand-a]}]
        run: {deadline: PT10M, attempts: %d}
        """
            .formatted(token, attempts));
  }

  /** Submits as often as it takes: a submitter whose coordinator died asks again. */
  JobId submit(String token, int attempts) {
    return scheduler.submit(BRAND, "token:test", spec(token, attempts)).job().id();
  }

  /** Delivers mail until there is none; the parties' answers go straight to the scheduler. */
  void deliver() {
    int deliveries = 0;
    while (!mail.isEmpty()) {
      Sent sent = mail.poll();
      answer(sent.to(), sent.message().get());
      if (++deliveries > 10_000) {
        throw new AssertionError("mail without end: " + told.subList(0, 50));
      }
    }
  }

  /** A coordinator that lives, looks, and is answered; again, so that what it says again counts. */
  void settle() {
    for (int i = 0; i < 4; i++) {
      scheduler.look(true);
      deliver();
      partiesRepeat();
      clock.turn(1);
    }
  }

  /** A party in trouble says so until the job has moved on, as every agent does. */
  private void partiesRepeat() {
    for (StepReport each : List.copyOf(troubles)) {
      Job job = jobs.find(new JobId(each.getJob())).orElseThrow();
      if (job.ended() || job.attempt() != each.getAttempt()) {
        troubles.remove(each);
      } else {
        scheduler.step(MALL, each);
      }
    }
  }

  private void answer(PartyId party, ToAgent message) {
    told.add(party + " " + message.getBodyCase());
    switch (message.getBodyCase()) {
      case PROPOSE -> propose(party, message.getPropose());
      case START -> start(party, message.getStart());
      case SETTLE -> settled(party, message.getSettle());
      case WELCOME,
          CONTRACT,
          PING,
          PLAN_ASK,
          REFUSED,
          ROSTER,
          INTERRUPT,
          ACCEPTED,
          BODY_NOT_SET -> {}
    }
  }

  private void propose(PartyId party, Propose propose) {
    boolean refuses = party.equals(MALL) && !script.mallRefuses.isEmpty();
    if (party.equals(MALL) && !script.mallAnswers) {
      return;
    }
    Verdict.Builder verdict = Verdict.newBuilder().setJob(propose.getJob()).setAdmitted(!refuses);
    if (refuses) {
      verdict.setRefusal(json(new PartyVerdict(party, script.mallRefuses)));
    } else {
      Digest plan = Json.read(propose.getPlan().toByteArray(), Plan.class).digest();
      verdict.setEnvelope(
          ByteString.copyFrom(
              Envelope.signDocument(
                      Countersignature.PAYLOAD_TYPE,
                      new Countersignature(party, new JobId(propose.getJob()), plan),
                      keys.get(party))
                  .bytes()));
    }
    scheduler.verdict(party, verdict.build());
  }

  private void start(PartyId party, Start start) {
    if (start.getCountersignaturesCount() != 2) {
      throw new AssertionError("started with " + start.getCountersignaturesCount() + " signatures");
    }
    if (party.equals(BRAND) ? !script.brandRuns : !script.mallRuns) {
      return;
    }
    boolean trouble =
        party.equals(MALL)
            && script.mallTrouble != null
            && start.getAttempt() <= script.troubleUntilAttempt;
    StepReport report =
        StepReport.newBuilder()
            .setJob(start.getJob())
            .setAttempt(start.getAttempt())
            .setStep("overlap")
            .setProblem(trouble ? json(script.mallTrouble) : ByteString.EMPTY)
            .build();
    if (trouble) {
      troubles.add(report);
    }
    scheduler.step(party, report);
    if (party.equals(BRAND) && script.brandReleases) {
      release(start.getJob(), start.getAttempt());
    }
  }

  void release(String job, int attempt) {
    scheduler.released(
        BRAND,
        Released.newBuilder()
            .setJob(job)
            .setAttempt(attempt)
            .setRelease(json(Map.of("job", job)))
            .build());
  }

  private void settled(PartyId party, Settle settle) {
    JobId id = new JobId(settle.getJob());
    if (script.releaseAfterTheEnd && party.equals(BRAND)) {
      release(settle.getJob(), 1);
    }
    Job job = jobs.find(id).orElseThrow();
    Receipt receipt =
        partyReceipts.computeIfAbsent(party + settle.getJob(), key -> receipt(party, job, settle));
    federationLog.take(party, receipt.bytes());
    scheduler.receiptTaken(party, id);
  }

  private Receipt receipt(PartyId party, Job job, Settle settle) {
    Plan plan = job.plan();
    if (plan == null) {
      throw new AssertionError("settled a job that was never proposed");
    }
    boolean done = settle.getVerdict().equals("done");
    SigningKeys own = keys.get(party);
    TileLog ownLog = partyLogs.get(party);
    Statement statement =
        new Statement(
            done ? Statement.Kind.RUN : Statement.Kind.FAIL,
            new JobRecord(
                party,
                job.id(),
                done ? 1 : 0,
                plan.purpose(),
                plan.spec(),
                plan.digest(),
                plan.contractDigest(),
                plan.parties(),
                List.of(),
                null,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                done ? null : Json.read(settle.getProblem().toByteArray(), Problem.class),
                clock.instant().getEpochSecond(),
                clock.instant().getEpochSecond(),
                ownLog.lastLeaf().orElse(null)));
    return ownLog.append(statement.sign(own), own.publicKeys(), List.of(), List.of());
  }

  private static ByteString json(Object document) {
    return ByteString.copyFrom(Json.canonical(document));
  }

  Job job(JobId id) {
    return jobs.find(id).orElseThrow();
  }

  /** Issuers of the job's receipts, one entry a receipt. */
  List<String> issuers(JobId id) {
    return federationLog.ofJob(id).stream().map(e -> e.issuer().value()).sorted().toList();
  }

  List<String> story(JobId id) {
    return jobs.events(id, 0).stream().map(event -> event.note().what()).toList();
  }

  Optional<JobId> known(String token) {
    return jobs.find(JobId.of(BRAND, "token-of-" + token)).map(Job::id);
  }

  boolean logIsSound() {
    return log.fsck().sound();
  }

  @Override
  public void close() {
    store.close();
    log.close();
    partyLogs.values().forEach(TileLog::close);
  }
}
