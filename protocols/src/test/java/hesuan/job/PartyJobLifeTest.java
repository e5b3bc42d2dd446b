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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One party against everything that a broken coordinator, peers, network and power supply can say:
 * every state that any sequence of events reaches, with a count of what was done beside it.
 */
class PartyJobLifeTest {
  private static final PartyId LEADER = new PartyId("brand-a");
  private static final PartyId OTHER = new PartyId("mall-b");
  private static final PartyId THIRD = new PartyId("pay-c");
  private static final Digest X = Digest.of("x");
  private static final Digest Y = Digest.of("y");
  private static final Problem PROBLEM = new Problem(ErrorCode.PEER_SILENT, "a", "b", "c");
  private static final List<Refusal> REFUSED =
      List.of(
          new Refusal(OTHER, "policy", new Problem(ErrorCode.POLICY_DENIED, "a", "b", "c"), ""));
  private static final JobFacts FACTS =
      new JobFacts(
          List.of(LEADER, OTHER, THIRD), LEADER, List.of(LEADER, OTHER), List.of("s1", "s2"), 2);

  private static final List<PartyJobEvent> EVENTS = events();

  private static List<PartyJobEvent> events() {
    List<PartyJobEvent> events = new ArrayList<>();
    events.add(new PartyJobEvent.Decided(List.of()));
    events.add(new PartyJobEvent.Decided(REFUSED));
    for (int attempt = 0; attempt <= 3; attempt++) {
      events.add(new PartyJobEvent.Start(attempt));
      events.add(new PartyJobEvent.Begun(attempt));
      events.add(new PartyJobEvent.Trouble(attempt, PROBLEM));
      for (String step : List.of("s1", "s2", "unknown")) {
        events.add(new PartyJobEvent.StepDone(attempt, step));
      }
      for (Digest digest : List.of(X, Y)) {
        events.add(new PartyJobEvent.ConsentAsked(attempt, digest));
        events.add(new PartyJobEvent.ResultReady(attempt, digest));
      }
    }
    for (Digest digest : List.of(X, Y)) {
      events.add(new PartyJobEvent.ResultArrived(digest));
      events.add(new PartyJobEvent.ReceiptWritten(digest));
    }
    events.add(new PartyJobEvent.DeliveryAcknowledged(OTHER));
    events.add(new PartyJobEvent.DeliveryAcknowledged(THIRD));
    for (JobVerdict verdict : JobVerdict.values()) {
      events.add(new PartyJobEvent.Settle(verdict, verdict == JobVerdict.DONE ? null : PROBLEM));
    }
    events.add(new PartyJobEvent.DeadlinePassed());
    events.add(new PartyJobEvent.Restarted());
    return events;
  }

  /** A state, and what was done on the way to it, counted no further than it takes to be wrong. */
  private record Reached(
      PartyJobState state,
      int reserved,
      int freed,
      int charged,
      int results,
      int stored,
      Set<Digest> consents) {
    Reached after(PartyJobState next, List<PartyJobEffect> effects) {
      Set<Digest> all = new HashSet<>(consents);
      effects.stream()
          .filter(PartyJobEffect.SendConsent.class::isInstance)
          .forEach(e -> all.add(((PartyJobEffect.SendConsent) e).shape()));
      return new Reached(
          next,
          reserved + count(effects, PartyJobEffect.ReserveBudget.class),
          freed + count(effects, PartyJobEffect.FreeReservation.class),
          charged + count(effects, PartyJobEffect.ChargeBudget.class),
          results + count(effects, PartyJobEffect.StoreResult.class),
          stored + count(effects, PartyJobEffect.StoreConsent.class),
          all);
    }
  }

  private static int count(List<PartyJobEffect> effects, Class<?> kind) {
    return (int) effects.stream().filter(kind::isInstance).count();
  }

  private record Taken(
      Reached from, PartyJobEvent event, Transition<PartyJobState, PartyJobEffect> transition) {}

  private static Set<Reached> explore(PartyId self, Consumer<Taken> check) {
    PartyJobLife life = new PartyJobLife(FACTS, self);
    Reached first = new Reached(life.consider().state(), 0, 0, 0, 0, 0, Set.of());
    Set<Reached> seen = new HashSet<>(Set.of(first));
    Queue<Reached> queue = new ArrayDeque<>(seen);
    while (!queue.isEmpty()) {
      Reached from = queue.remove();
      for (PartyJobEvent event : EVENTS) {
        Transition<PartyJobState, PartyJobEffect> t = life.step(from.state(), event);
        check.accept(new Taken(from, event, t));
        Reached next = from.after(t.state(), t.effects());
        if (seen.add(next)) {
          queue.add(next);
        }
      }
    }
    return seen;
  }

