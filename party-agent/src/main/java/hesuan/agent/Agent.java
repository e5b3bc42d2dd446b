package hesuan.agent;

import com.google.protobuf.ByteString;
import hesuan.agent.api.AgentView;
import hesuan.agent.budget.Budget;
import hesuan.agent.budget.Witnesses;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.job.Admission;
import hesuan.agent.job.Attempts;
import hesuan.agent.job.BucketFiles;
import hesuan.agent.job.JobBook;
import hesuan.agent.job.JobDriver;
import hesuan.agent.job.JobEntry;
import hesuan.agent.job.PeopleFiles;
import hesuan.agent.job.Receipts;
import hesuan.agent.lookup.KeptFilters;
import hesuan.agent.lookup.PreparedSets;
import hesuan.agent.step.Steps;
import hesuan.control.BudgetHead;
import hesuan.control.FromAgent;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.TrustedKeys;
import hesuan.group.Workers;
import hesuan.http.ApiServer;
import hesuan.identity.KeyFiles;
import hesuan.identity.LiveIdentity;
import hesuan.identity.Renewal;
import hesuan.identity.TlsContexts;
import hesuan.job.PartyJobState;
import hesuan.job.StepHook;
import hesuan.learn.Trainer;
import hesuan.log.LogCheck;
import hesuan.log.TileLog;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.store.Schema;
import hesuan.store.ScratchFolder;
import hesuan.store.Store;
import hesuan.transport.Address;
import hesuan.transport.ControlClient;
import hesuan.transport.DataPlane;
import hesuan.transport.Link;
import hesuan.transport.SessionId;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The assembled agent: opens what is in its home, dials its coordinator, and goes on where it was.
 */
