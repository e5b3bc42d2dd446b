package hesuan.coordinator.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.job.Refusal;
import hesuan.job.StepName;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Problem;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The coordinator dies at every step that has a name, before and after the store, and comes up
 * again: the job ends as it would have, and nothing happens twice.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class KillTest {
  private static final Problem CURABLE =
      new Problem(ErrorCode.PEER_SILENT, "brand-a", "a message", "none");
  private static final Problem INCURABLE =
      new Problem(ErrorCode.SOURCE_UNREADABLE, "orders", "a file", "none");

  private Simulation simulation;

  @BeforeAll
  void open(@TempDir Path folder) {
    simulation = new Simulation(folder);
  }

  @AfterAll
  void close() {
    simulation.close();
  }

  static Stream<StepName> steps() {
    return Arrays.stream(StepName.values()).filter(StepName::coordinator);
  }

  /** How the job goes where that step is on the way, and how it ends. */
  private String script(StepName step) {
    Simulation.Script script = new Simulation.Script();
    simulation.script = script;
    String name = step.name().replaceAll("COORDINATOR_|_(BEFORE|AFTER)_STORE", "");
    return switch (name) {
      case "REFUSE" -> {
        script.mallRefuses =
            List.of(
                new Refusal(
                    Simulation.MALL,
                    "terms",
                    new Problem(ErrorCode.POLICY_DENIED, "terms", "other", "these"),
                    ""));
        yield "refused";
      }
      case "ADVANCE" -> {
        script.brandRuns = false;
        yield "done";
      }
      case "RETRY" -> {
        script.mallTrouble = CURABLE;
        script.troubleUntilAttempt = 1;
        script.brandReleases = false;
        yield "done";
      }
      case "FAIL" -> {
        script.mallTrouble = INCURABLE;
        script.troubleUntilAttempt = 9;
        script.brandReleases = false;
        yield "failed";
      }
      case "LATE_RELEASE" -> {
        script.mallTrouble = INCURABLE;
        script.troubleUntilAttempt = 9;
        script.brandReleases = false;
        script.releaseAfterTheEnd = true;
        yield "failed";
      }
      case "ABORT" -> {
        script.mallAnswers = false;
        yield "aborted";
      }
      case "EXPIRE" -> {
        script.mallAnswers = false;
        yield "expired";
      }
      default -> "done";
    };
  }

  @ParameterizedTest
  @MethodSource("steps")
  void kill_atThatStep_jobEndsAsItWouldHaveAndNothingTwice(StepName step) {
    String expected = script(step);
    String token = step.name().toLowerCase(Locale.ROOT).replace('_', '-');
    simulation.killAt = step;
    drive(token, expected);
    assertTrue(simulation.killed(), () -> step + " is not on the way of this script");

    simulation.restart();
    simulation.script.brandRuns = true;
    drive(token, expected);

    JobId id = simulation.known(token).orElseThrow();
    assertEquals(expected, simulation.job(id).stateName(), () -> "" + simulation.story(id));
    assertTrue(simulation.job(id).settled(), () -> "" + simulation.job(id).state());
    List<String> issuers = simulation.issuers(id);
    assertEquals(new HashSet<>(issuers).size(), issuers.size(), issuers::toString);
    assertTrue(issuers.contains("coordinator"), issuers::toString);
    List<String> story = simulation.story(id);
    for (String once : List.of("submitted", "countersign", "finish", "write-receipt", expected)) {
      assertTrue(story.stream().filter(once::equals).count() <= 1, story::toString);
    }
    assertTrue(simulation.logIsSound());
  }

  /** Everything that anyone does about the job, as often as it takes or until the process dies. */
  private void drive(String token, String expected) {
    try {
      JobId id = simulation.submit(token, 2);
      simulation.deliver();
      simulation.settle();
      simulation.script.brandRuns = true;
      simulation.settle();
      if (expected.equals("aborted")) {
        simulation.scheduler.cancel(Optional.of(Simulation.BRAND), id);
      }
      if (expected.equals("expired")) {
        simulation.clock.turn(601);
      }
      if (expected.equals("done") && simulation.job(id).stateName().equals("releasing")) {
        simulation.release(id.value(), simulation.job(id).attempt());
      }
      simulation.settle();
    } catch (Simulation.Killed e) {
      // comes up again in the test
    }
  }
}
