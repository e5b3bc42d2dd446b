package hesuan.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.policy.Decision.Change;
import hesuan.policy.Decision.Reason;
import hesuan.policy.PolicyInput.ContractState;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Questions, settings, bundle and words (attack A21 at the places where bytes come in). */
final class PolicyDocumentsTest {
  private static final Path RULES = Path.of("src/main/rego/hesuan");

  private static final PolicyEngine ENGINE = PolicyEngine.builtIn(PartySettings.defaults());

  @Test
  void question_ofBrokenText_isDenied() {
    for (String what : List.of("\ud800", "e\u0301")) {
      Decision decision = ENGINE.decide(revealing(what));
      assertEquals(List.of("input.malformed"), rules(decision));
    }
  }

  @Test
  void question_ofFiveMegabytes_isDenied() {
    assertEquals(List.of("input.size"), rules(ENGINE.decide(revealing("x".repeat(5 << 20)))));
  }

  @Test
  void question_withQuotesControlsAndEveryAlphabet_isReadAsItIs() {
    assertTrue(ENGINE.decide(revealing("\"},\\\u0001\n\u007f 上海 😀 \u2028")).allow());
  }

  @Test
  void question_aboutOtherDocuments_cannotBeMade() {
    ContractState contract = Questions.contract();
    ProblemException missing =
        assertThrows(
            ProblemException.class,
            () ->
                PolicyInput.admit(
                    Questions.SHOP,
                    Questions.plan(),
                    contract,
                    Questions.products().subList(0, 1),
                    Questions.NOW));
    assertEquals(ErrorCode.UNKNOWN_PRODUCT, missing.problem().code());
  }

  @Test
  void denial_hasTheCodeOfItsKind() {
    assertEquals(ErrorCode.DISCLOSURE_DENIED, code("disclosure.level"));
    assertEquals(ErrorCode.WITHDRAWN, code("product.withdrawn"));
    assertEquals(ErrorCode.WITHDRAWN, code("contract.withdrawn"));
    assertEquals(ErrorCode.CONTRACT_VIOLATED, code("contract.purpose"));
    assertEquals(ErrorCode.POLICY_DENIED, code("purpose.denied"));
    assertThrows(ProblemException.class, () -> ENGINE.decide(revealing("\ud800")).orThrow());
  }

