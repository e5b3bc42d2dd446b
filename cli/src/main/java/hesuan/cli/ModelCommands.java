package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import picocli.CommandLine.Parameters;

/** {@code hesuan model}: what was learned together, and the evidence of it. */
@picocli.CommandLine.Command(
    name = "model",
    description = "Models that were released to this party, with their evidence. 放行给本方的模型及其证据。",
    subcommands = {ModelCommands.ListAll.class, ModelCommands.Show.class})
final class ModelCommands extends Group {

  @picocli.CommandLine.Command(name = "list", description = "All of them. 全部模型。")
  static final class ListAll extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api agent = home().agent()) {
        JsonNode models = agent.get("/models");
        models.forEach(model -> Stories.model(console, model));
        console.document(models);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "show",
      description = "One, with its curve; --json gives its parameters too. 单个模型及其曲线；--json 另含参数。")
  static final class Show extends HomeCommand {
    @Parameters(paramLabel = "MODEL")
    String model = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api agent = home().agent()) {
        JsonNode shown = agent.get("/models/" + model);
        Stories.model(console, shown.path("registered"));
        console.say(
            "  features %s, label %s",
            "  特征 %s，标签 %s",
            String.join(", ", Stories.texts(shown.path("model").path("features"))),
            shown.path("model").path("label").asText());
        console.line("  " + String.join("  ", Stories.texts(shown.path("columns"))));
        for (JsonNode row : shown.path("curve")) {
          List<String> cells = Stories.texts(row);
          console.line("  " + String.join("  ", cells));
        }
        console.document(shown);
      }
      return Exit.OK;
    }
  }
}
