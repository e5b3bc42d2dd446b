package hesuan.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.job.Refusal;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Problem;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Jobs over real HTTPS and real gRPC, with agents that follow a script. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class JobsTest {
  private Market market;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    market = Market.open(folder);
  }

  @AfterAll
  void close() {
    market.close();
  }

  @AfterEach
  void obedientAgain() {
    for (ScriptedAgent agent : List.of(market.brand, market.mall)) {
      agent.refusals = List.of();
      agent.answersProposals = true;
      agent.runsSteps = true;
      agent.releases = true;
      agent.sendsReceipts = true;
      agent.troubles = Map.of();
    }
  }

  @Test
  void job_everyPartyWilling_isDoneWithThreeReceiptsThatVerify() {
    String id = market.submitted(Market.spec("t-done"));
    market.awaitSettled(id, "done");

    JsonNode job = market.job(id).json();
    assertEquals("brand-a", job.path("results").path(0).path("heldBy").path(0).asText());
    assertTrue(market.mall.heardSettle(id, "done"));
    JsonNode receipts =
        market.federation.get(market.analyst, "/jobs/" + id + "/receipts").json().path("receipts");
    assertEquals(
        List.of("brand-a", "coordinator", "mall-b"),
        receipts.findValuesAsText("issuer").stream().sorted().toList());
    TrustedKeys trusted =
        TrustedKeys.always(
            "test.fed",
            List.of(
                market.brand.keys.publicKeys(),
                market.mall.keys.publicKeys(),
                Json.read(
                    market
                        .federation
                        .get(market.analyst, "/parties")
                        .json()
                        .path("coordinatorKeys"),
                    hesuan.evidence.PartyKeys.class)));
    for (JsonNode each : receipts) {
      Verification verification =
          ReceiptVerifier.verify(Json.read(each.path("federationReceipt"), Receipt.class), trusted);
      assertTrue(verification instanceof Verification.Verified, () -> "" + verification.checks());
    }
  }

  @Test
  void events_ofDoneJob_tellTheStoryInOrderAndResume() throws Exception {
    String id = market.submitted(Market.spec("t-events"));
    market.awaitSettled(id, "done");
    List<String> all = eventNames(id, null);
    assertEquals("submitted", all.getFirst());
    assertEquals(
        List.of("submitted", "admit", "countersign", "begin"), all.subList(0, 4), all::toString);
    assertTrue(all.containsAll(List.of("finish", "write-receipt", "take-receipt")), all::toString);
    assertEquals(all.subList(4, all.size()), eventNames(id, "4"));
  }

  @Test
  void events_ofRunningJob_comeAsTheyHappen() throws Exception {
    market.mall.answersProposals = false;
    String id = market.submitted(Market.spec("t-live"));
    try (Stream<String> lines = eventStream(id, null).body()) {
      var names = lines.filter(line -> line.startsWith("event:")).iterator();
      assertEquals("event: submitted", names.next());
      assertEquals("event: admit", names.next());
      market.federation.post(market.analyst, "/jobs/" + id + "/cancel", Map.of());
      assertEquals("event: abort", names.next());
    }
  }

  private HttpResponse<Stream<String>> eventStream(String id, @Nullable String after)
      throws Exception {
    var request = market.federation.request(market.analyst, "/jobs/" + id + "/events").GET();
    if (after != null) {
      request.header("Last-Event-ID", after);
    }
    return market.federation.http().send(request.build(), HttpResponse.BodyHandlers.ofLines());
  }

  private List<String> eventNames(String id, @Nullable String after) throws Exception {
    try (Stream<String> lines = eventStream(id, after).body()) {
      return lines
          .filter(line -> line.startsWith("event:"))
          .map(line -> line.substring("event:".length()).strip())
          .toList();
    }
  }

  @Test
  void submit_sameTokenTwice_isOneJob() {
    TestFederation.Answer first = market.submit(Market.spec("t-twice"));
    TestFederation.Answer second = market.submit(Market.spec("t-twice"));
    assertEquals(201, first.status(), first.text());
    assertEquals(200, second.status(), second.text());
    assertEquals(first.json().path("id"), second.json().path("id"));
    TestFederation.Answer other =
        market.submit(Market.spec("t-twice").replace("name: overlap,", "name: other,"));
    assertEquals(409, other.status(), other.text());
    assertEquals("HS2006", other.code());
  }

  @Test
  void submit_sameTokenFromManyThreads_isOneJob() throws Exception {
    List<Integer> statuses = new java.util.concurrent.CopyOnWriteArrayList<>();
    List<Thread> threads =
        Stream.generate(
                () ->
                    Thread.ofVirtual()
                        .start(() -> statuses.add(market.submit(Market.spec("t-race")).status())))
            .limit(8)
            .toList();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, statuses.stream().filter(status -> status == 201).count(), statuses::toString);
    assertEquals(7, statuses.stream().filter(status -> status == 200).count(), statuses::toString);
  }

  @Test
  void job_partyRefuses_saysWhoWhichRuleAndSmallestChange() {
    market.mall.refusals =
        List.of(
            new Refusal(
                Market.MALL,
                "terms.minGroup",
                new Problem(ErrorCode.POLICY_DENIED, "minGroup", "100", "50"),
                "privacy.minGroup: 100"));
    String id = market.submitted(Market.spec("t-refused"));
    market.awaitSettled(id, "refused");
    JsonNode refusal = market.job(id).json().path("refusals").path(0);
    assertEquals("mall-b", refusal.path("party").asText());
    assertEquals("terms.minGroup", refusal.path("rule").asText());
    assertEquals("privacy.minGroup: 100", refusal.path("change").asText());
    assertTrue(market.brand.heardSettle(id, "refused"));
  }

  @Test
  void job_ownersTermsRefuse_endsAtOnceWithReceipt() {
    String id = market.submitted(Market.spec("t-terms", "PT10M", 1, "10"));
    market.awaitSettled(id, "refused");
    JsonNode receipts =
        market.federation.get(market.analyst, "/jobs/" + id + "/receipts").json().path("receipts");
    assertEquals("refuse", receipts.path(0).path("kind").asText());
    assertEquals("coordinator", receipts.path(0).path("issuer").asText());
  }

  @Test
  void job_curableTrouble_isTriedAgain() {
    market.mall.troubles =
        Map.of(1, new Problem(ErrorCode.PEER_SILENT, "brand-a", "a message", "none"));
    market.brand.releases = false;
    String id = market.submitted(Market.spec("t-retry"));
    ScriptedAgent.await("attempt 2", () -> market.job(id).json().path("attempt").asInt() == 2);
    assertNotNull(market.brand.interrupted(id), "the innocent party was not told");
    market.brand.release(id, 2);
    market.awaitSettled(id, "done");
  }

  @Test
  void job_incurableTrouble_failsWithThatVerdictForEveryone() {
    market.mall.troubles =
        Map.of(1, new Problem(ErrorCode.SOURCE_UNREADABLE, "orders", "a file", "none"));
    market.brand.releases = false;
    String id = market.submitted(Market.spec("t-fail"));
    market.awaitSettled(id, "failed");
    assertEquals("HS3001", market.job(id).json().path("problem").path("code").asText());
    assertTrue(market.brand.heardSettle(id, "failed"));
  }

  @Test
  void job_withoutAttemptsLeft_fails() {
    Problem trouble = new Problem(ErrorCode.PEER_FAILED, "brand-a", "a message", "none");
    market.mall.troubles = Map.of(1, trouble, 2, trouble);
    market.brand.releases = false;
    String id = market.submitted(Market.spec("t-attempts", "PT10M", 2, "50"));
    market.awaitSettled(id, "failed");
    assertEquals(2, market.job(id).json().path("attempt").asInt());
  }

  @Test
  void job_deadlinePasses_expiresAndSaysWhomItWaitedFor() {
    market.mall.answersProposals = false;
    String id = market.submitted(Market.spec("t-expire", "PT5S", 1, "50"));
    market.awaitState(id, "expired");
    JsonNode problem = market.job(id).json().path("problem");
    assertEquals("HS7001", problem.path("code").asText());
    assertTrue(problem.path("found").asText().contains("mall-b"), problem::toString);
  }

  @Test
  void job_cancelled_isAborted() {
    market.mall.answersProposals = false;
    String id = market.submitted(Market.spec("t-cancel"));
    assertEquals(
        200, market.federation.post(market.analyst, "/jobs/" + id + "/cancel", Map.of()).status());
    market.awaitState(id, "aborted");
    ScriptedAgent.await("settle", () -> market.mall.heardSettle(id, "aborted"));
  }

  @Test
  void job_partyIsGone_isRetriedWhenItComesBack() {
    market.brand.runsSteps = false;
    market.brand.releases = false;
    String id = market.submitted(Market.spec("t-gone"));
    market.awaitState(id, "running");
    market.mall.hangUp();
    ScriptedAgent.await("told", () -> market.brand.interrupted(id) != null);
    market.awaitState(id, "countersigned");
    assertEquals("mall-b", market.job(id).json().path("waitingFor").path(0).asText());
    market.brand.runsSteps = true;
    market.mall.connect(market.federation);
    ScriptedAgent.await("attempt 2", () -> market.job(id).json().path("attempt").asInt() == 2);
    market.awaitState(id, "releasing");
    market.brand.release(id, 2);
    market.awaitSettled(id, "done");
  }

  @Test
  void agent_ofAnotherVersion_isToldSo_andSoIsWhoeverWaitsForIt() throws Exception {
    market.mall.hangUp();
    market.mall.protocolVersion = 2;
    market.mall.answersProposals = false;
    market.mall.ends.clear();
    market.mall.dial(market.federation);
    ScriptedAgent.await("word of the version", () -> !market.mall.ends.isEmpty());
    assertEquals(ErrorCode.PEER_VERSION, market.mall.ends.getFirst().code());
    String id = market.submitted(Market.spec("t-versions"));
    try (Stream<String> lines = eventStream(id, null).body()) {
      String waiting =
          lines
              .filter(line -> line.startsWith("data:") && line.contains("\"what\":\"waiting\""))
              .findFirst()
              .orElseThrow();
      assertTrue(waiting.contains(ErrorCode.PEER_VERSION.code()), waiting);
    }
    market.mall.hangUp();
    market.mall.protocolVersion = 1;
    market.mall.answersProposals = true;
    market.mall.connect(market.federation);
    market.awaitSettled(id, "done");
  }

  @Test
  void countersignature_overAnotherPlan_isRefused() {
    market.mall.answersProposals = false;
    String id = market.submitted(Market.spec("t-otherplan"));
    ScriptedAgent.await(
        "the proposal",
        () -> market.mall.count(m -> m.hasPropose() && m.getPropose().getJob().equals(id)) > 0);
    market.mall.answer(id, hesuan.wire.Digest.of("another plan"));
    ScriptedAgent.await("refusal", () -> market.mall.refused("verdict " + id) != null);
    assertEquals("proposed", market.state(id));
    market.federation.post(market.analyst, "/jobs/" + id + "/cancel", Map.of());
  }

  @Test
  void plan_asksEveryPartyAndRunsNothing() {
    market.mall.refusals =
        List.of(
            new Refusal(
                Market.MALL,
                "budget",
                new Problem(ErrorCode.BUDGET_EXHAUSTED, "epsilon", "0.1", "0.5"),
                "privacy.epsilon: 0.1"));
    TestFederation.Answer answer =
        market.federation.post(market.analyst, "/jobs/plan", Map.of("spec", Market.spec("t-plan")));
    assertEquals(200, answer.status(), answer.text());
    assertEquals(false, answer.json().path("admitted").asBoolean(true));
    assertEquals(
        List.of("brand-a", "mall-b"),
        answer.json().path("verdicts").findValuesAsText("party").stream().distinct().toList());
    String id = answer.json().path("job").asText();
    assertEquals(404, market.job(id).status());
  }

  @Test
  void product_withdrawn_endsRunningJobsAndRefusesNewOnes(@TempDir Path folder) throws Exception {
    try (Market own = Market.open(folder)) {
      own.brand.runsSteps = false;
      String id = own.submitted(Market.spec("t-withdraw"));
      own.awaitState(id, "running");
      own.mall.withdrawProduct("mall-b/orders@1");
      own.awaitSettled(id, "refused");
      assertEquals("HS4005", own.job(id).json().path("problem").path("code").asText());
      assertTrue(own.brand.heardSettle(id, "refused"));
      String next = own.submitted(Market.spec("t-withdraw-2"));
      own.awaitState(next, "refused");
    }
  }

  @Test
  void contract_withdrawn_endsRunningJobs(@TempDir Path folder) throws Exception {
    try (Market own = Market.open(folder)) {
      own.brand.runsSteps = false;
      String id = own.submitted(Market.spec("t-withdraw"));
      own.awaitState(id, "running");
      TestFederation.Answer answer =
          own.federation.post(own.admin, "/contracts/" + Market.CONTRACT + "/withdraw", Map.of());
      assertEquals("withdrawn", answer.json().path("state").asText(), answer.text());
      own.awaitSettled(id, "refused");
    }
  }
}
