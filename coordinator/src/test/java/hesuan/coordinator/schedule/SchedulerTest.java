package hesuan.coordinator.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.control.ToAgent;
import hesuan.coordinator.Coordinator;
import hesuan.job.PartyVerdict;
import hesuan.wire.ContractId;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scheduler over parties in this thread and a clock turned by hand. */
final class SchedulerTest {
  @TempDir Path folder;
  private Simulation simulation;

  @BeforeEach
  void open() {
    simulation = new Simulation(folder);
  }

  @AfterEach
  void close() {
    simulation.close();
  }

  private long told(String what) {
    return simulation.told.stream().filter(what::equals).count();
  }

  @Test
  void lostParty_withinGrace_isNotTrouble() {
    simulation.script.brandRuns = false;
    JobId id = simulation.submit("grace", 3);
    simulation.deliver();
    simulation.gone.put(Simulation.MALL, simulation.clock.millis());
    simulation.connected.remove(Simulation.MALL);
    simulation.clock.turn(1);
    simulation.scheduler.look(false);
    assertEquals("running", simulation.job(id).stateName());
  }

  @Test
  void lostParty_afterGrace_endsTheAttemptAndInnocentIsTold() {
    simulation.script.brandRuns = false;
    JobId id = simulation.submit("lost", 3);
    simulation.deliver();
    simulation.clock.turn(60);
    simulation.gone.put(Simulation.MALL, simulation.clock.millis());
    simulation.connected.remove(Simulation.MALL);
    simulation.clock.turn(2);
    simulation.scheduler.look(false);
    simulation.deliver();
    assertEquals("countersigned", simulation.job(id).stateName());
    assertEquals(2, simulation.job(id).attempt());
    assertEquals(1, told("brand-a INTERRUPT"));
    assertTrue(simulation.story(id).contains("waiting"));
  }

  @Test
  void lostParty_neverBack_endsByTheDeadline() {
    simulation.script.brandRuns = false;
    JobId id = simulation.submit("never", 3);
    simulation.deliver();
    simulation.clock.turn(60);
    simulation.gone.put(Simulation.MALL, simulation.clock.millis());
    simulation.connected.remove(Simulation.MALL);
    simulation.clock.turn(2);
    simulation.scheduler.look(true);
    simulation.clock.turn(600);
    simulation.scheduler.look(true);
    simulation.deliver();
    assertEquals("expired", simulation.job(id).stateName());
    assertTrue(told("brand-a SETTLE") > 0);
  }

  @Test
  void lostParty_rightAfterOwnStart_isGivenTime() {
    simulation.script.brandRuns = false;
    JobId id = simulation.submit("start", 3);
    simulation.deliver();
    assertEquals("running", simulation.job(id).stateName());
    simulation.restart();
    simulation.connected.clear();
    simulation.clock.turn(10);
    simulation.scheduler.look(false);
    assertEquals("running", simulation.job(id).stateName());
    simulation.clock.turn(6);
    simulation.scheduler.look(false);
    assertEquals("countersigned", simulation.job(id).stateName());
  }

  @Test
  void proposal_withoutAnswer_isNotedWithTheReason() {
    simulation.script.mallAnswers = false;
    JobId id = simulation.submit("mute", 1);
    simulation.deliver();
    simulation.scheduler.look(false);
    assertFalse(simulation.story(id).contains("waiting"));
    simulation.clock.turn(4);
    simulation.scheduler.look(false);
    JobNote silent = lastNote(id);
    assertEquals(List.of(Simulation.MALL), silent.waitingFor());
    assertEquals(ErrorCode.PEER_SILENT, silent.problem().code());
    assertEquals("an answer", silent.problem().expected());

    simulation.gone.put(Simulation.BRAND, simulation.clock.millis());
    simulation.connected.remove(Simulation.BRAND);
    JobId next = simulation.submit("absent", 1);
    simulation.scheduler.look(false);
    JobNote absent = lastNote(next);
    assertEquals(List.of(Simulation.BRAND), absent.waitingFor());
    assertEquals("a heartbeat", absent.problem().expected());
  }

