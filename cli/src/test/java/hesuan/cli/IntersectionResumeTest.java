package hesuan.cli;

import static hesuan.cli.ThreeParties.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.source.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * An intersection of many buckets between real processes, each of which is killed half way: the
 * next attempt begins behind what all have done, and the list is that of an undisturbed run; of two
 * parties, then of three. Then one side's file is spoiled.
 */
class IntersectionResumeTest {
  private static final String LEADER = "leader";
  private static final String HELPER = "helper";
  private static final String THIRD = "third";
  private static final int PEOPLE = 20_000;
  private static final int BUCKET = 1000;
  private static final int SHIFT = 7_000;

  private static final Pattern BEGUN = Pattern.compile("begins with bucket (\\d+) of (\\d+)");

  @Test
  void partiesKilledBetweenBuckets_goOnBehindThem() throws Exception {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    System.setProperty("hesuan.root", module.getParent().toString());
    Path folder = module.resolve("target/resume");
    Path classpath = module.resolve("target/resume.classpath");
    Files.writeString(classpath, System.getProperty("java.class.path"));
    Map<String, String> environment =
        Map.of(
            "HESUAN_JAVA_OPTS",
            "-Xmx256m -XX:TieredStopAtLevel=1",
            "HESUAN_CLASSPATH",
            classpath.toString());
    List<String> parties = List.of(LEADER, HELPER, THIRD);
    try (BenchFederation all = new BenchFederation(folder, parties, environment)) {
      publish(all, LEADER, 0);
      publish(all, HELPER, SHIFT);
      publish(all, THIRD, 2 * SHIFT);
      String assumption = "no-collusion:helper+leader";
      all.contract("people", "audience.intersect", "intersect", "members", assumption);
      try (Api coordinator = all.processes.at(LEADER).coordinator()) {
        List<String> two = List.of(LEADER, HELPER);
        killed(all, coordinator, two, List.of(HELPER, LEADER), environment);
        killed(all, coordinator, parties, List.of(THIRD, HELPER), environment);
        aSpoiledFile_endsItsJobAlone(all, coordinator);
      }
    }
  }

  /** A run of these, two of whom are killed, one after three buckets and one after eight. */
  private static void killed(
      BenchFederation all,
      Api coordinator,
      List<String> parties,
      List<String> victims,
      Map<String, String> environment)
      throws Exception {
    int from = (parties.size() - 1) * SHIFT;
    String spec = spec("resume-" + parties.size(), parties, BUCKET);
    String job = coordinator.post("/jobs", Map.of("spec", spec)).path("id").asText();
    Path home = all.processes.home(LEADER);
    Path done = home.resolve("results/" + job + ".buckets");
    // A sealed bucket of so many matches takes about this.
    long bucketBytes = 4L * BUCKET * (PEOPLE - from) / PEOPLE;
    kill(all, victims.getFirst(), done, 3 * bucketBytes, environment);
    kill(all, victims.getLast(), done, 8 * bucketBytes, environment);
    await("an end of " + job, () -> coordinator.get("/jobs/" + job).path("ended").asBoolean());
    JsonNode end = coordinator.get("/jobs/" + job);
    assertEquals("done", end.path("state").asText(), end::toString);
    Path list = home.resolve("results/" + job + "/shared.csv");
    await("the list", () -> Files.exists(list));
    assertEquals(
        Stream.concat(Stream.of("phone"), people(from, PEOPLE)).toList(), Files.readAllLines(list));
    for (String party : parties) {
      List<Integer> begun = begun(all, party, job);
      assertEquals(0, begun.getFirst(), begun::toString);
      assertTrue(begun.getLast() >= 7, begun::toString);
      assertEquals(begun.stream().sorted().toList(), begun);
      Path own = all.processes.home(party);
      await(
          "nothing to be left of the buckets",
          () -> !Files.exists(own.resolve("results/" + job + ".buckets")));
      try (Stream<Path> left = Files.list(own.resolve("tmp"))) {
        assertEquals(List.of(), left.toList());
      }
    }
  }

  /** Everybody hears why, nobody is harmed, and the file as it was serves again. */
  private static void aSpoiledFile_endsItsJobAlone(BenchFederation all, Api coordinator)
      throws Exception {
    Path file = all.processes.home(HELPER).resolve("people.csv");
    List<String> lines = Files.readAllLines(file);
    Files.writeString(file, "phone,city\nabc\n");
    JsonNode spoiled = end(coordinator, spec("spoiled", List.of(LEADER, HELPER), PEOPLE));
    assertEquals("refused", spoiled.path("state").asText(), spoiled::toString);
    assertTrue(spoiled.toString().contains("HS3003"), spoiled::toString);
    Files.write(file, lines);
    JsonNode whole = end(coordinator, spec("whole", List.of(LEADER, HELPER), PEOPLE));
    assertEquals("done", whole.path("state").asText(), whole::toString);
    assertTrue(all.processes.process(LEADER).isAlive());
  }

  private static JsonNode end(Api coordinator, String spec) throws Exception {
    String job = coordinator.post("/jobs", Map.of("spec", spec)).path("id").asText();
    await("an end of " + job, () -> coordinator.get("/jobs/" + job).path("ended").asBoolean());
    return coordinator.get("/jobs/" + job);
  }

  private static Stream<String> people(int from, int to) {
    return IntStream.range(from, to).mapToObj("138%08d"::formatted);
  }

  private static void publish(BenchFederation all, String party, int from) throws IOException {
    Path file = all.processes.home(party).resolve("people.csv");
    Files.write(file, Stream.concat(Stream.of("phone"), people(from, from + PEOPLE)).toList());
    all.publish(
        party,
        "people",
        new Source.Csv(file).document(),
        "plain",
        List.of(LEADER),
        "audience.intersect");
  }

  private static String spec(String name, List<String> parties, int bucket) {
    String inputs =
        parties.stream()
            .map(party -> "of_%s: %s/people@1".formatted(party, party))
            .collect(Collectors.joining(", "));
    return """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: %s}
        purpose: {code: audience.intersect}
        contract: %s
        inputs: {%s}
        what:
          template: {name: audience.intersect, parameters: {bucket: %d}}
        privacy: {unit: phone, minGroup: 20}
        outputs: [{name: shared, to: [leader], form: members}]
        run: {deadline: PT5M, attempts: 4}
        """
        .formatted(name, BenchFederation.CONTRACT, inputs, bucket);
  }

  /** With SIGKILL, once the leader has kept so much. */
  private static void kill(
      BenchFederation all, String party, Path done, long bytes, Map<String, String> environment)
      throws Exception {
    await(bytes + " bytes of buckets", () -> Files.exists(done) && Files.size(done) > bytes);
    all.processes.process(party).destroyForcibly().waitFor();
    byte[] sealed = Files.readAllBytes(done);
    assertFalse(new String(sealed, StandardCharsets.ISO_8859_1).contains("1380"));
    all.processes.startAgent(party, environment);
    all.processes.awaitAgent(party);
  }

  private static List<Integer> begun(BenchFederation all, String party, String job)
      throws IOException {
    try (Stream<String> lines = Files.lines(Background.logFile(all.processes.home(party)))) {
      return lines
          .filter(line -> line.contains(job))
          .map(BEGUN::matcher)
          .filter(Matcher::find)
          .map(found -> Integer.parseInt(found.group(1)))
          .toList();
    }
  }
}
