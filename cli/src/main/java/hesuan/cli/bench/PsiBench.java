package hesuan.cli.bench;

import hesuan.cli.Console;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.psi.many.ManyParameters;
import hesuan.wire.PartyId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Counting what sets share, two or up to ten. A protocol is a class that makes a {@link PartyBench}
 * of a {@link PsiCase}, and a line in {@link #PROTOCOLS}; the parties that learn the count report
 * {@code count}.
 */
@Command(name = "psi", description = "What sets share. 集合求交。")
class PsiBench extends ProcessBench {
  private static final String LEADER = "leader";

  /** By name, as {@code --protocol} gives it. */
  static final Map<String, Protocol> PROTOCOLS = protocols();

  /**
   * @param bound what limits it, in one sentence
   */
  record Protocol(String bound, Function<PsiCase, PartyBench<?>> bench) {}

  private static Map<String, Protocol> protocols() {
    Map<String, Protocol> all = new TreeMap<>();
    all.put(
        Engine.ECDH.label(),
        new Protocol(IntersectionPsi.ECDH_BOUND, size -> new IntersectionPsi(size, Engine.ECDH)));
    all.put("overlap", new Protocol(OverlapPsi.BOUND, OverlapPsi::new));
    all.put("unbalanced", new Protocol(UnbalancedPsi.BOUND, UnbalancedPsi::new));
    for (Engine engine : List.of(Engine.VOLE, Engine.VOLE_MALICIOUS)) {
      all.put(
          engine.label(),
          new Protocol(IntersectionPsi.VOLE_BOUND, size -> new IntersectionPsi(size, engine)));
    }
    return all;
  }

  @Option(
      names = "--protocol",
      paramLabel = "NAME",
      defaultValue = "ecdh",
      description = "ecdh, vole, vole-malicious, unbalanced, overlap. 协议。")
  String protocol = "ecdh";

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "16384",
      description = "Items of the party that learns. 得到结果一方的条数。")
  int rows;

  @Option(
      names = "--peer-rows",
      paramLabel = "N",
      description = "Items of the other; by default as many. 另一方的条数，默认相同。")
  int peerRows;

  @Option(
      names = "--parties",
      paramLabel = "N",
      defaultValue = "2",
      description = "2, or with vole, vole-malicious, ecdh up to 10. 参与方数量。")
  int count;

  @Option(
      names = "--overlap",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "Of the smaller set that the larger one holds. 重合占较小集合的比例。")
  double overlap;

  @Option(
      names = "--csv",
      description =
          "As a job of real agents, from CSV files to the released list. 作为真实作业运行：从 CSV 到发布的名单。")
  boolean csv;

  @Option(
      names = "--parquet",
      description = "The same with Parquet files, the list too. 同上，文件与名单均为 Parquet。")
  boolean parquet;

  @Override
  String work() {
    return "psi " + protocol + (csv ? " --csv" : parquet ? " --parquet" : "");
  }

  @Override
  Figures measure(Console console) throws Exception {
    return csv || parquet
        ? new JobPsi(this, parquet ? "parquet" : "csv").measure()
        : super.measure(console);
  }

  @Override
  Map<String, Object> parameters() {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("protocol", protocol);
    parameters.put("rows", rows);
    parameters.put("peerRows", size().peerRows());
    parameters.put("overlap", overlap);
    if (count > 2) {
      parameters.put("parties", count);
    }
    return parameters;
  }

  @Override
  String bound() {
    return count == 2 ? known().bound() : ManyPsi.BOUND;
  }

  @Override
  List<PartyId> parties() {
    return count == 2
        ? List.of(new PartyId(LEADER), new PartyId("helper"))
        : Stream.concat(
                Stream.of(LEADER, "pivot"), IntStream.range(2, count).mapToObj(i -> "other-" + i))
            .map(PartyId::new)
            .toList();
  }

  @Override
  Map<String, String> truth() {
    return Map.of("count", "" + size().shared());
  }

  @Override
  Map<String, Object> more(double seconds) {
    long items = rows + (count - 1L) * size().peerRows();
    return Map.of("itemsPerSecond", Math.round(items / seconds));
  }

  @Override
  PartyBench<?> protocol() {
    return count == 2 ? known().bench().apply(size()) : new ManyPsi(size(), engineOfMany());
  }

  private Engine engineOfMany() {
    if (count < ManyParameters.PARTIES_MIN || count > ManyParameters.PARTIES_MAX || csv) {
      throw invalid(
          "--parties", "2 to " + ManyParameters.PARTIES_MAX + ", from memory", "" + count);
    }
    for (Engine engine : Engine.values()) {
      if (engine.label().equals(protocol)) {
        return engine;
      }
    }
    throw invalid("--parties", "2 with " + protocol, "" + count);
  }

  private Protocol known() {
    Protocol known = PROTOCOLS.get(protocol);
    if (known == null) {
      throw invalid("--protocol", "one of " + PROTOCOLS.keySet(), protocol);
    }
    return known;
  }

  PsiCase size() {
    return PsiCase.of(rows, peerRows == 0 ? rows : peerRows, overlap);
  }
}
