package hesuan.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.evidence.Envelope;
import hesuan.evidence.SigningKeys;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what, and what a stranger learns by trying. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AccessTest {
  private static final PartyId OTHER = new PartyId("other-c");

  private Market market;
  private TestFederation federation;
  private ScriptedAgent other;
  private String stranger;
  private String auditor;
  private String job;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    market = Market.open(folder);
    federation = market.federation;
    other = ScriptedAgent.enrol(federation, OTHER, folder).connect(federation);
    stranger = federation.token(OTHER, "admin");
    auditor = federation.token(Market.BRAND, "auditor");
    market.mall.answersProposals = false;
    job = market.submitted(Market.spec("access"));
  }

  @AfterAll
  void close() {
    other.close();
    market.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/events", "/receipts"})
  void job_ofOthers_isAsGoodAsAbsent(String path) {
    TestFederation.Answer seen = federation.get(stranger, "/jobs/" + job + path);
    TestFederation.Answer absent = federation.get(stranger, "/jobs/job-aaaaaaaaaaaaaaaa" + path);
    assertEquals(404, seen.status(), seen.text());
    assertEquals(absent.text().replace("job-aaaaaaaaaaaaaaaa", job), seen.text());
  }

  @Test
  void job_ofOthers_cannotBeCancelled() {
    assertEquals(404, federation.post(stranger, "/jobs/" + job + "/cancel", Map.of()).status());
    assertEquals("proposed", market.state(job));
  }

  @Test
  void jobs_ofOthers_areNotListed() {
    assertEquals(0, federation.get(stranger, "/jobs").json().path("jobs").size());
    assertTrue(federation.get(market.analyst, "/jobs").json().path("jobs").size() > 0);
  }

  @Test
  void jobs_inPages_loseNone() {
    for (int i = 0; i < 4; i++) {
      market.submitted(Market.spec("page-" + i));
    }
    List<String> all = ids("");
    List<String> paged = new java.util.ArrayList<>();
    com.fasterxml.jackson.databind.JsonNode page =
        federation.get(market.analyst, "/jobs?limit=2").json();
    while (true) {
      page.path("jobs").forEach(each -> paged.add(each.path("id").asText()));
      if (page.path("next").isMissingNode()) {
        break;
      }
      page =
          federation
              .get(market.analyst, "/jobs?limit=2&before=" + page.path("next").asLong())
              .json();
    }
    assertTrue(all.size() >= 5, all::toString);
    assertEquals(all, paged);
    assertEquals(all, ids("?state=proposed"));
    assertEquals(400, federation.get(market.analyst, "/jobs?limit=0").status());
  }

  private List<String> ids(String query) {
    return federation
        .get(market.analyst, "/jobs" + query)
        .json()
        .path("jobs")
        .findValuesAsText("id");
  }

  @Test
  void contract_ofOthers_isAsGoodAsAbsent() {
    assertEquals(404, federation.get(stranger, "/contracts/" + Market.CONTRACT).status());
    assertEquals(
        404,
        federation
            .post(stranger, "/contracts/" + Market.CONTRACT + "/withdraw", Map.of())
            .status());
    assertEquals(0, federation.get(stranger, "/contracts").json().path("contracts").size());
    assertEquals("inForce", market.contractState());
  }

  @Test
  void contract_withoutCallersParty_isRefused() {
    TestFederation.Answer answer =
        federation.post(stranger, "/contracts", market.contract("ctr-foreign"));
    assertEquals(403, answer.status(), answer.text());
  }

  @Test
  void contract_sameIdOtherText_isConflict() {
    Map<String, Object> changed = new java.util.HashMap<>(market.contract(Market.CONTRACT));
    changed.put("jobsMax", 7);
    assertEquals(409, federation.post(market.admin, "/contracts", changed).status());
    assertEquals(
        201,
        federation.post(market.admin, "/contracts", market.contract(Market.CONTRACT)).status());
  }

  @Test
  void submit_underContractOfOthers_isUnknownContract() {
    TestFederation.Answer answer =
        federation.post(stranger, "/jobs", Map.of("spec", Market.spec("foreign")));
    assertEquals(404, answer.status(), answer.text());
    assertEquals("HS2003", answer.code());
  }

  @ParameterizedTest
  @CsvSource({
    "/jobs, 403",
    "/jobs/plan, 403",
    "/jobs/validate, 403",
  })
  void auditor_readsAndNothingElse(String path, int status) {
    assertEquals(
        status, federation.post(auditor, path, Map.of("spec", Market.spec("auditor"))).status());
    assertEquals(200, federation.get(auditor, "/jobs/" + job).status());
    assertEquals(403, federation.post(auditor, "/jobs/" + job + "/cancel", Map.of()).status());
    assertEquals(
        403, federation.post(auditor, "/contracts", market.contract("ctr-auditor")).status());
    assertEquals(403, federation.post(auditor, "/tokens/api", Map.of("role", "admin")).status());
  }

  @Test
  void analyst_cannotMakeTokensOrContracts() {
    assertEquals(
        403, federation.post(market.analyst, "/tokens/api", Map.of("role", "admin")).status());
    assertEquals(
        403,
        federation.post(market.analyst, "/contracts", market.contract("ctr-analyst")).status());
  }

  @Test
  void partyAdmin_makesTokensForItsPartyOnly() {
    assertEquals(
        403,
        federation
            .post(stranger, "/tokens/api", Map.of("party", "brand-a", "role", "admin"))
            .status());
    assertEquals(
        403, federation.post(stranger, "/tokens/join", Map.of("party", "brand-a")).status());
    TestFederation.Answer own =
        federation.post(stranger, "/tokens/api", Map.of("role", "auditor", "label", "ours"));
    assertEquals(201, own.status(), own.text());
    assertEquals("other-c", own.json().path("entry").path("party").asText());
    assertFalse(
        federation.get(stranger, "/tokens/api").text().contains("brand-a"), "tokens of others");
  }

  @Test
  void token_ofOthers_cannotBeRevoked() {
    String id =
        federation
            .post(market.admin, "/tokens/api", Map.of("role", "auditor"))
            .json()
            .path("entry")
            .path("id")
            .asText();
    assertEquals(404, federation.delete(stranger, "/tokens/api/" + id).status());
  }

  @Test
  void token_revoked_isRefusedAtOnce() {
    TestFederation.Answer issued =
        federation.post(market.admin, "/tokens/api", Map.of("role", "auditor"));
    String token = issued.json().path("token").asText();
    assertEquals(200, federation.get(token, "/whoami").status());
    assertEquals(
        204,
        federation
            .delete(market.admin, "/tokens/api/" + issued.json().path("entry").path("id").asText())
            .status());
    assertEquals(401, federation.get(token, "/whoami").status());
  }

  @Test
  void tokens_areStoredHashed() throws Exception {
    byte[] secret = market.admin.getBytes(StandardCharsets.UTF_8);
    try (Stream<Path> files = Files.list(federation.home)) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("state.db")).toList()) {
        assertEquals(-1, indexOf(Files.readAllBytes(file), secret), file::toString);
      }
    }
    assertEquals(
        "rw-------",
        java.nio.file.attribute.PosixFilePermissions.toString(
            Files.getPosixFilePermissions(federation.home.resolve("admin.token"))));
  }

  private static int indexOf(byte[] where, byte[] what) {
    for (int i = 0; i + what.length <= where.length; i++) {
      if (java.util.Arrays.equals(where, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void certificate_ofParty_signsInAsThatParty() throws Exception {
    HttpClient client =
        HttpClient.newBuilder()
            .sslContext(market.mall.tls().jdk())
            .sslParameters(TlsContexts.parameters())
            .build();
    TestFederation.Answer answer =
        federation.call(client, federation.request(null, "/whoami").GET().build());
    assertEquals(200, answer.status(), answer.text());
    assertEquals("mall-b", answer.json().path("party").asText());
    assertEquals("certificate", answer.json().path("by").asText());
  }

  @Test
  void badToken_besideGoodCertificate_isRefused() {
    HttpClient client =
        HttpClient.newBuilder()
            .sslContext(market.mall.tls().jdk())
            .sslParameters(TlsContexts.parameters())
            .build();
    assertEquals(
        401,
        federation
            .call(client, federation.request("hst_" + "A".repeat(43), "/whoami").GET().build())
            .status());
  }

  @Test
  void operator_speaksForNoParty() {
    assertEquals(
        403,
        federation
            .post(federation.operator(), "/jobs", Map.of("spec", Market.spec("operator")))
            .status());
    assertEquals(200, federation.get(federation.operator(), "/jobs/" + job).status());
  }

  @Test
  void joinToken_secondUse_isRefused() {
    PartyId party = new PartyId("late-d");
    String token = federation.joinToken(party);
    ScriptedAgent.enrol(federation, party, token, federation.keys(party));
    assertRefused(
        ErrorCode.TOKEN_REFUSED,
        () -> ScriptedAgent.enrol(federation, party, token, federation.keys(party)));
  }

  @Test
  void joinToken_ofAnotherParty_isRefused() {
    String token = federation.joinToken(new PartyId("late-e"));
    PartyId thief = new PartyId("late-f");
    assertRefused(
        ErrorCode.TOKEN_REFUSED,
        () -> ScriptedAgent.enrol(federation, thief, token, federation.keys(thief)));
  }

  @Test
  void enrolment_withKeysOfAnother_isRefused() {
    PartyId party = new PartyId("late-g");
    SigningKeys foreign = federation.keys(new PartyId("late-h"));
    assertRefused(
        ErrorCode.SIGNATURE_REFUSED,
        () -> ScriptedAgent.enrol(federation, party, federation.joinToken(party), foreign));
  }

  @Test
  void enrolment_asTheCoordinator_isRefused() {
    assertEquals(
        400,
        federation
            .post(federation.operator(), "/tokens/join", Map.of("party", "coordinator"))
            .status());
  }

  private static void assertRefused(ErrorCode code, org.junit.jupiter.api.function.Executable act) {
    assertEquals(code, assertThrows(ProblemException.class, act).problem().code());
  }

  @Test
  void product_ofAnotherParty_isRefusedAndNotListed() {
    other.publish(Market.product("brand-a/stolen@1", "city"));
    ScriptedAgent.await("refusal", () -> other.refused("product") != null);
    assertEquals(404, federation.get(stranger, "/products/brand-a/stolen/1").status());
  }

  @Test
  void product_signedByAnother_isRefused() {
    Envelope forged =
        Envelope.signDocument(
            Product.PAYLOAD_TYPE, Market.product("other-c/list@1", "city"), market.brand.keys);
    other.publish(forged);
    ScriptedAgent.await("refusal", () -> other.refused("product") != null);
    assertEquals(404, federation.get(stranger, "/products/other-c/list/1").status());
  }

  @Test
  void product_sameVersionOtherDocument_isConflict() {
    other.publish(Market.product("other-c/pinned@1", "city"));
    ScriptedAgent.await("accepted", () -> other.accepted("product other-c/pinned@1"));
    String before = federation.get(stranger, "/products/other-c/pinned/1").text();
    long refusedBefore = other.count(m -> m.hasRefused());
    other.publish(Market.product("other-c/pinned@1", "district"));
    ScriptedAgent.await("refusal", () -> other.count(m -> m.hasRefused()) > refusedBefore);
    assertEquals(before, federation.get(stranger, "/products/other-c/pinned/1").text());
  }

  @Test
  void tile_pathOutsideTheLog_isUnknown() {
    for (String path : List.of("../checkpoint", "0/../../records/000", "entries/%2e%2e/lock")) {
      assertNotEquals(200, federation.get(auditor, "/log/tile/" + path).status(), path);
    }
    assertEquals(200, federation.get(auditor, "/log/checkpoint").status());
    assertTrue(
        federation.get(auditor, "/log/checkpoint").text().startsWith("test.fed/coordinator\n"));
  }

  @Test
  void log_tileAndEntries_areServed() {
    String checkpoint = federation.get(auditor, "/log/checkpoint").text();
    long size = Long.parseLong(checkpoint.lines().skip(1).findFirst().orElseThrow());
    assertTrue(size > 0);
    assertEquals(
        200, federation.get(auditor, "/log/tile/entries/000.p/" + size).status(), checkpoint);
    assertEquals(200, federation.get(auditor, "/log/consistency?from=1").status());
  }

  @Test
  void ledgers_areReplayedAndTellTheRule() {
    TestFederation.Answer rights = federation.get(auditor, "/ledgers/rights");
    assertEquals(200, rights.status(), rights.text());
    assertTrue(rights.json().path("rows").toString().contains("rule"), rights.text());
    assertEquals(0, rights.json().path("missing").asInt(-1), rights.text());
    assertEquals(200, federation.get(auditor, "/ledgers/certificate").status());
    Map<String, Object> next =
        Map.of(
            "revision", 2,
            "pointsPerProduct", 1,
            "pointsPerRun", 1,
            "outstandingMax", 10,
            "expiryDays", 30,
            "services", List.of());
    assertEquals(403, federation.post(stranger, "/ledgers/rights/rule", next).status());
    TestFederation.Answer changed =
        federation.post(federation.operator(), "/ledgers/rights/rule", next);
    assertEquals(200, changed.status(), changed.text());
  }
}