  @ParameterizedTest
  @ValueSource(strings = {"brand-a", "mall-b", "pay-c"})
  void noSequence_doesAnEffectTwice(String self) {
    for (Reached reached : explore(new PartyId(self), t -> {})) {
      assertTrue(reached.reserved() <= 1, reached::toString);
      assertTrue(reached.charged() <= reached.reserved(), reached::toString);
      assertTrue(reached.charged() + reached.freed() <= reached.reserved(), reached::toString);
      assertTrue(reached.results() <= 1, reached::toString);
      assertTrue(reached.consents().size() <= 1, reached::toString);
      assertEquals(reached.consents().size(), reached.stored(), reached::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"brand-a", "mall-b", "pay-c"})
  void everyStep_keepsItsPromises(String self) {
    PartyJobLife life = new PartyJobLife(FACTS, new PartyId(self));
    explore(
        new PartyId(self),
        t -> {
          PartyJobState from = t.from().state();
          PartyJobState to = t.transition().state();
          List<PartyJobEffect> effects = t.transition().effects();
          assertEquals(t.transition().changed(), !from.equals(to), t::toString);
          // nothing is stored, so nothing may need a transaction
          if (!t.transition().changed()) {
            assertTrue(
                effects.stream().noneMatch(PartyJobEffect.Stored.class::isInstance), t::toString);
          }
          // heard twice, done once
          assertFalse(life.step(to, t.event()).changed(), t::toString);
          // the end is the end, and its word stays
          if (from instanceof PartyJobState.Settled before) {
            PartyJobState.Settled after = assertInstanceOf(PartyJobState.Settled.class, to);
            assertEquals(before.verdict(), after.verdict());
          }
          // nothing runs that was not charged, nor more often than signed
          for (PartyJobEffect effect : effects) {
            if (effect instanceof PartyJobEffect.RunAttempt run) {
              assertEquals(1, t.from().after(to, effects).charged(), t::toString);
              assertTrue(run.attempt() >= 1 && run.attempt() <= 2, t::toString);
            }
            if (effect instanceof PartyJobEffect.WriteReceipt) {
              assertInstanceOf(PartyJobState.Settled.class, to);
            }
          }
          // what the state still asks for is harmless to do again
          assertTrue(
              life.due(to).stream().noneMatch(PartyJobEffect.Stored.class::isInstance),
              t::toString);
          assertEquals(to, Json.read(Json.canonical(to), PartyJobState.class));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"brand-a", "mall-b", "pay-c"})
  void lostCoordinator_endsByTheDeadline_unlessConsentWasGiven(String self) {
    PartyJobLife life = new PartyJobLife(FACTS, new PartyId(self));
    for (Reached reached : explore(new PartyId(self), t -> {})) {
      boolean bound =
          !reached.consents().isEmpty() || reached.state() instanceof PartyJobState.Released;
      PartyJobState end = life.step(reached.state(), new PartyJobEvent.DeadlinePassed()).state();
      assertTrue(bound || end instanceof PartyJobState.Settled, reached::toString);
      // and the coordinator's word ends every state
      assertInstanceOf(
          PartyJobState.Settled.class,
          life.step(reached.state(), new PartyJobEvent.Settle(JobVerdict.EXPIRED, PROBLEM))
              .state());
    }
  }

  @Test
  void everyTransitionOfAnAgent_isTaken() {
    Set<TransitionName> taken = EnumSet.of(TransitionName.AGENT_CONSIDER);
    for (PartyId self : FACTS.parties()) {
      explore(
          self,
          t -> {
            if (t.transition().name() != null) {
              taken.add(t.transition().name());
            }
          });
    }
    assertEquals(
        Arrays.stream(TransitionName.values()).filter(n -> n.name().startsWith("AGENT")).toList(),
        List.copyOf(taken));
  }

  @Test
  void step_ofConsentToAnotherOutput_isRefusedAlsoInALaterAttempt() {
    PartyJobLife life = new PartyJobLife(FACTS, OTHER);
    PartyJobState state = new PartyJobState.AwaitingRelease(1, null);
    state = life.step(state, new PartyJobEvent.ConsentAsked(1, X)).state();
    state = life.step(state, new PartyJobEvent.Start(2)).state();
    state = life.step(state, new PartyJobEvent.Begun(2)).state();
    state = life.step(state, new PartyJobEvent.StepDone(2, "s1")).state();
    state = life.step(state, new PartyJobEvent.StepDone(2, "s2")).state();
    assertEquals(
        List.of(new PartyJobEffect.RefuseConsent(Y, X)),
        life.step(state, new PartyJobEvent.ConsentAsked(2, Y)).effects());
    assertEquals(
        List.of(new PartyJobEffect.SendConsent(X)),
        life.step(state, new PartyJobEvent.ConsentAsked(2, X)).effects());
  }

  @Test
  void restarted_whileRunning_saysSoAndWaitsForAnotherAttempt() {
    PartyJobLife life = new PartyJobLife(FACTS, OTHER);
    Transition<PartyJobState, PartyJobEffect> t =
        life.step(new PartyJobState.Running(1, List.of("s1"), null), new PartyJobEvent.Restarted());
    PartyJobState.Charged charged = assertInstanceOf(PartyJobState.Charged.class, t.state());
    assertEquals(ErrorCode.RESTARTED, charged.interrupted().code());
    assertTrue(t.effects().contains(new PartyJobEffect.SendTrouble(1, charged.interrupted())));
    assertEquals(
        List.of(new PartyJobEffect.RunAttempt(2)),
        life.step(charged, new PartyJobEvent.Start(2)).effects());
  }

  @Test
  void restarted_withALeadersReleaseStored_saysItAgainAndRunsNothing() {
    PartyJobLife life = new PartyJobLife(FACTS, LEADER);
    PartyJobState state = new PartyJobState.Released(1, X, List.of(OTHER), null);
    List<PartyJobEffect> again =
        List.of(new PartyJobEffect.SendReleased(1, X), new PartyJobEffect.Deliver(OTHER));
    assertEquals(again, life.step(state, new PartyJobEvent.Restarted()).effects());
    assertEquals(again, life.step(state, new PartyJobEvent.Start(2)).effects());
  }
}
