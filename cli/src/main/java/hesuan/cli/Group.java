package hesuan.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that only holds others: alone, it shows them. */
public abstract class Group extends Command {
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  protected int run(Console console) {
    CommandLine.usage(spec.commandLine(), System.out);
    return Exit.USAGE;
  }
}
