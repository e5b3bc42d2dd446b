package hesuan.agent;

import com.google.protobuf.ByteString;
import hesuan.agent.budget.Witnesses;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.job.Admission;
import hesuan.agent.job.JobDriver;
import hesuan.agent.job.Receipts;
import hesuan.control.FromAgent;
import hesuan.control.Hello;
import hesuan.control.PlanAsk;
import hesuan.control.PlanVerdict;
import hesuan.control.Publish;
import hesuan.control.Signed;
import hesuan.control.ToAgent;
import hesuan.control.Welcome;
import hesuan.control.Withdraw;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.job.PlanOpinion;
import hesuan.transport.ControlClient;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.Software;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is said between this agent and its coordinator. Everything may be said twice. What concerns
 * one job runs on its own thread, so that a slow job keeps no other waiting; the job's life takes
 * its messages in any order.
 */
final class CoordinatorLine implements ControlClient.Listener {
  static final int PROTOCOL_VERSION = 1;
  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorLine.class);

  private final AgentConfig config;
  private final Members members;
  private final Contracts contracts;
  private final OwnProducts products;
  private final Receipts receipts;
  private final Witnesses witnesses;
  private final Admission admission;
  private final JobDriver driver;
  private final Consumer<FromAgent> line;
  private final Consumer<String> relay;
  private final Clock clock;
  private final Map<String, Problem> refused = new ConcurrentHashMap<>();
  private volatile long skewMillis;

  CoordinatorLine(
      AgentConfig config,
      Members members,
      Contracts contracts,
      OwnProducts products,
      Receipts receipts,
      Witnesses witnesses,
      Admission admission,
      JobDriver driver,
      Consumer<FromAgent> line,
      Consumer<String> relay,
      Clock clock) {
    this.config = config;
    this.members = members;
    this.contracts = contracts;
    this.products = products;
    this.receipts = receipts;
    this.witnesses = witnesses;
    this.admission = admission;
    this.driver = driver;
    this.line = line;
    this.relay = relay;
    this.clock = clock;
  }

  /** Coordinator's clock minus ours, when it last said hello. */
  long skewMillis() {
    return skewMillis;
  }

  /** What the coordinator would not take from us, by what it was. */
  Map<String, Problem> refused() {
    return Map.copyOf(refused);
  }

  @Override
  public void connected() {
    line.accept(
        FromAgent.newBuilder()
            .setHello(
                Hello.newBuilder()
                    .setProtocolVersion(PROTOCOL_VERSION)
                    .setSoftware(Software.NAME)
                    .setDataAddress(config.advertised())
                    .setClockMillis(clock.millis()))
            .build());
    sayUnanswered();
    Thread.startVirtualThread(driver::tick);
  }

  /** Whatever was published, signed, withdrawn or logged and has found no answer yet. */
  void sayUnanswered() {
    products.unaccepted().forEach(envelope -> line.accept(publish(envelope)));
    products.withdrawalsUnaccepted().forEach(ref -> line.accept(withdraw(ref.toString(), "")));
    contracts.signaturesUnaccepted().forEach(envelope -> line.accept(signed(envelope)));
    contracts.withdrawalsUnaccepted().forEach(id -> line.accept(withdraw("", id.value())));
    receipts
        .unacknowledged()
        .forEach(
            receipt ->
                line.accept(
                    FromAgent.newBuilder()
                        .setReceipt(
                            hesuan.control.Receipt.newBuilder()
                                .setReceipt(ByteString.copyFrom(receipt.bytes())))
                        .build()));
  }

  private static FromAgent publish(Envelope envelope) {
    return FromAgent.newBuilder()
        .setPublish(Publish.newBuilder().setEnvelope(ByteString.copyFrom(envelope.bytes())))
        .build();
  }

  private static FromAgent signed(Envelope envelope) {
    return FromAgent.newBuilder()
        .setSignContract(Signed.newBuilder().setEnvelope(ByteString.copyFrom(envelope.bytes())))
        .build();
  }

  private static FromAgent withdraw(String product, String contract) {
    return FromAgent.newBuilder()
        .setWithdraw(Withdraw.newBuilder().setProduct(product).setContract(contract))
        .build();
  }

  @Override
  public void received(ToAgent message) {
    switch (message.getBodyCase()) {
      case WELCOME -> welcome(message.getWelcome());
      case CONTRACT ->
          contracts.hear(
              message.getContract().getContract().toByteArray(),
              message.getContract().getEnvelopesList().stream()
                  .map(b -> Envelope.read(b.toByteArray()))
                  .toList(),
              message.getContract().getWithdrawn());
      case ROSTER ->
          message
              .getRoster()
              .getMembersList()
              .forEach(
                  m ->
                      members.remember(
                          new PartyId(m.getParty()),
                          Json.read(m.getKeys().toByteArray(), PartyKeys.class),
                          m.getDataAddress()));
      case PROPOSE -> aside(() -> driver.propose(message.getPropose()));
      case START -> aside(() -> driver.start(message.getStart()));
      case SETTLE -> aside(() -> driver.settle(message.getSettle()));
      case INTERRUPT -> aside(() -> driver.interrupt(message.getInterrupt()));
      case PLAN_ASK -> aside(() -> answer(message.getPlanAsk()));
      case REFUSED -> {
        Problem problem = Json.read(message.getRefused().getProblem().toByteArray(), Problem.class);
        refused.put(message.getRefused().getWhat(), problem);
        LOG.warn(
            "the coordinator refused {}: {}",
            message.getRefused().getWhat(),
            problem.sentence(false));
      }
      case ACCEPTED -> accepted(message.getAccepted().getWhat());
      case PING, BODY_NOT_SET -> {}
    }
  }

  private void welcome(Welcome welcome) {
    skewMillis = welcome.getClockMillis() - clock.millis();
    relay.accept(welcome.getRelayAddress());
    witnesses.lineUp(welcome.getBudgetHead().toByteArray());
    LOG.info("joined federation {}", welcome.getFederation());
  }

  private void answer(PlanAsk ask) {
    PlanOpinion opinion = admission.preview(ask.getPropose());
    line.accept(
        FromAgent.newBuilder()
            .setPlanVerdict(
                PlanVerdict.newBuilder()
                    .setAsk(ask.getAsk())
                    .setVerdict(ByteString.copyFrom(Json.canonical(opinion))))
            .build());
  }

  private void accepted(String what) {
    refused.remove(what);
    String[] words = what.split(" ", 2);
    if (words.length < 2) {
      return;
    }
    switch (words[0]) {
      case "product" -> products.accepted(hesuan.wire.ProductRef.parse(words[1]));
      case "withdrawn" -> {
        if (words[1].contains("/")) {
          products.withdrawalAccepted(hesuan.wire.ProductRef.parse(words[1]));
        } else {
          contracts.withdrawalAccepted(new hesuan.wire.ContractId(words[1]));
        }
      }
      case "signature" -> contracts.signatureAccepted(new hesuan.wire.ContractId(words[1]));
      case "budget-head" -> witnesses.coordinatorKept(Long.parseLong(words[1]));
      case "receipt" -> receipts.acknowledged(new Digest(words[1]));
      default -> LOG.debug("accepted: {}", what);
    }
  }

  @Override
  public void disconnected(Problem why) {
    LOG.warn("line to the coordinator lost: {}", why.sentence(false));
  }

  private static void aside(Runnable work) {
    Thread.startVirtualThread(
        () -> {
          try {
            work.run();
          } catch (ProblemException e) {
            LOG.warn("{}", e.getMessage());
          } catch (RuntimeException e) {
            LOG.error("defect while serving the coordinator", e);
          }
        });
  }
}
