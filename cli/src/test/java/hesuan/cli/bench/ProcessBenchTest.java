package hesuan.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.cli.Console;
import hesuan.cli.Exit;
import hesuan.cli.Group;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Benches of two real processes, and what goes wrong in them. */
class ProcessBenchTest {
  /** The program that the parties' processes start. */
  @CommandLine.Command(
      name = "test",
      subcommands = {Exchange.class, Psi.class})
  static final class Program extends Group {
    public static void main(String[] arguments) {
      System.exit(new CommandLine(new Program()).execute(arguments));
    }
  }

  @CommandLine.Command(name = "psi")
  static final class Psi extends PsiBench {
    @Nullable Figures figures;

    @Override
    Figures measure(Console console) throws Exception {
      figures = super.measure(console);
      return figures;
    }
  }

  enum Fault {
    DIES,
    HANGS,
    LIES
  }

  /** Two parties tell each other their numbers; the second one has the fault, in the second run. */
  @CommandLine.Command(name = "exchange")
  static final class Exchange extends ProcessBench {
    @Option(names = "--fault")
    Fault fault = Fault.DIES;

    @Override
    String work() {
      return "exchange";
    }

    @Override
    Map<String, Object> parameters() {
      return Map.of("size", 8);
    }

    @Override
    String bound() {
      return "nothing";
    }

    @Override
    List<PartyId> parties() {
      return List.of(new PartyId("first"), new PartyId("second"));
    }

    @Override
    Map<String, String> truth() {
      return Map.of("sum", "1");
    }

    @Override
    PartyBench<Integer> protocol() {
      return new PartyBench<>() {
        @Override
        public Integer prepare(BenchParty me) {
          return me.index();
        }

        @Override
        public Map<String, String> run(
            BenchParty me, Integer own, Map<PartyId, Channel> channels, int run) throws Exception {
          if (me.index() == 1 && run == 1) {
            switch (fault) {
              case LIES -> {}
              case DIES -> Runtime.getRuntime().halt(7);
              case HANGS -> Thread.sleep(60_000);
            }
          }
          Channel channel = channels.get(me.peer());
          channel.send((byte) 1, new byte[] {own.byteValue()});
          int sum = own + channel.receive((byte) 1, 1)[0];
          boolean lie = fault == Fault.LIES && me.index() == 1 && run == 1;
          return Map.of("sum", "" + (lie ? 2 : sum));
        }
      };
    }
  }

  /** The problem that a bench ends with, if it does. */
  private static @Nullable Problem problem(CommandLine line, String... arguments) {
    Problem[] found = new Problem[1];
    line.setExecutionExceptionHandler(
        (e, command, parsed) -> {
          if (!(e instanceof ProblemException known)) {
            throw e;
          }
          found[0] = known.problem();
          return Exit.NO;
        });
    line.setCaseInsensitiveEnumValuesAllowed(true);
    int status = line.execute(arguments);
    assertEquals(found[0] == null ? Exit.OK : Exit.NO, status);
    return found[0];
  }

  private static Problem failing(Fault fault, String... more) {
    List<String> arguments = new ArrayList<>(List.of("exchange", "--fault", "" + fault));
    arguments.addAll(List.of(more));
    Problem problem = problem(new CommandLine(new Program()), arguments.toArray(String[]::new));
    assertNotNull(problem);
    return problem;
  }

  @Test
  void run_psi_countsWhatIsSharedAndMergesFigures() {
    CommandLine line = new CommandLine(new Program());
    String[] arguments = {"psi", "--rows", "300", "--peer-rows", "200", "--runs", "1"};
    assertEquals(null, problem(line, arguments)); // a count that is not 100 would be one
    Psi bench = line.getSubcommands().get("psi").getCommand();
    Figures figures = bench.figures;
    assertNotNull(figures);
    assertTrue(figures.seconds() > 0 && figures.coldSeconds() > 0, figures.toString());
    assertTrue(
        figures.bytesSent() > 500 * 32 && figures.peakMemoryBytes() > 1 << 20, figures.toString());
    assertEquals(200, figures.parameters().get("peerRows"));
    assertTrue(figures.document().get("parties").toString().contains("helper={seconds="));
  }

  @Test
  void run_partyDies_isSaidOfThatParty() {
    Problem problem = failing(Fault.DIES);
    assertEquals("second", problem.at());
    assertTrue(problem.found().startsWith("exit status 7"), problem.toString());
  }

  @Test
  void run_partyHangs_endsInTime() {
    assertEquals(ErrorCode.PEER_SILENT, failing(Fault.HANGS, "--patience", "8").code());
  }

  @Test
  void run_partyFindsAnotherResult_isRefused() {
    Problem problem = failing(Fault.LIES);
    assertEquals("second, run 1, sum", problem.at());
    assertEquals("1", problem.expected());
    assertEquals("2", problem.found());
  }
}
