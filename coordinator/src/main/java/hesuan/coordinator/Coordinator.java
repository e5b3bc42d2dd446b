package hesuan.coordinator;

import hesuan.coordinator.access.ApiTokens;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Federation;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.control.Control;
import hesuan.coordinator.control.Lines;
import hesuan.coordinator.record.FederationLog;
import hesuan.coordinator.record.Ledgers;
import hesuan.coordinator.schedule.Jobs;
import hesuan.coordinator.schedule.Planning;
import hesuan.coordinator.schedule.Scheduler;
import hesuan.coordinator.schedule.Timing;
import hesuan.evidence.SigningKeys;
import hesuan.http.ApiServer;
import hesuan.identity.CertificateAuthority;
import hesuan.identity.CertificateRequest;
import hesuan.identity.Certificates;
import hesuan.identity.Enrolment;
import hesuan.identity.Identity;
import hesuan.identity.JoinTokens;
import hesuan.identity.KeyFiles;
import hesuan.identity.LiveIdentity;
import hesuan.identity.Renewal;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.job.StepHook;
import hesuan.log.TileLog;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.store.Schema;
import hesuan.store.ScratchFolder;
import hesuan.store.Store;
import hesuan.transport.Address;
import hesuan.transport.ControlServer;
import hesuan.transport.RelayServer;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import hesuan.wire.Software;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running coordinator: the process, assembled. */
public final class Coordinator implements AutoCloseable {
  /** The coordinator's name in logs and receipts; no party can have it. */
  public static final PartyId ID = new PartyId("coordinator");

  public static final Schema SCHEMA =
      new Schema("coordinator", Coordinator.class, List.of("001-base.sql", "002-budget-head.sql"));

  private static final Logger log = LoggerFactory.getLogger(Coordinator.class);
  private static final long RELAY_WAIT_MILLIS = 60_000;
  private static final String CA = "keys/ca.pem";
  private static final String TLS = "keys/tls.pem";
  private static final String SIGNING = "keys/signing.key";
  private static final String POLICY = "policy/settings.json";
  private static final String DATABASE = "state.db";
  private static final String ADMIN_TOKEN = "admin.token";

  /** What is given from outside, so that a test can give another. */
  public record Surroundings(Clock clock, SecureRandom random, Timing timing, StepHook hook) {
    public static Surroundings real() {
      return new Surroundings(Clock.systemUTC(), new SecureRandom(), Timing.DEFAULT, StepHook.NONE);
    }
  }

  private final CoordinatorConfig config;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private ControlServer controlServer;
  private RelayServer relay;
  private ApiServer api;

  /**
   * Makes a coordinator's home: authority, signing keys, database, log, configuration, and the
   * first administrator's token in {@code admin.token}. May be retried after a failure half way.
   */
  public static void init(Path home, CoordinatorConfig config, Surroundings with)
      throws IOException {
    if (CoordinatorConfig.isIn(home)) {
      throw new ProblemException(
          ErrorCode.CONFLICT, home.toString(), "no coordinator yet", "one that was made before");
    }
    Files.createDirectories(home.resolve("keys"));
    if (!Files.exists(home.resolve(CA))) {
      CertificateAuthority.create(
          home.resolve(CA), config.federation(), with.clock(), with.random());
    }
    if (!Files.exists(home.resolve(SIGNING))) {
      try (SigningKeys keys = SigningKeys.generate(ID, with.random());
          SecretBytes secret = keys.exportSecret()) {
        KeyFiles.writePrivately(home.resolve(SIGNING), secret.exposeCopy());
      }
    }
    try (Store store = openStore(home)) {
      ApiTokens.Issued first =
          new ApiTokens(store, with.clock(), with.random())
              .issue(null, Role.ADMIN, "first administrator", ApiTokens.LIFE_MAX, "init");
      KeyFiles.writePrivately(
          home.resolve(ADMIN_TOKEN), first.secret().getBytes(StandardCharsets.UTF_8));
    }
    config.write(home);
  }

  /** The first administrator's token. */
  public static String adminToken(Path home) throws IOException {
    return Files.readString(home.resolve(ADMIN_TOKEN)).strip();
  }

  /** The digest of the federation's root, by which a client knows this coordinator. */
  public static Digest rootDigest(Path home) throws IOException {
    return Certificates.digest(
        CertificateAuthority.open(
                home.resolve(CA),
                CertificateAuthority.LEAF_LIFETIME_MAX,
                Clock.systemUTC(),
                new SecureRandom())
            .root());
  }

  /** Starts the coordinator of that home; returns once every port answers. */
  public static Coordinator start(Path home) {
    return start(home, Surroundings.real());
  }

  public static Coordinator start(Path home, Surroundings with) {
    Coordinator coordinator = new Coordinator(home, with);
    log.info(
        "federation {}: agents at {}, relay at {}, API at https://{}",
        coordinator.config.federation(),
        coordinator.controlAddress(),
        coordinator.relayAddress(),
        coordinator.apiAddress());
    return coordinator;
  }

