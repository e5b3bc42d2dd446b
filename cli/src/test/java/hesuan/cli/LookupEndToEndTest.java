package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Real processes: a few people asked of many who were prepared, what that costs, and what a kill
 * costs.
 */
class LookupEndToEndTest {
  private static final String LEADER = "brand-a";
  private static final String OWNER = "mall-b";
  private static final List<String> PARTIES = List.of(LEADER, OWNER);
  private static final long WAIT_NANOS = 120_000_000_000L;
  private static final long ASKED = 60;

  private final Map<String, Api> apis = new TreeMap<>();
  private DemoFederation federation;
  private Path classpath = Path.of("");
  private Path killFile = Path.of("");
  private int number;

  @BeforeEach
  void found() throws Exception {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    System.setProperty("hesuan.root", module.getParent().toString());
    classpath = module.resolve("target/lookup.classpath");
    Files.writeString(classpath, System.getProperty("java.class.path"));
    killFile = module.resolve("target/lookup.kill");
    Files.deleteIfExists(killFile);
    federation = new DemoFederation(module.resolve("target/lookup"));
    Runtime.getRuntime().addShutdownHook(new Thread(federation::destroy));
    federation.found(environment(""));
    for (String party : PARTIES) {
      federation.join(party, true);
      federation.startAgent(party, environment(party));
    }
    for (String party : PARTIES) {
      federation.awaitAgent(party);
    }
    publish(LEADER, "members", members());
    publish(OWNER, "visits", rows(0, 6_000));
    contract();
  }

  @AfterEach
  void end() {
    apis.values().forEach(Api::close);
    federation.destroy();
  }

  @Test
  void fewAskedOfMany_isPreparedOnce_countedByCounterparty_andSurvivesKills() throws Exception {
    // kill -9 while the first set is being made: nothing answered, nothing lost, charged once
    String first = submit(1);
    await("the set being made", () -> state(OWNER, first).equals("running"));
    stop();
    start();
    done(first);
    assertEquals(people(0, 30), list(first));
    assertEquals(ASKED, asked());
    assertEquals(1, files(OWNER, "lookup/own").size());
    Path set = files(OWNER, "lookup/own").getFirst();
    assertEquals(1, files(LEADER, "lookup/others").size());

    // more than is usual: refused before anything is said, and said what is left
    String refused = submit(1);
    await("the refusal", () -> job(refused).path("ended").asBoolean());
    assertEquals("refused", job(refused).path("state").asText());
    assertTrue(job(refused).toString().contains("at most 0 items"), () -> job(refused).toString());
    assertEquals(ASKED, asked());
    String home = federation.home(OWNER).toString();
    assertEquals(
        0,
        Main.execute(
            "budget", "queries", "--home", home, "visits", "--by", LEADER, "--limit", "240"));
    assertEquals(0, Main.execute("budget", "--home", home));

    // kill -9 with the answer given: the next attempt asks the very same, which costs nothing more
    Files.writeString(killFile, "agent-await-release-before-store");
    String second = submit(1);
    await("the kill", () -> !federation.process(OWNER).isAlive());
    start();
    done(second);
    assertEquals(people(0, 30), list(second));
    assertEquals(2 * ASKED, asked());
    assertEquals(List.of(set), files(OWNER, "lookup/own"));

    // the next version is made of this one, and a difference tells the rest
    publish(OWNER, "visits", rows(10, 6_000));
    assertEquals(0, Main.execute("product", "prepare", "--home", home, "visits@2"));
    assertEquals(2, files(OWNER, "lookup/own").size());
    String third = done(submit(2));
    assertEquals(people(10, 30), list(third));
    String missing = done(submit(2, "difference"));
    assertEquals(40, list(missing).size());
    assertEquals(4 * ASKED, asked());

    // withdrawn: nobody is answered under that key again
    assertEquals(0, Main.execute("product", "withdraw", "--home", home, "visits@1"));
    assertEquals(List.of(), files(OWNER, "lookup/own"));
  }

  /** The leader's people are 0 to 29, and 30 whom the other has not. */
  private static String members() {
    return rows(0, 30) + rows(50_000, 50_030).substring("phone,city\n".length());
  }

  private static String rows(int from, int to) {
    StringBuilder rows = new StringBuilder("phone,city\n");
    for (int i = from; i < to; i++) {
      rows.append(phone(i)).append(",x\n");
    }
    return rows.toString();
  }

