package hesuan.job;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One party's side of a job's life. It trusts nobody to count: it charges once whatever it is told,
 * consents to one output, runs no more attempts than it signed, and ends by its own clock where the
 * coordinator is lost, unless it has consented: then only the coordinator's word can say how the
 * job ended.
 */
public final class PartyJobLife {
  private final JobFacts facts;
  private final PartyId self;

  public PartyJobLife(JobFacts facts, PartyId self) {
    this.facts = facts;
    this.self = self;
  }

  /** The first state of a job that was proposed. */
  public Transition<PartyJobState, PartyJobEffect> consider() {
    PartyJobState state = new PartyJobState.Considered();
    return new Transition<>(TransitionName.AGENT_CONSIDER, state, due(state));
  }

  public Transition<PartyJobState, PartyJobEffect> step(PartyJobState state, PartyJobEvent event) {
    return switch (event) {
      case PartyJobEvent.Decided(var refusals) -> decided(state, refusals);
      case PartyJobEvent.Start(int attempt) -> started(state, attempt);
      case PartyJobEvent.Begun(int attempt) -> begun(state, attempt);
      case PartyJobEvent.StepDone done -> advanced(state, done);
      case PartyJobEvent.Trouble(int attempt, Problem problem) ->
          attemptOf(state) == attempt ? interrupted(state, problem) : stay(state);
      case PartyJobEvent.ConsentAsked(_, Digest shape) when leads() -> refuseOwn(state, shape);
      case PartyJobEvent.ConsentAsked asked -> consentAsked(state, asked);
      case PartyJobEvent.ResultReady ready -> resultReady(state, ready);
      case PartyJobEvent.DeliveryAcknowledged(PartyId by) -> delivered(state, by);
      case PartyJobEvent.ResultArrived(Digest release) -> arrived(state, release);
      case PartyJobEvent.Settle(JobVerdict verdict, var problem) ->
          settled(state, verdict, problem);
      case PartyJobEvent.ReceiptWritten(Digest receipt) -> receiptWritten(state, receipt);
      case PartyJobEvent.DeadlinePassed _ -> deadlinePassed(state);
      case PartyJobEvent.Restarted _ -> restarted(state);
    };
  }

  /**
   * Everything that the stored state still asks for: carried out after a restart (after {@link
   * PartyJobEvent.Restarted}), after reconnecting, and every now and then.
   */
  public List<PartyJobEffect> due(PartyJobState state) {
    return switch (state) {
      case PartyJobState.Considered _ -> List.of(new PartyJobEffect.Decide());
      case PartyJobState.Admitted _ -> List.of(new PartyJobEffect.SendVerdict(List.of()));
      case PartyJobState.Declined declined ->
          List.of(new PartyJobEffect.SendVerdict(declined.refusals()));
      case PartyJobState.Charged(int attempt, var interrupted, _) ->
          List.of(
              interrupted == null
                  ? new PartyJobEffect.RunAttempt(attempt)
                  : new PartyJobEffect.SendTrouble(attempt, interrupted));
      case PartyJobState.Running running ->
          running.done().stream()
              .<PartyJobEffect>map(s -> new PartyJobEffect.SendStepDone(running.attempt(), s))
              .toList();
      case PartyJobState.AwaitingRelease(int attempt, _) -> {
        List<PartyJobEffect> effects = new ArrayList<>();
        facts.steps().forEach(s -> effects.add(new PartyJobEffect.SendStepDone(attempt, s)));
        if (leads()) {
          effects.add(new PartyJobEffect.AskConsents(attempt));
        }
        yield effects;
      }
      case PartyJobState.Released released -> {
        List<PartyJobEffect> effects = new ArrayList<>();
        if (leads()) {
          effects.add(new PartyJobEffect.SendReleased(released.attempt(), released.release()));
        }
        released.undelivered().forEach(p -> effects.add(new PartyJobEffect.Deliver(p)));
        yield effects;
      }
      case PartyJobState.Settled settled -> {
        List<PartyJobEffect> effects = new ArrayList<>();
        if (settled.receipt() == null) {
          effects.add(new PartyJobEffect.WriteReceipt());
        }
        settled.undelivered().forEach(p -> effects.add(new PartyJobEffect.Deliver(p)));
        yield effects;
      }
    };
  }

