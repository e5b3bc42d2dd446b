package hesuan.agent.job;

import hesuan.agent.budget.Budget;
import hesuan.agent.budget.BudgetLine;
import hesuan.evidence.JobRecord;
import hesuan.evidence.Statement;
import hesuan.policy.Decision;
import hesuan.policy.PolicyInput;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What this party says about a job, as the record that it signs. */
final class Records {
  private static final String PROTOCOL_VERSION = "1";

  private final PartyId self;
  private final JobBook book;
  private final Budget budget;
  private final Clock clock;

  Records(PartyId self, JobBook book, Budget budget, Clock clock) {
    this.self = self;
    this.book = book;
    this.budget = budget;
    this.clock = clock;
  }

  Statement run(JobEntry entry, int attempt, @Nullable Digest previous) {
    return new Statement(
        Statement.Kind.RUN,
        record(entry, attempt, ownProducts(entry), List.of(), List.of(), null, previous));
  }

  Statement consent(
      JobEntry entry, int attempt, List<JobRecord.Output> outputs, @Nullable Digest previous) {
    return new Statement(
        Statement.Kind.CONSENT,
        record(entry, attempt, ownProducts(entry), outputs, List.of(), null, previous));
  }

  /**
   * @param outputs with the digests of what leaves
   * @param consents of every other contributing party, in the order of the plan's parties
   */
  Statement release(
      JobEntry entry,
      int attempt,
      List<JobRecord.Output> outputs,
      List<Digest> consents,
      @Nullable Digest previous) {
    List<JobRecord.Input> products =
        entry.plan().products().stream()
            .map(p -> new JobRecord.Input(p.ref(), p.fingerprint()))
            .toList();
    return new Statement(
        Statement.Kind.RELEASE,
        record(entry, attempt, products, outputs, consents, null, previous));
  }

  Statement ended(
      JobEntry entry,
      Statement.Kind kind,
      int attempt,
      Problem problem,
      @Nullable Digest previous) {
    return new Statement(
        kind, record(entry, attempt, ownProducts(entry), List.of(), List.of(), problem, previous));
  }

  private JobRecord record(
      JobEntry entry,
      int attempt,
      List<JobRecord.Input> products,
      List<JobRecord.Output> outputs,
      List<Digest> consents,
      @Nullable Problem problem,
      @Nullable Digest previous) {
    Plan plan = entry.plan();
    return new JobRecord(
        self,
        entry.id(),
        attempt,
        plan.purpose(),
        plan.spec(),
        plan.digest(),
        plan.contractDigest(),
        plan.parties(),
        products,
        policy(entry).orElse(null),
        protocols(entry, attempt),
        spent(entry),
        List.of(),
        outputs,
        consents,
        problem,
        entry.createdSeconds(),
        Math.max(entry.createdSeconds(), clock.instant().getEpochSecond()),
        previous);
  }

  private List<JobRecord.Input> ownProducts(JobEntry entry) {
    return entry.plan().products().stream()
        .filter(p -> p.ref().party().equals(self))
        .map(p -> new JobRecord.Input(p.ref(), p.fingerprint()))
        .toList();
  }

  private Optional<JobRecord.Policy> policy(JobEntry entry) {
    List<Decision> decisions = book.decisions(entry.id());
    return decisions.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new JobRecord.Policy(
                decisions.getLast().bundle(),
                decisions.stream().map(Decision::id).distinct().toList()));
  }

  private List<JobRecord.Protocol> protocols(JobEntry entry, int attempt) {
    List<Plan.Step> steps = entry.plan().steps();
    List<Optional<Digest>> transcripts = book.transcripts(entry.id(), attempt, steps);
    List<JobRecord.Protocol> protocols = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      if (transcripts.get(i).isPresent()) {
        protocols.add(
            new JobRecord.Protocol(
                PolicyInput.protocol(steps.get(i)), PROTOCOL_VERSION, transcripts.get(i).get()));
      }
    }
    return protocols;
  }

  private List<JobRecord.Spent> spent(JobEntry entry) {
    List<JobRecord.Spent> spent = new ArrayList<>();
    for (Plan.Charge charge : Admission.ownCharges(entry.plan(), self)) {
      Epsilon left =
          budget.lines().stream()
              .filter(
                  l -> l.asset().equals(charge.product().asset()) && l.unit().equals(charge.unit()))
              .findFirst()
              .map(BudgetLine::left)
              .orElse(Epsilon.ZERO);
      spent.add(
          new JobRecord.Spent(
              charge.product(),
              budget.charged(entry.id(), charge),
              charge.delta(),
              entry.plan().minGroup(),
              left));
    }
    return spent;
  }
}
