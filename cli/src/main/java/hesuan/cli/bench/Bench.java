package hesuan.cli.bench;

import hesuan.cli.Command;
import hesuan.cli.Console;
import hesuan.cli.Exit;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** A bench is a subcommand with its own options. */
abstract class Bench extends Command {
  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "3",
      description = "Warm runs after a cold one; their median counts. 冷启动一次后的热运行次数，取中位数。")
  int runs;

  abstract Figures measure(Console console) throws Exception;

  @Override
  protected int run(Console console) throws Exception {
    if (runs < 0) {
      throw invalid("--runs", "0 or more", "" + runs);
    }
    Map<String, Object> document = measure(console).document();
    document.forEach((name, value) -> console.line("%-16s %s".formatted(name, value)));
    console.document(document);
    return Exit.OK;
  }

  static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  /** The work done once cold and then warm, in this process. */
  final List<Long> nanosByRun(Callable<?> work) throws Exception {
    List<Long> nanos = new ArrayList<>();
    for (int run = 0; run <= runs; run++) {
      long start = System.nanoTime();
      work.call();
      nanos.add(System.nanoTime() - start);
    }
    return nanos;
  }
}