  private static String phone(int person) {
    return "138%08d".formatted(person);
  }

  private static List<String> people(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> phone(i)).toList();
  }

  private List<String> list(String job) throws Exception {
    Path file = federation.home(LEADER).resolve("results/" + job + "/people.csv");
    await("the list", () -> Files.exists(file));
    return Files.readAllLines(file).stream()
        .skip(1)
        .map(line -> line.substring(line.length() - 11))
        .sorted()
        .toList();
  }

  private List<Path> files(String party, String folder) throws IOException {
    Path in = federation.home(party).resolve(folder);
    if (!Files.isDirectory(in)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(in)) {
      return all.sorted().toList();
    }
  }

  private long asked() {
    long asked = 0;
    for (JsonNode line : api(OWNER).get("/budget/queries")) {
      asked += line.path("asked").asLong();
    }
    return asked;
  }

  private String state(String party, String job) {
    try {
      return api(party).get("/jobs/" + job).path("state").asText();
    } catch (ProblemException e) {
      return "";
    }
  }

  private String done(String id) throws Exception {
    await("an end of " + id, () -> job(id).path("ended").asBoolean());
    assertEquals("done", job(id).path("state").asText(), () -> job(id).toString());
    return id;
  }

  private JsonNode job(String id) {
    return api(LEADER + "/coordinator").get("/jobs/" + id);
  }

  private String submit(int version) {
    return submit(version, "intersect");
  }

  private String submit(int version, String template) {
    number++;
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: people-%1$d, submitToken: lookup-token-%1$08d}
        purpose: {code: audience.intersect, basis: consent}
        contract: ctr-lookup
        inputs: {members: brand-a/members@1, visits: mall-b/visits@%2$d}
        what:
          template: {name: audience.%3$s, parameters: {engine: unbalanced, sizeStep: 60}}
        privacy: {unit: phone, minGroup: 20}
        outputs:
          - {name: people, to: [brand-a], form: members}
        run: {deadline: PT5M, attempts: 3}
        """
            .formatted(number, version, template);
    return api(LEADER + "/coordinator").post("/jobs", Map.of("spec", spec)).path("id").asText();
  }

  private void stop() throws Exception {
    Process process = federation.process(OWNER);
    process.destroyForcibly();
    process.waitFor();
    assertFalse(process.isAlive());
  }

  private void start() throws IOException {
    federation.startAgent(OWNER, environment(OWNER));
    federation.awaitAgent(OWNER);
  }

  /** The hand that kills is the owner's alone: the leader comes by the same points. */
  private Map<String, String> environment(String party) {
    return Map.of(
        "HESUAN_JAVA_OPTS",
        "-Xmx256m -XX:TieredStopAtLevel=1",
        "HESUAN_CLASSPATH",
        classpath.toString(),
        "HESUAN_KILL_AT",
        party.equals(OWNER) ? "@" + killFile : "");
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

  private void publish(String party, String name, String rows) throws IOException {
    Path file = federation.folder().resolve(name + "-" + rows.length() + ".csv");
    Files.writeString(file, rows);
    Map<String, Object> request = new HashMap<>();
    request.put("name", name);
    request.put("title", name);
    request.put("source", Map.of("kind", "csv", "path", file.toString()));
    request.put("id", Map.of("column", "phone", "rule", "phone-cn/1"));
    request.put(
        "rules", List.of(rule("aggregate", "audience"), rule("plain", "audience.intersect")));
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", "2");
    assertTrue(api(party).post("/products", request).path("accepted").asBoolean());
  }

  private static Map<String, Object> rule(String level, String purpose) {
    return Map.of(
        "column", level.equals("plain") ? "phone" : "*",
        "level", level,
        "receivers", List.of(LEADER),
        "purposes", List.of(purpose),
        "until", LocalDate.now(ZoneOffset.UTC).plusYears(1).toString());
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
            new ContractId("ctr-lookup"),
            members,
            List.of("audience"),
            List.of("brand-a/members", "mall-b/visits"),
            List.of("intersect"),
            List.of(new Contract.Output("members", List.of(new PartyId(LEADER)))),
            today,
            today.plusDays(9),
            1000,
            List.of("leader-and-helpers-do-not-collude")));
    for (String party : PARTIES) {
      api(party).post("/contracts/ctr-lookup/sign", Map.of());
    }
    await(
        "the contract",
        () -> coordinator.get("/contracts/ctr-lookup").path("state").asText().equals("inForce"));
  }
}