  private Transition<PartyJobState, PartyJobEffect> decided(
      PartyJobState state, List<Refusal> refusals) {
    if (refusals.isEmpty()) {
      return state instanceof PartyJobState.Considered
          ? to(
              TransitionName.AGENT_ADMIT,
              new PartyJobState.Admitted(),
              new PartyJobEffect.ReserveBudget())
          : stay(state);
    }
    return switch (state) {
      case PartyJobState.Considered _ ->
          to(TransitionName.AGENT_DECLINE, new PartyJobState.Declined(refusals, false, null));
      case PartyJobState.Admitted _ ->
          to(
              TransitionName.AGENT_DECLINE,
              new PartyJobState.Declined(refusals, false, null),
              new PartyJobEffect.FreeReservation());
      case PartyJobState.Charged _, PartyJobState.Running _, PartyJobState.AwaitingRelease _ ->
          to(
              TransitionName.AGENT_DECLINE,
              new PartyJobState.Declined(refusals, true, consentOf(state)),
              new PartyJobEffect.StopAttempt(attemptOf(state)));
      case PartyJobState.Declined _, PartyJobState.Released _, PartyJobState.Settled _ ->
          stay(state);
    };
  }

  private Transition<PartyJobState, PartyJobEffect> started(PartyJobState state, int attempt) {
    if (attempt < 1 || attempt > facts.attemptsMax()) {
      return stay(state);
    }
    return switch (state) {
      case PartyJobState.Admitted _ ->
          to(
              TransitionName.AGENT_CHARGE,
              new PartyJobState.Charged(attempt, null, null),
              new PartyJobEffect.ChargeBudget());
      case PartyJobState.Charged(int current, _, var consent) when attempt > current ->
          to(
              TransitionName.AGENT_RESTART_ATTEMPT,
              new PartyJobState.Charged(attempt, null, consent));
      case PartyJobState.Running(int current, _, var consent) when attempt > current ->
          to(
              TransitionName.AGENT_RESTART_ATTEMPT,
              new PartyJobState.Charged(attempt, null, consent),
              new PartyJobEffect.StopAttempt(current));
      case PartyJobState.AwaitingRelease(int current, var consent) when attempt > current ->
          to(
              TransitionName.AGENT_RESTART_ATTEMPT,
              new PartyJobState.Charged(attempt, null, consent),
              new PartyJobEffect.StopAttempt(current));
      // consented, but the leader was lost before it stored the result
      case PartyJobState.Released(int current, Digest shape, _, var received)
          when !leads() && received == null && attempt > current ->
          to(TransitionName.AGENT_RESTART_ATTEMPT, new PartyJobState.Charged(attempt, null, shape));
      case PartyJobState.Declined _, PartyJobState.Charged _, PartyJobState.Released _ ->
          Transition.stay(state, due(state));
      case PartyJobState.Considered _,
          PartyJobState.Running _,
          PartyJobState.AwaitingRelease _,
          PartyJobState.Settled _ ->
          stay(state);
    };
  }

  private Transition<PartyJobState, PartyJobEffect> begun(PartyJobState state, int attempt) {
    return state instanceof PartyJobState.Charged(int current, var interrupted, var consent)
            && current == attempt
            && interrupted == null
        ? to(TransitionName.AGENT_BEGIN, new PartyJobState.Running(attempt, List.of(), consent))
        : stay(state);
  }

