package hesuan.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A command on behalf of whoever owns a home folder. */
abstract class HomeCommand extends Command {
  @Option(
      names = "--home",
      required = true,
      paramLabel = "FOLDER",
      description = "Home of an agent or coordinator. 代理或协调方的主目录。")
  Path folder = Path.of("");

  Home home() {
    return new Home(folder);
  }
}
