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
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * An intersection of many buckets between real processes, each of which is killed half way: the
 * next attempt begins behind what both have done, and the list is that of an undisturbed run. Then
 * one side's file is spoiled.
 */
class IntersectionResumeTest {
  private static final String LEADER = "leader";
  private static final String HELPER = "helper";
  private static final int PEOPLE = 20_000;
  private static final int BUCKET = 1000;
  private static final int SHIFT = 7_000;

  /** A sealed bucket of so many matches takes about this. */
  private static final long BUCKET_BYTES = 4L * BUCKET * (PEOPLE - SHIFT) / PEOPLE;

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
    try (BenchFederation two = new BenchFederation(folder, List.of(LEADER, HELPER), environment)) {
      publish(two, LEADER, 0);
      publish(two, HELPER, SHIFT);
      two.contract("people", "audience.intersect", "intersect", "members");
      try (Api coordinator = two.processes.at(LEADER).coordinator()) {
        String job =
            coordinator.post("/jobs", Map.of("spec", spec("resume", BUCKET))).path("id").asText();
        Path done = two.processes.home(LEADER).resolve("results/" + job + ".buckets");
        kill(two, HELPER, done, 3, environment);
        kill(two, LEADER, done, 8, environment);
        await("an end of " + job, () -> coordinator.get("/jobs/" + job).path("ended").asBoolean());
        JsonNode end = coordinator.get("/jobs/" + job);
        assertEquals("done", end.path("state").asText(), end::toString);
        Path list = two.processes.home(LEADER).resolve("results/" + job + "/shared.csv");
        await("the list", () -> Files.exists(list));
        assertEquals(
            Stream.concat(Stream.of("phone"), people(SHIFT, PEOPLE)).toList(),
            Files.readAllLines(list));
        for (String party : List.of(LEADER, HELPER)) {
          List<Integer> begun = begun(two, party);
          assertEquals(0, begun.getFirst(), begun::toString);
          assertTrue(begun.getLast() >= 7, begun::toString);
          assertEquals(begun.stream().sorted().toList(), begun);
          Path home = two.processes.home(party);
          await(
              "nothing to be left of the buckets",
              () -> !Files.exists(home.resolve("results/" + job + ".buckets")));
          try (Stream<Path> left = Files.list(home.resolve("tmp"))) {
            assertEquals(List.of(), left.toList());
          }
        }
        aSpoiledFile_endsItsJobAlone(two, coordinator);
      }
    }
  }

  /** Everybody hears why, nobody is harmed, and the file as it was serves again. */
  private static void aSpoiledFile_endsItsJobAlone(BenchFederation two, Api coordinator)
      throws Exception {
    Path file = two.processes.home(HELPER).resolve("people.csv");
    List<String> lines = Files.readAllLines(file);
    Files.writeString(file, "phone,city\nabc\n");
    JsonNode spoiled = end(coordinator, spec("spoiled", PEOPLE));
    assertEquals("refused", spoiled.path("state").asText(), spoiled::toString);
    assertTrue(spoiled.toString().contains("HS3003"), spoiled::toString);
    Files.write(file, lines);
    JsonNode whole = end(coordinator, spec("whole", PEOPLE));
    assertEquals("done", whole.path("state").asText(), whole::toString);
    assertTrue(two.processes.process(LEADER).isAlive());
  }

  private static JsonNode end(Api coordinator, String spec) throws Exception {
    String job = coordinator.post("/jobs", Map.of("spec", spec)).path("id").asText();
    await("an end of " + job, () -> coordinator.get("/jobs/" + job).path("ended").asBoolean());
    return coordinator.get("/jobs/" + job);
  }

  private static Stream<String> people(int from, int to) {
    return IntStream.range(from, to).mapToObj("138%08d"::formatted);
  }

  private static void publish(BenchFederation two, String party, int from) throws IOException {
    Path file = two.processes.home(party).resolve("people.csv");
    Files.write(file, Stream.concat(Stream.of("phone"), people(from, from + PEOPLE)).toList());
    two.publish(
        party,
        "people",
        new Source.Csv(file).document(),
        "plain",
        List.of(LEADER),
        "audience.intersect");
  }

  private static String spec(String name, int bucket) {
    return """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: %s}
        purpose: {code: audience.intersect}
        contract: %s
        inputs: {own: leader/people@1, others: helper/people@1}
        what:
          template: {name: audience.intersect, parameters: {bucket: %d}}
        privacy: {unit: phone, minGroup: 20}
        outputs: [{name: shared, to: [leader], form: members}]
        run: {deadline: PT5M, attempts: 4}
        """
        .formatted(name, BenchFederation.CONTRACT, bucket);
  }

  /** With SIGKILL, once the leader has kept so many buckets. */
  private static void kill(
      BenchFederation two, String party, Path done, int buckets, Map<String, String> environment)
      throws Exception {
    await(
        buckets + " buckets",
        () -> Files.exists(done) && Files.size(done) > buckets * BUCKET_BYTES);
    two.processes.process(party).destroyForcibly().waitFor();
    byte[] sealed = Files.readAllBytes(done);
    assertFalse(new String(sealed, StandardCharsets.ISO_8859_1).contains("1380"));
    two.processes.startAgent(party, environment);
    two.processes.awaitAgent(party);
  }

  private static List<Integer> begun(BenchFederation two, String party) throws IOException {
    try (Stream<String> lines = Files.lines(Background.logFile(two.processes.home(party)))) {
      return lines
          .map(BEGUN::matcher)
          .filter(Matcher::find)
          .map(found -> Integer.parseInt(found.group(1)))
          .toList();
    }
  }
}
