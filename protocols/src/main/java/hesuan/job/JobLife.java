package hesuan.job;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The coordinator's side of a job's life. It orders and records; it cannot cause a release. Where
 * its verdict and the leader's release cross on the way, the verdict stays and the release is kept
 * beside it, so that the record never denies what happened.
 */
public final class JobLife {
  /**
   * Troubles that another attempt may cure: a process, a line or an owner's database that was down.
   * Any other ends the job at once.
   */
  private static final Set<ErrorCode> WORTH_ANOTHER_ATTEMPT =
      EnumSet.of(
          ErrorCode.PEER_UNREACHABLE,
          ErrorCode.PEER_SILENT,
          ErrorCode.PEER_FAILED,
          ErrorCode.SOURCE_OFFLINE,
          ErrorCode.RESTARTED);

  private JobLife() {}

  /** The first state of an accepted job whose plan stands. */
  public static Transition<JobState, JobEffect> propose(JobFacts facts) {
    JobState state = new JobState.Proposed(List.of());
    return new Transition<>(TransitionName.COORDINATOR_PROPOSE, state, due(facts, state));
  }

  /** The first and last state of an accepted job that cannot be planned; no party is asked. */
  public static Transition<JobState, JobEffect> refuse(List<Refusal> refusals) {
    return new Transition<>(
        TransitionName.COORDINATOR_REFUSE,
        new JobState.Refused(refusals, null, new JobState.Receipts(false, List.of())),
        List.of(new JobEffect.WriteReceipt()));
  }

  public static boolean worthAnotherAttempt(ErrorCode code) {
    return WORTH_ANOTHER_ATTEMPT.contains(code);
  }

  public static Transition<JobState, JobEffect> step(
      JobFacts facts, JobState state, JobEvent event) {
    return switch (state) {
      case JobState.Ended ended -> afterTheEnd(facts, ended, event);
      case JobState.Proposed proposed when event instanceof JobEvent.VerdictGiven(var verdict) ->
          answered(facts, proposed, verdict);
      case JobState.Countersigned(int attempt, _) when event instanceof JobEvent.Begin ->
          to(facts, TransitionName.COORDINATOR_BEGIN, new JobState.Running(attempt, List.of()));
      case JobState.Running running when event instanceof JobEvent.StepDone done ->
          advanced(facts, running, done);
      case JobState.Proposed open -> inAnyOpenState(facts, open, 0, event);
      case JobState.Countersigned open -> inAnyOpenState(facts, open, open.attempt() - 1, event);
      case JobState.Running open -> inAnyOpenState(facts, open, open.attempt(), event);
      case JobState.Releasing open -> inAnyOpenState(facts, open, open.attempt(), event);
    };
  }

  /**
   * Everything that the stored state still asks for: carried out after a restart, after a party has
   * reconnected, and every now and then.
   */
  public static List<JobEffect> due(JobFacts facts, JobState state) {
    return switch (state) {
      case JobState.Proposed(var admitted) ->
          facts.parties().stream()
              .filter(p -> !admitted.contains(p))
              .<JobEffect>map(JobEffect.Propose::new)
              .toList();
      case JobState.Countersigned(int attempt, Problem interrupted) -> {
        List<JobEffect> effects = new ArrayList<>();
        if (interrupted != null) {
          facts
              .parties()
              .forEach(p -> effects.add(new JobEffect.Interrupt(p, attempt - 1, interrupted)));
        }
        effects.add(new JobEffect.AwaitParties());
        yield effects;
      }
      case JobState.Running running ->
          unfinished(facts, running).stream()
              .<JobEffect>map(p -> new JobEffect.Start(p, running.attempt()))
              .toList();
      case JobState.Releasing _ -> List.of();
      case JobState.Ended ended -> {
        List<JobEffect> effects = new ArrayList<>();
        if (!ended.receipts().written()) {
          effects.add(new JobEffect.WriteReceipt());
        }
        ended.receipts().owed().forEach(p -> effects.add(settle(p, ended)));
        yield effects;
      }
    };
  }

