package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import java.util.ArrayList;
import java.util.List;

/** What happened to a job, in sentences. */
final class Stories {
  private Stories() {}

  static boolean isEnd(String state) {
    return switch (state) {
      case "done", "refused", "failed", "aborted", "expired" -> true;
      default -> false;
    };
  }

  static void event(Console console, JsonNode event) {
    String party = event.path("party").asText("");
    switch (event.path("what").asText()) {
      case "submitted" -> console.say("  planned, and shown to the parties", "  已编制计划，交各方审查");
      case "admit" -> console.say("  %s admits it and countersigns", "  %s 准入并副署", party);
      case "countersign" -> console.say("  every party has countersigned the plan", "  各方均已副署计划");
      case "begin" ->
          console.say("  attempt %d begins", "  第 %d 次尝试开始", event.path("attempt").asInt());
      case "advance" ->
          console.say("  %s has done step %s", "  %s 完成步骤 %s", party, event.path("step").asText());
      case "release" -> console.say("  every party is asked about the output", "  就输出征求各方同意");
      case "retry" -> console.say("  another attempt: %s", "  将再次尝试：%s", problem(console, event));
      case "waiting" ->
          console.say(
              "  waiting for %s: %s",
              "  等待 %s：%s",
              String.join(", ", texts(event.path("waitingFor"))),
              problem(console, event));
      default -> {}
    }
  }

  static void end(Console console, JsonNode job) {
    switch (job.path("state").asText()) {
      case "done" -> console.say("Done; the result is at %s.", "完成；结果在 %s。", holders(job));
      case "refused" -> console.say("Refused.", "被拒绝。");
      case "failed" -> console.say("Failed: %s", "失败：%s", problem(console, job));
      case "aborted" -> console.say("Cancelled.", "已取消。");
      case "expired" -> console.say("Expired: %s", "已过期：%s", problem(console, job));
      default ->
          console.say(
              "State %s; waiting for %s.",
              "状态 %s；等待 %s。",
              job.path("state").asText(),
              String.join(", ", texts(job.path("waitingFor"))));
    }
    refusals(console, job.path("refusals"));
  }

  static void refusals(Console console, JsonNode refusals) {
    for (JsonNode refusal : refusals) {
      String party = refusal.path("party").asText(console.text("the planner", "计划器"));
      console.say(
          "  %s refuses by rule %s: %s",
          "  %s 依规则 %s 拒绝：%s",
          party,
          refusal.path("rule").asText(),
          sentence(console, refusal.path("problem")));
      if (!refusal.path("change").asText().isEmpty()) {
        console.say(
            "  smallest change that would pass: %s",
            "  可通过的最小改动：%s", refusal.path("change").asText());
      }
    }
  }

  /**
   * What this party's own policy allowed, and what it asked for in return. It decides before every
   * step again; those are only counted.
   */
  static void decisions(Console console, String party, JsonNode decisions) {
    int steps = 0;
    for (JsonNode decision : decisions) {
      String phase = decision.path("phase").asText();
      if (!decision.path("allow").asBoolean()) {
        continue; // the refusal tells it
      }
      if (phase.equals("step")) {
        steps++;
        continue;
      }
      List<String> asked = new ArrayList<>();
      decision
          .path("obligations")
          .forEach(
              each -> asked.add(each.path("kind").asText() + " " + each.path("value").asText()));
      console.say(
          "  %s: rules %s… allow it (%s, decision %s) and ask for %s",
          "  %s：规则包 %s… 准许（%s，决定 %s），要求 %s",
          party,
          brief(decision.path("bundle")),
          phase,
          decision.path("id").asText(),
          asked.isEmpty() ? console.text("nothing more", "无附加义务") : String.join(", ", asked));
    }
    if (steps > 0) {
      console.say("  %s: asked again before a step %d times", "  %s：各步骤之前又复核 %d 次", party, steps);
    }
  }

  static void model(Console console, JsonNode model) {
    console.say(
        "  model %s of job %s: parameters %s…, receipt %s…, release %s…, %d consents",
        "  模型 %s，来自作业 %s：参数 %s…，凭证 %s…，放行 %s…，%d 份同意",
        model.path("id").asText(),
        model.path("job").asText(),
        brief(model.path("parameters")),
        brief(model.path("receipt")),
        brief(model.path("release")),
        model.path("consents").size());
  }

  private static String brief(JsonNode digest) {
    String hex = digest.asText();
    return hex.substring(0, Math.min(8, hex.length()));
  }

  static void result(Console console, JsonNode reply) {
    JsonNode result = reply.path("result");
    if (result.path("form").asText().equals("members")) {
      console.say(
          "  %d people; each receiver's list of its own is in its agent's home: results/%s",
          "  %d 人；各接收方自己的名单在其代理目录的 results/%s 下",
          result.path("people").asLong(),
          reply.path("job").asText());
      return;
    }
    List<List<String>> table = new ArrayList<>();
    table.add(texts(result.path("columns")));
    result.path("rows").forEach(row -> table.add(texts(row)));
    for (List<String> row : table) {
      StringBuilder line = new StringBuilder("  ");
      row.forEach(cell -> line.append("%-15s ".formatted(cell)));
      console.line(line.toString().stripTrailing());
    }
    int suppressed = result.path("suppressed").asInt();
    if (suppressed > 0) {
      console.say("  %d groups were too small to be told", "  %d 个分组过小而未公布", suppressed);
    }
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static String holders(JsonNode job) {
    List<String> holders = new ArrayList<>();
    job.path("results").forEach(r -> holders.addAll(texts(r.path("heldBy"))));
    return String.join(", ", holders.stream().distinct().toList());
  }

  private static String problem(Console console, JsonNode holder) {
    return sentence(console, holder.path("problem"));
  }

  static String sentence(Console console, JsonNode problem) {
    return problem.path("code").asText().isEmpty()
        ? console.text("no reason given", "未说明原因")
        : new Problem(
                ErrorCode.of(problem.path("code").asText()),
                problem.path("at").asText(),
                problem.path("expected").asText(),
                problem.path("found").asText())
            .sentence(console.chinese());
  }
}
