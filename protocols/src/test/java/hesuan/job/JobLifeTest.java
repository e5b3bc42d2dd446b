package hesuan.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Every state that any sequence of messages can bring the coordinator to. */
class JobLifeTest {
  private static final PartyId LEADER = new PartyId("brand-a");
  private static final PartyId OTHER = new PartyId("mall-b");
  private static final PartyId STRANGER = new PartyId("pay-c");
  private static final Digest X = Digest.of("x");
  private static final Problem CURABLE = new Problem(ErrorCode.RESTARTED, "a", "b", "c");
  private static final Problem INCURABLE = new Problem(ErrorCode.SOURCE_CHANGED, "a", "b", "c");
  private static final JobFacts FACTS =
      new JobFacts(List.of(LEADER, OTHER), LEADER, List.of(LEADER), List.of("s1", "s2"), 2);
  private static final List<JobEvent> EVENTS = events();

  private static List<JobEvent> events() {
    List<JobEvent> events = new ArrayList<>();
    for (PartyId party : List.of(LEADER, OTHER, STRANGER)) {
      events.add(new JobEvent.VerdictGiven(PartyVerdict.admitted(party)));
      events.add(
          new JobEvent.VerdictGiven(
              new PartyVerdict(party, List.of(new Refusal(party, "policy", INCURABLE, "")))));
      for (int attempt = 0; attempt <= 3; attempt++) {
        events.add(new JobEvent.StepDone(party, attempt, "s1"));
        events.add(new JobEvent.StepDone(party, attempt, "s2"));
        events.add(new JobEvent.StepDone(party, attempt, "unknown"));
        events.add(new JobEvent.Trouble(party, attempt, CURABLE));
        events.add(new JobEvent.Trouble(party, attempt, INCURABLE));
        events.add(new JobEvent.Released(party, attempt, X));
      }
      events.add(new JobEvent.ReceiptTaken(party));
    }
    events.add(new JobEvent.Begin());
    events.add(new JobEvent.DeadlinePassed());
    events.add(new JobEvent.Cancel(LEADER));
    events.add(new JobEvent.ReceiptWritten());
    return events;
  }

  private record Taken(JobState from, JobEvent event, Transition<JobState, JobEffect> transition) {}

  private static Set<JobState> explore(Consumer<Taken> check) {
    JobState first = JobLife.propose(FACTS).state();
    Set<JobState> seen = new HashSet<>(Set.of(first));
    Queue<JobState> queue = new ArrayDeque<>(seen);
    while (!queue.isEmpty()) {
      JobState from = queue.remove();
      for (JobEvent event : EVENTS) {
        Transition<JobState, JobEffect> t = JobLife.step(FACTS, from, event);
        check.accept(new Taken(from, event, t));
        if (seen.add(t.state())) {
          queue.add(t.state());
        }
      }
    }
    return seen;
  }

  private static int started(JobState state) {
    return switch (state) {
      case JobState.Proposed _, JobState.Ended _ -> 0;
      case JobState.Countersigned s -> s.attempt() - 1;
      case JobState.Running s -> s.attempt();
      case JobState.Releasing s -> s.attempt();
    };
  }

  @Test
  void everyStep_keepsItsPromises() {
    explore(
        t -> {
          JobState from = t.from();
          JobState to = t.transition().state();
          assertEquals(t.transition().changed(), !from.equals(to), t::toString);
          boolean told = JobLife.step(FACTS, to, t.event()).changed();
          assertFalse(told, () -> "heard twice: " + t);
          if (from instanceof JobState.Ended before) {
            JobState.Ended after = assertInstanceOf(JobState.Ended.class, to, t::toString);
            assertEquals(before.verdict(), after.verdict());
            assertTrue(before.receipts().owed().containsAll(after.receipts().owed()));
          } else if (!(to instanceof JobState.Ended)) {
            assertTrue(started(to) >= started(from) && started(to) <= 2, t::toString);
          }
          // nothing starts before everyone has signed
          if (from instanceof JobState.Proposed) {
            assertTrue(
                t.transition().effects().stream().noneMatch(JobEffect.Start.class::isInstance));
          }
          // a stranger's word moves nothing
          if (t.event().toString().contains(STRANGER.value())) {
            assertFalse(t.transition().changed(), t::toString);
          }
          assertEquals(to, Json.read(Json.canonical(to), JobState.class));
        });
  }

  @Test
  void everyOpenState_endsByTheDeadline_andEveryEndIsSettled() {
    for (JobState state : explore(t -> {})) {
      JobState end = JobLife.step(FACTS, state, new JobEvent.DeadlinePassed()).state();
      assertInstanceOf(JobState.Ended.class, end, state::toString);
      for (JobEffect due : JobLife.due(FACTS, end)) {
        end =
            switch (due) {
              case JobEffect.WriteReceipt _ ->
                  JobLife.step(FACTS, end, new JobEvent.ReceiptWritten()).state();
              case JobEffect.Settle settle ->
                  JobLife.step(FACTS, end, new JobEvent.ReceiptTaken(settle.to())).state();
              case JobEffect.Propose _,
                  JobEffect.AwaitParties _,
                  JobEffect.Start _,
                  JobEffect.Interrupt _ ->
                  throw new AssertionError(due.toString());
            };
      }
      assertEquals(List.of(), JobLife.due(FACTS, end));
    }
  }

  @Test
  void everyTransitionOfTheCoordinator_isTaken() {
    Set<TransitionName> taken = EnumSet.of(TransitionName.COORDINATOR_PROPOSE);
    explore(
        t -> {
          if (t.transition().name() != null) {
            taken.add(t.transition().name());
          }
        });
    assertEquals(
        Arrays.stream(TransitionName.values())
            .filter(n -> n.name().startsWith("COORDINATOR"))
            .toList(),
        List.copyOf(taken));
  }

  @Test
  void step_ofIncurableTroubleFromAnEarlierAttempt_fails() {
    JobState state = new JobState.Countersigned(2, CURABLE);
    JobState end = JobLife.step(FACTS, state, new JobEvent.Trouble(OTHER, 1, INCURABLE)).state();
    assertEquals(INCURABLE, assertInstanceOf(JobState.Failed.class, end).problem());
  }

  @Test
  void step_ofLeadersReleaseFromAnEarlierAttempt_finishes() {
    JobState state = new JobState.Running(2, List.of());
    JobState end = JobLife.step(FACTS, state, new JobEvent.Released(LEADER, 1, X)).state();
    assertEquals(1, assertInstanceOf(JobState.Done.class, end).attempt());
  }

  @Test
  void step_ofReleaseAfterTheEnd_keepsVerdictAndFact() {
    JobState state = new JobState.Running(1, List.of());
    state = JobLife.step(FACTS, state, new JobEvent.DeadlinePassed()).state();
    state = JobLife.step(FACTS, state, new JobEvent.Released(LEADER, 1, X)).state();
    assertEquals(X, assertInstanceOf(JobState.Expired.class, state).lateRelease());
  }

  @Test
  void refuse_ofUnplannableJob_asksNobody() {
    Transition<JobState, JobEffect> t =
        JobLife.refuse(List.of(new Refusal(null, "plan", INCURABLE, "")));
    assertEquals(List.of(new JobEffect.WriteReceipt()), t.effects());
  }
}