  // The fields without @Nullable are set here or the constructor throws.
  @SuppressWarnings("NullAway")
  private Coordinator(Path home, Surroundings with) {
    this.config = CoordinatorConfig.read(home);
    try {
      assemble(home, with);
    } catch (IOException e) {
      close();
      throw new UncheckedIOException("cannot start the coordinator in " + home, e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void assemble(Path home, Surroundings with) throws IOException {
    Clock clock = with.clock();
    SecureRandom random = with.random();
    SigningKeys keys = part(signingKeys(home));
    // first of all: its lock keeps a second process off this home
    TileLog tiles =
        part(TileLog.open(home.resolve("log"), keys, config.federation(), clock, random));
    ScratchFolder.clear(home.resolve(ScratchFolder.UNPACKED));
    Store store = part(openStore(home));
    CertificateAuthority authority =
        CertificateAuthority.open(home.resolve(CA), config.certificateLifetime(), clock, random);
    TlsContexts tls = new TlsContexts(ownIdentity(home, authority, with), clock);

    Members members = new Members(store);
    ApiTokens apiTokens = new ApiTokens(store, clock, random);
    JoinTokens joinTokens = new JoinTokens(Certificates.digest(authority.root()), clock, random);
    Products products = new Products(store, members, clock);
    Contracts contracts = new Contracts(store, members, clock);
    FederationLog federationLog =
        new FederationLog(store, tiles, keys, members, config.federation());
    members.list().forEach(member -> federationLog.sayEnrolled(member.keys(), clock));
    Ledgers ledgers = new Ledgers(federationLog, clock);
    ledgers.sayFirstRule();
    Jobs jobs = new Jobs(store);
    PolicyEngine policy = PolicyEngine.builtIn(policySettings(home));
    Planning planning = new Planning(products, contracts, jobs, policy, ID, clock);
    Lines lines = new Lines(clock);
    Scheduler scheduler =
        part(
            new Scheduler(
                store,
                jobs,
                planning,
                contracts,
                members,
                federationLog,
                lines,
                clock,
                with.timing(),
                with.hook()));
    Control control =
        new Control(
            store,
            new Enrolment(authority, joinTokens),
            members,
            products,
            contracts,
            federationLog,
            scheduler,
            lines,
            this::relayAddress,
            clock);
    relay =
        part(
            RelayServer.start(
                Address.parse(config.relayListen()),
                tls,
                (session, one, other) -> scheduler.meets(session.job(), one, other),
                RELAY_WAIT_MILLIS));
    scheduler.start();
    controlServer =
        part(ControlServer.start(Address.parse(config.controlListen()), tls, control, clock));
    api =
        part(
            ApiServer.start(
                "hesuan-coordinator",
                Address.parse(config.apiListen()),
                tls,
                List.of(
                    new Federation(config.federation(), Software.NAME, home.resolve("log")),
                    store,
                    members,
                    apiTokens,
                    joinTokens,
                    products,
                    contracts,
                    federationLog,
                    ledgers,
                    jobs,
                    scheduler,
                    control,
                    lines,
                    clock)));
  }

  private static Store openStore(Path home) {
    return Store.open(home.resolve(DATABASE), SCHEMA, JoinTokens.SCHEMA);
  }

  private static SigningKeys signingKeys(Path home) throws IOException {
    try (SecretBytes secret = new SecretBytes(Files.readAllBytes(home.resolve(SIGNING)))) {
      return SigningKeys.importSecret(ID, secret);
    }
  }

  /** The operator's own bounds, where there are any; they can only narrow what parties allow. */
  private static PartySettings policySettings(Path home) throws IOException {
    Path file = home.resolve(POLICY);
    return Files.exists(file)
        ? PartySettings.read(Files.readAllBytes(file))
        : PartySettings.defaults();
  }

  /** A fresh certificate from the own authority, renewed for as long as this process lives. */
  private LiveIdentity ownIdentity(Path home, CertificateAuthority authority, Surroundings with) {
    SpiffeId id = SpiffeId.coordinator(config.federation());
    Set<String> hosts = Set.copyOf(config.hosts());
    KeyPair key = Certificates.newKey(with.random());
    LiveIdentity identity =
        new LiveIdentity(
            new Identity(
                key.getPrivate(),
                authority.issue(
                    CertificateRequest.parse(CertificateRequest.create(key, id)), id, hosts),
                authority.root()));
    part(
        Renewal.start(
            identity,
            home.resolve(TLS),
            request -> authority.issue(CertificateRequest.parse(request), id, hosts),
            () -> log.debug("own certificate renewed"),
            with.clock(),
            with.random()));
    return identity;
  }

  private <T extends AutoCloseable> T part(T part) {
    parts.push(part);
    return part;
  }

  /** Where agents dial in, as they are told. */
  public String controlAddress() {
    return new Address(config.hosts().getFirst(), controlServer.port()).toString();
  }

  public String relayAddress() {
    return new Address(config.hosts().getFirst(), relay.port()).toString();
  }

  public String apiAddress() {
    return new Address(config.hosts().getFirst(), api.port()).toString();
  }

  public CoordinatorConfig config() {
    return config;
  }

  /** Closes every part, the last one started first. */
  @Override
  public void close() {
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        log.warn("a part did not close in good order", e);
      }
    }
  }
}