  private Transition<PartyJobState, PartyJobEffect> advanced(
      PartyJobState state, PartyJobEvent.StepDone event) {
    if (!(state instanceof PartyJobState.Running running)
        || running.attempt() != event.attempt()
        || !facts.steps().contains(event.step())
        || running.done().contains(event.step())) {
      return stay(state);
    }
    List<String> done = new ArrayList<>(running.done());
    done.add(event.step());
    if (done.containsAll(facts.steps())) {
      return to(
          TransitionName.AGENT_AWAIT_RELEASE,
          new PartyJobState.AwaitingRelease(event.attempt(), running.consent()));
    }
    return new Transition<>(
        TransitionName.AGENT_ADVANCE,
        new PartyJobState.Running(event.attempt(), done, running.consent()),
        List.of(new PartyJobEffect.SendStepDone(event.attempt(), event.step())));
  }

  private Transition<PartyJobState, PartyJobEffect> interrupted(
      PartyJobState state, Problem problem) {
    return switch (state) {
      case PartyJobState.Charged charged when charged.interrupted() != null -> stay(state);
      case PartyJobState.Charged _, PartyJobState.Running _, PartyJobState.AwaitingRelease _ ->
          to(
              TransitionName.AGENT_INTERRUPT,
              new PartyJobState.Charged(attemptOf(state), problem, consentOf(state)),
              new PartyJobEffect.StopAttempt(attemptOf(state)));
      case PartyJobState.Considered _,
          PartyJobState.Admitted _,
          PartyJobState.Declined _,
          PartyJobState.Released _,
          PartyJobState.Settled _ ->
          stay(state);
    };
  }

  /** Only a broken peer asks the leader. */
  private static Transition<PartyJobState, PartyJobEffect> refuseOwn(
      PartyJobState state, Digest shape) {
    return Transition.stay(state, List.of(new PartyJobEffect.RefuseConsent(shape, shape)));
  }

  private Transition<PartyJobState, PartyJobEffect> consentAsked(
      PartyJobState state, PartyJobEvent.ConsentAsked asked) {
    Digest given = consentOf(state);
    if (given != null && !given.equals(asked.shape())) {
      return Transition.stay(
          state, List.of(new PartyJobEffect.RefuseConsent(asked.shape(), given)));
    }
    PartyJobEffect consent = new PartyJobEffect.SendConsent(asked.shape());
    if (state instanceof PartyJobState.Released) {
      return Transition.stay(state, given == null ? List.of() : List.of(consent));
    }
    if (!(state instanceof PartyJobState.AwaitingRelease(int attempt, _))
        || attempt != asked.attempt()) {
      return stay(state);
    }
    PartyJobState released = new PartyJobState.Released(attempt, asked.shape(), List.of(), null);
    return new Transition<>(
        TransitionName.AGENT_CONSENT,
        released,
        given == null
            ? List.of(new PartyJobEffect.StoreConsent(asked.shape()), consent)
            : List.of(consent));
  }

  private Transition<PartyJobState, PartyJobEffect> resultReady(
      PartyJobState state, PartyJobEvent.ResultReady ready) {
    if (!leads()
        || !(state instanceof PartyJobState.AwaitingRelease(int attempt, _))
        || attempt != ready.attempt()) {
      return stay(state);
    }
    return to(
        TransitionName.AGENT_RELEASE,
        new PartyJobState.Released(
            attempt,
            ready.release(),
            facts.receivers().stream().filter(p -> !p.equals(self)).toList(),
            null),
        new PartyJobEffect.StoreResult(ready.release()));
  }

  private Transition<PartyJobState, PartyJobEffect> delivered(PartyJobState state, PartyId by) {
    return switch (state) {
      case PartyJobState.Released s when s.undelivered().contains(by) ->
          new Transition<>(
              TransitionName.AGENT_DELIVER,
              new PartyJobState.Released(
                  s.attempt(), s.release(), without(s.undelivered(), by), s.received()),
              List.of());
      case PartyJobState.Settled s when s.undelivered().contains(by) ->
          new Transition<>(
              TransitionName.AGENT_DELIVER,
              new PartyJobState.Settled(
                  s.verdict(),
                  s.problem(),
                  s.charged(),
                  s.release(),
                  without(s.undelivered(), by),
                  s.received(),
                  s.receipt()),
              List.of());
      case PartyJobState.Considered _,
          PartyJobState.Admitted _,
          PartyJobState.Declined _,
          PartyJobState.Charged _,
          PartyJobState.Running _,
          PartyJobState.AwaitingRelease _,
          PartyJobState.Released _,
          PartyJobState.Settled _ ->
          stay(state);
    };
  }

