package hesuan.cli;

import hesuan.cli.bench.BenchCommand;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.AutoComplete;
import picocli.CommandLine;

/** The root: without a command it shows what there is. */
@CommandLine.Command(
    name = "hesuan",
    description = "Compute together without handing over rows. 数据不出域，合起来算。",
    mixinStandardHelpOptions = false,
    subcommands = {
      CoordinatorCommands.class,
      AgentCommands.class,
      ProductCommands.class,
      ContractCommands.class,
      JobCommands.class,
      ReceiptCommands.class,
      ModelCommands.class,
      LedgerCommand.class,
      LogCommands.class,
      BudgetCommand.class,
      SchemaCommand.class,
      ErrorsCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      AuditCommands.class,
      DemoCommand.class,
      VersionCommand.class,
      CompletionCommand.class
    })
public final class Main extends Command {
  /** Held, because java.util.logging forgets the level of a logger that nobody holds. */
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  public static void main(String[] arguments) {
    GRPC.setLevel(Level.WARNING);
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    return commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setExecutionExceptionHandler(
        (e, failed, parsed) -> {
          if (e instanceof ProblemException problem) {
            Command command = (Command) failed.getCommandSpec().userObject();
            return tell(command.console(), problem.problem());
          }
          throw e;
        });
    line.setCaseInsensitiveEnumValuesAllowed(true);
    return line;
  }

  private static int tell(Console console, Problem problem) {
    if (console.json()) {
      console.document(problem);
    } else {
      console.note("%s", "%s", problem.sentence(console.chinese()));
    }
    return Exit.of(problem.code());
  }

  @Override
  protected int run(Console console) {
    CommandLine.usage(this, System.out);
    return Exit.OK;
  }

  static String completionScript() {
    return AutoComplete.bash("hesuan", commandLine());
  }
}
