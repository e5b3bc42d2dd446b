package hesuan.coordinator.control;

import com.google.protobuf.ByteString;
import hesuan.control.Accepted;
import hesuan.control.EnrolReply;
import hesuan.control.EnrolRequest;
import hesuan.control.FromAgent;
import hesuan.control.Hello;
import hesuan.control.Member;
import hesuan.control.Refused;
import hesuan.control.Roster;
import hesuan.control.ToAgent;
import hesuan.control.Welcome;
import hesuan.control.Withdraw;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.record.FederationLog;
import hesuan.coordinator.schedule.Messages;
import hesuan.coordinator.schedule.Scheduler;
import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.Receipt;
import hesuan.evidence.Statement;
import hesuan.identity.Certificates;
import hesuan.identity.Enrolment;
import hesuan.store.Store;
import hesuan.transport.AgentLine;
import hesuan.transport.ControlHandler;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the coordinator does with what agents say. */
public final class Control implements ControlHandler {
  public static final int PROTOCOL_VERSION = 1;
  private static final Logger log = LoggerFactory.getLogger(Control.class);

  private final Store store;
  private final Enrolment enrolment;
  private final Members members;
  private final Products products;
  private final Contracts contracts;
  private final FederationLog federationLog;
  private final Scheduler scheduler;
  private final Lines lines;
  private final Supplier<String> relayAddress;
  private final Clock clock;

  public Control(
      Store store,
      Enrolment enrolment,
      Members members,
      Products products,
      Contracts contracts,
      FederationLog federationLog,
      Scheduler scheduler,
      Lines lines,
      Supplier<String> relayAddress,
      Clock clock) {
    this.store = store;
    this.enrolment = enrolment;
    this.members = members;
    this.products = products;
    this.contracts = contracts;
    this.federationLog = federationLog;
    this.scheduler = scheduler;
    this.lines = lines;
    this.relayAddress = relayAddress;
    this.clock = clock;
  }

