package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** {@code docs/cli.md} is what {@code --help} says, of every command. */
class CliPageTest {
  private static final Path PAGE = Path.of("../docs/cli.md");
  private static final Path MADE = Path.of("target/cli.md");

  private static void append(StringBuilder page, CommandLine command) {
    CommandLine.Model.CommandSpec spec = command.getCommandSpec();
    if (spec.usageMessage().hidden()) {
      return;
    }
    page.append("\n## ").append(spec.qualifiedName()).append("\n```\n");
    page.append(command.getUsageMessage(Ansi.OFF).stripTrailing()).append("\n```\n");
    command.getSubcommands().values().forEach(each -> append(page, each));
  }

  @Test
  void page_saysWhatHelpSays() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Commands
            What `--help` says, of every command; a test compares. What a command exits with: 0 done; 1 no (refused, failed, not
            valid); 2 used wrongly; 3 not reachable; 69 something is missing on this machine; 130 interrupted. `--json` prints one
            document on standard output, everything else goes to standard error.
            """);
    CommandLine all = Main.commandLine();
    all.setUsageHelpAutoWidth(false);
    all.setUsageHelpWidth(110);
    append(page, all);
    Files.createDirectories(MADE.getParent());
    Files.writeString(MADE, page);
    assertEquals(
        Files.exists(PAGE) ? Files.readString(PAGE) : "",
        page.toString(),
        "if the new help is meant: cp cli/target/cli.md docs/cli.md");
  }
}
