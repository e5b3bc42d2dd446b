package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.source.Source;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One SQL question to many parties, each with a process, a folder and generated orders of its own:
 * what {@code hesuan bench sql} measures, from submitting the job to holding its result.
 */
public final class SqlWork implements AutoCloseable {
  private static final String CONTRACT = "ctr-bench";
  private static final int ORDERS_PER_PERSON = 5;
  private static final int AMOUNT_MAX = 60_000;

  private final DemoFederation federation;
  private final List<String> parties;
  private final int rows;
  private final int groups;
  private int asked;

  private SqlWork(Path folder, int parties, int rows, int groups) {
    this.federation = new DemoFederation(folder);
    this.parties = IntStream.rangeClosed(1, parties).mapToObj(i -> "party-" + i).toList();
    this.rows = rows;
    this.groups = groups;
  }

  /**
   * Founds the federation; nothing of it is measured.
   *
   * @param rows of each party
   */
  public static SqlWork open(Path folder, int parties, int rows, int groups) throws IOException {
    SqlWork work = new SqlWork(folder, parties, rows, groups);
    try {
      work.found();
      return work;
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  private void found() throws IOException {
    federation.found();
    for (String party : parties) {
      federation.join(party, true);
      federation.startAgent(party, Map.of());
    }
    for (String party : parties) {
      federation.awaitAgent(party);
      Path file = federation.home(party).resolve("orders.csv");
      write(file, party.hashCode());
      publish(party, file);
    }
    contract();
  }

  private void write(Path file, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    int people = Math.max(1, rows / ORDERS_PER_PERSON);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("phone,city,amount_fen\n");
      for (int i = 0; i < rows; i++) {
        int person = random.nextInt(people);
        int city = (int) ((person * 2_654_435_761L >>> 7) + random.nextInt(8)) % groups;
        out.write(
            "%d,%s,%d\n"
                .formatted(
                    13_800_000_000L + person, city(Math.abs(city)), random.nextInt(AMOUNT_MAX)));
      }
    }
  }

  private static String city(int index) {
    return "city%06d".formatted(index);
  }

  private void publish(String party, Path file) throws IOException {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("name", "orders");
    request.put("title", "orders");
    request.put("source", new Source.Csv(file).document());
    request.put("id", Map.of("column", "phone", "rule", "phone-cn/1"));
    request.put(
        "rules",
        List.of(
            Map.of(
                "column", "*",
                "level", "aggregate",
                "receivers", List.of("*"),
                "purposes", List.of("benchmark"),
                "until", LocalDate.now(ZoneOffset.UTC).plusYears(1).toString())));
    request.put("terms", Map.of("minGroup", 20, "maxEpsilon", "1"));
    request.put("budget", "1000");
    try (Api api = federation.at(party).agent()) {
      api.post("/products", request);
    }
  }

  private void contract() throws IOException {
    try (Api api = federation.at(parties.getFirst()).coordinator()) {
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
              List.of("benchmark"),
              parties.stream().map(p -> p + "/orders").sorted().toList(),
              List.of("dpQuery"),
              List.of(
                  new Contract.Output("aggregate", parties.stream().map(PartyId::new).toList())),
              today,
              today.plusDays(1),
              10_000,
              List.of()));
      for (String party : parties) {
        try (Api agent = federation.at(party).agent()) {
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

  /** Another question each time, or the answer would be the one that was given before. */
  private String job() {
    asked++;
    String cities =
        IntStream.range(0, groups)
            .mapToObj(i -> "'" + city(i) + "'")
            .collect(Collectors.joining(","));
    String inputs =
        parties.stream().map(p -> p + "/orders@1").collect(Collectors.joining(", ", "[", "]"));
    return """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: bench-sql, submitToken: bench-sql-%d}
        purpose: {code: benchmark}
        contract: %s
        inputs: {orders: %s}
        what:
          sql: |
            SELECT city, COUNT(*) AS n, SUM(CLAMP(amount_fen, 0, %d)) AS spent
            FROM orders WHERE city IN (%s) GROUP BY city
        privacy: {unit: phone, epsilon: 1, minGroup: 20, maxGroups: 5, maxRows: 5}
        outputs: [{name: spent, to: [%s]}]
        """
        .formatted(asked, CONTRACT, inputs, 50_000 + asked, cities, parties.getFirst());
  }

  /**
   * Asks, and waits for the result.
   *
   * @return rows of the answer
   */
  public int ask() throws Exception {
    try (Api coordinator = federation.at(parties.getFirst()).coordinator();
        Api agent = federation.at(parties.getFirst()).agent()) {
      String id = coordinator.post("/jobs", Map.of("spec", job())).path("id").asText();
      JsonNode end = JobCommands.watch(coordinator, id, _ -> {});
      if (!end.path("state").asText().equals("done")) {
        throw new ProblemException(
            ErrorCode.INTERNAL, "bench", "a job that is done", end.toString());
      }
      return agent.get("/jobs/" + id + "/result").path("result").path("rows").size();
    }
  }

  /** Of the largest process, from its start. */
  public long peakMemoryBytes() throws IOException {
    long most = 0;
    for (String party : parties) {
      Path status = Path.of("/proc", "" + federation.process(party).pid(), "status");
      if (Files.exists(status)) {
        most =
            Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .reduce(most, Math::max);
      }
    }
    return most;
  }

  /** What the figures and masks of one question come to; the rest is signatures and keys. */
  public long bytesSent() {
    int figures = 2;
    return (long) (parties.size() - 1) * figures * groups * Long.BYTES;
  }

  @Override
  public void close() {
    federation.destroy();
  }
}
