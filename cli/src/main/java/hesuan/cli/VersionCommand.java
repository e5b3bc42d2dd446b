package hesuan.cli;

import hesuan.wire.Software;
import java.util.Map;

/** {@code hesuan version}. */
@picocli.CommandLine.Command(name = "version", description = "Version of program and JDK. 版本。")
final class VersionCommand extends Command {
  @Override
  protected int run(Console console) {
    console.line(Software.NAME + ", JDK " + Runtime.version());
    console.document(Map.of("software", Software.NAME, "jdk", Runtime.version().toString()));
    return Exit.OK;
  }
}
