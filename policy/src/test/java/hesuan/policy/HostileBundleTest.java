package hesuan.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks A22 to A24: what a policy answers, fails at, or tries to call. */
@Timeout(120)
final class HostileBundleTest {
  @TempDir static Path folder;

  private static PolicyEngine engine;

  @BeforeAll
  static void open() throws IOException {
    engine = open("answers", Duration.ofSeconds(20));
  }

  @Test
  void fairAnswer_isTaken() {
    assertTrue(decide("fair").allow());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing",
        "text",
        "truth",
        "list",
        "extra",
        "partial",
        "quoted",
        "number",
        "object",
        "reasoned",
        "silent",
        "fraction",
        "name",
        "obliged",
        "many"
      })
  void answer_ofAnotherShape_isDenial(String purpose) {
    assertDenied("engine.result", decide(purpose));
    assertTrue(decide("fair").allow(), "the instance is still good");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mask", "group"})
  void obligation_unknownOrBeyondThePlan_isDenial(String purpose) {
    assertDenied("obligation.unmet", decide(purpose));
  }

  @ParameterizedTest
  @ValueSource(strings = {"conflict", "memory"})
  void failure_isDenial_andTheInstanceIsDropped(String purpose) {
    assertDenied("engine.failed", decide(purpose));
    assertTrue(decide("fair").allow());
  }

  @Test
  void lateAnswer_isDenial_andTheInstanceIsDropped() throws IOException {
    PolicyEngine hasty = open("answers", Duration.ofMillis(1500));
    assertTrue(hasty.decide(question("fair", "")).allow(), "warm");
    assertDenied("engine.timeout", hasty.decide(question("slow", "")));
    assertTrue(hasty.decide(question("fair", "")).allow());
  }

  @Test
  void reuse_showsNothingOfTheEarlierQuestion() throws IOException {
    PolicyEngine one = open("answers", Duration.ofSeconds(20));
    one.settings(frozen("ctr-first"));
    assertEquals(
        "brand-a secret-of-the-first",
        one.decide(question("echo", "secret-of-the-first")).reasons().getFirst().found());
    for (int i = 0; i < 50; i++) {
      one.settings(frozen("ctr-" + i));
      PolicyInput other = question("echo", "");
      Decision.Reason seen = one.decide(other).reasons().getFirst();
      assertEquals("ctr-" + i, seen.at());
      assertEquals("brand-a ", seen.found());
      assertEquals("frozenProducts", seen.expected());
    }
  }

  @Test
  void policyThatNeedsTheClock_cannotAllow() {
    ProblemException atOpen = null;
    Decision decision = null;
    try {
      decision = open("clock", Duration.ofSeconds(5)).decide(Questions.admit());
    } catch (ProblemException | IOException e) {
      atOpen = assertThrows(ProblemException.class, () -> open("clock", Duration.ofSeconds(5)));
    }
    assertTrue(atOpen != null || (decision != null && !decision.allow()));
  }

  @Test
  void load_ofOtherBytes_isRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("other.wasm"), "not what was agreed");
    assertEquals(
        ErrorCode.SIGNATURE_REFUSED,
        assertThrows(
                ProblemException.class,
                () -> PolicyBundle.load(file, PolicyBundle.builtIn().digest()))
            .problem()
            .code());
    PolicyBundle agreed = PolicyBundle.load(file, Digest.of("not what was agreed"));
    assertEquals(
        ErrorCode.MALFORMED_DOCUMENT,
        assertThrows(
                ProblemException.class,
                () ->
                    new PolicyEngine(
                        agreed,
                        PartySettings.defaults(),
                        1,
                        Duration.ofSeconds(5),
                        System::nanoTime))
            .problem()
            .code());
  }

  private static void assertDenied(String rule, Decision decision) {
    assertFalse(decision.allow());
    assertEquals(List.of(rule), decision.reasons().stream().map(Decision.Reason::rule).toList());
    assertTrue(decision.obligations().isEmpty());
  }

  private static Decision decide(String purpose) {
    return engine.decide(question(purpose, ""));
  }

  private static PolicyInput question(String purpose, String what) {
    PolicyInput admit = Questions.admit();
    return new PolicyInput(
        admit.phase(),
        admit.party(),
        purpose,
        admit.contract(),
        admit.parties(),
        admit.products(),
        admit.protocols(),
        admit.uses(),
        List.of(new Plan.Reveal(Questions.BRAND, what)),
        admit.charges(),
        admit.outputs(),
        admit.minGroup(),
        admit.cells(),
        admit.attempt(),
        admit.time(),
        null);
  }

  private static PartySettings frozen(String contract) {
    PartySettings base = PartySettings.defaults();
    return new PartySettings(
        base.apiVersion(),
        base.purposes(),
        base.deniedPurposes(),
        base.deniedParties(),
        base.deniedProtocols(),
        base.deniedColumns(),
        base.minGroup(),
        Epsilon.parse("1"),
        base.maxDelta(),
        false,
        List.of(),
        List.of(),
        List.of(new ContractId(contract).value()));
  }

  private static PolicyEngine open(String name, Duration timeout) throws IOException {
    try (var in = HostileBundleTest.class.getResourceAsStream(name + ".wasm")) {
      byte[] wasm = in.readAllBytes();
      Path file = Files.write(folder.resolve(name + ".wasm"), wasm);
      return new PolicyEngine(
          PolicyBundle.load(file, Digest.of(wasm)),
          PartySettings.defaults(),
          1,
          timeout,
          System::nanoTime);
    }
  }
}
