package hesuan.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.cli.Command;
import hesuan.cli.Console;
import hesuan.cli.Exit;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the benches that {@code docs/benchmarks.md} shows, each in a fresh process. */
@picocli.CommandLine.Command(
    name = "report",
    description = "Run the benches of docs/benchmarks.md and write that page. 运行基准并生成文档页。")
final class ReportCommand extends Command {
  /** What is measured, as one would type it after {@code hesuan bench}. */
  private static final List<String> CASES =
      List.of(
          "channel --megabytes 256",
          "channel --relay --megabytes 64",
          "channel --message-bytes 1000 --megabytes 16",
          "vole --elements 1342177 --threads 2",
          "circuit",
          "psi --protocol vole --rows 1048576 --threads 2",
          "psi --protocol vole-malicious --rows 1048576 --threads 2",
          "psi --protocol vole --rows 10000000 --threads 2 --runs 1 --heap 1536m",
          "psi --protocol vole --rows 1048576 --parties 5 --threads 2",
          "psi --csv --protocol vole --rows 1048576 --heap 1536m",
          "psi --csv --protocol vole --rows 10000000 --runs 1 --heap 1536m",
          "psi --protocol ecdh --rows 65536 --threads 2",
          "psi --protocol unbalanced --rows 1024 --peer-rows 1048576 --threads 2",
          "psi --protocol overlap --rows 16384",
          "join --rows 131072 --threads 2",
          "join --rows 1048576 --hide-cardinality",
          "aggregate --parties 3",
          "aggregate --parties 100 --length 1000000 --dropped 10",
          "aggregate --parties 1000 --length 100000 --dropped 50",
          "sql --parties 2 --rows 1000000 --groups 1000",
          "sql --parties 10 --rows 1000000 --groups 1000 --runs 2",
          "budget",
          "noise");

  private static final String HEAP = "2g";
  private static final Set<String> COMMON =
      Set.of(
          "work",
          "parameters",
          "bound",
          "seconds",
          "coldSeconds",
          "bytesSent",
          "peakMemoryBytes",
          "parties");
  private static final Pattern MODEL = Pattern.compile("model name\\s*:\\s*(.*)");

  @Option(
      names = "--only",
      paramLabel = "WORD",
      defaultValue = "",
      description = "Only benches whose line holds that word. 只运行包含该词的基准。")
  String only = "";

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where the page goes; standard output by default. 输出文件，默认标准输出。")
  @Nullable Path out;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  protected int run(Console console) throws Exception {
    StringBuilder page = new StringBuilder(head());
    for (String each : CASES) {
      if (each.contains(only)) {
        console.note("bench %s …", "正在测量 %s …", each);
        page.append(row(each, Json.tree(measured(each))));
      }
    }
    if (out == null) {
      console.raw(page.toString().stripTrailing());
    } else {
      Files.writeString(out, page);
      console.say("Written: %s", "已写入：%s", out);
    }
    return Exit.OK;
  }

  private byte[] measured(String each) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("bench"));
    arguments.addAll(List.of(each.split(" ")));
    arguments.add("--json");
    Process process =
        new ProcessBuilder(
                Program.command(
                    spec, HEAP, Path.of(System.getProperty("java.io.tmpdir")), arguments))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      byte[] document = process.getInputStream().readAllBytes();
      if (process.waitFor() != Exit.OK) {
        throw new ProblemException(
            ErrorCode.ENVIRONMENT,
            "hesuan bench " + each,
            "figures",
            new String(document, StandardCharsets.UTF_8));
      }
      return document;
    } finally {
      process.destroy();
    }
  }

  private static String head() throws IOException {
    return """
        # Benchmarks
        Made by `./hesuan bench report --out docs/benchmarks.md`; not edited by hand. Each line of the table is one command, \
        `./hesuan bench` and what stands in the first column (`--json` gives every figure). Parties are a process each over loopback with \
        TLS 1.3, unless the work says *simulated*. *Warm* is the median of the runs after the first, *cold* the first of a \
        fresh process; of parties that compute together the slowest counts. *Sent* is by all parties in one run, before TLS; \
        *memory* the resident peak of the largest process from its start. *Processor* is a party's own time, which other work on \
        the machine does not lengthen.

        Machine: %s, %d processors. Run on %s, JDK %s, load average at the start %.1f.

        | bench | warm s | cold s | processor s | sent MB | memory MB | more | bound by |
        |---|---|---|---|---|---|---|---|
        """
        .formatted(
            model(),
            Runtime.getRuntime().availableProcessors(),
            LocalDate.now(Clock.systemUTC()),
            System.getProperty("java.version"),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private static String model() throws IOException {
    Path cpus = Path.of("/proc/cpuinfo");
    if (!Files.exists(cpus)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(cpus).stream()
        .map(MODEL::matcher)
        .filter(matcher -> matcher.matches())
        .map(matcher -> matcher.group(1))
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  private static String row(String each, JsonNode figures) {
    List<String> processor = new ArrayList<>();
    List<String> more = new ArrayList<>();
    figures
        .path("parties")
        .properties()
        .forEach(
            party ->
                party
                    .getValue()
                    .properties()
                    .forEach(
                        figure -> {
                          if (figure.getKey().equals("cpuSeconds")) {
                            processor.add(
                                party.getKey() + " " + number(figure.getValue().asDouble()));
                          }
                        }));
    figures
        .properties()
        .forEach(
            figure -> {
              if (!COMMON.contains(figure.getKey())) {
                more.add(figure.getKey() + " " + told(figure.getValue()));
              }
            });
    return "| `%s` | %s | %s | %s | %s | %s | %s | %s |%n"
        .formatted(
            each,
            number(figures.path("seconds").asDouble()),
            number(figures.path("coldSeconds").asDouble()),
            String.join(", ", processor),
            number(figures.path("bytesSent").asDouble() / 1e6),
            number(figures.path("peakMemoryBytes").asDouble() / 1e6),
            String.join(", ", more),
            figures.path("bound").asText());
  }

  /** A figure, a text, or several figures by name. */
  private static String told(JsonNode figure) {
    return switch (figure.getNodeType()) {
      case NUMBER -> number(figure.asDouble());
      case OBJECT ->
          figure.properties().stream()
              .map(each -> each.getKey() + " " + told(each.getValue()))
              .collect(Collectors.joining(" and "));
      case STRING, BOOLEAN, ARRAY, BINARY, MISSING, NULL, POJO -> figure.asText();
    };
  }

  /** Three digits that count. */
  private static String number(double value) {
    if (value == 0 || value >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    int decimals = Math.max(0, 2 - (int) Math.floor(Math.log10(value)));
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