public final class Agent implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
  public static final Schema SCHEMA =
      new Schema(
          "agent",
          Agent.class,
          List.of(
              "1-agent.sql",
              "2-people.sql",
              "3-budget.sql",
              "4-queries.sql",
              "5-buckets.sql",
              "6-lookup.sql",
              "7-fingerprint.sql",
              "8-accountant.sql"));
  private static final long TICK_MILLIS = 2_000;

  /**
   * @param config everything of it but the federation's name, which the coordinator tells
   */
  public record Join(Path home, AgentConfig config, String token) {}

  private static final String HELLO_TYPE = "application/vnd.hesuan.hello";

  /**
   * A party that is there but slow to begin is waited for: the coordinator tells of one that is
   * gone, and that interrupts the attempt.
   */
  private static final Duration LINK_OPEN_MAX = Duration.ofSeconds(60);

  private static final Duration HEAD_KEPT_MAX = Duration.ofSeconds(60);

  /** No attempt has this number: a link for a result whose delivery was interrupted. */
  private static final int DELIVERY = 1000;

  private final List<AutoCloseable> open = new ArrayList<>();

  private final AgentConfig config;
  private final SigningKeys keys;
  private final LiveIdentity identity;
  private final TlsContexts tls;
  private final Store store;
  private final TileLog log;
  private final Members members;
  private final Contracts contracts;
  private final OwnProducts products;
  private final Budget budget;
  private final PreparedSets prepared;
  private final PolicyEngine policy;
  private final JobBook book;
  private final Receipts receipts;
  private final CoordinatorLine line;
  private final ControlClient control;
  private final DataPlane data;
  private final KnownAddresses directory;
  private final PartyKeys coordinatorKeys;

  /** Keys are made here and stay here; what the coordinator gets is public. */
  public static AgentConfig join(Join join, Clock clock, SecureRandom random) throws IOException {
    Path home = join.home;
    Files.createDirectories(home.resolve("keys"));
    AgentConfig config = join.config;
    try (SigningKeys keys = signingKeys(home, config.party(), random)) {
      ControlClient.Enrolled enrolled =
          ControlClient.enrol(
              Address.parse(config.coordinator()),
              join.token,
              config.party(),
              Json.canonical(keys.publicKeys()),
              keys.proofOfPossession().bytes(),
              clock,
              random);
      KeyFiles.write(identityFile(home), enrolled.identity());
      KeyFiles.writePrivately(home.resolve("keys/coordinator.json"), enrolled.coordinatorKeys());
      AgentConfig joined = config.in(enrolled.federation());
      joined.write(home);
      if (!Files.exists(settingsFile(home))) {
        Files.createDirectories(settingsFile(home).getParent());
        Files.write(settingsFile(home), Json.canonical(PartySettings.defaults()));
      }
      return joined;
    }
  }

  public static Path identityFile(Path home) {
    return home.resolve("keys/identity.pem");
  }

  private static Path settingsFile(Path home) {
    return home.resolve("policy/settings.json");
  }

  /** The party's signing keys; made on the first call. */
  private static SigningKeys signingKeys(Path home, PartyId party, SecureRandom random)
      throws IOException {
    Path file = home.resolve("keys/signing.key");
    if (!Files.exists(file)) {
      try (SigningKeys fresh = SigningKeys.generate(party, random);
          SecretBytes secret = fresh.exportSecret()) {
        byte[] bytes = secret.exposeCopy();
        KeyFiles.writePrivately(file, Base64.getEncoder().encode(bytes));
        Arrays.fill(bytes, (byte) 0);
      }
    }
    byte[] bytes = Base64.getDecoder().decode(Files.readAllBytes(file));
    try (SecretBytes secret = new SecretBytes(bytes)) {
      return SigningKeys.importSecret(party, secret);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** Reads the log of a home whose agent is stopped, every byte of it. */
  public static LogCheck checkLog(Path home, Clock clock, SecureRandom random) throws IOException {
    AgentConfig config = AgentConfig.read(home);
    try (SigningKeys keys = signingKeys(home, config.party(), random);
        TileLog log = TileLog.open(home.resolve("log"), keys, config.federation(), clock, random)) {
      return log.fsck();
    }
  }

  public static Agent start(Path home, StepHook hook, Clock clock, SecureRandom random)
      throws IOException {
    return new Agent(home, AgentConfig.read(home), hook, clock, random);
  }

  private Agent(Path home, AgentConfig config, StepHook hook, Clock clock, SecureRandom random)
      throws IOException {
    this.config = config;
    this.keys = opened(signingKeys(home, config.party(), random));
    this.coordinatorKeys =
        Json.read(Files.readAllBytes(home.resolve("keys/coordinator.json")), PartyKeys.class);
    this.identity = new LiveIdentity(KeyFiles.read(identityFile(home)));
    this.tls = new TlsContexts(identity, clock);
    // first of all: its lock keeps a second process off this home
    this.log = opened(TileLog.open(home.resolve("log"), keys, config.federation(), clock, random));
    ScratchFolder.clear(home.resolve("tmp"));
    ScratchFolder.clear(home.resolve(ScratchFolder.UNPACKED));
    this.store = opened(Store.open(home.resolve("state.db"), SCHEMA));
    this.members = new Members(store);
    this.contracts = new Contracts(store, members, keys);
    this.budget = Budget.open(store, clock);
    this.policy = PolicyEngine.builtIn(PartySettings.read(Files.readAllBytes(settingsFile(home))));
    this.book = new JobBook(store);
    this.directory = new KnownAddresses(members, config);
    AtomicReference<@Nullable ControlClient> dialled = new AtomicReference<>();
    Consumer<FromAgent> say =
        message -> {
          ControlClient client = dialled.get();
          if (client != null) {
            client.send(message);
          }
        };
    this.products =
        opened(
            new OwnProducts(
                store, keys, policy, budget, home.resolve("tmp"), config, clock, random));
    this.receipts = new Receipts(store, keys, log, book, budget, members, clock);
    Witnesses witnesses =
        new Witnesses(store, budget, keys, head -> say.accept(budgetHead(head)), HEAD_KEPT_MAX);
    Admission admission =
        new Admission(keys, contracts, members, products, policy, budget, book, clock);
    ExecutorService workers =
        Executors.newFixedThreadPool(
            config.threads(), Thread.ofPlatform().daemon().name("worker-", 0).factory());
    open.add(workers::shutdownNow);
    Workers pool = Workers.of(config.threads(), workers);
    this.prepared = new PreparedSets(home.resolve("lookup/own"), store, products, pool, random);
    prepared.restarted();
    KeptFilters filters = new KeptFilters(home.resolve("lookup/others"), store, random);
    filters.removeUnknown();
    Steps steps =
        new Steps(
            products,
            budget.queries(),
            prepared,
            filters,
            keys,
            this::pinned,
            pool,
            ServiceLoader.load(Trainer.class).findFirst(),
            random);
    this.data =
        opened(
            DataPlane.start(
                tls,
                config.dataListen() == null ? null : Address.parse(config.dataListen()),
                directory,
                message -> Envelope.sign(HELLO_TYPE, Digest.of(message).bytes(), keys).bytes(),
                LINK_OPEN_MAX));
    PeopleFiles people = new PeopleFiles(home.resolve("results"), store, random);
    people.restarted();
    BucketFiles buckets = new BucketFiles(home.resolve("results"), store, random);
    buckets.restarted(
        job ->
            book.find(job).filter(e -> !(e.state() instanceof PartyJobState.Settled)).isPresent());
    Attempts attempts =
        new Attempts(
            keys,
            book,
            admission,
            receipts,
            members,
            witnesses,
            steps,
            people,
            buckets,
            this::link);
    JobDriver driver =
        new JobDriver(
            config.party(), book, budget, admission, attempts, receipts, say, hook, clock, random);
    open.add(attempts::stopAll);
    this.line =
        new CoordinatorLine(
            config,
            members,
            contracts,
            products,
            receipts,
            witnesses,
            admission,
            driver,
            say,
            directory::relay,
            clock);
    driver.restarted();
    this.control =
        opened(
            ControlClient.start(
                Address.parse(config.coordinator()), tls, clock, new java.util.Random(), line));
    dialled.set(control);
    opened(
        Renewal.start(
            identity, identityFile(home), control::renew, control::redial, clock, random));
    opened(
        ApiServer.start(
            "hesuan-agent",
            Address.parse(config.apiListen()),
            tls,
            List.of(clock, view(apiToken(home, random)))));
    ScheduledExecutorService ticks =
        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("ticks").factory());
    ticks.scheduleWithFixedDelay(
        () -> tick(driver), TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    open.add(ticks::shutdownNow);
  }

  /** The hash of the admin token; the token itself is written once, for the party's own people. */
  private static Digest apiToken(Path home, SecureRandom random) throws IOException {
    Path file = home.resolve("admin.token");
    if (!Files.exists(file)) {
      byte[] bytes = new byte[32];
      random.nextBytes(bytes);
      KeyFiles.writePrivately(
          file,
          ("hsa_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes))
              .getBytes(StandardCharsets.US_ASCII));
    }
    return Digest.of(Files.readString(file).strip());
  }

  private AgentView view(Digest tokenHash) {
    return new AgentView(
        config,
        tokenHash,
        products,
        prepared,
        contracts,
        members,
        budget,
        book,
        receipts,
        this::trustedKeys,
        log::checkpoint,
        () ->
            new AgentView.State(
                control.isConnected(),
                control.problem(),
                identity.current().notAfter(),
                keys.publicKeys().digest(),
                directory.relay().map(Address::toString).orElse(""),
                line.skewMillis(),
                policy.bundleDigest()),
        line::refused,
        line::sayUnanswered);
  }

  private static FromAgent budgetHead(Envelope head) {
    return FromAgent.newBuilder()
        .setBudgetHead(BudgetHead.newBuilder().setEnvelope(ByteString.copyFrom(head.bytes())))
        .build();
  }

  private void tick(JobDriver driver) {
    try {
      if (control.isConnected()) {
        line.sayUnanswered();
      }
      driver.tick();
      products.forgetIdle();
    } catch (RuntimeException e) {
      LOG.error("tick failed", e);
    }
  }

  private Link link(JobEntry entry, int attempt, PartyId peer) {
    PartyKeys keysOfPeer = members.pinned(entry.contract(), peer);
    return data.open(
        new SessionId(entry.id(), attempt == 0 ? DELIVERY : attempt),
        peer,
        (message, signature) -> isSigned(message, signature, keysOfPeer));
  }

  private static boolean isSigned(byte[] message, byte[] signature, PartyKeys keys) {
    try {
      return Arrays.equals(
          Envelope.read(signature).verify(HELLO_TYPE, keys), Digest.of(message).bytes());
    } catch (ProblemException e) {
      return false;
    }
  }

  /** Where the others are, as the coordinator told; what is told wrong is found by signatures. */
  private static final class KnownAddresses implements DataPlane.Directory {
    private final Members members;
    private final PartyId self;
    private final String own;
    private volatile String relay = "";

    KnownAddresses(Members members, AgentConfig config) {
      this.members = members;
      this.self = config.party();
      this.own = config.advertised();
    }

    void relay(String address) {
      relay = address;
    }

    @Override
    public Optional<Address> party(PartyId party) {
      return party.equals(self)
          ? address(own)
          : members.find(party).flatMap(m -> address(m.dataAddress()));
    }

    @Override
    public Optional<Address> relay() {
      return address(relay);
    }

    private static Optional<Address> address(String text) {
      return text.isEmpty() ? Optional.empty() : Optional.of(Address.parse(text));
    }
  }

  private PartyKeys pinned(Plan plan, PartyId party) {
    return members.pinned(contracts.get(plan.contract()).contract(), party);
  }

  public AgentConfig config() {
    return config;
  }

  /** What whoever verifies this party's receipts may trust. */
  public TrustedKeys trustedKeys() {
    List<PartyKeys> all = new ArrayList<>(List.of(keys.publicKeys(), coordinatorKeys));
    members.all().stream()
        .filter(m -> !m.party().equals(config.party()))
        .forEach(m -> all.add(m.keys()));
    return TrustedKeys.always(config.federation(), all);
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  @Override
  public void close() {
    for (AutoCloseable resource : open.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        LOG.warn("closing {}", resource, e);
      }
    }
  }
}
