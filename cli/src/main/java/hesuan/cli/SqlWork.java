package hesuan.cli;

import hesuan.source.Source;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One SQL question to many parties, each with a process, a folder and generated orders of its own:
 * what {@code hesuan bench sql} measures, from submitting the job to holding its result.
 */
public final class SqlWork implements AutoCloseable {
  private static final String HEAP = "768m";
  private static final int ORDERS_PER_PERSON = 5;
  private static final int AMOUNT_MAX = 60_000;

  private final BenchFederation federation;
  private final List<String> parties;
  private final int rows;
  private final int groups;
  private int asked;

  private SqlWork(BenchFederation federation, int rows, int groups) {
    this.federation = federation;
    this.parties = federation.parties;
    this.rows = rows;
    this.groups = groups;
  }

  /**
   * Founds the federation; nothing of it is measured.
   *
   * @param rows of each party
   */
  public static SqlWork open(Path folder, int parties, int rows, int groups) throws IOException {
    List<String> names = IntStream.rangeClosed(1, parties).mapToObj(i -> "party-" + i).toList();
    SqlWork work =
        new SqlWork(new BenchFederation(folder, names, BenchFederation.heap(HEAP)), rows, groups);
    try {
      work.found();
      return work;
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  private void found() throws IOException {
    for (String party : parties) {
      Path file = federation.processes.home(party).resolve("orders.csv");
      write(file, party.hashCode());
      federation.publish(
          party, "orders", new Source.Csv(file).document(), "aggregate", List.of("*"), "benchmark");
    }
    federation.contract("orders", "benchmark", "dpQuery", "aggregate");
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
        .formatted(
            asked, BenchFederation.CONTRACT, inputs, 50_000 + asked, cities, parties.getFirst());
  }

  /**
   * Asks, and waits for the result.
   *
   * @return rows of the answer
   */
  public int ask() throws Exception {
    String id = federation.run(job());
    try (Api agent = federation.processes.at(parties.getFirst()).agent()) {
      return agent.get("/jobs/" + id + "/result").path("result").path("rows").size();
    }
  }

  /** Of all processes, the coordinator's among them, so far. */
  public Duration processorTime() {
    return federation.processorTime();
  }

  /** Of all processes, now. */
  public long residentBytes() throws IOException {
    return federation.residentBytes();
  }

  /** Of the largest process, from its start. */
  public long peakMemoryBytes() throws IOException {
    return federation.peakMemoryBytes().values().stream()
        .mapToLong(Long::longValue)
        .max()
        .orElse(0);
  }

  /** What the figures and masks of one question come to; the rest is signatures and keys. */
  public long bytesSent() {
    int figures = 2;
    return (long) (parties.size() - 1) * figures * groups * Long.BYTES;
  }

  @Override
  public void close() {
    federation.close();
  }
}