  private Transition<PartyJobState, PartyJobEffect> arrived(PartyJobState state, Digest release) {
    if (leads() || !facts.receivers().contains(self)) {
      return refuseDelivery(state, release);
    }
    return switch (state) {
      // a receiver that contributes nothing is not asked for consent
      case PartyJobState.AwaitingRelease(int attempt, _) ->
          receive(new PartyJobState.Released(attempt, release, List.of(), release), release);
      case PartyJobState.Released s when s.received() == null ->
          receive(
              new PartyJobState.Released(s.attempt(), s.release(), List.of(), release), release);
      case PartyJobState.Released s when release.equals(s.received()) -> acknowledge(s, release);
      case PartyJobState.Settled s when release.equals(s.received()) -> acknowledge(s, release);
      case PartyJobState.Settled s when s.received() == null && s.verdict() == JobVerdict.DONE ->
          receive(
              new PartyJobState.Settled(
                  s.verdict(),
                  s.problem(),
                  s.charged(),
                  s.release(),
                  s.undelivered(),
                  release,
                  s.receipt()),
              release);
      case PartyJobState.Considered _,
          PartyJobState.Admitted _,
          PartyJobState.Declined _,
          PartyJobState.Charged _,
          PartyJobState.Running _,
          PartyJobState.Released _,
          PartyJobState.Settled _ ->
          refuseDelivery(state, release);
    };
  }

  private static Transition<PartyJobState, PartyJobEffect> receive(
      PartyJobState state, Digest release) {
    return new Transition<>(
        TransitionName.AGENT_RECEIVE,
        state,
        List.of(
            new PartyJobEffect.StoreResult(release),
            new PartyJobEffect.AcknowledgeDelivery(release)));
  }

  private static Transition<PartyJobState, PartyJobEffect> acknowledge(
      PartyJobState state, Digest release) {
    return Transition.stay(state, List.of(new PartyJobEffect.AcknowledgeDelivery(release)));
  }

  private static Transition<PartyJobState, PartyJobEffect> refuseDelivery(
      PartyJobState state, Digest release) {
    return Transition.stay(state, List.of(new PartyJobEffect.RefuseDelivery(release)));
  }

  private Transition<PartyJobState, PartyJobEffect> settled(
      PartyJobState state, JobVerdict verdict, @Nullable Problem problem) {
    if (state instanceof PartyJobState.Settled settled) {
      return Transition.stay(
          state,
          List.of(
              settled.receipt() == null
                  ? new PartyJobEffect.WriteReceipt()
                  : new PartyJobEffect.SendReceipt(settled.receipt())));
    }
    List<PartyJobEffect> effects = new ArrayList<>();
    if (state instanceof PartyJobState.Admitted) {
      effects.add(new PartyJobEffect.FreeReservation());
    }
    if (state instanceof PartyJobState.Running
        || state instanceof PartyJobState.AwaitingRelease
        || state instanceof PartyJobState.Charged) {
      effects.add(new PartyJobEffect.StopAttempt(attemptOf(state)));
    }
    PartyJobState.Released released = state instanceof PartyJobState.Released s ? s : null;
    PartyJobState.Settled end =
        new PartyJobState.Settled(
            verdict,
            problem,
            charged(state),
            released == null ? consentOf(state) : released.release(),
            released == null || verdict != JobVerdict.DONE ? List.of() : released.undelivered(),
            released == null ? null : released.received(),
            null);
    effects.addAll(due(end));
    return new Transition<>(TransitionName.AGENT_SETTLE, end, effects);
  }

