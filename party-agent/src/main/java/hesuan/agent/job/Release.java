package hesuan.agent.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.Members;
import hesuan.agent.step.Output;
import hesuan.channel.Channel;
import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.job.PartyJobEffect;
import hesuan.job.PartyJobEvent;
import hesuan.job.PartyJobState;
import hesuan.job.Refusal;
import hesuan.job.Transition;
import hesuan.policy.PolicyInput;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How an output leaves. The leader shows every party the shape; each decides by its own policy and
 * signs; with all consents in hand the leader stores output and consents together, and only then
 * gives the result to anyone. A receiver checks all of it again before it stores.
 */
final class Release {
  private static final byte ASK = 1;
  private static final byte ANSWER = 2;
  private static final byte DELIVERY = 3;
  private static final byte ACKNOWLEDGEMENT = 4;
  private static final int ASK_BYTES_MAX = 64 << 10;
  private static final int ANSWER_BYTES_MAX = 128 << 10;
  private static final int ACKNOWLEDGEMENT_BYTES_MAX = 256;

  private record Ask(int attempt, List<PolicyInput.ReleaseShape> shapes) {}

  /** Exactly one of the two is set. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Answer(@Nullable Envelope consent, @Nullable List<Refusal> refusals) {}

  private record Delivery(JsonNode body, Envelope release, List<Envelope> consents) {}

  private final SigningKeys keys;
  private final JobDriver driver;
  private final JobBook book;
  private final Admission admission;
  private final Receipts receipts;
  private final Members members;
  private final PeopleFiles people;

  Release(
      SigningKeys keys,
      JobDriver driver,
      JobBook book,
      Admission admission,
      Receipts receipts,
      Members members,
      PeopleFiles people) {
    this.keys = keys;
    this.driver = driver;
    this.book = book;
    this.admission = admission;
    this.receipts = receipts;
    this.members = members;
    this.people = people;
  }

  /** At the leader: asks everyone, then stores. */
  void lead(
      JobEntry entry,
      int attempt,
      Output output,
      PeopleFiles.@Nullable Sealed sealed,
      Map<PartyId, Channel> channels) {
    List<PolicyInput.ReleaseShape> shapes = shapes(entry.plan(), output);
    refuse(entry, admission.mayRelease(entry, attempt, shapes));
    byte[] ask = Json.canonical(new Ask(attempt, shapes));
    channels.values().forEach(channel -> channel.send(ASK, ask));
    List<JobRecord.Output> outputs = outputs(shapes, output.digest());
    List<Envelope> consents = new ArrayList<>();
    for (PartyId party : entry.plan().parties()) {
      if (!party.equals(keys.party())) {
        consents.add(consent(entry, attempt, outputs, channels.get(party)));
      }
    }
    Envelope release =
        receipts
            .records()
            .release(
                entry,
                attempt,
                outputs,
                consents.stream().map(Envelope::digest).toList(),
                receipts.previous())
            .sign(keys);
    JobBook.Result result = new JobBook.Result(Json.canonical(output.body()), release, consents);
    driver.feed(
        entry.id(),
        new PartyJobEvent.ResultReady(attempt, release.digest()),
        t -> {
          JobBook.released(t, entry.id(), result);
          PeopleFiles.keep(t, entry.id(), sealed);
        });
    people.open(entry.id());
  }

  private Envelope consent(
      JobEntry entry, int attempt, List<JobRecord.Output> outputs, Channel channel) {
    Answer answer = Json.read(channel.receive(ANSWER, ANSWER_BYTES_MAX), Answer.class);
    if (answer.refusals != null && !answer.refusals.isEmpty()) {
      throw answer.refusals.getFirst().problem().asException();
    }
    if (answer.consent == null) {
      throw violation(channel.peer(), "a consent or a refusal", "neither");
    }
    PartyKeys peer = members.pinned(entry.contract(), channel.peer());
    Statement statement = Statement.verify(answer.consent, peer);
    boolean fits =
        statement.kind() == Statement.Kind.CONSENT
            && statement.predicate() instanceof JobRecord record
            && record.job().equals(entry.id())
            && record.attempt() == attempt
            && record
                .outputs()
                .equals(outputs.stream().map(JobRecord.Output::withoutDigest).toList())
            && entry.plan().digest().equals(record.plan())
            && entry.plan().contractDigest().equals(record.contract())
            && record.spec().equals(entry.plan().spec())
            && record.purpose().equals(entry.plan().purpose())
            && record.parties().equals(entry.plan().parties());
    if (!fits) {
      throw violation(channel.peer(), "consent to the outputs shown", "to something else");
    }
    return answer.consent;
  }

