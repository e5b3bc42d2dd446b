package hesuan.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import hesuan.wire.Json;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compiled rules in process say what {@code opa eval} says of their sources. */
final class AgreementTest {
  private static final int CASES = 600;

  /** A function, because `with` over a local of the same comprehension finds the wrong input. */
  private static final String ASK =
      """
      package agreement

      told := [decide(c.input, c.settings) | some c in data.cases]

      decide(question, own) := d if {
      	d := data.hesuan.decision with input as question with data.settings as own
      }
      """;

  @TempDir Path folder;

  private record Case(PolicyInput input, PartySettings.Data settings) {}

  @Test
  void decisions_areThoseOfOpa() throws IOException, InterruptedException {
    String opa = opa().orElse("");
    if (opa.isEmpty()) {
      String message = "no opa on PATH or in the cache: run .ci/opa-install";
      assertTrue(System.getenv("CI") == null, message);
      abort(message);
    }
    RandomQuestions questions = new RandomQuestions(new Random(2031));
    PolicyEngine engine = PolicyEngine.builtIn(PartySettings.defaults());
    List<Case> cases = new ArrayList<>();
    List<Decision> decisions = new ArrayList<>();
    for (int i = 0; i < CASES; i++) {
      PartySettings settings = i < 5 ? PartySettings.defaults() : questions.settings();
      PolicyInput input = i == 0 ? Questions.admit() : questions.question();
      engine.settings(settings);
      cases.add(new Case(input, settings.data()));
      decisions.add(engine.decide(input));
    }
    JsonNode told = evaluate(opa, cases);
    assertEquals(CASES, told.size());
    for (int i = 0; i < CASES; i++) {
      assertEquals(text(told.get(i)), text(decisions.get(i)), Json.canonicalText(cases.get(i)));
    }
    assertTrue(decisions.stream().anyMatch(Decision::allow));
    assertTrue(
        decisions.stream().flatMap(d -> d.reasons().stream()).map(r -> r.rule()).distinct().count()
            > 25,
        "the generator meets most rules");
  }

  private JsonNode evaluate(String opa, List<Case> cases) throws IOException, InterruptedException {
    ObjectMapper large = new ObjectMapper();
    StringBuilder data = new StringBuilder("{\"cases\":[");
    for (Case each : cases) {
      data.append(data.charAt(data.length() - 1) == '[' ? "" : ",");
      data.append(Json.canonicalText(each));
    }
    Path file = Files.writeString(folder.resolve("cases.json"), data.append("]}"));
    Path ask = Files.writeString(folder.resolve("ask.rego"), ASK);
    Path out = folder.resolve("out.json");
    Process process =
        new ProcessBuilder(
                List.of(
                    opa,
                    "eval",
                    "--data=src/main/rego",
                    "--data=" + ask,
                    "--data=" + file,
                    "--format=raw",
                    "data.agreement.told"))
            .redirectOutput(out.toFile())
            .redirectErrorStream(true)
            .start();
    int status = process.waitFor();
    assertEquals(0, status, () -> read(out).substring(0, Math.min(2000, read(out).length())));
    return large.readTree(read(out));
  }

  /** Numbers as text, as a decision keeps them. */
  private static String text(JsonNode told) {
    StringBuilder out = new StringBuilder().append(told.get("allow").asBoolean());
    for (JsonNode reason : told.get("reasons")) {
      List<String> args = new ArrayList<>();
      reason.get("change").get("args").forEach(arg -> args.add(arg.asText()));
      out.append('\n')
          .append(
              new Decision.Reason(
                  reason.get("rule").asText(),
                  reason.get("at").asText(),
                  reason.get("expected").asText(),
                  reason.get("found").asText(),
                  new Decision.Change(reason.get("change").get("kind").asText(), args)));
    }
    for (JsonNode obligation : told.get("obligations")) {
      out.append('\n')
          .append(Map.entry(obligation.get("kind").asText(), obligation.get("value").longValue()));
    }
    return out.toString();
  }

  private static String text(Decision decision) {
    StringBuilder out = new StringBuilder().append(decision.allow());
    decision.reasons().forEach(reason -> out.append('\n').append(reason));
    decision
        .obligations()
        .forEach(each -> out.append('\n').append(Map.entry(each.kind(), each.value())));
    return out.toString();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Optional<String> opa() {
    String home = System.getProperty("user.home");
    String cache = Optional.ofNullable(System.getenv("XDG_CACHE_HOME")).orElse(home + "/.cache");
    Stream<String> path =
        Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(each -> each + "/opa");
    return Stream.concat(
            Stream.of(
                Optional.ofNullable(System.getenv("OPA")).orElse(""),
                cache + "/hesuan/opa-1.22.0/opa"),
            path)
        .filter(each -> !each.isEmpty() && Files.isExecutable(Path.of(each)))
        .findFirst();
  }
}
