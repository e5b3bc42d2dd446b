package hesuan.cli;

import static hesuan.cli.ThreeParties.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.coordinator.Coordinator;
import hesuan.coordinator.CoordinatorConfig;
import hesuan.identity.CertificateAuthority;
import hesuan.identity.KeyFiles;
import hesuan.identity.SpiffeId;
import hesuan.job.StepHook;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What commands say of a home whose federation runs: a coordinator and three agents in this very
 * process.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HomeCommandsTest {
  private static final String FEDERATION = "near.fed";
  private static final String BRAND = "brand-a";
  private static final List<String> PARTIES = List.of(BRAND, "mall-b", "pay-c");

  private static final Ports PORTS = new Ports();

  @TempDir private static Path folder;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Agent> agents = new TreeMap<>();
  private Coordinator coordinator;

  @BeforeAll
  void found() throws Exception {
    Coordinator.init(
        home("coordinator").folder(),
        new CoordinatorConfig(
            FEDERATION,
            "127.0.0.1:" + PORTS.take(),
            "127.0.0.1:" + PORTS.take(),
            "127.0.0.1:" + PORTS.take(),
            List.of("127.0.0.1"),
            Duration.ofHours(1)),
        Coordinator.Surroundings.real());
    coordinator = Coordinator.start(home("coordinator").folder());
    for (String party : PARTIES) {
      Agent.join(
          new Agent.Join(
              home(party).folder(),
              new AgentConfig(
                  new PartyId(party),
                  "",
                  coordinator.controlAddress(),
                  coordinator.apiAddress(),
                  "127.0.0.1:" + PORTS.take(),
                  null,
                  "127.0.0.1:" + PORTS.take(),
                  256,
                  1),
              joinToken(party)),
          Clock.systemUTC(),
          random);
      agents.put(
          party, Agent.start(home(party).folder(), StepHook.NONE, Clock.systemUTC(), random));
    }
    awaitLines();
  }

  @AfterAll
  void end() throws Exception {
    for (Agent agent : agents.values()) {
      agent.close();
    }
    if (coordinator != null) {
      coordinator.close();
    }
    PORTS.close();
  }

  private static Home home(String node) {
    return new Home(folder.resolve(node));
  }

  private static String joinToken(String party) throws IOException {
    try (Api api = home("coordinator").coordinator()) {
      return api.post("/tokens/join", Map.of("party", party)).path("token").asText();
    }
  }

  private static void awaitLines() throws Exception {
    for (String party : PARTIES) {
      try (Api api = home(party).agent()) {
        await("the line of " + party, () -> api.get("/health").path("connected").asBoolean());
      }
    }
  }

  // ---- hesuan ledger

  @Test
  void ledger_countsEveryPublicationAndUse_andIsTheSameFromTheStoredReceipts() throws Exception {
    for (String party : PARTIES) {
      publishStores(party);
    }
    contract();
    String job = submitSum();
    try (Api api = home(BRAND).coordinator()) {
      await("the end", () -> api.get("/jobs/" + job).path("ended").asBoolean());
      assertEquals("done", api.get("/jobs/" + job).path("state").asText());
      // the leader's release, and a run of each member and of the coordinator
      await(
          "the receipts", () -> api.get("/jobs/" + job + "/receipts").path("receipts").size() == 4);
    }
    JsonNode certificates = ledger(LedgerCommand.Ledger.CERTIFICATE);
    JsonNode rights = ledger(LedgerCommand.Ledger.RIGHTS);
    assertEquals(List.of(), rows(certificates, "refused"));
    for (String party : PARTIES) {
      String product = job + " " + party + "/stores@1";
      assertTrue(rows(certificates, "rows").contains("counted release " + product));
    }
    // by the first rule ten for a product and five for a run of it
    for (String party : List.of("mall-b", "pay-c")) {
      String product = job + " " + party + "/stores@1";
      assertTrue(rows(certificates, "rows").contains("counted use " + product));
      assertTrue(rows(rights, "rows").contains("account member/" + party + " 15"));
    }
    assertEquals(
        PARTIES.size(),
        rows(certificates, "rows").stream()
            .filter(row -> row.startsWith("certificate "))
            .filter(row -> row.contains("\"releases\":1,\"status\":\"ISSUED\""))
            .count());

    // a fresh process knows nothing but what it stored
    coordinator.close();
    coordinator = Coordinator.start(home("coordinator").folder());
    assertEquals(certificates.path("root"), ledger(LedgerCommand.Ledger.CERTIFICATE).path("root"));
    assertEquals(rights.path("rows"), ledger(LedgerCommand.Ledger.RIGHTS).path("rows"));
    awaitLines();
  }

  private static JsonNode ledger(LedgerCommand.Ledger ledger) throws Exception {
    LedgerCommand command = new LedgerCommand();
    command.folder = home(BRAND).folder();
    command.ledger = ledger;
    return said(Exit.OK, command);
  }

  private static List<String> rows(JsonNode ledger, String name) {
    List<String> rows = new ArrayList<>();
    ledger.path(name).forEach(row -> rows.add(row.asText()));
    return rows;
  }

  private static void publishStores(String party) throws IOException {
    Path data = folder.resolve(party + ".csv");
    Files.writeString(data, "store,city,turnover_fen\ns1,x,100\ns2,y,20\n");
    try (Api api = home(party).agent()) {
      JsonNode published =
          api.post(
              "/products",
              Map.of(
                  "name", "stores",
                  "title", "stores",
                  "source", Map.of("kind", "csv", "path", data.toString()),
                  "id", Map.of("column", "store", "rule", "opaque/1"),
                  "rules",
                      List.of(
                          Map.of(
                              "column", "*",
                              "level", "aggregate",
                              "receivers", List.of("*"),
                              "purposes", List.of("benchmark"),
                              "until", today().plusYears(1).toString())),
                  "terms", Map.of("minGroup", 20, "maxEpsilon", "1"),
                  "budget", "1"));
      assertTrue(published.path("accepted").asBoolean(), published::toString);
    }
  }

  private static LocalDate today() {
    return LocalDate.now(ZoneOffset.UTC);
  }

  private static void contract() throws Exception {
    try (Api api = home(BRAND).coordinator()) {
      api.post(
          "/contracts",
          new Contract(
              Product.VERSION,
              new ContractId("ctr-near"),
              StreamSupport.stream(api.get("/parties").path("parties").spliterator(), false)
                  .map(
                      p ->
                          new Contract.Member(
                              new PartyId(p.path("party").asText()),
                              new Digest(p.path("keysDigest").asText())))
                  .sorted((a, b) -> a.party().compareTo(b.party()))
                  .toList(),
              List.of("benchmark"),
              PARTIES.stream().map(party -> party + "/stores").toList(),
              List.of("secureSum"),
              List.of(
                  new Contract.Output("aggregate", PARTIES.stream().map(PartyId::new).toList())),
              today(),
              today().plusDays(9),
              10,
              List.of("leader-and-helpers-do-not-collude")));
      for (String party : PARTIES) {
        try (Api own = home(party).agent()) {
          await("the offer", () -> own.post("/contracts/ctr-near/sign", Map.of()) != null);
        }
      }
      await(
          "the contract",
          () -> api.get("/contracts/ctr-near").path("state").asText().equals("inForce"));
    }
  }

  private static String submitSum() throws IOException {
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: turnover, submitToken: token-of-the-test}
        purpose: {code: benchmark.store, basis: contract}
        contract: ctr-near
        inputs: {stores: [brand-a/stores@1, mall-b/stores@1, pay-c/stores@1]}
        what:
          template:
            name: aggregate.sum
            parameters: {column: turnover_fen, by: city, keys: [x, y]}
        outputs: [{name: turnover, to: [brand-a]}]
        run: {deadline: PT2M}
        """;
    try (Api api = home(BRAND).coordinator()) {
      return api.post("/jobs", Map.of("spec", spec)).path("id").asText();
    }
  }

  // ---- hesuan doctor

  @Test
  void doctor_ofHealthyHomes_findsNothing() throws Exception {
    JsonNode agent = said(Exit.OK, doctor(home(BRAND).folder()));
    assertTrue(agent.path("well").asBoolean());
    assertTrue(
        checks(agent, true)
            .containsAll(
                List.of(
                    "disk",
                    "key files",
                    "certificate",
                    "control port",
                    "coordinator API",
                    "party mall-b",
                    "line to coordinator",
                    "clock skew",
                    "relay",
                    "data port of mall-b")),
        agent::toString);
    assertTrue(
        checks(said(Exit.OK, doctor(home("coordinator").folder())), true).contains("party pay-c"));
  }

  @Test
  void doctor_ofExpiredCertificate_saysToJoinAgain(@TempDir Path other) throws Exception {
    copyHome(other);
    Clock before = Clock.offset(Clock.systemUTC(), Duration.ofHours(-3));
    KeyFiles.write(
        Agent.identityFile(other),
        CertificateAuthority.open(
                home("coordinator").folder().resolve("keys/ca.pem"),
                Duration.ofHours(1),
                before,
                random)
            .identity(SpiffeId.party(FEDERATION, new PartyId(BRAND)), Set.of()));
    JsonNode found = said(Exit.NO, doctor(other));
    assertTrue(checks(found, false).contains("certificate"), found::toString);
    JsonNode certificate = finding(found, "certificate");
    assertTrue(Instant.parse(certificate.path("found").asText()).isBefore(Instant.now()));
    assertTrue(certificate.path("remedy").asText().contains("join again"));
    assertTrue(checks(found, true).contains("control port"), found::toString);
  }

  @Test
  void doctor_ofUnreachableCoordinator_saysWhere(@TempDir Path other) throws Exception {
    copyHome(other);
    String nobody = "127.0.0.1:" + PORTS.take();
    AgentConfig config = AgentConfig.read(other);
    new AgentConfig(
            config.party(),
            config.federation(),
            nobody,
            nobody,
            config.dataListen(),
            config.dataAdvertise(),
            config.apiListen(),
            config.duckdbMemoryMegabytes(),
            config.threads())
        .write(other);
    JsonNode found = said(Exit.NO, doctor(other));
    assertEquals(List.of("control port", "coordinator API"), checks(found, false));
    assertTrue(finding(found, "control port").path("found").asText().startsWith(nobody));
    assertTrue(finding(found, "coordinator API").path("remedy").asText().endsWith(nobody));
  }

  @Test
  void doctor_ofKeysThatOthersMayRead_saysTheCommand(@TempDir Path other) throws Exception {
    copyHome(other);
    Files.setPosixFilePermissions(
        other.resolve("keys/signing.key"), PosixFilePermissions.fromString("rw-r-----"));
    JsonNode found = said(Exit.NO, doctor(other));
    assertEquals(List.of("key files"), checks(found, false));
    assertTrue(finding(found, "key files").path("remedy").asText().startsWith("chmod 600 "));
  }

  private static void copyHome(Path to) throws IOException {
    Path from = home(BRAND).folder();
    Files.copy(from.resolve("config.yaml"), to.resolve("config.yaml"));
    Files.createDirectory(to.resolve("keys"));
    try (Stream<Path> keys = Files.list(from.resolve("keys"))) {
      for (Path key : keys.toList()) {
        KeyFiles.writePrivately(
            to.resolve("keys").resolve(key.getFileName()), Files.readAllBytes(key));
      }
    }
  }

  private static DoctorCommand doctor(Path home) {
    DoctorCommand command = new DoctorCommand();
    command.folder = home;
    return command;
  }

  private static List<String> checks(JsonNode said, boolean good) {
    List<String> checks = new ArrayList<>();
    said.path("findings")
        .forEach(
            f -> {
              if (f.path("good").asBoolean() == good) {
                checks.add(f.path("check").asText());
              }
            });
    return checks;
  }

  private static JsonNode finding(JsonNode said, String check) {
    return StreamSupport.stream(said.path("findings").spliterator(), false)
        .filter(f -> f.path("check").asText().equals(check))
        .findFirst()
        .orElseThrow();
  }

  // ---- who may ask an agent

  @Test
  void agentApi_takesCertificateOrToken_butNoWrongTokenBesideACertificate() throws Exception {
    String token = Files.readString(home(BRAND).folder().resolve("admin.token")).strip();
    assertEquals(BRAND, party(null));
    assertEquals(BRAND, party(token));
    assertEquals(
        ErrorCode.NOT_AUTHENTICATED,
        assertThrows(ProblemException.class, () -> party(token + "x")).problem().code());
  }

  private static String party(@Nullable String token) throws IOException {
    Home home = home(BRAND);
    try (Api api = new Api(home.agentConfig().apiListen(), home.partyTls().jdk(), token)) {
      return api.get("/party").path("party").asText();
    }
  }

  private static JsonNode said(int exit, HomeCommand command) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8)) {
      assertEquals(
          exit,
          command.run(new Console(print, print, false, true)),
          () -> out.toString(StandardCharsets.UTF_8));
    }
    JsonNode document = Json.tree(out.toByteArray());
    assertFalse(document.isEmpty());
    return document;
  }
}
