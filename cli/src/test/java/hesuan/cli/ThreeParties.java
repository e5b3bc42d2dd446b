package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.evidence.TrustedKeys;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A coordinator and three agents as real processes, each of which may be killed, stopped and
 * started again, with a product of sixty people at every party and one contract.
 */
final class ThreeParties implements AutoCloseable {
  static final String COORDINATOR = "coordinator";
  static final String LEADER = "brand-a";
  static final String MEMBER = "mall-b";
  static final String THIRD = "pay-c";
  static final List<String> PARTIES = List.of(LEADER, MEMBER, THIRD);
  static final String EPSILON = "0.01";
  static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(90);

  /** What a party's books say outside of any job. */
  record Books(BigDecimal charged, BigDecimal reserved, long logSize) {}

  final DemoFederation federation;
  final TrustedKeys keys;
  private final Map<String, Api> apis = new TreeMap<>();
  private final Path folder;
  private final Path classpath;
  private final List<String> products = new ArrayList<>();

  ThreeParties(String name) throws Exception {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    System.setProperty("hesuan.root", module.getParent().toString());
    folder = module.resolve("target").resolve(name);
    classpath = module.resolve("target/" + name + ".classpath");
    Files.writeString(classpath, System.getProperty("java.class.path"));
    federation = new DemoFederation(folder);
    Runtime.getRuntime().addShutdownHook(new Thread(federation::destroy));
    federation.found(environment(COORDINATOR));
    Files.createDirectories(folder.resolve("data"));
    for (String party : PARTIES) {
      federation.join(party, !party.equals(THIRD));
      start(party);
    }
    for (String party : PARTIES) {
      federation.awaitAgent(party);
      publish(party, "orders", rows(60), "900");
    }
    keys = Json.read(api(LEADER).bytes("/keys"), TrustedKeys.class);
  }

  /** As many people, each with one row. */
  static String rows(int people) {
    return rows(0, people);
  }

  static String rows(int from, int to) {
    StringBuilder rows = new StringBuilder("phone,city\n");
    for (int i = from; i < to; i++) {
      rows.append("138%08d,%s\n".formatted(i, i % 2 == 0 ? "x" : "y"));
    }
    return rows.toString();
  }

  Path data(String party, String name) {
    return folder.resolve("data").resolve(party + "-" + name + ".csv");
  }

  void publish(String party, String name, String rows, String budget) throws IOException {
    Files.writeString(data(party, name), rows);
    publish(party, publication(party, name, budget));
  }

  void publish(String party, Map<String, Object> publication) {
    assertTrue(api(party).post("/products", publication).path("accepted").asBoolean());
    products.add(party + "/" + publication.get("name"));
  }

  Map<String, Object> publication(String party, String name, String budget) {
    Map<String, Object> request = new HashMap<>();
    request.put("name", name);
    request.put("title", name);
    request.put("source", Map.of("kind", "csv", "path", data(party, name).toString()));
    request.put("id", Map.of("column", "phone", "rule", "phone-cn/1"));
    request.put(
        "rules",
        List.of(
            rule("*", "aggregate", List.of("*"), "benchmark"),
            rule("phone", "joinKey", List.of("*"), "benchmark"),
            rule("phone", "plain", PARTIES, "audience.intersect")));
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", budget);
    request.put("budgetDelta", "0.001");
    return request;
  }

  private static Map<String, Object> rule(
      String column, String level, List<String> receivers, String purpose) {
    return Map.of(
        "column", column,
        "level", level,
        "receivers", receivers,
        "purposes", List.of(purpose),
        "until", LocalDate.now(ZoneOffset.UTC).plusYears(1).toString());
  }

  /** A contract over every product published so far, signed by all. */
  void sign(String id) throws Exception {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    List<Contract.Member> members = new ArrayList<>();
    coordinator()
        .get("/parties")
        .path("parties")
        .forEach(
            p ->
                members.add(
                    new Contract.Member(
                        new PartyId(p.path("party").asText()),
                        new Digest(p.path("keysDigest").asText()))));
    members.sort((a, b) -> a.party().compareTo(b.party()));
    coordinator()
        .post(
            "/contracts",
            new Contract(
                Product.VERSION,
                new ContractId(id),
                members,
                List.of("audience", "benchmark"),
                List.copyOf(products),
                List.of("dpQuery", "intersect", "joinStatistics", "secureSum"),
                Stream.of("aggregate", "members")
                    .map(f -> new Contract.Output(f, PARTIES.stream().map(PartyId::new).toList()))
                    .toList(),
                today,
                today.plusDays(9),
                1000,
                List.of(
                    "leader-and-helpers-do-not-collude",
                    "no-collusion:brand-a+mall-b",
                    "shared-noise:1-of-3")));
    for (String party : PARTIES) {
      api(party).post("/contracts/" + id + "/sign", Map.of());
    }
    await(
        "the contract",
        () -> coordinator().get("/contracts/" + id).path("state").asText().equals("inForce"));
  }

  // ---- what the parties and the coordinator say

  /** The coordinator's API, as the leader's people see it. */
  Api coordinator() {
    return api(LEADER + "/coordinator");
  }

  JsonNode job(String id) {
    return coordinator().get("/jobs/" + id);
  }

  String agentState(String party, String id) {
    return api(party).get("/jobs/" + id).path("state").asText();
  }

  Map<String, Books> books() {
    Map<String, Books> books = new HashMap<>();
    PARTIES.forEach(party -> books.put(party, books(party)));
    return books;
  }

  Books books(String party) {
    BigDecimal charged = BigDecimal.ZERO;
    BigDecimal reserved = BigDecimal.ZERO;
    for (JsonNode line : api(party).get("/budget")) {
      charged = charged.add(new BigDecimal(line.path("added").path("charged").asText()));
      reserved = reserved.add(new BigDecimal(line.path("added").path("reserved").asText()));
    }
    String checkpoint = new String(api(party).bytes("/log/checkpoint"), StandardCharsets.UTF_8);
    return new Books(charged, reserved, Long.parseLong(checkpoint.lines().toList().get(1)));
  }

  Api api(String node) {
    return apis.computeIfAbsent(
        node,
        n -> {
          try {
            return n.endsWith("/coordinator")
                ? federation.at(LEADER).coordinator()
                : federation.at(n).agent();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  // ---- processes

  /** Where a process looks at which step it is to die. */
  Path killFile(String node) {
    return folder.resolve(node + ".kill");
  }

  void start(String node) throws IOException {
    Files.deleteIfExists(killFile(node));
    if (node.equals(COORDINATOR)) {
      federation.startCoordinator(environment(node));
    } else {
      federation.startAgent(node, environment(node));
    }
  }

  private Map<String, String> environment(String node) {
    return Map.of(
        "HESUAN_JAVA_OPTS",
        "-Xmx256m -XX:TieredStopAtLevel=1",
        "HESUAN_CLASSPATH",
        classpath.toString(),
        "HESUAN_KILL_AT",
        "@" + killFile(node));
  }

  void signal(String node, String name) throws Exception {
    long pid = federation.process(node).pid();
    assertEquals(0, new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor());
  }

  static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + WAIT_NANOS;
    ProblemException last = null;
    while (System.nanoTime() < end) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (ProblemException e) {
        last = e;
      }
      DemoFederation.pause();
    }
    throw new AssertionError("waited in vain for " + what, last);
  }

  @Override
  public void close() {
    apis.values().forEach(Api::close);
    federation.destroy();
  }
}