  private static Transition<JobState, JobEffect> answered(
      JobFacts facts, JobState.Proposed proposed, PartyVerdict verdict) {
    PartyId party = verdict.party();
    if (!facts.parties().contains(party)) {
      return Transition.stay(proposed, List.of());
    }
    if (!verdict.admitted()) {
      Set<PartyId> owed = new TreeSet<>(proposed.admitted());
      owed.add(party);
      return ended(
          facts,
          TransitionName.COORDINATOR_REFUSE,
          new JobState.Refused(verdict.refusals(), null, receipts(owed)));
    }
    if (proposed.admitted().contains(party)) {
      return Transition.stay(proposed, List.of());
    }
    Set<PartyId> admitted = new TreeSet<>(proposed.admitted());
    admitted.add(party);
    if (admitted.containsAll(facts.parties())) {
      return to(facts, TransitionName.COORDINATOR_COUNTERSIGN, new JobState.Countersigned(1, null));
    }
    return new Transition<>(
        TransitionName.COORDINATOR_ADMIT, new JobState.Proposed(List.copyOf(admitted)), List.of());
  }

  private static Transition<JobState, JobEffect> advanced(
      JobFacts facts, JobState.Running running, JobEvent.StepDone event) {
    JobState.StepDone done = new JobState.StepDone(event.party(), event.step());
    if (event.attempt() != running.attempt()
        || !facts.parties().contains(event.party())
        || !facts.steps().contains(event.step())
        || running.done().contains(done)) {
      return Transition.stay(running, List.of());
    }
    List<JobState.StepDone> all = new ArrayList<>(running.done());
    all.add(done);
    JobState.Running advanced = new JobState.Running(running.attempt(), all);
    return unfinished(facts, advanced).contains(facts.leader())
        ? new Transition<>(TransitionName.COORDINATOR_ADVANCE, advanced, List.of())
        : new Transition<>(
            TransitionName.COORDINATOR_RELEASE,
            new JobState.Releasing(running.attempt()),
            List.of());
  }

  /**
   * @param started the last attempt that was ordered
   */
  private static Transition<JobState, JobEffect> inAnyOpenState(
      JobFacts facts, JobState open, int started, JobEvent event) {
    return switch (event) {
      case JobEvent.VerdictGiven(PartyVerdict verdict)
          when !verdict.admitted() && facts.parties().contains(verdict.party()) ->
          ended(
              facts,
              TransitionName.COORDINATOR_REFUSE,
              new JobState.Refused(verdict.refusals(), null, receipts(facts.parties())));
      case JobEvent.Trouble trouble
          when facts.parties().contains(trouble.party())
              && trouble.attempt() >= 1
              && trouble.attempt() <= started ->
          troubled(facts, open, started, trouble);
      case JobEvent.Released released
          when released.party().equals(facts.leader())
              && released.attempt() >= 1
              && released.attempt() <= started ->
          ended(
              facts,
              TransitionName.COORDINATOR_FINISH,
              new JobState.Done(released.attempt(), released.release(), receipts(facts.parties())));
      case JobEvent.DeadlinePassed _ ->
          ended(
              facts,
              TransitionName.COORDINATOR_EXPIRE,
              new JobState.Expired(missing(facts, open), null, receipts(heard(facts, open))));
      case JobEvent.Cancel(PartyId by) ->
          ended(
              facts,
              TransitionName.COORDINATOR_ABORT,
              new JobState.Aborted(by, null, receipts(heard(facts, open))));
      case JobEvent.VerdictGiven _,
          JobEvent.Begin _,
          JobEvent.StepDone _,
          JobEvent.Trouble _,
          JobEvent.Released _,
          JobEvent.ReceiptWritten _,
          JobEvent.ReceiptTaken _ ->
          Transition.stay(open, List.of());
    };
  }

  private static Transition<JobState, JobEffect> troubled(
      JobFacts facts, JobState open, int started, JobEvent.Trouble trouble) {
    boolean curable = worthAnotherAttempt(trouble.problem().code());
    boolean stale = trouble.attempt() < started || open instanceof JobState.Countersigned;
    if (curable && stale) {
      return Transition.stay(open, List.of());
    }
    if (curable && started < facts.attemptsMax()) {
      return to(
          facts,
          TransitionName.COORDINATOR_RETRY,
          new JobState.Countersigned(started + 1, trouble.problem()));
    }
    return ended(
        facts,
        TransitionName.COORDINATOR_FAIL,
        new JobState.Failed(
            trouble.attempt(),
            trouble.party(),
            trouble.problem(),
            null,
            receipts(facts.parties())));
  }

