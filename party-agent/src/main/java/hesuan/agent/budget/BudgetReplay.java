package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a chain of entries adds up to. Takes one entry after another and refuses what may not
 * follow: an entry that does not hold the digest of the one before, a reservation beyond the limit,
 * a charge of what was not reserved, and anything that would give a charge back.
 */
final class BudgetReplay {
  enum State {
    RESERVED,
    CHARGED,
    FREED
  }

  /** In millionths. */
  record Totals(long limit, long rate, int rateDays, long reserved, long charged) {}

  record Job(State state, Digest query, List<Amount> amounts) {
    Job {
      amounts = List.copyOf(amounts);
    }
  }

  private final Map<Key, Totals> lines = new TreeMap<>();
  private final Map<JobId, Job> jobs = new HashMap<>();
  private final Set<Digest> queries = new HashSet<>();
  private final QueryReplay asked = new QueryReplay();
  private BudgetHead.Head head = BudgetEntry.NONE;

  Map<Key, Totals> lines() {
    return lines;
  }

  Map<JobId, Job> jobs() {
    return jobs;
  }

  Set<Digest> queries() {
    return queries;
  }

  QueryReplay asked() {
    return asked;
  }

  BudgetHead.Head head() {
    return head;
  }

  void append(BudgetEntry entry) {
    require(entry.previous().equals(head.digest()), entry, "the digest of the entry before");
    boolean follows =
        entry.event() instanceof BudgetEvent.Resolved resolved
            ? entry.number() > head.number()
                && resolved.lost().stream().allMatch(lost -> lost.number() < entry.number())
            : entry.number() == head.number() + 1;
    require(follows, entry, "the next number");
    switch (entry.event()) {
      case BudgetEvent.Allowed(Key key, Epsilon limit, Epsilon rate, int rateDays) -> {
        Totals now = line(key);
        lines.put(
            key, new Totals(limit.micros(), rate.micros(), rateDays, now.reserved, now.charged));
      }
      case BudgetEvent.Reserved(JobId job, Digest query, List<Amount> amounts) -> {
        requireNoneStands(job, entry);
        for (Amount amount : amounts) {
          Totals now = line(amount.key());
          long left = now.limit - now.reserved - now.charged;
          require(amount.epsilon().micros() <= left, entry, "a reservation of what is left");
          add(amount, 1, 0);
        }
        jobs.put(job, new Job(State.RESERVED, query, amounts));
      }
      case BudgetEvent.Charged(JobId job) -> {
        Job reserved = requireReserved(job, entry);
        reserved.amounts.forEach(amount -> add(amount, -1, 1));
        jobs.put(job, new Job(State.CHARGED, reserved.query, reserved.amounts));
        queries.add(reserved.query);
      }
      case BudgetEvent.Freed(JobId job) -> {
        Job reserved = requireReserved(job, entry);
        reserved.amounts.forEach(amount -> add(amount, -1, 0));
        jobs.put(job, new Job(State.FREED, reserved.query, reserved.amounts));
      }
      case BudgetEvent.Repeated(JobId job, Digest query) -> {
        requireNoneStands(job, entry);
        require(queries.contains(query), entry, "a query that was charged before");
        jobs.put(job, new Job(State.CHARGED, query, List.of()));
      }
      case BudgetEvent.Resolved(List<BudgetHead.Head> lost, List<Amount> spent) -> {
        spent.forEach(amount -> add(amount, 0, 1));
        if (!lost.isEmpty()) {
          asked.resolved();
        }
      }
      case BudgetEvent.QueriesAllowed event -> asked.allow(event);
      case BudgetEvent.QueriesReserved event ->
          require(asked.reserve(event), entry, "a reservation of queries that are left");
      case BudgetEvent.QueriesCharged(JobId job) ->
          require(asked.move(job, State.CHARGED), entry, "a job with reserved queries");
      case BudgetEvent.QueriesChargedAgain(JobId job, PartyId by) ->
          require(asked.again(job, by), entry, "a job with charged queries");
      case BudgetEvent.QueriesFreed(JobId job) ->
          require(asked.move(job, State.FREED), entry, "a job with reserved queries");
    }
    head = entry.head();
  }

  private Totals line(Key key) {
    return lines.getOrDefault(key, new Totals(0, 0, 0, 0, 0));
  }

  private void add(Amount amount, int reserved, int charged) {
    Totals now = line(amount.key());
    long micros = amount.epsilon().micros();
    lines.put(
        amount.key(),
        new Totals(
            now.limit,
            now.rate,
            now.rateDays,
            now.reserved + reserved * micros,
            now.charged + charged * micros));
  }

  private void requireNoneStands(JobId job, BudgetEntry entry) {
    Job known = jobs.get(job);
    require(known == null || known.state == State.FREED, entry, "a job without a reservation");
  }

  private Job requireReserved(JobId job, BudgetEntry entry) {
    Job known = jobs.get(job);
    require(known != null && known.state == State.RESERVED, entry, "a job with a reservation");
    return known;
  }

  private static void require(boolean holds, BudgetEntry entry, String expected) {
    if (!holds) {
      throw new ProblemException(
          ErrorCode.BUDGET_DAMAGED, "entry " + entry.number(), expected, "another entry");
    }
  }
}
