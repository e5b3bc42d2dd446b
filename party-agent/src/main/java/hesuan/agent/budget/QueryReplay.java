package hesuan.agent.budget;

import hesuan.agent.budget.BudgetEvent.Query;
import hesuan.agent.budget.BudgetEvent.QueryKey;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the entries about queries add up to; a part of {@link BudgetReplay}. */
final class QueryReplay {
  /**
   * What is counted together.
   *
   * @param of everything of a product, or what is usual: of all its versions or by a filter of one
   */
  private record Account(Kind of, String product, PartyId by) {
    enum Kind {
      ALL,
      ROWS,
      LOOKUP
    }

    static Account all(QueryKey key) {
      return new Account(Kind.ALL, key.asset(), key.by());
    }

    static Account usual(Query query) {
      return query.lookup()
          ? new Account(Kind.LOOKUP, query.product().toString(), query.by())
          : new Account(Kind.ROWS, query.product().asset(), query.by());
    }
  }

  /** What one job lets one counterparty ask, and how often that was answered anew. */
  record Asked(BudgetReplay.State state, Query query, int times) {
    long items() {
      return state == BudgetReplay.State.FREED ? 0 : query.items() * times;
    }
  }

  private final Map<QueryKey, Optional<Long>> limits = new TreeMap<>();
  private final Map<JobId, List<Asked>> jobs = new HashMap<>();
  private final Map<Account, Long> asked = new HashMap<>();
  private boolean stopped;

  Map<QueryKey, Optional<Long>> limits() {
    return Collections.unmodifiableMap(limits);
  }

  Map<JobId, List<Asked>> jobs() {
    return Collections.unmodifiableMap(jobs);
  }

  boolean stopped() {
    return stopped;
  }

  void allow(BudgetEvent.QueriesAllowed event) {
    limits.put(event.key(), Optional.ofNullable(event.limit()));
  }

  /** Whether the job had nothing, and every query fits. */
  boolean reserve(BudgetEvent.QueriesReserved event) {
    if (jobs.getOrDefault(event.job(), List.of()).stream()
        .anyMatch(a -> a.state() != BudgetReplay.State.FREED)) {
      return false;
    }
    List<Asked> reserved = new ArrayList<>();
    for (Query query : event.queries()) {
      if (query.items() > left(query)) {
        return false;
      }
      reserved.add(new Asked(BudgetReplay.State.RESERVED, query, 1));
    }
    put(event.job(), reserved);
    return true;
  }

  private long left(Query query) {
    Optional<Long> limit = limits.get(query.key());
    if (limit != null) {
      return limit.isEmpty() ? Long.MAX_VALUE : limit.get() - asked(Account.all(query.key()));
    }
    return stopped ? 0 : query.usual() - asked(Account.usual(query));
  }

  private long asked(Account account) {
    return asked.getOrDefault(account, 0L);
  }

  private void put(JobId job, List<Asked> next) {
    jobs.getOrDefault(job, List.of()).forEach(before -> count(before, -1));
    next.forEach(now -> count(now, 1));
    jobs.put(job, List.copyOf(next));
  }

  private void count(Asked each, int sign) {
    asked.merge(Account.all(each.query().key()), sign * each.items(), Long::sum);
    asked.merge(Account.usual(each.query()), sign * each.items(), Long::sum);
  }

  /** Whether there was a reservation to move on from. */
  boolean move(JobId job, BudgetReplay.State to) {
    List<Asked> before = jobs.getOrDefault(job, List.of());
    put(job, before.stream().map(a -> new Asked(to, a.query(), a.times())).toList());
    return !before.isEmpty()
        && before.stream().allMatch(a -> a.state() == BudgetReplay.State.RESERVED);
  }

  /** Whether that counterparty had been charged for. */
  boolean again(JobId job, PartyId by) {
    boolean known = false;
    List<Asked> next = new ArrayList<>();
    for (Asked before : jobs.getOrDefault(job, List.of())) {
      boolean same = before.query().by().equals(by) && before.state() == BudgetReplay.State.CHARGED;
      known |= same;
      next.add(same ? new Asked(before.state(), before.query(), before.times() + 1) : before);
    }
    put(job, next);
    return known;
  }

  /** Lost entries may have asked as much as they could: what was left counts as asked. */
  void resolved() {
    stopped = true;
    limits.replaceAll((key, limit) -> limit.map(items -> Math.min(items, asked(Account.all(key)))));
  }
}
