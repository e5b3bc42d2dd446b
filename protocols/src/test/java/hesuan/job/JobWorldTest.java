package hesuan.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The coordinator and three parties together, over a network that delivers each message never,
 * late, or again and again, with processes that die after any store. The seed of a failure is in
 * its message.
 */
class JobWorldTest {
  private static final PartyId A = new PartyId("brand-a");
  private static final PartyId B = new PartyId("mall-b");
  private static final PartyId C = new PartyId("pay-c");
  private static final Digest SHAPE = Digest.of("shape");
  private static final Digest RELEASE = Digest.of("release");

  private static JobFacts facts(List<String> steps) {
    return new JobFacts(List.of(A, B, C), A, List.of(A, B), steps, 3);
  }

  private static final class World {
    private final JobFacts facts;
    private final RandomGenerator random;
    private final List<Runnable> network = new ArrayList<>();
    private final Map<PartyId, PartyJobState> agents = new TreeMap<>();
    private final Map<PartyId, Integer> charges = new TreeMap<>();
    private final Map<PartyId, Integer> results = new TreeMap<>();
    private final Set<PartyId> consents = new TreeSet<>();
    private final Set<PartyId> reserved = new TreeSet<>();
    private final Set<TransitionName> died;
    private JobState coordinator;

    /**
     * @param died collects after which stores a process died
     */
    World(long seed, JobFacts facts, Set<TransitionName> died) {
      this.facts = facts;
      this.died = died;
      random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      Transition<JobState, JobEffect> first = JobLife.propose(facts);
      coordinator = first.state();
      send(first.effects());
    }

    private PartyJobLife life(PartyId party) {
      return new PartyJobLife(facts, party);
    }

    void tell(JobEvent event) {
      Transition<JobState, JobEffect> t = JobLife.step(facts, coordinator, event);
      coordinator = t.state();
      if (t.changed() && random.nextInt(40) == 0) {
        died.add(t.name());
      } else {
        send(t.effects());
      }
    }

    void send(List<JobEffect> effects) {
      for (JobEffect effect : effects) {
        switch (effect) {
          case JobEffect.Propose(PartyId to) -> network.add(() -> propose(to));
          case JobEffect.AwaitParties _ -> network.add(() -> tell(new JobEvent.Begin()));
          case JobEffect.Start(PartyId to, int attempt) ->
              network.add(() -> tell(to, new PartyJobEvent.Start(attempt)));
          case JobEffect.Interrupt(PartyId to, int attempt, Problem problem) ->
              network.add(() -> tell(to, new PartyJobEvent.Trouble(attempt, problem)));
          case JobEffect.Settle(PartyId to, JobVerdict verdict, var problem) ->
              network.add(() -> tell(to, new PartyJobEvent.Settle(verdict, problem)));
          case JobEffect.WriteReceipt _ -> network.add(() -> tell(new JobEvent.ReceiptWritten()));
        }
      }
    }

    private void propose(PartyId to) {
      if (!agents.containsKey(to)) {
        Transition<PartyJobState, PartyJobEffect> t = life(to).consider();
        agents.put(to, t.state());
        perform(to, t.effects());
      }
    }

    void tell(PartyId party, PartyJobEvent event) {
      PartyJobState state = agents.get(party);
      if (state == null) {
        return;
      }
      Transition<PartyJobState, PartyJobEffect> t = life(party).step(state, event);
      agents.put(party, t.state());
      boolean dies = t.changed() && random.nextInt(40) == 0;
      for (PartyJobEffect effect : t.effects()) {
        switch (effect) {
          case PartyJobEffect.ReserveBudget _ -> assertTrue(reserved.add(party));
          case PartyJobEffect.FreeReservation _ -> assertTrue(reserved.remove(party));
          case PartyJobEffect.ChargeBudget _ -> {
            assertTrue(reserved.remove(party));
            charges.merge(party, 1, Integer::sum);
          }
          case PartyJobEffect.StoreResult _ -> {
            results.merge(party, 1, Integer::sum);
            if (party.equals(A)) {
              assertEquals(Set.of(B, C), consents);
            }
          }
          case PartyJobEffect.StoreConsent _ -> assertTrue(consents.add(party));
          case PartyJobEffect.Sent _ when !dies -> perform(party, List.of(effect));
          case PartyJobEffect.Sent _ -> {}
        }
      }
      if (dies) {
        died.add(t.name());
        tell(party, new PartyJobEvent.Restarted());
      }
    }

