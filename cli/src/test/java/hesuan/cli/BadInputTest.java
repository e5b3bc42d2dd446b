package hesuan.cli;

import static hesuan.cli.ThreeParties.COORDINATOR;
import static hesuan.cli.ThreeParties.EPSILON;
import static hesuan.cli.ThreeParties.LEADER;
import static hesuan.cli.ThreeParties.MEMBER;
import static hesuan.cli.ThreeParties.PARTIES;
import static hesuan.cli.ThreeParties.THIRD;
import static hesuan.cli.ThreeParties.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What people, files and absent or silent processes do wrong: said in one sentence with a stable
 * code to whoever did it and to every party of the job, and nothing is charged, kept reserved or
 * released where nothing ran. What a hostile peer sends is tested beside the protocols and the
 * transport ({@code HostilePeerTest}).
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
  private static final Charset GBK = Charset.forName("GBK");

  private ThreeParties trio;
  private int number;

  @BeforeAll
  void found() throws Exception {
    trio = new ThreeParties("bad-input");
    for (String name : List.of("gone", "changed", "recoded")) {
      trio.publish(MEMBER, name, ThreeParties.rows(60), "900");
    }
    trio.publish(MEMBER, "one", ThreeParties.rows(1), "900");
    trio.publish(MEMBER, "same", "phone,city\n" + "13800000000,x\n".repeat(60), "900");
    trio.sign("ctr-bad");
    Files.delete(trio.data(MEMBER, "gone"));
    Files.writeString(trio.data(MEMBER, "changed"), ThreeParties.rows(61));
    Files.write(
        trio.data(MEMBER, "recoded"), (ThreeParties.rows(60) + "13900000000,上海\n").getBytes(GBK));
  }

  @AfterAll
  void end() {
    if (trio != null) {
      trio.close();
    }
  }

  // ---- a product that its owner cannot publish

  private interface Spoiled {
    void spoil(Map<String, Object> request, Path file) throws Exception;
  }

  static Stream<Arguments> badProducts() {
    return Stream.of(
        product("a file that is not there", "HS3001", (r, f) -> Files.deleteIfExists(f)),
        product(
            "a folder",
            "HS3001",
            (r, f) -> r.put("source", Map.of("kind", "csv", "path", f.getParent().toString()))),
        product("no row", "HS3004", (r, f) -> Files.writeString(f, "phone,city\n")),
        product("no id", "HS3004", (r, f) -> Files.writeString(f, "phone,city\nnobody,x\n")),
        product(
            "another encoding",
            "HS3002",
            (r, f) -> Files.write(f, "phone,city\n13800000000,上海\n".getBytes(GBK))),
        product(
            "UTF-16",
            "HS3002",
            (r, f) ->
                Files.write(f, "phone,city\n13800000000,x\n".getBytes(StandardCharsets.UTF_16))),
        product(
            "an id column that is not there",
            "HS2004",
            (r, f) -> r.put("id", Map.of("column", "mobile", "rule", "phone-cn/1"))),
        product("an unknown field", "HS1001", (r, f) -> r.put("budgets", "1")),
        product("a wrong type", "HS1002", (r, f) -> r.put("rules", "none")),
        product(
            "a filter over a column that is not there",
            "HS3005",
            (r, f) -> r.put("rowFilter", "town = 'x'")));
  }

  private static Arguments product(String what, String code, Spoiled spoiled) {
    return Arguments.of(what, code, spoiled);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badProducts")
  void publish_ofBadProduct_saysWhy_andPublishesNothing(String what, String code, Spoiled spoiled)
      throws Exception {
    JsonNode products = trio.coordinator().get("/products");
    Map<String, ThreeParties.Books> before = trio.books();
    Path file = trio.data(MEMBER, "spoiled");
    Files.writeString(file, ThreeParties.rows(60));
    Map<String, Object> request = trio.publication(MEMBER, "spoiled", "1");
    spoiled.spoil(request, file);
    said(code, () -> trio.api(MEMBER).post("/products", request));
    assertEquals(products, trio.coordinator().get("/products"));
    assertEquals(before, trio.books());
  }

  // ---- a job that cannot be accepted or planned

  static Stream<Arguments> badJobs() {
    return Stream.of(
        Arguments.of("an unknown field", "HS1001", "privacy:", "privcy:"),
        Arguments.of("a wrong type", "HS1002", "deadline: PT5M", "deadline: soon"),
        Arguments.of(
            "no input",
            "HS1003",
            "inputs:\n  orders: [brand-a/orders@1, mall-b/orders@1, pay-c/orders@1]\n",
            ""),
        Arguments.of("a missing party", "HS2001", "mall-b/orders@1", "nobody-d/orders@1"),
        Arguments.of("an unknown version", "HS2002", "mall-b/orders@1", "mall-b/orders@9"),
        Arguments.of("an unknown contract", "HS2003", "ctr-bad", "ctr-none"),
        Arguments.of("a column that is not there", "HS2004", " city", " town"),
        Arguments.of("SQL of another dialect", "HS1007", "COUNT(*)", "ARRAY_AGG(phone)"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badJobs")
  void submit_ofBadJob_saysWhy_andNobodyElseHearsOfIt(
      String what, String code, String from, String to) {
    Map<String, ThreeParties.Books> before = trio.books();
    Map<String, JsonNode> jobs = new HashMap<>();
    PARTIES.forEach(party -> jobs.put(party, trio.api(party).get("/jobs")));
    String spec = spec("mall-b/orders@1");
    assertTrue(spec.contains(from), spec);
    String bad = spec.replace(from, to);
    if (code.startsWith("HS1")) {
      said(code, () -> trio.coordinator().post("/jobs", Map.of("spec", bad)));
    } else {
      refusedBeforeAnyone(code, bad);
    }
    assertEquals(before, trio.books());
    PARTIES.forEach(party -> assertEquals(jobs.get(party), trio.api(party).get("/jobs")));
  }

  private void refusedBeforeAnyone(String code, String spec) {
    try {
      JsonNode job = trio.coordinator().post("/jobs", Map.of("spec", spec));
      assertEquals("refused", job.path("state").asText(), job::toString);
      sentence(code, job.path("refusals").path(0).path("problem"));
    } catch (ProblemException e) {
      sentence(code, e.problem());
    }
  }

  @Test
  void show_ofJobThatNoPartyHeardOf_isNoFailure() {
    String overTerms = spec("mall-b/orders@1").replace("epsilon: " + EPSILON, "epsilon: 2");
    JsonNode job = trio.coordinator().post("/jobs", Map.of("spec", overTerms));
    assertEquals("refused", job.path("state").asText(), job::toString);
    String id = job.path("id").asText();
    said("HS2005", () -> trio.api(LEADER).get("/jobs/" + id));
    String home = trio.federation.home(LEADER).toString();
    assertEquals(Exit.OK, Main.execute("job", "show", "--home", home, id));
  }

  // ---- data that is no longer what was published

  static Stream<Arguments> badSources() {
    return Stream.of(
        Arguments.of("gone", "HS3001"),
        Arguments.of("changed", "HS3003"),
        Arguments.of("recoded", "HS3002"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badSources")
  void job_overBadSource_isRefusedByItsOwner_andEveryPartyIsTold(String name, String code)
      throws Exception {
    Map<String, ThreeParties.Books> before = trio.books();
    JsonNode planned =
        trio.coordinator().post("/jobs/plan", Map.of("spec", spec("mall-b/" + name + "@1")));
    assertFalse(planned.path("admitted").asBoolean());
    sentence(code, refusal(planned).path("problem"));

    String id = submit(spec("mall-b/" + name + "@1"));
    await("an end of " + id, () -> trio.job(id).path("ended").asBoolean());
    JsonNode job = trio.job(id);
    assertEquals("refused", job.path("state").asText(), job::toString);
    JsonNode refusal = job.path("refusals").path(0);
    assertEquals(MEMBER, refusal.path("party").asText());
    assertEquals("source", refusal.path("rule").asText());
    sentence(code, refusal.path("problem"));
    told(PARTIES, id, "refused", code);
    unspent(before);
  }

  private static JsonNode refusal(JsonNode planned) {
    for (JsonNode verdict : planned.path("verdicts")) {
      if (!verdict.path("admitted").asBoolean()) {
        assertEquals(MEMBER, verdict.path("party").asText());
        return verdict.path("refusals").path(0);
      }
    }
    throw new AssertionError(planned);
  }

  // ---- little data

  @ParameterizedTest
  @ValueSource(strings = {"one", "same"})
  void job_overOneRowOrOnePerson_isDone_andTellsNoMoreThanAnyOther(String name) throws Exception {
    String id = submit(spec("mall-b/" + name + "@1"));
    await("an end of " + id, () -> trio.job(id).path("ended").asBoolean());
    assertEquals("done", trio.job(id).path("state").asText(), () -> trio.job(id).toString());
    await("the result", () -> trio.api(MEMBER).get("/jobs/" + id + "/result") != null);
  }

  // ---- a party that is not there, or does not speak

  @Test
  void job_withAbsentParty_saysWhomItWaitsFor_andGoesOnWhenItIsBack() throws Exception {
    trio.federation.process(THIRD).destroyForcibly().waitFor();
    waitsAndGoesOn("HS6002", () -> trio.start(THIRD));
  }

  @Test
  void job_withSilentParty_saysWhomItWaitsFor_andGoesOnWhenItSpeaks() throws Exception {
    trio.signal(THIRD, "STOP");
    waitsAndGoesOn("HS6002", () -> trio.signal(THIRD, "CONT"));
  }

  private void waitsAndGoesOn(String code, Executable back) throws Exception {
    Map<String, ThreeParties.Books> before = new HashMap<>();
    List<String> others = List.of(LEADER, MEMBER);
    others.forEach(party -> before.put(party, trio.books(party)));
    String id = submit(spec("mall-b/orders@1"));
    JsonNode event = waiting(id);
    assertEquals(THIRD, event.path("waitingFor").path(0).asText());
    sentence(code, event.path("problem"));
    for (String party : others) {
      assertEquals(before.get(party).charged(), trio.books(party).charged());
    }
    try {
      back.execute();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    trio.federation.awaitAgent(THIRD);
    await("an end of " + id, () -> trio.job(id).path("ended").asBoolean());
    assertEquals("done", trio.job(id).path("state").asText());
    for (String party : others) {
      await(party + " to settle", () -> trio.agentState(party, id).equals("settled"));
      assertEquals(
          0,
          new BigDecimal(EPSILON)
              .compareTo(trio.books(party).charged().subtract(before.get(party).charged())));
    }
  }

  /** The event as whoever watches gets it. */
  private JsonNode waiting(String id) throws Exception {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                trio.coordinator().stream("/jobs/" + id + "/events").body(),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data:")) {
          JsonNode event =
              Json.tree(line.substring("data:".length()).strip().getBytes(StandardCharsets.UTF_8));
          if (event.path("what").asText().equals("waiting")) {
            return event;
          }
        }
      }
    }
    throw new AssertionError("nobody waited in " + id);
  }

  @Test
  void coordinator_thatIsSilent_isSaidToWhoeverAsks() throws Exception {
    trio.signal(COORDINATOR, "STOP");
    try (Api fresh = trio.federation.at(LEADER).coordinator()) {
      said("HS6001", () -> fresh.get("/jobs"));
      await("the agent to notice", () -> !connected());
      JsonNode problem = trio.api(LEADER).get("/party").path("lineProblem");
      assertEquals("HS6002", problem.path("code").asText(), problem::toString);
    } finally {
      trio.signal(COORDINATOR, "CONT");
    }
    PARTIES.forEach(trio.federation::awaitAgent);
  }

  private boolean connected() {
    return trio.api(LEADER).get("/health").path("connected").asBoolean();
  }

  // ---- what is said

  private static void said(String code, Executable refused) {
    sentence(code, assertThrows(ProblemException.class, refused).problem());
  }

  private static void sentence(String code, JsonNode problem) {
    sentence(
        code,
        new Problem(
            ErrorCode.of(problem.path("code").asText()),
            problem.path("at").asText(),
            problem.path("expected").asText(),
            problem.path("found").asText()));
  }

  /** One line that has all its parts, in both languages. */
  private static void sentence(String code, Problem problem) {
    assertEquals(code, problem.code().code(), problem::toString);
    for (boolean chinese : List.of(false, true)) {
      String sentence = problem.sentence(chinese);
      assertEquals(1, sentence.lines().count(), sentence);
      for (String part :
          List.of(problem.expected(), problem.found(), problem.code().remedy(chinese))) {
        assertTrue(!part.isBlank() && sentence.contains(part), sentence);
      }
    }
  }

  private void told(List<String> parties, String id, String verdict, String code) throws Exception {
    for (String party : parties) {
      await(party + " to settle " + id, () -> trio.agentState(party, id).equals("settled"));
      JsonNode detail = trio.api(party).get("/jobs/" + id).path("detail");
      assertEquals(verdict, detail.path("verdict").asText(), detail::toString);
      assertEquals(code, detail.path("problem").path("code").asText(), detail::toString);
    }
  }

  private void unspent(Map<String, ThreeParties.Books> before) {
    Map<String, ThreeParties.Books> after = trio.books();
    for (String party : PARTIES) {
      assertEquals(before.get(party).charged(), after.get(party).charged(), party);
      assertEquals(before.get(party).reserved(), after.get(party).reserved(), party);
    }
  }

  // ---- jobs

  private String submit(String spec) {
    return trio.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
  }

  /** Each asks under another name, or the second would be the first one's question, and free. */
  private String spec(String ofMember) {
    number++;
    return """
    apiVersion: hesuan/v1
    kind: Job
    metadata: {name: bad-%d, submitToken: bad-token-%08d}
    purpose: {code: benchmark.market, basis: consent}
    contract: ctr-bad
    inputs:
      orders: [brand-a/orders@1, %s, pay-c/orders@1]
    what:
      sql: SELECT city, COUNT(*) AS orders FROM orders WHERE city IN ('x', 'y') AND city <> 'q%d' GROUP BY city
    privacy: {unit: phone, epsilon: %s, minGroup: 50, maxGroups: 1, maxRows: 1}
    outputs:
      - {name: orders_by_city, to: [brand-a, mall-b]}
    run: {deadline: PT5M, attempts: 4}
    """
        .formatted(number, number, ofMember, number, EPSILON);
  }
}
