package hesuan.agent.api;

import hesuan.agent.Contracts;
import hesuan.agent.data.Publication;
import hesuan.agent.data.PublishRequest;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.TrustedKeys;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProductRef;
import hesuan.wire.Software;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The party itself: who it is, what it offers, what it has signed. */
@Controller("/api/v1")
@ExecuteOn(TaskExecutors.BLOCKING)
@Requires(beans = AgentView.class)
@Tag(name = "party")
final class PartyController {
  private static final Duration ANSWER_WAIT = Duration.ofSeconds(5);

  private static final Duration PREPARE_WAIT = Duration.ofSeconds(20);

  private final AgentView agent;

  PartyController(AgentView agent) {
    this.agent = agent;
  }

  /** Whether the agent serves, and has its line to the coordinator. */
  @Get("/health")
  Views.Health health() {
    return new Views.Health("up", agent.state().get().connected());
  }

  @Get("/party")
  Views.Party party(@Parameter(hidden = true) Owner owner) {
    AgentView.State state = agent.state().get();
    return new Views.Party(
        agent.config().party(),
        agent.config().federation(),
        agent.config().coordinator(),
        state.connected(),
        state.lineProblem().orElse(null),
        state.certificateUntil().toString(),
        state.keys(),
        agent.config().advertised(),
        state.relayAddress(),
        Software.NAME,
        state.clockSkewMillis(),
        state.policyBundle(),
        agent.members().all().stream()
            .map(m -> new Views.Member(m.party(), m.keys().digest(), m.dataAddress()))
            .toList());
  }

  /** What a verifier of this federation's receipts may trust: an offline file. */
  @Get("/keys")
  TrustedKeys keys(@Parameter(hidden = true) Owner owner) {
    return agent.trustedKeys().get();
  }

  /** The signed state of this party's own log. */
  @Get(value = "/log/checkpoint", produces = MediaType.TEXT_PLAIN)
  String checkpoint(@Parameter(hidden = true) Owner owner) {
    return agent.checkpoint().get();
  }

  /** Profiles a source, makes the next version of the product, signs and offers it. */
  @Post("/products")
  Views.Published publish(@Parameter(hidden = true) Owner owner, @Body PublishRequest request) {
    Publication made = agent.products().publish(request);
    agent.receipts().published(made.product());
    agent.say().run();
    ProductRef ref = made.product().ref();
    String what = "product " + ref;
    boolean answered =
        wait(
            () ->
                agent.products().isAccepted(ref)
                    || agent.refusedByCoordinator().get().containsKey(what));
    return new Views.Published(
        made.product(),
        made.quality(),
        answered && agent.products().isAccepted(ref),
        agent.refusedByCoordinator().get().get(what));
  }

  @Get("/products")
  List<Views.HeldProduct> products(@Parameter(hidden = true) Owner owner) {
    return agent.products().all().stream()
        .map(h -> new Views.HeldProduct(h.product(), h.withdrawn(), h.accepted(), h.opening()))
        .toList();
  }

  /**
   * Makes a version ready to be asked by engine unbalanced, or waits for it for a while; a job does
   * the same when it is the first.
   */
  @Post("/products/{name}/{version}/prepare")
  Views.PreparedProduct prepare(@Parameter(hidden = true) Owner owner, String name, int version)
      throws InterruptedException {
    ProductRef ref = new ProductRef(agent.config().party(), name, version);
    return agent
        .prepared()
        .ahead(ref, PREPARE_WAIT)
        .map(
            set ->
                new Views.PreparedProduct(
                    ref, true, set.revision(), set.items(), set.filter().digest()))
        .orElse(new Views.PreparedProduct(ref, false, 0, 0, null));
  }

  /** Takes effect here at once, whatever the coordinator does. */
  @Post("/products/{name}/{version}/withdraw")
  Views.WithdrawnProduct withdraw(@Parameter(hidden = true) Owner owner, String name, int version) {
    ProductRef ref = new ProductRef(agent.config().party(), name, version);
    agent.products().withdraw(ref);
    agent.prepared().forget(ref);
    agent.receipts().withdrawn(ref);
    agent.say().run();
    return new Views.WithdrawnProduct(ref, true);
  }

  @Get("/contracts")
  List<Views.HeldContract> contracts(@Parameter(hidden = true) Owner owner) {
    return agent.contracts().all().stream().map(this::view).toList();
  }

  /** Signs the text as it is held here; waits a moment for one that is on its way. */
  @Post("/contracts/{id}/sign")
  Views.HeldContract sign(@Parameter(hidden = true) Owner owner, String id) {
    ContractId contract = new ContractId(id);
    wait(() -> agent.contracts().find(contract).isPresent());
    agent.contracts().sign(contract);
    Contracts.Held held = agent.contracts().get(contract);
    agent.receipts().agreed(contract, Digest.of(held.document()));
    agent.say().run();
    wait(() -> agent.contracts().isSignatureAccepted(contract));
    return view(agent.contracts().get(contract));
  }

  @Post("/contracts/{id}/withdraw")
  Views.HeldContract withdrawContract(@Parameter(hidden = true) Owner owner, String id) {
    ContractId contract = new ContractId(id);
    agent.contracts().withdraw(contract);
    agent.receipts().withdrawn(contract);
    agent.say().run();
    return view(agent.contracts().get(contract));
  }

  private Views.HeldContract view(Contracts.Held held) {
    List<PartyId> signers = new ArrayList<>();
    for (Contract.Member member : held.contract().parties()) {
      boolean mine = member.party().equals(agent.config().party());
      if (mine ? held.own() != null : hasSigned(held, member)) {
        signers.add(member.party());
      }
    }
    return new Views.HeldContract(held.contract(), held.own() != null, signers, held.withdrawn());
  }

  private boolean hasSigned(Contracts.Held held, Contract.Member member) {
    return agent
        .members()
        .find(member.party())
        .map(m -> m.keys())
        .filter(keys -> keys.digest().equals(member.keys()))
        .filter(keys -> signedBy(held, keys))
        .isPresent();
  }

  private static boolean signedBy(Contracts.Held held, PartyKeys keys) {
    return held.envelopes().stream()
        .anyMatch(e -> !e.signersAmong(Contract.PAYLOAD_TYPE, List.of(keys)).isEmpty());
  }

  private static boolean wait(BooleanSupplier answered) {
    long end = System.nanoTime() + ANSWER_WAIT.toNanos();
    try {
      while (!answered.getAsBoolean()) {
        if (System.nanoTime() > end) {
          return false;
        }
        Thread.sleep(Duration.ofMillis(50));
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
