package hesuan.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ApiTest {
  private TestFederation federation;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    federation = TestFederation.start(home.resolve("coordinator"));
  }

  @AfterAll
  void stop() {
    federation.close();
  }

  @Test
  void health_needsNoSignIn() {
    TestFederation.Answer answer = federation.get(null, "/health");
    assertEquals(200, answer.status(), answer.text());
    assertEquals("up", answer.json().path("status").asText());
    assertEquals("test.fed", answer.json().path("federation").asText());
  }

  @Test
  void whoami_withoutToken_is401WithBothLanguages() {
    TestFederation.Answer answer = federation.get(null, "/whoami");
    assertEquals(401, answer.status(), answer.text());
    assertEquals("HS5001", answer.code());
    assertTrue(answer.json().path("sentences").path("zh").asText().contains("未认证"));
    assertEquals(
        "application/problem+json",
        answer.response().headers().firstValue("Content-Type").orElse(""));
  }

  @Test
  void whoami_ofOperator() {
    TestFederation.Answer answer = federation.get(federation.operator(), "/whoami");
    assertEquals(200, answer.status(), answer.text());
    assertEquals("[\"admin\"]", answer.json().path("roles").toString());
    assertTrue(answer.json().path("party").isMissingNode());
  }

  @Test
  void unknownField_isRefusedByName() {
    TestFederation.Answer answer =
        federation.post(
            federation.operator(), "/tokens/join", Map.of("party", "brand-a", "colour", "red"));
    assertEquals(400, answer.status(), answer.text());
    assertEquals("HS1001", answer.code());
    assertEquals("colour", answer.json().path("found").asText());
  }

  @Test
  void oversizeBody_isRefused() {
    TestFederation.Answer answer =
        federation.postText(
            federation.operator(), "/tokens/join", "{\"party\":\"" + "x".repeat(2 << 20) + "\"}");
    assertEquals(413, answer.status(), answer.text());
    assertEquals("HS1006", answer.code());
  }

  @Test
  void unknownPath_isProblem() {
    TestFederation.Answer answer = federation.get(federation.operator(), "/nothing");
    assertEquals(404, answer.status(), answer.text());
    assertEquals("HS2008", answer.code());
  }
}