    void perform(PartyId self, List<PartyJobEffect> effects) {
      for (PartyJobEffect effect : effects) {
        switch (effect) {
          case PartyJobEffect.Decide _ ->
              network.add(() -> tell(self, new PartyJobEvent.Decided(List.of())));
          case PartyJobEffect.SendVerdict(var refusals) ->
              network.add(() -> tell(new JobEvent.VerdictGiven(new PartyVerdict(self, refusals))));
          case PartyJobEffect.RunAttempt(int attempt) -> {
            network.add(() -> tell(self, new PartyJobEvent.Begun(attempt)));
            facts
                .steps()
                .forEach(
                    s -> network.add(() -> tell(self, new PartyJobEvent.StepDone(attempt, s))));
            if (random.nextInt(12) == 0) {
              Problem silent = new Problem(ErrorCode.PEER_SILENT, "peer", "a", "b");
              network.add(() -> tell(self, new PartyJobEvent.Trouble(attempt, silent)));
            }
          }
          case PartyJobEffect.SendStepDone(int attempt, String step) ->
              network.add(() -> tell(new JobEvent.StepDone(self, attempt, step)));
          case PartyJobEffect.SendTrouble(int attempt, Problem problem) ->
              network.add(() -> tell(new JobEvent.Trouble(self, attempt, problem)));
          case PartyJobEffect.AskConsents(int attempt) -> {
            for (PartyId party : List.of(B, C)) {
              network.add(() -> tell(party, new PartyJobEvent.ConsentAsked(attempt, SHAPE)));
            }
            network.add(
                () -> {
                  if (consents.size() == 2) {
                    tell(self, new PartyJobEvent.ResultReady(attempt, RELEASE));
                  }
                });
          }
          case PartyJobEffect.SendReleased(int attempt, Digest release) ->
              network.add(() -> tell(new JobEvent.Released(self, attempt, release)));
          case PartyJobEffect.Deliver(PartyId to) ->
              network.add(() -> tell(to, new PartyJobEvent.ResultArrived(RELEASE)));
          case PartyJobEffect.AcknowledgeDelivery _ ->
              network.add(() -> tell(A, new PartyJobEvent.DeliveryAcknowledged(self)));
          case PartyJobEffect.WriteReceipt _ ->
              network.add(() -> tell(self, new PartyJobEvent.ReceiptWritten(Digest.of("r"))));
          case PartyJobEffect.SendReceipt _ ->
              network.add(() -> tell(new JobEvent.ReceiptTaken(self)));
          case PartyJobEffect.StopAttempt _,
              PartyJobEffect.SendConsent _,
              PartyJobEffect.RefuseConsent _,
              PartyJobEffect.RefuseDelivery _,
              PartyJobEffect.Stored _ -> {}
        }
      }
    }

    void chaos(int moves) {
      for (int i = 0; i < moves; i++) {
        int move = random.nextInt(100);
        if (move < 80 && !network.isEmpty()) {
          int at = random.nextInt(network.size());
          Runnable message = random.nextInt(5) > 0 ? network.remove(at) : network.get(at);
          message.run();
        } else if (move < 88) {
          again();
        } else if (move < 89) {
          PartyId party = facts.parties().get(random.nextInt(3));
          tell(party, new PartyJobEvent.Restarted());
        } else if (move == 89 && random.nextInt(20) == 0) {
          tell(new JobEvent.Cancel(A));
        }
      }
    }

    /** What each side does every now and then: all that its state still asks for. */
    void again() {
      send(JobLife.due(facts, coordinator));
      agents.forEach((party, state) -> perform(party, life(party).due(state)));
    }

    /** The deadline, and then a network that works. */
    void calm() {
      tell(new JobEvent.DeadlinePassed());
      for (PartyId party : facts.parties()) {
        tell(party, new PartyJobEvent.DeadlinePassed());
      }
      for (int round = 0; round < 30; round++) {
        again();
        List<Runnable> sent = List.copyOf(network);
        network.clear();
        sent.forEach(Runnable::run);
      }
    }

    @Nullable Digest lateRelease() {
      return switch (coordinator) {
        case JobState.Refused s -> s.lateRelease();
        case JobState.Failed s -> s.lateRelease();
        case JobState.Aborted s -> s.lateRelease();
        case JobState.Expired s -> s.lateRelease();
        case JobState.Done s -> s.release();
        case JobState.Proposed _,
            JobState.Countersigned _,
            JobState.Running _,
            JobState.Releasing _ ->
            null;
      };
    }
  }

  @Test
  void anyFaults_endInOneVerdict_withEveryEffectOnce() {
    Map<JobVerdict, Integer> verdicts = new EnumMap<>(JobVerdict.class);
    Set<TransitionName> died = EnumSet.noneOf(TransitionName.class);
    for (long seed = 0; seed < 4000; seed++) {
      World world = new World(seed, facts(seed % 4 == 0 ? List.of("s", "t") : List.of("s")), died);
      world.chaos(20 + (int) (seed % 10) * 40);
      world.calm();
      String at = "seed " + seed + ": " + world.coordinator + " " + world.agents;
      JobState.Ended end = assertInstanceOf(JobState.Ended.class, world.coordinator, at);
      verdicts.merge(end.verdict(), 1, Integer::sum);
      assertEquals(new JobState.Receipts(true, List.of()), end.receipts(), at);
      world.agents.values().forEach(s -> assertInstanceOf(PartyJobState.Settled.class, s, at));
      assertEquals(Set.of(), world.reserved, at);
      world.charges.values().forEach(n -> assertEquals(1, n, at));
      world.results.values().forEach(n -> assertEquals(1, n, at));
      boolean released = world.results.containsKey(A);
      if (end.verdict() == JobVerdict.DONE) {
        assertTrue(released && world.results.containsKey(B), at);
      }
      if (!released) {
        assertNull(world.lateRelease(), at);
        assertEquals(Map.of(), world.results, at);
      }
    }
    assertEquals(
        EnumSet.of(
            // its effects are the caller's
            TransitionName.COORDINATOR_PROPOSE,
            TransitionName.AGENT_CONSIDER,
            // every party admits
            TransitionName.COORDINATOR_REFUSE,
            TransitionName.AGENT_DECLINE),
        EnumSet.complementOf(EnumSet.copyOf(died)));
    // the faults must not be so many that nothing else is seen
    assertTrue(verdicts.getOrDefault(JobVerdict.DONE, 0) > 400, verdicts.toString());
    assertTrue(verdicts.getOrDefault(JobVerdict.EXPIRED, 0) > 100, verdicts.toString());
    assertTrue(verdicts.getOrDefault(JobVerdict.FAILED, 0) > 100, verdicts.toString());
  }
}
