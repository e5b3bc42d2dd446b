package hesuan.coordinator;

import com.google.protobuf.ByteString;
import hesuan.control.FromAgent;
import hesuan.control.Hello;
import hesuan.control.Interrupt;
import hesuan.control.PlanVerdict;
import hesuan.control.Propose;
import hesuan.control.Publish;
import hesuan.control.Released;
import hesuan.control.Settle;
import hesuan.control.Signed;
import hesuan.control.Start;
import hesuan.control.StepReport;
import hesuan.control.ToAgent;
import hesuan.control.Verdict;
import hesuan.control.Withdraw;
import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.Receipt;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.identity.LiveIdentity;
import hesuan.identity.TlsContexts;
import hesuan.job.PartyVerdict;
import hesuan.job.PlanOpinion;
import hesuan.job.Refusal;
import hesuan.log.TileLog;
import hesuan.transport.Address;
import hesuan.transport.ControlClient;
import hesuan.wire.Contract;
import hesuan.wire.Countersignature;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An agent that says what a test tells it to, over the real line. By default it goes along with
 * everything: signs contracts, admits, reports every step done, releases as the leader, and answers
 * the end with a receipt from a log of its own.
 */
final class ScriptedAgent implements ControlClient.Listener, AutoCloseable {
  final PartyId party;
  final SigningKeys keys;
  final List<ToAgent> heard = new CopyOnWriteArrayList<>();
  final List<Problem> ends = new CopyOnWriteArrayList<>();
  private final Map<String, Plan> plans = new ConcurrentHashMap<>();
  private final Map<String, Propose> proposals = new ConcurrentHashMap<>();
  private final Map<String, Receipt> receipts = new ConcurrentHashMap<>();
  private final TlsContexts tls;
  private final TileLog log;
  private @Nullable ControlClient line;

  /** What it answers to a proposal; empty admits. */
  volatile List<Refusal> refusals = List.of();

  volatile int protocolVersion = 1;
  volatile boolean answersProposals = true;
  volatile boolean signsContracts = true;
  volatile boolean runsSteps = true;
  volatile boolean releases = true;
  volatile boolean sendsReceipts = true;

  /** A problem that it reports instead of finishing a step, for that attempt. */
  volatile Map<Integer, Problem> troubles = Map.of();

  private ScriptedAgent(
      PartyId party, SigningKeys keys, ControlClient.Enrolled enrolled, Path folder) {
    this.party = party;
    this.keys = keys;
    this.tls = new TlsContexts(new LiveIdentity(enrolled.identity()), Clock.systemUTC());
    this.log =
        TileLog.open(
            folder.resolve(party.value()),
            keys,
            enrolled.federation(),
            Clock.systemUTC(),
            new SecureRandom());
  }

  static ScriptedAgent enrol(TestFederation federation, PartyId party, Path folder) {
    SigningKeys keys = federation.keys(party);
    ControlClient.Enrolled enrolled = enrol(federation, party, federation.joinToken(party), keys);
    return new ScriptedAgent(party, keys, enrolled, folder);
  }

  static ControlClient.Enrolled enrol(
      TestFederation federation, PartyId party, String token, SigningKeys keys) {
    return ControlClient.enrol(
        Address.parse(federation.coordinator.controlAddress()),
        token,
        party,
        Json.canonical(keys.publicKeys()),
        keys.proofOfPossession().bytes(),
        Clock.systemUTC(),
        new SecureRandom());
  }

  TlsContexts tls() {
    return tls;
  }

  ScriptedAgent connect(TestFederation federation) {
    dial(federation);
    await("a line", () -> line != null && line.isConnected());
    return this;
  }

  void dial(TestFederation federation) {
    line =
        ControlClient.start(
            Address.parse(federation.coordinator.controlAddress()),
            tls,
            Clock.systemUTC(),
            new Random(7),
            this);
  }

  /** Gone without a word, as a killed process is. */
  void hangUp() {
    if (line != null) {
      line.close();
      line = null;
    }
  }

  void say(FromAgent message) {
    ControlClient now = line;
    if (now != null) {
      now.send(message);
    }
  }

  void publish(Product product) {
    publish(Envelope.signDocument(Product.PAYLOAD_TYPE, product, keys));
  }

  void publish(Envelope envelope) {
    say(
        FromAgent.newBuilder()
            .setPublish(Publish.newBuilder().setEnvelope(ByteString.copyFrom(envelope.bytes())))
            .build());
  }

  void withdrawProduct(String ref) {
    say(FromAgent.newBuilder().setWithdraw(Withdraw.newBuilder().setProduct(ref)).build());
  }

  @Override
  public void connected() {
    say(
        FromAgent.newBuilder()
            .setHello(
                Hello.newBuilder()
                    .setProtocolVersion(protocolVersion)
                    .setSoftware("scripted")
                    .setClockMillis(System.currentTimeMillis()))
            .build());
  }

  /** The client dials again by itself. */
  @Override
  public void disconnected(Problem why) {
    ends.add(why);
  }

