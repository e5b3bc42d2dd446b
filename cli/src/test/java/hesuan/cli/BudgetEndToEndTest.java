package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real processes: what a question costs when it is asked again, and after a disk was put back. */
class BudgetEndToEndTest {
  private static final String LEADER = "brand-a";
  private static final String OWNER = "mall-b";
  private static final List<String> PARTIES = List.of(LEADER, OWNER);
  private static final long WAIT_NANOS = 120_000_000_000L;
  private static final String COUNT = "COUNT(*) AS people";

  private final Map<String, Api> apis = new TreeMap<>();
  private DemoFederation federation;
  private Path classpath = Path.of("");
  private int number;

  @BeforeEach
  void found() throws Exception {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    System.setProperty("hesuan.root", module.getParent().toString());
    classpath = module.resolve("target/budget.classpath");
    Files.writeString(classpath, System.getProperty("java.class.path"));
    federation = new DemoFederation(module.resolve("target/budget"));
    Runtime.getRuntime().addShutdownHook(new Thread(federation::destroy));
    federation.found(environment());
    for (String party : PARTIES) {
      federation.join(party, true);
      federation.startAgent(party, environment());
    }
    for (String party : PARTIES) {
      federation.awaitAgent(party);
      publish(party);
    }
    contract();
  }

  @AfterEach
  void end() {
    apis.values().forEach(Api::close);
    federation.destroy();
  }

  @Test
  void sameQuestion_costsOnce_andAPutBackDiskStopsAllSpendingUntilItsOwnerAnswers()
      throws Exception {
    String first = done(COUNT, LEADER);
    assertEquals("0.5", charged());
    // another job, another receiver: the same contract, data and steps
    String second = done(COUNT, OWNER);
    assertEquals(
        api(LEADER).get("/jobs/" + first + "/result").path("result"),
        api(OWNER).get("/jobs/" + second + "/result").path("result"));
    assertEquals("0.5", charged());
    assertEquals("0", spentBy(second));
    assertEquals("0.5", spentBy(first));
    assertEquals(0, Main.execute("budget", "--home", federation.home(OWNER).toString()));
    JsonNode forecast = line().path("forecast");
    assertEquals(1, forecast.path("jobs").asInt());
    assertEquals(3, forecast.path("jobsLeft").asInt());
    assertTrue(forecast.hasNonNull("endsOn"));

    Path yesterday = stopAndCopy();
    start();
    // the same figures in other words
    done("COUNT(*) AS visitors", LEADER);
    assertEquals("1", charged());
    putBack(yesterday);
    await("the coordinator to show the head", () -> !ledger().path("lost").isEmpty());
    assertEquals("0.5", charged());
    String refused = submit("COUNT(*) AS others", LEADER);
    await("the refusal", () -> job(refused).path("ended").asBoolean());
    assertEquals("refused", job(refused).path("state").asText());
    assertTrue(
        job(refused).toString().contains(ErrorCode.BUDGET_ROLLED_BACK.code())
            || job(refused).toString().contains(ErrorCode.BUDGET_ROLLED_BACK.name()),
        () -> job(refused).toString());
    assertEquals(
        0,
        Main.execute(
            "budget",
            "resolve",
            "--home",
            federation.home(OWNER).toString(),
            "--spent",
            "visits=0.5"));
    assertTrue(ledger().path("lost").isEmpty());
    assertEquals("1", charged());
    done("COUNT(*) AS others", LEADER);
    assertEquals("1.5", charged());
    assertNotEquals(first, second);
  }

  private String charged() {
    return line().path("charged").asText();
  }

  private JsonNode line() {
    return api(OWNER).get("/budget").path(0);
  }

  private JsonNode ledger() {
    return api(OWNER).get("/budget/ledger");
  }

  private String spentBy(String job) {
    return api(OWNER).get("/jobs/" + job).path("budget").path(0).path("charged").asText();
  }

  private String done(String counted, String receiver) throws Exception {
    String id = submit(counted, receiver);
    await("an end of " + id, () -> job(id).path("ended").asBoolean());
    assertEquals("done", job(id).path("state").asText(), () -> job(id).toString());
    await("the result", () -> has(receiver, id));
    await("the owner to settle", () -> settled(id));
    return id;
  }

  private boolean settled(String id) {
    return api(OWNER).get("/jobs/" + id).path("state").asText().equals("settled");
  }

  private boolean has(String party, String id) {
    try {
      return api(party).get("/jobs/" + id + "/result").has("result");
    } catch (ProblemException e) {
      assertEquals(ErrorCode.UNKNOWN_JOB, e.problem().code());
      return false;
    }
  }