  private static Transition<JobState, JobEffect> afterTheEnd(
      JobFacts facts, JobState.Ended ended, JobEvent event) {
    JobState.Receipts receipts = ended.receipts();
    return switch (event) {
      case JobEvent.ReceiptWritten _ when !receipts.written() ->
          new Transition<>(
              TransitionName.COORDINATOR_WRITE_RECEIPT,
              ended.with(new JobState.Receipts(true, receipts.owed())),
              List.of());
      case JobEvent.ReceiptTaken(PartyId party) when receipts.owed().contains(party) ->
          new Transition<>(
              TransitionName.COORDINATOR_TAKE_RECEIPT,
              ended.with(
                  new JobState.Receipts(
                      receipts.written(),
                      receipts.owed().stream().filter(p -> !p.equals(party)).toList())),
              List.of());
      case JobEvent.Released released when released.party().equals(facts.leader()) ->
          releasedLate(ended, released.release());
      // whoever still speaks of the job has not heard of its end
      case JobEvent.VerdictGiven(PartyVerdict verdict)
          when facts.parties().contains(verdict.party()) ->
          Transition.stay(ended, List.of(settle(verdict.party(), ended)));
      case JobEvent.StepDone done when facts.parties().contains(done.party()) ->
          Transition.stay(ended, List.of(settle(done.party(), ended)));
      case JobEvent.Trouble trouble when facts.parties().contains(trouble.party()) ->
          Transition.stay(ended, List.of(settle(trouble.party(), ended)));
      case JobEvent.VerdictGiven _,
          JobEvent.Begin _,
          JobEvent.StepDone _,
          JobEvent.Trouble _,
          JobEvent.Released _,
          JobEvent.DeadlinePassed _,
          JobEvent.Cancel _,
          JobEvent.ReceiptWritten _,
          JobEvent.ReceiptTaken _ ->
          Transition.stay(ended, List.of());
    };
  }

  private static Transition<JobState, JobEffect> releasedLate(
      JobState.Ended ended, Digest release) {
    JobState.Ended marked =
        switch (ended) {
          case JobState.Done done -> done;
          case JobState.Refused s -> new JobState.Refused(s.refusals(), release, s.receipts());
          case JobState.Failed s ->
              new JobState.Failed(s.attempt(), s.party(), s.problem(), release, s.receipts());
          case JobState.Aborted s -> new JobState.Aborted(s.by(), release, s.receipts());
          case JobState.Expired s -> new JobState.Expired(s.missing(), release, s.receipts());
        };
    return marked.equals(ended)
        ? Transition.stay(ended, List.of())
        : new Transition<>(TransitionName.COORDINATOR_LATE_RELEASE, marked, List.of());
  }

  private static Transition<JobState, JobEffect> to(
      JobFacts facts, TransitionName name, JobState state) {
    return new Transition<>(name, state, due(facts, state));
  }

  /** Told to every party, also to one that has not answered yet; owed by those that have. */
  private static Transition<JobState, JobEffect> ended(
      JobFacts facts, TransitionName name, JobState.Ended state) {
    List<JobEffect> effects = new ArrayList<>();
    effects.add(new JobEffect.WriteReceipt());
    facts.parties().forEach(p -> effects.add(settle(p, state)));
    return new Transition<>(name, state, effects);
  }

  private static JobEffect settle(PartyId to, JobState.Ended ended) {
    return new JobEffect.Settle(to, ended.verdict(), ended.reason());
  }

  private static JobState.Receipts receipts(Iterable<PartyId> owed) {
    Set<PartyId> sorted = new TreeSet<>();
    owed.forEach(sorted::add);
    return new JobState.Receipts(false, List.copyOf(sorted));
  }

  private static List<PartyId> unfinished(JobFacts facts, JobState.Running running) {
    return facts.parties().stream()
        .filter(
            p ->
                !facts.steps().stream()
                    .allMatch(s -> running.done().contains(new JobState.StepDone(p, s))))
        .toList();
  }

  private static List<PartyId> missing(JobFacts facts, JobState open) {
    return switch (open) {
      case JobState.Proposed(var admitted) ->
          facts.parties().stream().filter(p -> !admitted.contains(p)).toList();
      case JobState.Running running -> unfinished(facts, running);
      case JobState.Releasing _ -> List.of(facts.leader());
      case JobState.Countersigned _, JobState.Ended _ -> List.of();
    };
  }

  private static List<PartyId> heard(JobFacts facts, JobState open) {
    return open instanceof JobState.Proposed(var admitted) ? admitted : facts.parties();
  }
}
