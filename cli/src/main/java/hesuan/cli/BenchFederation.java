package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A coordinator and some parties as real processes, with one contract between them, for benches of
 * the whole runtime. Nothing of the founding is measured.
 */
final class BenchFederation implements AutoCloseable {
  static final String CONTRACT = "ctr-bench";
  private static final Pattern SENT = Pattern.compile("attempt \\d+ of (\\S+) sent (\\d+) bytes");

  final DemoFederation processes;
  final List<String> parties;

  /**
   * Starts all processes.
   *
   * @param environment of the processes
   */
  BenchFederation(Path folder, List<String> parties, Map<String, String> environment)
      throws IOException {
    this.processes = new DemoFederation(folder);
    this.parties = List.copyOf(parties);
    Runtime.getRuntime().addShutdownHook(new Thread(processes::destroy));
    try {
      processes.found(environment);
      for (String party : parties) {
        processes.join(party, true);
        processes.startAgent(party, environment);
      }
      parties.forEach(processes::awaitAgent);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The agents' heap, as {@code -Xmx} takes it. */
  static Map<String, String> heap(String size) {
    return Map.of("HESUAN_JAVA_OPTS", "-Xmx" + size);
  }

  /** A product under this name whose every column may be used at that level for that purpose. */
  void publish(
      String party,
      String name,
      Map<String, Object> source,
      String level,
      List<String> receivers,
      String purpose)
      throws IOException {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("name", name);
    request.put("title", name);
    request.put("source", source);
    request.put("id", Map.of("column", "phone", "rule", "phone-cn/1"));
    request.put(
        "rules",
        List.of(
            Map.of(
                "column",
                level.equals("plain") ? "phone" : "*",
                "level",
                level,
                "receivers",
                receivers,
                "purposes",
                List.of(purpose),
                "until",
                LocalDate.now(ZoneOffset.UTC).plusYears(1).toString())));
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", "1000");
    request.put("budgetDelta", "0.001");
    try (Api api = processes.at(party).agent()) {
      api.publish(request);
    }
  }

  /** One contract of everyone over everyone's product of that name, signed and in force. */
  void contract(String product, String purpose, String protocol, String form, String... assumptions)
      throws IOException {
    try (Api api = processes.at(parties.getFirst()).coordinator()) {
      List<Contract.Member> members = new ArrayList<>();
      api.get("/parties")
          .path("parties")
          .forEach(
              p ->
                  members.add(
                      new Contract.Member(
                          new PartyId(p.path("party").asText()),
                          new Digest(p.path("keysDigest").asText()))));
      members.sort((a, b) -> a.party().compareTo(b.party()));
      LocalDate today = LocalDate.now(ZoneOffset.UTC);
      api.post(
          "/contracts",
          new Contract(
              Product.VERSION,
              new ContractId(CONTRACT),
              members,
              List.of(purpose),
              parties.stream().map(p -> p + "/" + product).sorted().toList(),
              List.of(protocol),
              List.of(new Contract.Output(form, parties.stream().map(PartyId::new).toList())),
              today,
              today.plusDays(1),
              10_000,
              List.of(assumptions)));
      for (String party : parties) {
        try (Api agent = processes.at(party).agent()) {
          agent.post("/contracts/" + CONTRACT + "/sign", Map.of());
        }
      }
      for (int tries = 0;
          !api.get("/contracts/" + CONTRACT).path("state").asText().equals("inForce");
          tries++) {
        if (tries == 200) {
          throw new ProblemException(
              ErrorCode.ENVIRONMENT, CONTRACT, "a contract in force", "not within 10 s");
        }
        DemoFederation.pause();
      }
    }
  }

  /** Submits a job and waits until it is done; its id. */
  String run(String spec) throws Exception {
    try (Api coordinator = processes.at(parties.getFirst()).coordinator()) {
      String id = coordinator.post("/jobs", Map.of("spec", spec)).path("id").asText();
      JsonNode end = JobCommands.watch(coordinator, id, _ -> {});
      if (!end.path("state").asText().equals("done")) {
        throw new ProblemException(
            ErrorCode.INTERNAL, "bench", "a job that is done", end.toString());
      }
      return id;
    }
  }

  /**
   * What the agents sent each other for that job, before TLS, as their logs say: soon after its
   * end.
   */
  long bytesSent(String job) throws IOException {
    long all = 0;
    for (String party : parties) {
      OptionalLong sent = bytesSent(party, job);
      for (int tries = 0; sent.isEmpty() && tries < 100; tries++) {
        DemoFederation.pause();
        sent = bytesSent(party, job);
      }
      all +=
          sent.orElseThrow(
              () -> new ProblemException(ErrorCode.INTERNAL, party, "an end of " + job, "none"));
    }
    return all;
  }

  private OptionalLong bytesSent(String party, String job) throws IOException {
    try (Stream<String> lines = Files.lines(Background.logFile(processes.home(party)))) {
      return lines
          .map(SENT::matcher)
          .filter(Matcher::find)
          .filter(found -> found.group(1).equals(job))
          .mapToLong(found -> Long.parseLong(found.group(2)))
          .reduce(Long::sum);
    }
  }

  /** Resident, of each agent from its start. */
  Map<String, Long> peakMemoryBytes() throws IOException {
    return memoryBytes("VmHWM:", parties);
  }

  /** Resident now, of every agent and the coordinator. */
  long residentBytes() throws IOException {
    return memoryBytes("VmRSS:", everyone()).values().stream().mapToLong(Long::longValue).sum();
  }

  private Map<String, Long> memoryBytes(String line, List<String> nodes) throws IOException {
    Map<String, Long> bytes = new TreeMap<>();
    for (String node : nodes) {
      Path status = Path.of("/proc", "" + processes.process(node).pid(), "status");
      if (Files.exists(status)) {
        Files.readAllLines(status).stream()
            .filter(each -> each.startsWith(line))
            .forEach(each -> bytes.put(node, Long.parseLong(each.replaceAll("[^0-9]", "")) << 10));
      }
    }
    return bytes;
  }

  /** What all processes together have had of the processors, which other work does not lengthen. */
  Duration processorTime() {
    return everyone().stream()
        .map(node -> processes.process(node).info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  private List<String> everyone() {
    return Stream.concat(Stream.of("coordinator"), parties.stream()).toList();
  }

  @Override
  public void close() {
    processes.destroy();
  }
}