  @Test
  void settings_roundTrip() {
    assertEquals(
        PartySettings.defaults(), PartySettings.read(Json.canonical(PartySettings.defaults())));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"frozen\":false|\"frozen\":false,\"frozen\":true|HS1005",
        "\"frozen\":false|\"frozen\":\"false\"|HS1002",
        "\"frozen\":false|\"frozen\":0|HS1002",
        "\"frozen\":false,||HS1003",
        "\"minGroup\":10|\"minGroup\":NaN|HS1005",
        "\"minGroup\":10|\"minGroup\":1e999|HS1002",
        "\"minGroup\":10|\"minGroup\":10.0|HS1002",
        "\"minGroup\":10|\"minGroup\":0|HS1004",
        "\"minGroup\":10|\"minGroup\":10,\"note\":1|HS1001",
        "\"maxDelta\":\"0.000001\"|\"maxDelta\":\"2\"|HS1004",
        "\"maxDelta\":\"0.000001\"|\"maxDelta\":\"x\"|HS1002",
        "\"deniedPurposes\":[]|\"deniedPurposes\":[\"Audience\"]|HS1004",
        "\"deniedPurposes\":[]|\"deniedPurposes\":[null]|HS1005",
        "\"deniedParties\":[]|\"deniedParties\":[\"../x\"]|HS1004",
        "\"deniedProtocols\":[]|\"deniedProtocols\":[\"psi\"]|HS1004",
        "\"frozenProducts\":[]|\"frozenProducts\":[\"orders\"]|HS1004",
        "\"frozenContracts\":[]|\"frozenContracts\":[\"x\"]|HS1004",
        "hesuan/v1|hesuan/v2|HS1004",
        "}|} x|HS1005"
      })
  void settings_ofBadText_areRefused(String from, String to, String code) {
    String good = Json.canonicalText(PartySettings.defaults());
    assertTrue(good.contains(from), good);
    String bad = good.replace(from, to == null ? "" : to);
    ProblemException e =
        assertThrows(
            ProblemException.class, () -> PartySettings.read(bad.getBytes(StandardCharsets.UTF_8)));
    assertEquals(code, e.problem().code().code(), e.problem().sentence(false));
  }

  @Test
  void settings_ofDeepOrHugeText_areRefused() {
    String deep = "[".repeat(20_000) + "]".repeat(20_000);
    assertThrows(
        ProblemException.class, () -> PartySettings.read(deep.getBytes(StandardCharsets.UTF_8)));
    assertThrows(ProblemException.class, () -> PartySettings.read(new byte[5 << 20]));
  }

  /** Without opa at hand this still finds rules that were edited and not compiled. */
  @Test
  void bundle_isCompiledFromTheseRules() throws IOException {
    Map<String, Digest> sources = new TreeMap<>();
    try (Stream<Path> files = Files.list(RULES)) {
      for (Path file : files.toList()) {
        sources.put(file.getFileName().toString(), Digest.of(Files.readAllBytes(file)));
      }
    }
    PolicyBundle.Manifest manifest =
        Json.read(
            Files.readAllBytes(Path.of("src/main/resources/hesuan/policy/manifest.json")),
            PolicyBundle.Manifest.class);
    assertEquals(sources, new TreeMap<>(manifest.sources()), "run .ci/policy-bundle");
    assertEquals(manifest.wasm(), PolicyBundle.builtIn().digest());
  }

  @Test
  void words_coverEveryRuleAndChange() throws IOException {
    Set<String> rules = new TreeSet<>();
    Set<String> changes = new TreeSet<>();
    try (Stream<Path> files = Files.list(RULES)) {
      for (Path file : files.toList()) {
        String text = Files.readString(file);
        Matcher reason = Pattern.compile("reason\\(\"([^\"]+)\".*\"([a-zA-Z.]+)\", ").matcher(text);
        while (reason.find()) {
          rules.add(reason.group(1));
        }
        Matcher change =
            Pattern.compile(
                    "\"([a-z]+(?:\\.[a-zA-Z]+)?)\", (?:\\[|fitting|settings)|\"kind\":"
                        + " \"([a-z.]+)\", \"args\"")
                .matcher(text);
        while (change.find()) {
          changes.add(change.group(1) == null ? change.group(2) : change.group(1));
        }
      }
    }
    assertEquals(38, rules.size(), rules.toString());
    Set<String> engine =
        Explanation.rules().stream()
            .filter(
                r ->
                    r.startsWith("engine.") || Set.of("input.size", "obligation.unmet").contains(r))
            .collect(Collectors.toSet());
    Set<String> known = new TreeSet<>(Explanation.rules());
    known.removeAll(engine);
    assertEquals(rules, known);
    assertTrue(Explanation.changes().containsAll(changes), changes.toString());
    assertTrue(changes.containsAll(Explanation.changes()), changes.toString());
  }

  @Test
  void words_areThereInBothLanguages() {
    for (String rule : Explanation.rules()) {
      Reason reason = new Reason(rule, "at", "1", "2", Change.NONE);
      String chinese = Explanation.sentence(reason, true);
      String english = Explanation.sentence(reason, false);
      assertTrue(chinese.codePoints().anyMatch(c -> c >= 0x4e00 && c < 0xa000), chinese);
      assertFalse(english.codePoints().anyMatch(c -> c >= 0x4e00 && c < 0xa000), english);
      assertFalse((chinese + english).contains("{"), english);
    }
    for (String kind : Explanation.changes()) {
      Change change = new Change(kind, List.of("10", "20", "30"));
      assertFalse(Explanation.change(change, true).contains("{"), kind);
      assertFalse(Explanation.change(change, false).contains("{"), kind);
    }
  }

  @Test
  void words_writeFiguresForPeople() {
    Reason epsilon =
        new Reason(
            "epsilon.maximum",
            "shop-b/orders@40",
            "500000",
            "1500000",
            new Change("privacy.epsilon", List.of("500000")));
    assertEquals(
        "one job may spend at most epsilon 0.5 on shop-b/orders@40, the plan charges 1.5;"
            + " set privacy.epsilon to 0.5.",
        Explanation.sentence(epsilon, false));
    Reason level =
        new Reason(
            "disclosure.level",
            "shop-b/orders@40.city",
            "aggregate",
            "plain",
            new Change("use.level", List.of("shop-b/orders@40", "city", "aggregate")));
    assertEquals(
        "shop-b/orders@40.city 最多可用到 aggregate 级，计划要求 plain 级；将 shop-b/orders@40 的列 city 用到"
            + " aggregate 级。",
        Explanation.sentence(level, true));
    Reason early =
        new Reason(
            "contract.early",
            "contract.notBefore",
            "20779",
            "1795262400",
            new Change("run.from", List.of("20779")));
    assertEquals(
        "the contract begins on 2026-11-22, today is 2026-11-21; run it from 2026-11-22 on.",
        Explanation.sentence(early, false));
    Reason own =
        new Reason("own.rule", "{found}", "{at}", "x", new Change("own.change", List.of()));
    assertEquals(
        "own.rule ({found}): expected {at}, found x; own.change.",
        Explanation.sentence(own, false));
  }

  private static ErrorCode code(String rule) {
    return new Reason(rule, "x", "x", "x", Change.NONE).problem().code();
  }

  private static List<String> rules(Decision decision) {
    assertFalse(decision.allow());
    return decision.reasons().stream().map(Reason::rule).toList();
  }

  private static PolicyInput revealing(String what) {
    Plan plan = Questions.plan();
    return PolicyInput.admit(
        Questions.SHOP,
        new Plan(
            plan.job(),
            plan.spec(),
            plan.contract(),
            plan.contractDigest(),
            plan.purpose(),
            plan.parties(),
            plan.leader(),
            plan.products(),
            plan.steps(),
            plan.uses(),
            List.of(new Plan.Reveal(Questions.BRAND, what)),
            plan.charges(),
            plan.asks(),
            plan.outputs(),
            plan.minGroup(),
            plan.deadlineSeconds(),
            plan.attempts(),
            plan.estimate()),
        Questions.contract(),
        Questions.products(),
        Questions.NOW);
  }
}