  /** At everyone else: waits for the leader's question, and answers it. */
  void answer(JobEntry entry, int attempt, PeopleFiles.@Nullable Sealed sealed, Channel leader) {
    Ask ask = Json.read(leader.receive(ASK, ASK_BYTES_MAX), Ask.class);
    if (ask.attempt != attempt || !fitsPlan(entry.plan(), ask.shapes)) {
      throw violation(leader.peer(), "the outputs of the plan", "others");
    }
    List<Refusal> refusals = admission.mayRelease(entry, attempt, ask.shapes);
    if (!refusals.isEmpty()) {
      leader.send(ANSWER, Json.canonical(new Answer(null, refusals)));
      refuse(entry, refusals);
    }
    Digest shape = Digest.ofDocument(ask.shapes);
    Envelope consent =
        receipts
            .records()
            .consent(entry, attempt, outputs(ask.shapes, null), receipts.previous())
            .sign(keys);
    Transition<PartyJobState, PartyJobEffect> transition =
        driver.feed(
            entry.id(),
            new PartyJobEvent.ConsentAsked(attempt, shape),
            t -> {
              JobBook.consented(t, entry.id(), shape, consent);
              PeopleFiles.keep(t, entry.id(), sealed);
            });
    boolean consents = transition.effects().contains(new PartyJobEffect.SendConsent(shape));
    if (!consents) {
      Problem problem =
          new Problem(
              ErrorCode.CONFLICT,
              entry.id().value(),
              "the output shape consented to before",
              "another shape");
      leader.send(
          ANSWER,
          Json.canonical(
              new Answer(null, List.of(new Refusal(keys.party(), "release.shape", problem, "")))));
      throw problem.asException();
    }
    leader.send(ANSWER, Json.canonical(new Answer(consent, null)));
  }

  /** At the leader: gives the stored result to one receiver. */
  void deliver(JobEntry entry, Channel receiver) {
    JobBook.Result result = book.result(entry.id()).orElseThrow();
    receiver.send(
        DELIVERY,
        Json.canonical(
            new Delivery(Json.tree(result.body()), result.release(), result.consents())));
    Digest acknowledged =
        new Digest(
            Json.tree(receiver.receive(ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_BYTES_MAX)).asText());
    if (!acknowledged.equals(result.release().digest())) {
      throw violation(receiver.peer(), result.release().digest().hex(), acknowledged.hex());
    }
    driver.feed(
        entry.id(), new PartyJobEvent.DeliveryAcknowledged(receiver.peer()), JobDriver.Rows.NONE);
  }

  /** At a receiver: takes the result, if the release says that this is it and all have agreed. */
  void receive(JobEntry entry, Channel leader) {
    Delivery delivery =
        Json.read(leader.receive(DELIVERY, Channel.MESSAGE_BYTES_MAX), Delivery.class);
    byte[] body = Json.canonical(delivery.body);
    PartyKeys leaderKeys = members.pinned(entry.contract(), entry.plan().leader());
    Statement statement = Statement.verify(delivery.release, leaderKeys);
    boolean fits =
        statement.kind() == Statement.Kind.RELEASE
            && statement.predicate() instanceof JobRecord record
            && record.job().equals(entry.id())
            && entry.plan().digest().equals(record.plan())
            && record.outputs().stream()
                .anyMatch(o -> o.to().contains(keys.party()) && Digest.of(body).equals(o.digest()));
    if (!fits) {
      throw violation(leader.peer(), "the released result of " + entry.id(), "another document");
    }
    JobBook.Result result = new JobBook.Result(body, delivery.release, delivery.consents);
    Digest release = delivery.release.digest();
    Transition<PartyJobState, PartyJobEffect> transition =
        driver.feed(
            entry.id(),
            new PartyJobEvent.ResultArrived(release),
            t -> JobBook.released(t, entry.id(), result));
    if (!transition.effects().contains(new PartyJobEffect.AcknowledgeDelivery(release))) {
      throw violation(
          leader.peer(), "the first result of " + entry.id(), "another, or none awaited");
    }
    people.open(entry.id());
    leader.send(ACKNOWLEDGEMENT, Json.canonical(Json.node(release)));
  }

  private void refuse(JobEntry entry, List<Refusal> refusals) {
    if (!refusals.isEmpty()) {
      driver.feed(entry.id(), new PartyJobEvent.Decided(refusals), JobDriver.Rows.NONE);
      throw refusals.getFirst().problem().asException();
    }
  }

  private static List<PolicyInput.ReleaseShape> shapes(Plan plan, Output output) {
    Epsilon epsilon =
        plan.charges().stream()
            .map(Plan.Charge::epsilon)
            .max(Epsilon::compareTo)
            .orElse(Epsilon.ZERO);
    return plan.outputs().stream()
        .map(
            o ->
                new PolicyInput.ReleaseShape(
                    o.name(),
                    o.form(),
                    o.to(),
                    output.columns(),
                    output.rows(),
                    output.suppressed(),
                    plan.minGroup(),
                    epsilon))
        .toList();
  }

  private static boolean fitsPlan(Plan plan, List<PolicyInput.ReleaseShape> shapes) {
    Function<PolicyInput.ReleaseShape, JobSpec.Output> named =
        s -> new JobSpec.Output(s.output(), s.to(), s.form());
    return shapes.stream().map(named).toList().equals(plan.outputs());
  }

  private static List<JobRecord.Output> outputs(
      List<PolicyInput.ReleaseShape> shapes, @Nullable Digest digest) {
    return shapes.stream()
        .map(s -> new JobRecord.Output(s.output(), Digest.ofDocument(s), digest, s.to()))
        .toList();
  }

  private static ProblemException violation(PartyId peer, String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, peer.value(), expected, found);
  }
}