  @Override
  public void received(ToAgent message) {
    heard.add(message);
    switch (message.getBodyCase()) {
      case CONTRACT -> {
        if (signsContracts && !message.getContract().getWithdrawn()) {
          sign(message.getContract().getContract().toByteArray());
        }
      }
      case PROPOSE -> proposed(message.getPropose());
      case PLAN_ASK ->
          say(
              FromAgent.newBuilder()
                  .setPlanVerdict(
                      PlanVerdict.newBuilder()
                          .setAsk(message.getPlanAsk().getAsk())
                          .setVerdict(json(new PlanOpinion(party, refusals, List.of()))))
                  .build());
      case START -> started(message.getStart());
      case SETTLE -> settled(message.getSettle());
      case WELCOME, PING, REFUSED, ROSTER, INTERRUPT, ACCEPTED, BODY_NOT_SET -> {}
    }
  }

  void sign(byte[] contract) {
    say(
        FromAgent.newBuilder()
            .setSignContract(
                Signed.newBuilder()
                    .setEnvelope(
                        ByteString.copyFrom(
                            Envelope.sign(Contract.PAYLOAD_TYPE, contract, keys).bytes())))
            .build());
  }

  private static ByteString json(Object document) {
    return ByteString.copyFrom(Json.canonical(document));
  }

  private void proposed(Propose propose) {
    Plan plan = Json.read(propose.getPlan().toByteArray(), Plan.class);
    plans.put(propose.getJob(), plan);
    proposals.put(propose.getJob(), propose);
    if (answersProposals) {
      answer(propose.getJob(), plan.digest());
    }
  }

  void answer(String job, Digest plan) {
    Verdict.Builder verdict = Verdict.newBuilder().setJob(job).setAdmitted(refusals.isEmpty());
    if (refusals.isEmpty()) {
      verdict.setEnvelope(
          ByteString.copyFrom(
              Envelope.signDocument(
                      Countersignature.PAYLOAD_TYPE,
                      new Countersignature(party, new JobId(job), plan),
                      keys)
                  .bytes()));
    } else {
      verdict.setRefusal(json(new PartyVerdict(party, refusals)));
    }
    say(FromAgent.newBuilder().setVerdict(verdict).build());
  }

  private void started(Start start) {
    Plan plan = plans.get(start.getJob());
    if (plan == null || !runsSteps) {
      return;
    }
    Problem trouble = troubles.get(start.getAttempt());
    for (Plan.Step step : plan.steps()) {
      say(
          FromAgent.newBuilder()
              .setStep(
                  StepReport.newBuilder()
                      .setJob(start.getJob())
                      .setAttempt(start.getAttempt())
                      .setStep(step.name())
                      .setProblem(trouble == null ? ByteString.EMPTY : json(trouble)))
              .build());
    }
    if (trouble == null && releases && plan.leader().equals(party)) {
      release(start.getJob(), start.getAttempt());
    }
  }

  void release(String job, int attempt) {
    say(
        FromAgent.newBuilder()
            .setReleased(
                Released.newBuilder()
                    .setJob(job)
                    .setAttempt(attempt)
                    .setRelease(json(Map.of("job", job, "output", "n"))))
            .build());
  }

  private void settled(Settle settle) {
    if (sendsReceipts && proposals.containsKey(settle.getJob())) {
      Receipt receipt = receipts.computeIfAbsent(settle.getJob(), job -> receipt(settle));
      say(
          FromAgent.newBuilder()
              .setReceipt(
                  hesuan.control.Receipt.newBuilder()
                      .setJob(settle.getJob())
                      .setReceipt(ByteString.copyFrom(receipt.bytes())))
              .build());
    }
  }

  private Receipt receipt(Settle settle) {
    Plan plan = plans.get(settle.getJob());
    boolean done = settle.getVerdict().equals("done");
    Statement statement =
        new Statement(
            done
                ? Statement.Kind.RUN
                : settle.getVerdict().equals("refused")
                    ? Statement.Kind.REFUSE
                    : Statement.Kind.FAIL,
            new JobRecord(
                party,
                new JobId(settle.getJob()),
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
                1,
                System.currentTimeMillis() / 1000,
                log.lastLeaf().orElse(null)));
    return log.append(statement.sign(keys), keys.publicKeys(), List.of(), List.of());
  }

  <T> long count(Predicate<ToAgent> which) {
    return heard.stream().filter(which).count();
  }

  boolean heardSettle(String job, String verdict) {
    return count(
            m ->
                m.hasSettle()
                    && m.getSettle().getJob().equals(job)
                    && m.getSettle().getVerdict().equals(verdict))
        > 0;
  }

  @Nullable Interrupt interrupted(String job) {
    return heard.stream()
        .filter(m -> m.hasInterrupt() && m.getInterrupt().getJob().equals(job))
        .map(ToAgent::getInterrupt)
        .findFirst()
        .orElse(null);
  }

  boolean accepted(String what) {
    return count(m -> m.hasAccepted() && m.getAccepted().getWhat().equals(what)) > 0;
  }

  @Nullable Problem refused(String what) {
    return heard.stream()
        .filter(m -> m.hasRefused() && m.getRefused().getWhat().startsWith(what))
        .map(m -> Json.read(m.getRefused().getProblem().toByteArray(), Problem.class))
        .findFirst()
        .orElse(null);
  }

  interface Condition {
    boolean holds();
  }

  static void await(String what, Condition condition) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain for " + what);
      }
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }

  @Override
  public void close() {
    hangUp();
    log.close();
  }
}
