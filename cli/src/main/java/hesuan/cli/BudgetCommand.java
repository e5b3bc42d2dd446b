package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code hesuan budget}: what this party may still let be learned. */
@picocli.CommandLine.Command(
    name = "budget",
    description = "Privacy budget of this party's products. 本方产品的隐私预算。")
final class BudgetCommand extends HomeCommand {
  @Override
  protected int run(Console console) throws Exception {
    try (Api agent = home().agent()) {
      JsonNode lines = agent.get("/budget");
      for (JsonNode line : lines) {
        console.say(
            "%s per %s: %s of %s charged, %s reserved, %s left",
            "%s（每%s）：已用 %s / %s，预留 %s，剩余 %s",
            line.path("asset").asText(),
            line.path("unit").asText(),
            line.path("charged").asText(),
            line.path("limit").asText(),
            line.path("reserved").asText(),
            line.path("left").asText());
      }
      console.document(lines);
    }
    return Exit.OK;
  }
}
