package hesuan.cli;

import static hesuan.cli.ThreeParties.COORDINATOR;
import static hesuan.cli.ThreeParties.EPSILON;
import static hesuan.cli.ThreeParties.LEADER;
import static hesuan.cli.ThreeParties.MEMBER;
import static hesuan.cli.ThreeParties.PARTIES;
import static hesuan.cli.ThreeParties.THIRD;
import static hesuan.cli.ThreeParties.WAIT_NANOS;
import static hesuan.cli.ThreeParties.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.Verification;
import hesuan.job.StepName;
import hesuan.job.TransitionName;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Real processes, killed with SIGKILL at every step by name, then started again: the job ends in
 * the verdict that the step allows, and no effect has happened twice. {@code -Dhesuan.kill=admit}
 * runs only the steps whose name holds that word, one at a time.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KillTest {
  private static final int SIGKILL = 128 + 9;
  private static final int PEOPLE = 120;

  /** Less than a silence, and often enough to outlast any limit of the processor's kind. */
  private static final Duration STARVED_FOR = Duration.ofMillis(900);

  private static final int STARVED_TURNS = 7;

  private static final int MIN_GROUP = 20;

  /** How many of a party's people the next one lacks. */
  private static final int SHIFT = 10;

  /** How a job comes to a step. */
  private enum Way {
    /** A party dies during the attempt. */
    LOSS(List.of("done")),
    /** The same in the only attempt. */
    LAST_LOSS(List.of("failed")),
    /** Cancelled while a party is silent. */
    CANCELLED(List.of("aborted")),
    /** A party is silent until the deadline has passed. */
    EXPIRED(List.of("expired")),
    /** Cancelled while the leader, dead, holds a stored result. */
    LATE_RELEASE(List.of("aborted")),
    /** Any job that is done. */
    DONE(List.of("done")),
    /** The member's budget does not suffice. */
    REFUSED(List.of("refused")),
    /** Not on the way of any job that can be written today. */
    UNREACHED(List.of());

    private final List<String> verdicts;

    Way(List<String> verdicts) {
      this.verdicts = verdicts;
    }
  }

  private record Case(StepName step, Way way, String victim) {
    boolean fits(Way wanted, boolean coordinator) {
      return way == wanted && step.coordinator() == coordinator;
    }
  }

  /** Steps of different processes at which one job's processes die. */
  private record Trial(Way way, List<Case> cases) {
    String name() {
      return String.join(", ", cases.stream().map(c -> c.step.text() + " of " + c.victim).toList());
    }

    boolean kills(String node) {
      return cases.stream().anyMatch(c -> c.victim.equals(node));
    }
  }

  private ThreeParties trio;
  private int number;

  /** No default branch: a transition without a way does not compile. */
  private static Way way(TransitionName name) {
    return switch (name) {
      case COORDINATOR_PROPOSE,
          COORDINATOR_ADMIT,
          COORDINATOR_COUNTERSIGN,
          COORDINATOR_BEGIN,
          COORDINATOR_ADVANCE,
          COORDINATOR_RELEASE,
          COORDINATOR_FINISH,
          COORDINATOR_WRITE_RECEIPT,
          COORDINATOR_TAKE_RECEIPT,
          AGENT_CONSIDER,
          AGENT_ADMIT,
          AGENT_CHARGE,
          AGENT_BEGIN,
          AGENT_AWAIT_RELEASE,
          AGENT_CONSENT,
          AGENT_RELEASE,
          AGENT_DELIVER,
          AGENT_RECEIVE,
          AGENT_SETTLE,
          AGENT_WRITE_RECEIPT ->
          Way.DONE;
      case COORDINATOR_REFUSE, AGENT_DECLINE -> Way.REFUSED;
      case COORDINATOR_RETRY, AGENT_RESTART_ATTEMPT, AGENT_INTERRUPT -> Way.LOSS;
      case COORDINATOR_FAIL -> Way.LAST_LOSS;
      case COORDINATOR_ABORT -> Way.CANCELLED;
      case COORDINATOR_EXPIRE -> Way.EXPIRED;
      case COORDINATOR_LATE_RELEASE -> Way.LATE_RELEASE;
      // A plan has one step today, and the end of the last step is AGENT_AWAIT_RELEASE.
      case AGENT_ADVANCE -> Way.UNREACHED;
    };
  }

  private static String victim(TransitionName name, boolean before) {
    return switch (name) {
      case AGENT_DECLINE, AGENT_CONSENT, AGENT_RECEIVE, AGENT_INTERRUPT, AGENT_RESTART_ATTEMPT ->
          MEMBER;
      case AGENT_RELEASE, AGENT_DELIVER -> LEADER;
      case AGENT_CONSIDER,
          AGENT_ADMIT,
          AGENT_CHARGE,
          AGENT_BEGIN,
          AGENT_ADVANCE,
          AGENT_AWAIT_RELEASE,
          AGENT_SETTLE,
          AGENT_WRITE_RECEIPT ->
          before ? MEMBER : LEADER;
      case COORDINATOR_PROPOSE,
          COORDINATOR_ADMIT,
          COORDINATOR_COUNTERSIGN,
          COORDINATOR_REFUSE,
          COORDINATOR_BEGIN,
          COORDINATOR_ADVANCE,
          COORDINATOR_RELEASE,
          COORDINATOR_RETRY,
          COORDINATOR_FINISH,
          COORDINATOR_FAIL,
          COORDINATOR_ABORT,
          COORDINATOR_EXPIRE,
          COORDINATOR_LATE_RELEASE,
          COORDINATOR_WRITE_RECEIPT,
          COORDINATOR_TAKE_RECEIPT ->
          COORDINATOR;
    };
  }

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (TransitionName name : TransitionName.values()) {
      cases.add(new Case(name.before(), way(name), victim(name, true)));
      cases.add(new Case(name.after(), way(name), victim(name, false)));
    }
    assertEquals(Arrays.asList(StepName.values()), cases.stream().map(Case::step).toList());
    return cases;
  }

  @TestFactory
  List<DynamicTest> everyStep() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Trial trial : trials()) {
      tests.add(
          trial.way == Way.UNREACHED
              ? DynamicTest.dynamicTest(trial.name(), () -> isUnreached(trial))
              : DynamicTest.dynamicTest(trial.name(), () -> killedAt(trial)));
    }
    return tests;
  }

  /** A step of the coordinator and one of an agent share a job, unless single steps are named. */
  private static List<Trial> trials() {
    String only = System.getProperty("hesuan.kill", "");
    List<Case> chosen =
        cases().stream()
            .filter(c -> Arrays.stream(only.split(",")).anyMatch(w -> c.step.text().contains(w)))
            .toList();
    List<Trial> trials = new ArrayList<>();
    for (Way way : Way.values()) {
      List<Case> coordinators = chosen.stream().filter(c -> c.fits(way, true)).toList();
      List<Case> agents = chosen.stream().filter(c -> c.fits(way, false)).toList();
      for (int i = 0; i < Math.max(coordinators.size(), agents.size()); i++) {
        List<Case> together = new ArrayList<>();
        if (i < coordinators.size()) {
          together.add(coordinators.get(i));
        }
        if (i < agents.size()) {
          together.add(agents.get(i));
        }
        if (only.isEmpty()) {
          trials.add(new Trial(way, together));
        } else {
          together.forEach(c -> trials.add(new Trial(way, List.of(c))));
        }
      }
    }
    return trials;
  }

  /**
   * AGENT_ADVANCE is between two steps of a plan; the simulation of {@code JobWorldTest} passes it.
   */
  private void isUnreached(Trial trial) throws Exception {
    revive();
    JsonNode planned = trio.coordinator().post("/jobs/plan", Map.of("spec", spec(trial)));
    assertEquals(
        1,
        planned.path("plan").path("steps").size(),
        "of two steps: give " + trial.name() + " a way");
  }

  private void killedAt(Trial trial) throws Exception {
    revive();
    Map<String, ThreeParties.Books> before = trio.books();
    Set<String> victims = new TreeSet<>();
    for (Case each : trial.cases) {
      arm(each.victim, each.step);
      victims.add(each.victim);
    }
    switch (trial.way) {
      case LOSS, LAST_LOSS -> {
        arm(THIRD, StepName.AGENT_BEGIN_AFTER_STORE);
        victims.add(THIRD);
      }
      case LATE_RELEASE -> arm(LEADER, StepName.AGENT_RELEASE_AFTER_STORE);
      case CANCELLED, EXPIRED -> trio.signal(THIRD, "STOP");
      case DONE, REFUSED, UNREACHED -> {}
    }
    String spec = spec(trial);
    String id = submit(spec, trial);
    switch (trial.way) {
      case CANCELLED -> {
        await("the two others to admit", () -> trio.job(id).path("admittedBy").size() == 2);
        cancel(id);
      }
      case LATE_RELEASE -> {
        awaitDeath(LEADER, id);
        cancel(id);
        await("the cancellation", () -> trio.job(id).path("state").asText().equals("aborted"));
        trio.start(LEADER);
      }
      case DONE, REFUSED, LOSS, LAST_LOSS, EXPIRED, UNREACHED -> {}
    }
    for (boolean silent = thirdIsSilent(trial); !victims.isEmpty(); silent = false) {
      awaitDeath(victims, id);
      if (silent) {
        cancelAgain(trial, id);
        trio.signal(THIRD, "CONT");
      }
    }
    awaitAll();
    assertEquals(id, submit(spec, trial), "the same token is the same job");
    check(trial, id, before);
  }

  /** What the coordinator was told before it stored anything, it has a right not to know. */
  private void cancelAgain(Trial trial, String id) {
    if (trial.way == Way.CANCELLED) {
      cancel(id);
    }
  }

  private static boolean thirdIsSilent(Trial trial) {
    return trial.way == Way.CANCELLED || trial.way == Way.EXPIRED;
  }

  /** A party that hardly gets a processor says all along that it is there: nobody gives it up. */
  @Test
  void attempt_partyThatHardlyGetsAProcessor_isWaitedFor() throws Exception {
    revive();
    trio.signal(THIRD, "STOP");
    String spec = spec(new Trial(Way.LAST_LOSS, List.of()));
    String id = trio.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
    await("the two others to admit", () -> trio.job(id).path("admittedBy").size() == 2);
    trio.signal(MEMBER, "STOP");
    trio.signal(THIRD, "CONT");
    await("the leader to begin", () -> trio.agentState(LEADER, id).equals("running"));
    ProcessHandle starved = trio.federation.process(MEMBER).toHandle();
    for (int turn = 0; turn < STARVED_TURNS; turn++) {
      Duration before = starved.info().totalCpuDuration().orElseThrow();
      trio.signal(MEMBER, "CONT");
      await(
          "a little work of the member's",
          () -> !starved.info().totalCpuDuration().orElseThrow().minus(before).isZero());
      trio.signal(MEMBER, "STOP");
      Thread.sleep(STARVED_FOR);
    }
    trio.signal(MEMBER, "CONT");
    await("an end of " + id, () -> trio.job(id).path("ended").asBoolean());
    assertEquals("done", trio.job(id).path("state").asText(), () -> told(id));
    // the coordinator has said more than once meanwhile that this attempt is to start
    for (String party : PARTIES) {
      List<String> decided = new ArrayList<>();
      JsonNode decisions = trio.api(party).get("/jobs/" + id).path("decisions");
      decisions.forEach(decision -> decided.add(decision.path("phase").asText()));
      assertEquals(List.of("admit", "step", "release"), decided, party);
    }
  }

  /** Whom all three share, each learns of its own; or, if one is lost, nobody anything. */
  @Test
  void intersectionOfAll_thatLosesAParty_leavesNoListAnywhere() throws Exception {
    revive();
    arm(THIRD, StepName.AGENT_BEGIN_AFTER_STORE);
    String lost = submitIntersection();
    awaitDeath(THIRD, lost);
    trio.start(THIRD);
    await("an end of " + lost, () -> trio.job(lost).path("ended").asBoolean());
    assertEquals("failed", trio.job(lost).path("state").asText(), () -> told(lost));
    assertTrue(trio.job(lost).path("problem").toString().contains(THIRD), () -> told(lost));
    for (String party : PARTIES) {
      await(party + " to settle", () -> trio.agentState(party, lost).equals("settled"));
      assertEquals(List.of(), namedAfter(lost, trio.federation.home(party)));
    }
    String done = submitIntersection();
    await("an end of " + done, () -> trio.job(done).path("ended").asBoolean());
    assertEquals("done", trio.job(done).path("state").asText(), () -> told(done));
    Set<String> shared = new TreeSet<>(Set.of("phone"));
    ThreeParties.rows(2 * SHIFT, PEOPLE).lines().skip(1).forEach(l -> shared.add(l.split(",")[0]));
    for (String party : PARTIES) {
      Path list = trio.federation.home(party).resolve("results/" + done + "/shared_by_all.csv");
      await(party + "'s list", () -> Files.exists(list));
      assertEquals(shared, new TreeSet<>(Files.readAllLines(list)));
    }
  }

  /** An agent that runs renames and deletes files meanwhile: what is gone is no file. */
  private static List<Path> namedAfter(String job, Path home) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        home,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.getFileName().toString().startsWith(job)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) throws IOException {
            if (gone instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw gone;
          }
        });
    return found;
  }

  private String submitIntersection() {
    number++;
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: all-%d}
        purpose: {code: audience.intersect, basis: consent}
        contract: ctr-kill
        inputs: {a: brand-a/people@1, b: mall-b/people@1, c: pay-c/people@1}
        what: {template: {name: audience.intersect, parameters: {sizeStep: 64}}}
        privacy: {unit: phone, minGroup: 50}
        outputs: [{name: shared_by_all, to: [brand-a, mall-b, pay-c], form: members}]
        run: {deadline: PT2M, attempts: 1}
        """
            .formatted(number);
    return trio.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
  }

  // ---- what must hold

  private void check(Trial trial, String id, Map<String, ThreeParties.Books> before)
      throws Exception {
    await("an end of " + id, () -> trio.job(id).path("ended").asBoolean());
    String verdict = trio.job(id).path("state").asText();
    assertTrue(trial.way.verdicts.contains(verdict), () -> verdict + ": " + trio.job(id));
    await("the coordinator's receipt", () -> trio.job(id).path("receiptWritten").asBoolean());
    List<String> told = new ArrayList<>(PARTIES);
    if (thirdIsSilent(trial)) {
      told.remove(THIRD); // it may have heard of the job, too late for it to matter
    }
    for (String party : told) {
      await(party + " to have settled " + id, () -> trio.agentState(party, id).equals("settled"));
    }
    if (thirdIsSilent(trial)) {
      // it may find the proposal in what it had not read yet, and hears the end when it answers
      await(THIRD + " to be through with " + id, () -> isThrough(THIRD, id, before.get(THIRD)));
    }
    await("all receipts of " + id, () -> issuers(id).size() >= told.size() + 1);
    List<String> issuers = issuers(id);
    assertEquals(Set.copyOf(issuers).size(), issuers.size(), () -> "once each: " + issuers);
    assertTrue(issuers.containsAll(told), () -> "of every party: " + issuers);
    for (String party : told) {
      assertInstanceOf(
          Verification.Verified.class,
          ReceiptVerifier.verify(JobCommands.receipt(trio.api(party), id), trio.keys),
          "the receipt of " + party);
    }
    Map<String, ThreeParties.Books> after = trio.books();
    for (String party : PARTIES) {
      BigDecimal spent = after.get(party).charged().subtract(before.get(party).charged());
      BigDecimal all = new BigDecimal(EPSILON);
      boolean due =
          switch (trial.way) {
            case DONE, LOSS, LAST_LOSS, LATE_RELEASE -> true;
            case REFUSED, CANCELLED, EXPIRED, UNREACHED -> false;
          };
      assertEquals(0, spent.compareTo(due ? all : BigDecimal.ZERO), party + " charged " + spent);
      assertEquals(
          0,
          after.get(party).reserved().compareTo(before.get(party).reserved()),
          party + " still reserves " + after.get(party).reserved());
      long entries = after.get(party).logSize() - before.get(party).logSize();
      assertTrue(
          entries == 1 || entries == 0 && !told.contains(party),
          () -> entries + " entries in the log of " + party);
    }
    boolean done = verdict.equals("done");
    if (done) {
      await("the result at the member", () -> result(MEMBER, id) != null);
      assertEquals(result(LEADER, id), result(MEMBER, id));
    } else {
      assertEquals(null, result(MEMBER, id));
    }
  }

  /** Knows nothing of the job or has settled it, and holds nothing back for it. */
  private boolean isThrough(String party, String id, ThreeParties.Books before) {
    try {
      if (!trio.agentState(party, id).equals("settled")) {
        return false;
      }
    } catch (ProblemException e) {
      assertEquals(ErrorCode.UNKNOWN_JOB, e.problem().code());
    }
    return trio.books(party).reserved().compareTo(before.reserved()) == 0;
  }

  private List<String> issuers(String id) {
    List<String> issuers = new ArrayList<>();
    trio.coordinator()
        .get("/jobs/" + id + "/receipts")
        .path("receipts")
        .forEach(r -> issuers.add(r.path("issuer").asText()));
    return issuers;
  }

  private @Nullable JsonNode result(String party, String id) {
    try {
      return trio.api(party).get("/jobs/" + id + "/result");
    } catch (ProblemException e) {
      assertEquals(ErrorCode.UNKNOWN_JOB, e.problem().code());
      return null;
    }
  }

  // ---- jobs

  private String spec(Trial trial) {
    number++;
    String product = trial.way == Way.REFUSED ? "mall-b/poor@1" : "mall-b/orders@1";
    return """
    apiVersion: hesuan/v1
    kind: Job
    metadata: {name: kill-%d, submitToken: kill-token-%08d}
    purpose: {code: benchmark.market, basis: consent}
    contract: ctr-kill
    inputs:
      orders: [brand-a/orders@1, %s, pay-c/orders@1]
    what:
      sql: SELECT city, COUNT(*) AS orders FROM orders WHERE city IN ('x', 'y') GROUP BY city
    privacy: {unit: phone, epsilon: %s, minGroup: %d, maxGroups: 1, maxRows: 1}
    outputs:
      - {name: orders_by_city, to: [brand-a, mall-b]}
    run: {deadline: %s, attempts: %d}
    """
        .formatted(
            number,
            number,
            product,
            EPSILON,
            MIN_GROUP + number, // another question: the same one again would cost nothing
            trial.way == Way.EXPIRED ? "PT5S" : "PT5M",
            trial.way == Way.LAST_LOSS ? 1 : 4);
  }

  /** The id is the submitter's and the token's, so that it is known even if no answer came. */
  private String submit(String spec, Trial trial) {
    try {
      return trio.coordinator().post("/jobs", Map.of("spec", spec)).path("id").asText();
    } catch (ProblemException e) {
      if (!trial.kills(COORDINATOR)) {
        throw e;
      }
      return JobId.of(new PartyId(LEADER), "kill-token-%08d".formatted(number)).value();
    }
  }

  private void cancel(String id) {
    try {
      trio.coordinator().post("/jobs/" + id + "/cancel", Map.of());
    } catch (ProblemException e) {
      assertEquals(ErrorCode.PEER_UNREACHABLE, e.problem().code());
    }
  }

  // ---- processes

  /** Whatever a failed trial has left dead, silent or armed. */
  private void revive() throws Exception {
    Files.deleteIfExists(trio.killFile(COORDINATOR));
    if (!trio.federation.process(COORDINATOR).isAlive()) {
      trio.start(COORDINATOR);
    }
    for (String party : PARTIES) {
      Files.deleteIfExists(trio.killFile(party));
      if (trio.federation.process(party).isAlive()) {
        trio.signal(party, "CONT");
      } else {
        trio.start(party);
      }
    }
    awaitAll();
  }

  private void arm(String node, StepName step) throws IOException {
    Path part = trio.federation.folder().resolve(node + ".part");
    Files.writeString(part, step.text());
    Files.move(part, trio.killFile(node), StandardCopyOption.ATOMIC_MOVE);
  }

  private void awaitAll() {
    PARTIES.forEach(trio.federation::awaitAgent);
  }

  private void awaitDeath(String node, String id) throws Exception {
    Process process = trio.federation.process(node);
    if (!process.waitFor(WAIT_NANOS, TimeUnit.NANOSECONDS)) {
      throw new AssertionError(node + " was not there where it should have died; " + told(id));
    }
    assertEquals(SIGKILL, process.exitValue(), "how " + node + " ended");
  }

  /** The first to die is started again, and no longer a victim. */
  private void awaitDeath(Set<String> victims, String id) throws Exception {
    long end = System.nanoTime() + WAIT_NANOS;
    while (System.nanoTime() < end) {
      for (String victim : victims) {
        if (!trio.federation.process(victim).isAlive()) {
          awaitDeath(victim, id);
          victims.remove(victim);
          trio.start(victim);
          return;
        }
      }
      DemoFederation.pause();
    }
    throw new AssertionError(victims + " passed no step to die at; " + told(id));
  }

  private String told(String id) {
    try {
      return trio.job(id).toString();
    } catch (ProblemException e) {
      return e.getMessage();
    }
  }

  // ---- the federation

  @BeforeAll
  void found() throws Exception {
    trio = new ThreeParties("kill");
    trio.publish(MEMBER, "poor", ThreeParties.rows(60), "0.001");
    for (int p = 0; p < PARTIES.size(); p++) {
      String rows = ThreeParties.rows(p * SHIFT, p * SHIFT + PEOPLE);
      trio.publish(PARTIES.get(p), "people", rows, "900");
    }
    trio.sign("ctr-kill");
  }

  @AfterAll
  void end() {
    if (trio != null) {
      trio.close();
    }
  }
}
