package hesuan.cli;

/** {@code hesuan completion}. */
@picocli.CommandLine.Command(
    name = "completion",
    description =
        "Print a completion script for bash and zsh: source <(hesuan completion). 输出命令补全脚本。")
final class CompletionCommand extends Command {
  @Override
  protected int run(Console console) {
    console.raw(Main.completionScript());
    return Exit.OK;
  }
}
