package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.dp.account.LossSum;
import hesuan.dp.account.PrivacyFilter;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Rho;
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

  record Totals(
      PrivacyFilter filter, Epsilon rate, int rateDays, LossSum reserved, LossSum charged) {
    LossSum all() {
      return reserved.plus(charged);
    }
  }

  record Job(State state, Digest query, List<Amount> amounts) {
    Job {
      amounts = List.copyOf(amounts);
    }
  }

  private static final Totals NOTHING =
      new Totals(
          new PrivacyFilter(Epsilon.ZERO, null, Rho.ZERO),
          Epsilon.ZERO,
          0,
          LossSum.ZERO,
          LossSum.ZERO);

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
      case BudgetEvent.Allowed allowed -> {
        PrivacyFilter filter = allowed.filter();
        Rho most = PrivacyFilter.rhoMost(filter.limit(), filter.delta());
        require(filter.rhoMost().compareTo(most) <= 0, entry, "no more rho than the limit allows");
        Totals now = line(allowed.key());
        lines.put(
            allowed.key(),
            new Totals(filter, allowed.rate(), allowed.rateDays(), now.reserved, now.charged));
      }
      case BudgetEvent.Reserved(JobId job, Digest query, List<Amount> amounts) -> {
        requireNoneStands(job, entry);
        for (Amount amount : amounts) {
          Totals now = line(amount.key());
          require(
              now.filter.admits(now.all(), amount.loss()), entry, "a reservation of what is left");
          reserve(amount);
        }
        jobs.put(job, new Job(State.RESERVED, query, amounts));
      }
      case BudgetEvent.Charged(JobId job) -> {
        Job reserved = requireReserved(job, entry);
        reserved.amounts.forEach(this::charge);
        jobs.put(job, new Job(State.CHARGED, reserved.query, reserved.amounts));
        queries.add(reserved.query);
      }
      case BudgetEvent.Freed(JobId job) -> {
        Job reserved = requireReserved(job, entry);
        reserved.amounts.forEach(this::free);
        jobs.put(job, new Job(State.FREED, reserved.query, reserved.amounts));
      }
      case BudgetEvent.Repeated(JobId job, Digest query) -> {
        requireNoneStands(job, entry);
        require(queries.contains(query), entry, "a query that was charged before");
        jobs.put(job, new Job(State.CHARGED, query, List.of()));
      }
      case BudgetEvent.Resolved(List<BudgetHead.Head> lost, List<Amount> spent) -> {
        spent.forEach(this::writeOff);
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
    return lines.getOrDefault(key, NOTHING);
  }

  private void reserve(Amount amount) {
    Totals now = line(amount.key());
    put(amount.key(), now.reserved.plus(amount.loss()), now.charged);
  }

  private void charge(Amount amount) {
    Totals now = line(amount.key());
    put(amount.key(), now.reserved.minus(amount.loss()), now.charged.plus(amount.loss()));
  }

  private void free(Amount amount) {
    Totals now = line(amount.key());
    put(amount.key(), now.reserved.minus(amount.loss()), now.charged);
  }

  private void writeOff(Amount amount) {
    Totals now = line(amount.key());
    put(amount.key(), now.reserved, now.charged.plus(amount.loss()));
  }

  private void put(Key key, LossSum reserved, LossSum charged) {
    Totals now = line(key);
    lines.put(key, new Totals(now.filter, now.rate, now.rateDays, reserved, charged));
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
