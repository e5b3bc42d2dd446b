package hesuan.coordinator.schedule;

import hesuan.control.PlanAsk;
import hesuan.control.PlanVerdict;
import hesuan.control.Propose;
import hesuan.control.ToAgent;
import hesuan.job.PlanOpinion;
import hesuan.job.Refusal;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans that are shown to their parties and not run: nothing is stored, the asker waits, and an
 * answer that comes too late finds nobody. Safe for many threads.
 */
public final class PlanAsks {
  private static final Logger log = LoggerFactory.getLogger(PlanAsks.class);
  private static final int ASKS_MAX = 64;

  /** A plan that was shown to every party and not run. */
  public record Asked(Planning.Prepared prepared, List<PlanOpinion> verdicts) {}

  private static final class Ask {
    private final Map<PartyId, PlanOpinion> verdicts = new ConcurrentHashMap<>();
    private final CountDownLatch awaited;
    private final List<PartyId> parties;

    Ask(List<PartyId> parties) {
      this.parties = parties;
      this.awaited = new CountDownLatch(parties.size());
    }
  }

  private final Planning planning;
  private final Line line;
  private final Clock clock;
  private final Timing timing;
  private final Map<String, Ask> open = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();

  PlanAsks(Planning planning, Line line, Clock clock, Timing timing) {
    this.planning = planning;
    this.line = line;
    this.clock = clock;
    this.timing = timing;
  }

  /** Shows a plan to every party without running it, and waits for what they say. */
  Asked ask(PartyId submitter, JobSpec spec) {
    Planning.Prepared prepared = planning.prepare(submitter, spec);
    Plan plan = prepared.plan();
    if (plan == null) {
      return new Asked(prepared, List.of());
    }
    if (open.size() >= ASKS_MAX) {
      throw new ProblemException(
          ErrorCode.LIMIT_EXCEEDED, "plan", ASKS_MAX + " plans at a time", "more");
    }
    String number = "ask-" + numbers.incrementAndGet();
    Ask ask = new Ask(plan.parties());
    open.put(number, ask);
    try {
      Propose propose =
          planning.proposal(
              prepared.id(), spec, plan, clock.millis() + timing.planWait().toMillis());
      plan.parties()
          .forEach(
              party ->
                  line.send(
                      party,
                      number,
                      () ->
                          ToAgent.newBuilder()
                              .setPlanAsk(PlanAsk.newBuilder().setAsk(number).setPropose(propose))
                              .build()));
      boolean all = ask.awaited.await(waitFor(plan.parties()), TimeUnit.MILLISECONDS);
      log.debug("{} answered by {} parties, all: {}", number, ask.verdicts.size(), all);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(number);
    }
    return new Asked(
        prepared,
        plan.parties().stream()
            .map(party -> ask.verdicts.getOrDefault(party, unheard(party)))
            .toList());
  }

  /** Nobody waits for parties of which none is there. */
  private long waitFor(List<PartyId> parties) {
    return parties.stream().allMatch(line::connected) ? timing.planWait().toMillis() : 1_000;
  }

  private PlanOpinion unheard(PartyId party) {
    ErrorCode code = line.connected(party) ? ErrorCode.PEER_SILENT : ErrorCode.PEER_UNREACHABLE;
    return new PlanOpinion(
        party,
        List.of(
            new Refusal(
                party, "connected", new Problem(code, party.value(), "an answer", "none"), "")),
        List.of());
  }

  /** An answer of a party that was asked; any other is nobody's. */
  void answered(PartyId from, PlanVerdict said) {
    Ask ask = open.get(said.getAsk());
    if (ask == null || !ask.parties.contains(from)) {
      return;
    }
    PlanOpinion verdict = Json.read(said.getVerdict().toByteArray(), PlanOpinion.class);
    if (verdict.party().equals(from) && ask.verdicts.putIfAbsent(from, verdict) == null) {
      ask.awaited.countDown();
    }
  }
}