  private JobNote lastNote(JobId id) {
    return simulation.jobs.events(id, 0).getLast().note();
  }

  @Test
  void waiting_isNotedOnceForTheSameParties() {
    simulation.connected.remove(Simulation.MALL);
    simulation.script.mallAnswers = true;
    JobId id = simulation.submit("waits", 1);
    simulation.deliver();
    simulation.connected.add(Simulation.MALL);
    simulation.scheduler.connected(Simulation.MALL);
    simulation.connected.remove(Simulation.MALL);
    simulation.deliver();
    simulation.settle();
    simulation.settle();
    assertEquals(
        1,
        simulation.story(id).stream().filter("waiting"::equals).count(),
        simulation.story(id)::toString);
  }

  @Test
  void verdict_ofForeignParty_isUnknownJob() {
    JobId id = simulation.submit("foreign", 1);
    ProblemException refused =
        assertThrows(
            ProblemException.class,
            () ->
                simulation.scheduler.step(
                    new hesuan.wire.PartyId("other-c"),
                    hesuan.control.StepReport.newBuilder()
                        .setJob(id.value())
                        .setAttempt(1)
                        .setStep("overlap")
                        .build()));
    assertEquals(ErrorCode.UNKNOWN_JOB, refused.problem().code());
  }

  @Test
  void refusal_inAnotherPartysName_isRefused() {
    simulation.script.mallAnswers = false;
    JobId id = simulation.submit("name", 1);
    simulation.deliver();
    PartyVerdict forged =
        new PartyVerdict(
            Simulation.MALL,
            List.of(
                new hesuan.job.Refusal(
                    Simulation.MALL,
                    "rule",
                    new Problem(ErrorCode.POLICY_DENIED, "at", "x", "y"),
                    "")));
    assertThrows(
        ProblemException.class,
        () ->
            simulation.scheduler.verdict(
                Simulation.BRAND,
                hesuan.control.Verdict.newBuilder()
                    .setJob(id.value())
                    .setRefusal(Messages.canonical(forged))
                    .build()));
    assertEquals("proposed", simulation.job(id).stateName());
  }

  @Test
  void everythingTwice_changesNothing() {
    JobId id = simulation.submit("twice", 1);
    simulation.settle();
    simulation.settle();
    List<String> story = simulation.story(id);
    simulation.scheduler.look(true);
    simulation.deliver();
    simulation.release(id.value(), 1);
    simulation.scheduler.receiptTaken(Simulation.MALL, id);
    assertEquals(story, simulation.story(id));
    assertEquals(List.of("brand-a", "coordinator", "mall-b"), simulation.issuers(id));
  }

  @Test
  void settledJob_isNoLongerLookedAt() {
    JobId id = simulation.submit("settled", 1);
    simulation.settle();
    assertTrue(simulation.job(id).settled());
    simulation.told.clear();
    simulation.settle();
    assertEquals(List.of(), simulation.told);
  }

  @Test
  void cancel_ofOperator_isInTheCoordinatorsName() {
    simulation.script.mallAnswers = false;
    JobId id = simulation.submit("operator", 1);
    simulation.scheduler.cancel(Optional.empty(), id);
    Problem reason =
        simulation.job(id).state() instanceof hesuan.job.JobState.Aborted aborted
            ? aborted.reason()
            : null;
    assertTrue(
        reason != null && reason.found().contains(Coordinator.ID.value()), () -> "" + reason);
  }

  @Test
  void withdrawal_ofUnusedProduct_leavesJobsAlone() {
    simulation.script.mallAnswers = false;
    JobId id = simulation.submit("unused", 1);
    simulation.scheduler.withdrawn(Simulation.MALL, ProductRef.parse("mall-b/orders@2"));
    simulation.scheduler.withdrawn(Simulation.MALL, new ContractId("ctr-other"));
    assertFalse(simulation.job(id).ended());
  }

  @Test
  void start_carriesEveryCountersignature() {
    simulation.submit("signatures", 1);
    simulation.deliver();
    assertTrue(told("mall-b " + ToAgent.BodyCase.START) > 0);
  }
}
