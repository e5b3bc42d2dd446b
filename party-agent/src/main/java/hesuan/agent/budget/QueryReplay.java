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
  /** What one job lets one counterparty ask, and how often that was answered anew. */
  record Asked(BudgetReplay.State state, Query query, int times) {
    long items() {
      return state == BudgetReplay.State.FREED ? 0 : query.items() * times;
    }
  }

  private final Map<QueryKey, Optional<Long>> limits = new TreeMap<>();
  private final Map<JobId, List<Asked>> jobs = new HashMap<>();
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
    jobs.remove(event.job());
    List<Asked> asked = new ArrayList<>();
    for (Query query : event.queries()) {
      if (query.items() > left(query)) {
        return false;
      }
      asked.add(new Asked(BudgetReplay.State.RESERVED, query, 1));
    }
    jobs.put(event.job(), List.copyOf(asked));
    return true;
  }

  private long left(Query query) {
    Optional<Long> limit = limits.get(query.key());
    if (limit != null) {
      return limit.isEmpty() ? Long.MAX_VALUE : limit.get() - asked(query.key());
    }
    if (stopped) {
      return 0;
    }
    return query.usual()
        - all().stream().filter(a -> alike(a.query(), query)).mapToLong(Asked::items).sum();
  }

  private static boolean alike(Query one, Query other) {
    return one.lookup() == other.lookup()
        && one.key().equals(other.key())
        && (!one.lookup() || one.product().equals(other.product()));
  }

  private long asked(QueryKey key) {
    return all().stream().filter(a -> a.query().key().equals(key)).mapToLong(Asked::items).sum();
  }

  private List<Asked> all() {
    return jobs.values().stream().flatMap(List::stream).toList();
  }

  /** Whether there was a reservation to move on from. */
  boolean move(JobId job, BudgetReplay.State to) {
    List<Asked> asked = jobs.getOrDefault(job, List.of());
    jobs.put(job, asked.stream().map(a -> new Asked(to, a.query(), a.times())).toList());
    return !asked.isEmpty()
        && asked.stream().allMatch(a -> a.state() == BudgetReplay.State.RESERVED);
  }

  /** Whether that counterparty had been charged for. */
  boolean again(JobId job, PartyId by) {
    boolean known = false;
    List<Asked> next = new ArrayList<>();
    for (Asked asked : jobs.getOrDefault(job, List.of())) {
      boolean same = asked.query().by().equals(by) && asked.state() == BudgetReplay.State.CHARGED;
      known |= same;
      next.add(same ? new Asked(asked.state(), asked.query(), asked.times() + 1) : asked);
    }
    jobs.put(job, List.copyOf(next));
    return known;
  }

  /** Lost entries may have asked as much as they could: what was left counts as asked. */
  void resolved() {
    stopped = true;
    limits.replaceAll((key, limit) -> limit.map(items -> Math.min(items, asked(key))));
  }
}
