package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.agent.AgentConfig;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Real processes: what a question costs when it is asked again, and after a disk was put back; and
 * what everybody can see of a job, whoever is in the data.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BudgetEndToEndTest {
  private static final String LEADER = ThreeParties.LEADER;
  private static final String OWNER = ThreeParties.MEMBER;
  private static final String COUNT = "COUNT(*) AS people";

  /** Digests, ids, signatures. */
  private static final Pattern RANDOM = Pattern.compile("[A-Za-z0-9_+/=-]{20,}");

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  /** One person: the ends of what an integer and a date can be, nothing at all, and a plain row. */
  private static final List<String> EXTREME =
      List.of(
          "13900000000,x,9223372036854775807,2199-12-31",
          "13900000000,y,-9223372036854775808,1900-01-01",
          "13900000000,,,",
          "13900000000,x,1,2026-01-05");

  /** Agents say twice a second that they are there: so much of a job's bytes is its duration. */
  private static final long BEATS_BYTES = 800;

  private final Map<String, Wiretap> taps = new TreeMap<>();
  private ThreeParties parties;
  private int number;

  @BeforeAll
  void found() throws Exception {
    parties = new ThreeParties("budget");
    for (String party : List.of(LEADER, OWNER)) {
      taps.put(party, tapped(party));
    }
    for (String party : List.of(LEADER, OWNER)) {
      parties.publish(party, "visits", ThreeParties.rows(200), "2");
      parties.publish(party, "sales", sales(List.of()), "9");
      parties.publish(party, "joined", sales(List.of()), "9");
      parties.publish(party, "twins", sales(party.equals(OWNER) ? EXTREME : List.of()), "9");
    }
    parties.sign("ctr-budget");
  }

  /** Its agent starts again behind a wiretap. */
  private Wiretap tapped(String party) throws Exception {
    Path home = parties.federation.home(party);
    AgentConfig config = AgentConfig.read(home);
    String listen = Objects.requireNonNull(config.dataListen());
    Wiretap tap = new Wiretap(Integer.parseInt(listen.substring(listen.indexOf(':') + 1)));
    stop(party);
    new AgentConfig(
            config.party(),
            config.federation(),
            config.coordinator(),
            config.coordinatorApi(),
            listen,
            tap.address(),
            config.apiListen(),
            config.duckdbMemoryMegabytes(),
            config.threads())
        .write(home);
    start(party);
    return tap;
  }

  @AfterAll
  void end() throws IOException {
    parties.close();
    for (Wiretap tap : taps.values()) {
      tap.close();
    }
  }

  @Test
  void sameQuestion_costsOnce_andAPutBackDiskStopsAllSpendingUntilItsOwnerAnswers()
      throws Exception {
    String first = done(visits(COUNT), LEADER);
    assertEquals("0.5", charged());
    // another job, another receiver: the same contract, data and steps
    String second = done(visits(COUNT), OWNER);
    assertEquals(
        parties.api(LEADER).get("/jobs/" + first + "/result").path("result"),
        parties.api(OWNER).get("/jobs/" + second + "/result").path("result"));
    assertEquals("0.5", charged());
    assertEquals("0", spentBy(second));
    assertEquals("0.5", spentBy(first));
    // and in other words, which come to the same figures with the same noise
    String third =
        done(
            question(
                "visits",
                "SELECT t.city AS town, COUNT(*) AS seen, COUNT(*) * 2 AS twice FROM t WHERE t.city IN ('y', 'x') GROUP BY t.city HAVING COUNT(*) > 0 ORDER BY town DESC LIMIT 9",
                "0.5"),
            LEADER);
    assertEquals("0", spentBy(third));
    assertEquals("0.5", charged());
    assertEquals(figures(first), figures(third));
    assertEquals(0, Main.execute("budget", "--home", parties.federation.home(OWNER).toString()));
    JsonNode forecast = line().path("forecast");
    assertEquals(1, forecast.path("jobs").asInt());
    assertEquals(3, forecast.path("jobsLeft").asInt());
    assertTrue(forecast.hasNonNull("endsOn"));

    Path yesterday = stopAndCopy();
    start();
    done(visits("COUNT(city) AS visitors"), LEADER);
    assertEquals("1", charged());
    putBack(yesterday);
    ThreeParties.await("the coordinator to show the head", () -> !ledger().path("lost").isEmpty());
    assertEquals("0.5", charged());
    String refused = submit(visits("COUNT(DISTINCT phone) AS others"), LEADER);
    ThreeParties.await("the refusal", () -> job(refused).path("ended").asBoolean());
    assertEquals("refused", job(refused).path("state").asText());
    assertTrue(
        job(refused).toString().contains(ErrorCode.BUDGET_ROLLED_BACK.code())
            || job(refused).toString().contains(ErrorCode.BUDGET_ROLLED_BACK.name()),
        () -> job(refused).toString());
    // What is not named would count as spent whole.
    List<String> resolve = new ArrayList<>();
    Collections.addAll(resolve, "budget", "resolve", "--home");
    resolve.add(parties.federation.home(OWNER).toString());
    for (String spent : List.of("visits=0.5", "sales=0", "twins=0", "joined=0", "orders=0")) {
      Collections.addAll(resolve, "--spent", spent);
    }
    assertEquals(0, Main.execute(resolve.toArray(String[]::new)));
    assertTrue(ledger().path("lost").isEmpty());
    assertEquals("1", charged());
    done(visits("COUNT(DISTINCT phone) AS others"), LEADER);
    assertEquals("1.5", charged());
    assertNotEquals(first, second);
  }

  /**
   * A database with one person more, whose rows try everything that could end a run or make it
   * differ: nothing that anybody sees of the job does, but the figures.
   */
  @Test
  void oneMorePerson_whateverItsRows_changesNothingThatIsSeenButTheFigures() throws Exception {
    // Of a federation's first job less is told than of those that follow.
    done(sales("joined"), LEADER);
    passed();
    String plain = done(sales("sales"), LEADER);
    List<Long> ofPlain = passed();
    assertTold("sales", "8.1", 19); // by their rhos; by their sum 9
    passed();
    String extreme = done(sales("twins"), LEADER);
    List<Long> ofExtreme = passed();
    for (int i = 0; i < ofPlain.size(); i++) {
      assertEquals(ofPlain.get(i), ofExtreme.get(i), BEATS_BYTES, ofPlain + " and " + ofExtreme);
    }
    assertTrue(ofPlain.getFirst() > 10_000, ofPlain::toString);
    assertEquals(spentBy(plain), spentBy(extreme));
    assertEquals("0.9", spentBy(plain));
    assertSameShape(job(plain), job(extreme));
    for (String party : List.of(LEADER, OWNER)) {
      Api api = parties.api(party);
      assertSameShape(api.get("/jobs/" + plain), api.get("/jobs/" + extreme));
      assertSameShape(statement(api, plain), statement(api, extreme));
      assertDecidedOnceAnAttempt(api, plain);
      assertDecidedOnceAnAttempt(api, extreme);
    }
    JsonNode one = parties.api(LEADER).get("/jobs/" + plain + "/result").path("result");
    JsonNode other = parties.api(LEADER).get("/jobs/" + extreme + "/result").path("result");
    assertEquals(one.path("rows").size(), other.path("rows").size());
    assertEquals(2, one.path("rows").size());
    assertSameShape(withoutRows(one), withoutRows(other));
    assertNobodyIsNamed();
  }

  /** Bytes to and from each agent that went by since this was asked before. */
  private List<Long> passed() {
    List<Long> passed = new ArrayList<>();
    for (Wiretap tap : taps.values()) {
      List<List<Long>> taken = tap.taken();
      passed.add(taken.stream().mapToLong(List::getFirst).sum());
      passed.add(taken.stream().mapToLong(List::getLast).sum());
    }
    return passed;
  }

  /**
   * No row's values stand in what any process logged, in what the coordinator keeps, or in what the
   * other party's agent does; and the catalogue shows both tables alike.
   */
  private void assertNobodyIsNamed() throws IOException {
    Pattern values =
        Pattern.compile(
            "(?<![0-9])13[89][0-9]{8}(?![0-9])|922337203685477580|2199-12-31|1900-01-01");
    assertTrue(values.matcher(EXTREME.toString()).find());
    for (String node : List.of(ThreeParties.COORDINATOR, LEADER, OWNER)) {
      Path home = parties.federation.home(node);
      try (Stream<Path> files = Files.walk(home)) {
        // The native libraries that were unpacked there are nobody's data.
        for (Path file :
            files
                .filter(Files::isRegularFile)
                .filter(file -> !file.toString().contains("/unpacked/"))
                .toList()) {
          String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
          assertFalse(values.matcher(text).find(), file.toString());
        }
      }
    }
    JsonNode catalogue = parties.coordinator().get("/products");
    assertEquals(
        shape(product(catalogue, OWNER + "/sales@1")),
        shape(product(catalogue, OWNER + "/twins@1")));
  }

  private static JsonNode product(JsonNode catalogue, String ref) {
    for (JsonNode each : catalogue.isArray() ? catalogue : catalogue.path("products")) {
      if (each.toString().contains('"' + ref + '"')) {
        return each;
      }
    }
    throw new AssertionError("no " + ref + " in " + catalogue);
  }

  /** Both owners have the same people: all of a city's are in both, with one sale each. */
  @Test
  void tablesOfTwoOwners_areJoinedOnThePerson() throws Exception {
    String id =
        done(
            """
            contract: ctr-budget
            inputs: {t: brand-a/joined@1, u: mall-b/joined@1}
            what:
              sql: SELECT t.city, COUNT(DISTINCT phone) AS people, SUM(CLAMP(u.amount, 0, 20)) AS s FROM t JOIN u USING (phone) WHERE t.city IN ('x', 'y') GROUP BY t.city
            privacy: {unit: phone, epsilon: 1, minGroup: 50, matches: hidden}
            """,
            LEADER);
    JsonNode rows = parties.api(LEADER).get("/jobs/" + id + "/result").path("result").path("rows");
    assertEquals(2, rows.size(), rows::toString);
    assertEquals("x", rows.path(0).path(0).asText());
    assertEquals(103, rows.path(0).path(1).asInt(), 40);
    assertEquals(103 * 12, rows.path(0).path(4).asInt(), 800);
    assertEquals("1", spentBy(id));
  }

  /** Cities that nobody listed; each has people enough at each owner. */
  @Test
  void keysThatNobodyDeclared_areSelectedByTheirOwners_andPaidForOnce() throws Exception {
    String cities =
        question("twins", "SELECT city, COUNT(DISTINCT phone) AS people FROM t GROUP BY city", "1")
            .replace("epsilon: 1", "keys: private, weights: {keys: 4}, delta: 1e-6, epsilon: 1");
    String first = done(cities, LEADER);
    String second = done(cities, OWNER);
    JsonNode result = parties.api(LEADER).get("/jobs/" + first + "/result").path("result");
    List<String> keys = new ArrayList<>();
    result.path("rows").forEach(row -> keys.add(row.path(0).asText()));
    assertEquals(List.of("x", "y"), keys);
    assertEquals(result, parties.api(OWNER).get("/jobs/" + second + "/result").path("result"));
    assertEquals("1", spentBy(first));
    assertEquals("0", spentBy(second));
  }

  /** The first figure by its key. */
  private Map<String, String> figures(String job) {
    Map<String, String> figures = new TreeMap<>();
    for (JsonNode row :
        parties.api(LEADER).get("/jobs/" + job + "/result").path("result").path("rows")) {
      figures.put(row.path(0).asText(), row.path(1).asText());
    }
    assertEquals(2, figures.size());
    return figures;
  }

  /**
   * Every one of the three has 30 people in each city. A peer that forgot the first job would draw
   * its share anew, so the second is a new question to all.
   */
  @Test
  void noiseSharedByThree_protectsAsOne_andIsDrawnAnewForEachJob() throws Exception {
    String counts =
        """
        contract: ctr-budget
        inputs: {t: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]}
        what:
          sql: SELECT city, COUNT(DISTINCT phone) AS people, COUNT(*) AS n FROM t WHERE city IN ('x', 'y') GROUP BY city
        privacy: {unit: phone, epsilon: 1, delta: 1e-6, noise: shared, minGroup: 20}
        """;
    String first = done(counts, LEADER);
    String second = done(counts, LEADER);
    assertEquals("1", spentBy(first));
    assertEquals("1", spentBy(second));
    // two figures under 4.2247 squared, and 3/2 of that in the sum
    double sigma = 4.2247 * Math.sqrt(2) * Math.sqrt(1.5);
    for (String id : List.of(first, second)) {
      JsonNode rows =
          parties.api(LEADER).get("/jobs/" + id + "/result").path("result").path("rows");
      assertEquals(2, rows.size(), rows::toString);
      for (JsonNode row : rows) {
        for (int figure : new int[] {1, 4}) {
          assertEquals(90, row.path(figure).asInt(), 6 * sigma);
          assertEquals(
              1.96 * sigma,
              row.path(figure).asInt() - row.path(figure + 1).asInt(),
              0.04 * sigma + 1);
        }
      }
    }
  }

  /** Each owner speaks once to two who do not collude; who adds the parts changes no figure. */
  @Test
  void partsAddedOverTwoAggregators_giveTheSameFigures_andCostNothingMore() throws Exception {
    String masked =
        """
        contract: ctr-budget
        inputs: {t: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]}
        what:
          sql: SELECT city, COUNT(*) AS n, SUM(CLAMP(CASE WHEN city = 'x' THEN 2 ELSE 1 END, 0, 2)) AS s FROM t WHERE city IN ('x', 'y') GROUP BY city
        privacy: {unit: phone, epsilon: 1, minGroup: 20}
        """;
    String first = done(masked, LEADER);
    String second =
        done(
            masked
                + "run: {deadline: PT5M, onPartyLoss: continue, aggregators: [mall-b, brand-a]}\n",
            OWNER);
    JsonNode rows =
        parties.api(OWNER).get("/jobs/" + second + "/result").path("result").path("rows");
    assertEquals(2, rows.size(), rows::toString);
    assertEquals(90, rows.path(0).path(1).asInt(), 40);
    assertEquals(180, rows.path(0).path(4).asInt(), 80);
    assertEquals(
        parties.api(LEADER).get("/jobs/" + first + "/result").path("result").path("rows"), rows);
    assertEquals("1", spentBy(first));
    assertEquals("0", spentBy(second));
    assertEquals(OWNER, job(second).path("plan").path("leader").asText());
  }

  /** Who plans a job is told what is left of each owner's budget. */
  private void assertTold(String product, String left, long jobsLeft) {
    number++;
    JsonNode planned =
        parties.coordinator().post("/jobs/plan", Map.of("spec", spec(sales(product), LEADER)));
    assertTrue(planned.path("admitted").asBoolean(), planned::toString);
    for (JsonNode verdict : planned.path("verdicts")) {
      JsonNode budget = verdict.path("budgets").path(0);
      assertEquals(verdict.path("party").asText() + "/" + product, budget.path("asset").asText());
      assertEquals(left, budget.path("left").asText());
      assertEquals(jobsLeft, budget.path("jobsLeft").asLong());
    }
    assertEquals(2, planned.path("verdicts").size());
  }

  /** However often the coordinator says that an attempt is to start. */
  private void assertDecidedOnceAnAttempt(Api api, String id) {
    List<String> phases = new ArrayList<>();
    api.get("/jobs/" + id).path("decisions").forEach(d -> phases.add(d.path("phase").asText()));
    assertEquals(1, Collections.frequency(phases, "admit"), phases::toString);
    assertEquals(
        job(id).path("attempt").asInt(), Collections.frequency(phases, "step"), phases::toString);
  }

  private static JsonNode withoutRows(JsonNode result) {
    ObjectNode rest = result.deepCopy();
    rest.remove("rows");
    return rest;
  }

  /** What the party's receipt of a job says. */
  private static JsonNode statement(Api api, String id) {
    String payload = api.get("/jobs/" + id + "/receipt").path("envelope").path("payload").asText();
    assertFalse(payload.isEmpty());
    return Json.tree(Base64.getDecoder().decode(payload));
  }

  private static void assertSameShape(JsonNode one, JsonNode other) {
    assertEquals(shape(one), shape(other), () -> one + " and " + other);
  }

  /**
   * Without names, times, numbers in order of events, digests, and how often the same thing is
   * there: an attempt that is lost is made again.
   */
  private static Object shape(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> fields = new TreeMap<>();
      node.properties().forEach(field -> fields.put(field.getKey(), shape(field.getValue())));
      return fields;
    }
    if (node.isArray()) {
      Set<Object> elements = new LinkedHashSet<>();
      node.forEach(element -> elements.add(shape(element)));
      return elements;
    }
    String text = RANDOM.matcher(node.asText()).replaceAll(m -> "#" + m.group().length());
    return DIGITS.matcher(text.replace("twins", "sales")).replaceAll("0");
  }

  private String charged() {
    return line().path("charged").asText();
  }

  private JsonNode line() {
    for (JsonNode line : parties.api(OWNER).get("/budget")) {
      if (line.path("asset").asText().equals(OWNER + "/visits")) {
        return line;
      }
    }
    throw new AssertionError("no budget of the visits");
  }

  private JsonNode ledger() {
    return parties.api(OWNER).get("/budget/ledger");
  }

  private String spentBy(String job) {
    return parties.api(OWNER).get("/jobs/" + job).path("budget").path(0).path("charged").asText();
  }

  private String done(String question, String receiver) throws Exception {
    String id = submit(question, receiver);
    ThreeParties.await("an end of " + id, () -> job(id).path("ended").asBoolean());
    assertEquals("done", job(id).path("state").asText(), () -> job(id).toString());
    ThreeParties.await("the result", () -> has(receiver, id));
    for (String party : List.of(LEADER, OWNER)) {
      ThreeParties.await("it to settle", () -> parties.agentState(party, id).equals("settled"));
    }
    ThreeParties.await("all receipts", () -> job(id).path("waitingFor").isEmpty());
    return id;
  }

  private boolean has(String party, String id) {
    try {
      return parties.api(party).get("/jobs/" + id + "/result").has("result");
    } catch (ProblemException e) {
      assertEquals(ErrorCode.UNKNOWN_JOB, e.problem().code());
      return false;
    }
  }

  private JsonNode job(String id) {
    return parties.job(id);
  }

  private static String visits(String counted) {
    return question(
        "visits",
        "SELECT city, " + counted + " FROM t WHERE city IN ('x', 'y') GROUP BY city",
        "0.5");
  }

  private static String sales(String product) {
    return question(
        product,
        "SELECT city, COUNT(DISTINCT phone) AS people, SUM(CLAMP(amount, 0, 50)) AS s, AVG(CLAMP(amount * amount, 0, 900)) AS m FROM t WHERE \"day\" >= DATE '2020-01-01' AND city IN ('x', 'y') GROUP BY city",
        "0.9");
  }

  private static String question(String product, String sql, String epsilon) {
    return """
        contract: ctr-budget
        inputs:
          t: [brand-a/%1$s@1, mall-b/%1$s@1]
        what:
          sql: %2$s
        privacy: {unit: phone, epsilon: %3$s, minGroup: 50, maxGroups: 1, maxRows: 1}
        """
        .formatted(product, "'" + sql.replace("'", "''") + "'", epsilon);
  }

  private String submit(String question, String receiver) {
    number++;
    return parties
        .api(receiver + "/coordinator")
        .post("/jobs", Map.of("spec", spec(question, receiver)))
        .path("id")
        .asText();
  }

  private String spec(String question, String receiver) {
    return """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: people, submitToken: budget-token-%1$08d}
        purpose: {code: benchmark.market, basis: consent}
        %2$soutputs:
          - {name: people, to: [%3$s]}
        %4$s
        """
        .formatted(
            number,
            question,
            receiver,
            question.contains("run:") ? "" : "run: {deadline: PT5M, attempts: 3}");
  }

  private static String sales(List<String> more) {
    StringBuilder rows = new StringBuilder("phone,city,amount,day\n");
    for (int i = 0; i < 205; i++) {
      rows.append("138%08d,%s,12,2026-01-05\n".formatted(i, i % 2 == 0 ? "x" : "y"));
    }
    more.forEach(row -> rows.append(row).append('\n'));
    return rows.toString();
  }

  private Path stopAndCopy() throws Exception {
    stop();
    Path copy = parties.federation.folder().resolve("yesterday");
    Files.createDirectories(copy);
    copyState(parties.federation.home(OWNER), copy);
    return copy;
  }

  private void putBack(Path copy) throws Exception {
    stop();
    for (String file : List.of("state.db", "state.db-wal", "state.db-shm")) {
      Files.deleteIfExists(parties.federation.home(OWNER).resolve(file));
    }
    copyState(copy, parties.federation.home(OWNER));
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
    stop(OWNER);
  }

  private void stop(String party) throws Exception {
    Process process = parties.federation.process(party);
    process.destroyForcibly();
    process.waitFor();
    assertFalse(process.isAlive());
  }

  private void start() throws IOException {
    start(OWNER);
  }

  private void start(String party) throws IOException {
    parties.start(party);
    parties.federation.awaitAgent(party);
  }
}