  private JsonNode job(String id) {
    return api(LEADER + "/coordinator").get("/jobs/" + id);
  }

  private String submit(String counted, String receiver) {
    number++;
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: people-%1$d, submitToken: budget-token-%1$08d}
        purpose: {code: benchmark.market, basis: consent}
        contract: ctr-budget
        inputs:
          visits: [brand-a/visits@1, mall-b/visits@1]
        what:
          sql: SELECT city, %2$s FROM visits WHERE city IN ('x', 'y') GROUP BY city
        privacy: {unit: phone, epsilon: 0.5, minGroup: 50, maxGroups: 1, maxRows: 1}
        outputs:
          - {name: people, to: [%3$s]}
        run: {deadline: PT5M, attempts: 3}
        """
            .formatted(number, counted, receiver);
    return api(receiver + "/coordinator").post("/jobs", Map.of("spec", spec)).path("id").asText();
  }

  private Path stopAndCopy() throws Exception {
    stop();
    Path copy = federation.folder().resolve("yesterday");
    Files.createDirectories(copy);
    copyState(federation.home(OWNER), copy);
    return copy;
  }

  private void putBack(Path copy) throws Exception {
    stop();
    for (String file : List.of("state.db", "state.db-wal", "state.db-shm")) {
      Files.deleteIfExists(federation.home(OWNER).resolve(file));
    }
    copyState(copy, federation.home(OWNER));
    start();
  }

  private static void copyState(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      files
          .filter(f -> f.getFileName().toString().matches("state\\.db(-wal)?"))
          .forEach(
              f -> {
                try {
                  Files.copy(f, to.resolve(f.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  private void stop() throws Exception {
    Process process = federation.process(OWNER);
    process.destroyForcibly();
    process.waitFor();
    assertFalse(process.isAlive());
  }

  private void start() throws IOException {
    federation.startAgent(OWNER, environment());
    federation.awaitAgent(OWNER);
  }

  private Map<String, String> environment() {
    return Map.of(
        "HESUAN_JAVA_OPTS",
        "-Xmx256m -XX:TieredStopAtLevel=1",
        "HESUAN_CLASSPATH",
        classpath.toString());
  }

  private Api api(String node) {
    return apis.computeIfAbsent(
        node,
        n -> {
          try {
            return n.endsWith("/coordinator")
                ? federation.at(n.substring(0, n.indexOf('/'))).coordinator()
                : federation.at(n).agent();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + WAIT_NANOS;
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain for " + what);
      }
      DemoFederation.pause();
    }
  }

  private void publish(String party) throws IOException {
    Path file = federation.folder().resolve(party + ".csv");
    StringBuilder rows = new StringBuilder("phone,city\n");
    for (int i = 0; i < 200; i++) {
      rows.append("138%08d,%s\n".formatted(i, i % 2 == 0 ? "x" : "y"));
    }
    Files.writeString(file, rows);
    Map<String, Object> request = new HashMap<>();
    request.put("name", "visits");
    request.put("title", "visits");
    request.put("source", Map.of("kind", "csv", "path", file.toString()));
    request.put("id", Map.of("column", "phone", "rule", "phone-cn/1"));
    request.put(
        "rules",
        List.of(
            Map.of(
                "column", "*",
                "level", "aggregate",
                "receivers", List.of("*"),
                "purposes", List.of("benchmark"),
                "until", LocalDate.now(ZoneOffset.UTC).plusYears(1).toString())));
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", "2");
    assertTrue(api(party).post("/products", request).path("accepted").asBoolean());
  }

  private void contract() throws Exception {
    Api coordinator = api(LEADER + "/coordinator");
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    List<Contract.Member> members = new ArrayList<>();
    coordinator
        .get("/parties")
        .path("parties")
        .forEach(
            p ->
                members.add(
                    new Contract.Member(
                        new PartyId(p.path("party").asText()),
                        new Digest(p.path("keysDigest").asText()))));
    members.sort((a, b) -> a.party().compareTo(b.party()));
    coordinator.post(
        "/contracts",
        new Contract(
            Product.VERSION,
            new ContractId("ctr-budget"),
            members,
            List.of("benchmark"),
            List.of("brand-a/visits", "mall-b/visits"),
            List.of("dpQuery"),
            List.of(new Contract.Output("aggregate", PARTIES.stream().map(PartyId::new).toList())),
            today,
            today.plusDays(9),
            1000,
            List.of("leader-and-helpers-do-not-collude")));
    for (String party : PARTIES) {
      api(party).post("/contracts/ctr-budget/sign", Map.of());
    }
    await(
        "the contract",
        () -> coordinator.get("/contracts/ctr-budget").path("state").asText().equals("inForce"));
  }
}