  @Override
  public EnrolReply enrol(EnrolRequest request) {
    PartyId party = new PartyId(request.getParty());
    PartyKeys keys = Json.read(request.getKeys().toByteArray(), PartyKeys.class);
    if (!keys.party().equals(party) || party.equals(federationLog.keys().party())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "keys", "keys of " + party, "keys of " + keys.party());
    }
    keys.verifyPossession(Envelope.read(request.getProof().toByteArray()));
    X509Certificate certificate =
        store
            .inTransaction(
                "enrol",
                t -> {
                  Enrolment.Enrolled enrolled =
                      enrolment.enrol(
                          t,
                          request.getToken(),
                          party,
                          request.getCertificateRequest().toByteArray());
                  Members.put(t, keys, clock.millis());
                  return enrolled;
                })
            .certificate();
    federationLog.sayEnrolled(keys, clock);
    log.info("{} enrolled with keys {}", party, keys.digest());
    lines.broadcast("roster", this::roster);
    ByteString root = encoded(enrolment.authority().root());
    return EnrolReply.newBuilder()
        .addCertificateChain(encoded(certificate))
        .addCertificateChain(root)
        .addRoot(root)
        .setFederation(enrolment.authority().federation())
        .setCoordinatorKeys(Messages.canonical(federationLog.keys()))
        .build();
  }

  private static ByteString encoded(X509Certificate certificate) {
    return ByteString.copyFrom(Certificates.encoded(certificate));
  }

  @Override
  public X509Certificate renew(PartyId caller, byte[] certificateRequest) {
    members.require(caller);
    return enrolment.renew(caller, certificateRequest);
  }

  @Override
  public void connected(AgentLine line) {
    PartyId party = line.party();
    members.require(party);
    lines.opened(line);
    lines.send(
        party,
        "welcome",
        () ->
            ToAgent.newBuilder()
                .setWelcome(
                    Welcome.newBuilder()
                        .setFederation(enrolment.authority().federation())
                        .setClockMillis(clock.millis())
                        .setRelayAddress(relayAddress.get())
                        .setBudgetHead(
                            members
                                .budgetHead(party)
                                .map(head -> ByteString.copyFrom(head.bytes()))
                                .orElse(ByteString.EMPTY)))
                .build());
    lines.broadcast("roster", this::roster);
    contracts.list(java.util.Optional.of(party)).forEach(offered -> relay(party, offered));
    scheduler.connected(party);
  }

  @Override
  public void disconnected(AgentLine line, Problem why) {
    lines.closed(line, why);
  }

  /** Tells every party of a contract how it stands. */
  public void relay(ContractId id) {
    Contracts.Offered offered = contracts.require(id);
    offered.parties().forEach(party -> relay(party, offered));
  }

  private void relay(PartyId to, Contracts.Offered offered) {
    ContractId id = offered.contract().id();
    lines.send(
        to,
        "contract " + id,
        () -> ToAgent.newBuilder().setContract(Messages.contract(contracts.require(id))).build());
  }

  /** A contract is withdrawn: its jobs end, its parties hear of it. */
  public void withdraw(PartyId by, ContractId id) {
    if (contracts.withdraw(by, id)) {
      log.info("{} withdrew {}", by, id);
    }
    relay(id);
    scheduler.withdrawn(by, id);
  }

  private ToAgent roster() {
    Roster.Builder roster = Roster.newBuilder();
    for (Members.Member each : members.list()) {
      roster.addMembers(
          Member.newBuilder()
              .setParty(each.party().value())
              .setKeys(Messages.canonical(each.keys()))
              .setDataAddress(each.dataAddress()));
    }
    return ToAgent.newBuilder().setRoster(roster).build();
  }

  @Override
  public void received(AgentLine line, FromAgent message) {
    PartyId from = line.party();
    switch (message.getBodyCase()) {
      case HELLO -> hello(line, message.getHello());
      case PUBLISH ->
          heard(
              from,
              "product",
              () ->
                  "product "
                      + products
                          .publish(from, message.getPublish().getEnvelope().toByteArray())
                          .product()
                          .ref());
      case WITHDRAW -> heard(from, "withdrawal", () -> withdrawn(from, message.getWithdraw()));
      case SIGN_CONTRACT ->
          heard(
              from,
              "signature",
              () -> signed(from, message.getSignContract().getEnvelope().toByteArray()));
      case VERDICT ->
          told(
              from,
              "verdict " + message.getVerdict().getJob(),
              () -> scheduler.verdict(from, message.getVerdict()));
      case STEP ->
          told(
              from,
              "step " + message.getStep().getJob(),
              () -> scheduler.step(from, message.getStep()));
      case RELEASED ->
          told(
              from,
              "released " + message.getReleased().getJob(),
              () -> scheduler.released(from, message.getReleased()));
      case RECEIPT ->
          heard(
              from,
              "receipt",
              () -> receipt(from, message.getReceipt().getReceipt().toByteArray()));
      case PLAN_VERDICT ->
          told(from, "plan verdict", () -> scheduler.planVerdict(from, message.getPlanVerdict()));
      case BUDGET_HEAD ->
          heard(
              from,
              "budget-head",
              () ->
                  "budget-head "
                      + members.keepBudgetHead(
                          from, message.getBudgetHead().getEnvelope().toByteArray()));
      case PONG, BODY_NOT_SET -> log.debug("{} said nothing that needs an answer", from);
    }
  }

  private void hello(AgentLine line, Hello hello) {
    if (hello.getProtocolVersion() != PROTOCOL_VERSION) {
      line.close(
          new Problem(
              ErrorCode.PEER_VERSION,
              "agent of " + line.party(),
              "protocol " + PROTOCOL_VERSION,
              "protocol " + hello.getProtocolVersion() + " of " + hello.getSoftware()));
      return;
    }
    long now = clock.millis();
    members.greet(
        line.party(),
        hello.getDataAddress(),
        hello.getSoftware(),
        hello.getClockMillis() - now,
        now);
    lines.broadcast("roster", this::roster);
  }

  private String withdrawn(PartyId from, Withdraw withdraw) {
    if (!withdraw.getContract().isEmpty()) {
      ContractId id = new ContractId(withdraw.getContract());
      withdraw(from, id);
      return "withdrawn " + id;
    }
    ProductRef ref = ProductRef.parse(withdraw.getProduct());
    if (products.withdraw(from, ref)) {
      log.info("{} withdrew {}", from, ref);
    }
    scheduler.withdrawn(from, ref);
    return "withdrawn " + ref;
  }

  private String signed(PartyId from, byte[] envelope) {
    ContractId id = Json.read(Envelope.read(envelope).unverifiedPayload(), Contract.class).id();
    if (contracts.sign(from, envelope).isPresent()) {
      log.info("{} signed {}", from, id);
      relay(id);
    }
    return "signature " + id;
  }

  private String receipt(PartyId from, byte[] bytes) {
    Statement statement = federationLog.take(from, bytes);
    if (statement.predicate() instanceof JobRecord job
        && statement.kind() != Statement.Kind.CONSENT) {
      scheduler.receiptTaken(from, job.job());
    }
    return "receipt " + Receipt.read(bytes).envelopeDigest();
  }

  private interface Hearing {
    String hear();
  }

  /** Takes something and says so; what is refused is told and harms no other business. */
  private void heard(PartyId from, String what, Hearing hearing) {
    told(
        from,
        what,
        () -> {
          String accepted = hearing.hear();
          lines.send(
              from,
              accepted,
              () ->
                  ToAgent.newBuilder()
                      .setAccepted(Accepted.newBuilder().setWhat(accepted))
                      .build());
        });
  }

  private void told(PartyId from, String what, Runnable hearing) {
    try {
      hearing.run();
    } catch (ProblemException e) {
      log.warn("{} of {} refused: {}", what, from, e.getMessage());
      lines.send(
          from,
          "refused " + what,
          () ->
              ToAgent.newBuilder()
                  .setRefused(
                      Refused.newBuilder()
                          .setWhat(what)
                          .setProblem(Messages.canonical(e.problem())))
                  .build());
    }
  }
}
