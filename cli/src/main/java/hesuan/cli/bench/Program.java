package hesuan.cli.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** This very program as another process: the same JDK, classes and JVM options. */
final class Program {
  private Program() {}

  /**
   * @param of any command of the program
   * @param heap as {@code -Xmx} takes it
   * @param unpacked where its libraries unpack what is to be loaded; whoever removes that folder
   *     leaves nothing, however the process ended
   */
  static List<String> command(CommandSpec of, String heap, Path unpacked, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-Xmx") && !option.startsWith("-agentlib"))
        .forEach(command::add);
    command.add("-Djava.io.tmpdir=" + unpacked);
    command.addAll(List.of("-Xmx" + heap, "-cp", System.getProperty("java.class.path")));
    command.add(of.root().userObject().getClass().getName());
    command.addAll(arguments);
    return command;
  }
}
