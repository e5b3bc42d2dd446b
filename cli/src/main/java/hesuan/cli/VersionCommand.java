package hesuan.cli;

import hesuan.agent.Agent;
import java.util.Map;

/** {@code hesuan version}. */
@picocli.CommandLine.Command(name = "version", description = "Version of program and JDK. 版本。")
final class VersionCommand extends Command {
  @Override
  protected int run(Console console) {
    console.line(Agent.SOFTWARE + ", JDK " + Runtime.version());
    console.document(Map.of("software", Agent.SOFTWARE, "jdk", Runtime.version().toString()));
    return Exit.OK;
  }
}
