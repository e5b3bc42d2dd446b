package hesuan.cli.bench;

import hesuan.cli.Group;

/** {@code hesuan bench}: measures on this machine, cold and warm. */
@picocli.CommandLine.Command(
    name = "bench",
    description = "Measure on this machine, cold and warm. 在本机测量（冷、热）。",
    subcommands = {
      AggregateBench.class,
      BudgetBench.class,
      ChannelBench.class,
      CircuitBench.class,
      NoiseBench.class,
      JoinBench.class,
      PostgreSqlBench.class,
      PsiBench.class,
      ReportCommand.class,
      SqlBench.class,
      VoleBench.class
    })
public final class BenchCommand extends Group {}