  private Transition<PartyJobState, PartyJobEffect> receiptWritten(
      PartyJobState state, Digest receipt) {
    return state instanceof PartyJobState.Settled s && s.receipt() == null
        ? new Transition<>(
            TransitionName.AGENT_WRITE_RECEIPT,
            new PartyJobState.Settled(
                s.verdict(),
                s.problem(),
                s.charged(),
                s.release(),
                s.undelivered(),
                s.received(),
                receipt),
            List.of(new PartyJobEffect.SendReceipt(receipt)))
        : stay(state);
  }

  private Transition<PartyJobState, PartyJobEffect> deadlinePassed(PartyJobState state) {
    if (state instanceof PartyJobState.Settled || consentOf(state) != null || released(state)) {
      return stay(state);
    }
    return state instanceof PartyJobState.Declined(var refusals, _, _)
        ? settled(state, JobVerdict.REFUSED, refusals.getFirst().problem())
        : settled(
            state,
            JobVerdict.EXPIRED,
            new Problem(ErrorCode.DEADLINE_PASSED, "job", "to end in time", "no word of its end"));
  }

  private Transition<PartyJobState, PartyJobEffect> restarted(PartyJobState state) {
    return state instanceof PartyJobState.Running || state instanceof PartyJobState.AwaitingRelease
        ? interrupted(
            state,
            new Problem(
                ErrorCode.RESTARTED,
                self.value(),
                "an attempt in one run",
                "a restart of the agent"))
        : Transition.stay(state, due(state));
  }

  private Transition<PartyJobState, PartyJobEffect> to(
      TransitionName name, PartyJobState state, PartyJobEffect... first) {
    List<PartyJobEffect> effects = new ArrayList<>(List.of(first));
    effects.addAll(due(state));
    return new Transition<>(name, state, effects);
  }

  private static Transition<PartyJobState, PartyJobEffect> stay(PartyJobState state) {
    return Transition.stay(state, List.of());
  }

  private boolean leads() {
    return self.equals(facts.leader());
  }

  private static boolean released(PartyJobState state) {
    return state instanceof PartyJobState.Released;
  }

  /** The attempt in hand, or 0. */
  private static int attemptOf(PartyJobState state) {
    return switch (state) {
      case PartyJobState.Charged s -> s.attempt();
      case PartyJobState.Running s -> s.attempt();
      case PartyJobState.AwaitingRelease s -> s.attempt();
      case PartyJobState.Released s -> s.attempt();
      case PartyJobState.Considered _,
          PartyJobState.Admitted _,
          PartyJobState.Declined _,
          PartyJobState.Settled _ ->
          0;
    };
  }

  /** The shape to which this party has consented in this job, if any. */
  private @Nullable Digest consentOf(PartyJobState state) {
    return switch (state) {
      case PartyJobState.Declined s -> s.consent();
      case PartyJobState.Charged s -> s.consent();
      case PartyJobState.Running s -> s.consent();
      case PartyJobState.AwaitingRelease s -> s.consent();
      case PartyJobState.Released s ->
          leads() || s.release().equals(s.received()) ? null : s.release();
      case PartyJobState.Settled s -> s.release();
      case PartyJobState.Considered _, PartyJobState.Admitted _ -> null;
    };
  }

  private static boolean charged(PartyJobState state) {
    return switch (state) {
      case PartyJobState.Considered _, PartyJobState.Admitted _ -> false;
      case PartyJobState.Declined s -> s.charged();
      case PartyJobState.Charged _,
          PartyJobState.Running _,
          PartyJobState.AwaitingRelease _,
          PartyJobState.Released _ ->
          true;
      case PartyJobState.Settled s -> s.charged();
    };
  }

  private static List<PartyId> without(List<PartyId> parties, PartyId gone) {
    return parties.stream().filter(p -> !p.equals(gone)).toList();
  }
}
