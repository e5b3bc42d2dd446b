package hesuan.evidence.ledger;

import hesuan.evidence.JobRecord;
import hesuan.evidence.Predicate;
import hesuan.evidence.Predicate.Expiry;
import hesuan.evidence.Predicate.PointsRule;
import hesuan.evidence.Predicate.Redemption;
import hesuan.evidence.Predicate.Reversal;
import hesuan.evidence.Verification;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Points for contribution, in a closed loop: earn, redeem for a service, expire, reverse. There is
 * no fifth verb: none moves points between holders, and none has a word for money.
 *
 * <p>Double entry: every entry's postings sum to zero, and so do all accounts. Points are earned by
 * the rule in force when a contribution is complete: the contributor's own run entry and the
 * release of the same plan, which carries the consent of every party, so that nobody earns by its
 * word alone. Once per (job, party, product), and once per (job, party) for taking part. Time is
 * the log's hour, not the speaker's.
 */
public final class RightsLedger extends Ledger<RightsLedger> {
  private static final String ISSUANCE = "issuance";
  private static final String EXPIRED = "expired";
  private static final long SECONDS_PER_HOUR = 3600;
  private static final long SECONDS_PER_DAY = 86_400;

  /** Beyond it a figure could not be written in a document. */
  private static final long BALANCE_MAX = (1L << 53) - 1;

  public enum Verb {
    EARN,
    REDEEM,
    EXPIRE,
    REVERSE
  }

  public record Posting(String account, long points) {}

  /** So many points out of (or, reversed, back into) one lot. */
  public record Draw(Digest lot, long points) {}

  /**
   * @param id names the entry, for a reversal
   * @param draws what it took from which lots
   */
  public record Entry(
      Digest id, Verb verb, PartyId holder, List<Posting> postings, List<Draw> draws, long hour) {
    public Entry {
      postings = List.copyOf(postings);
      draws = List.copyOf(draws);
    }
  }

  /**
   * Points earned at one time, that expire together.
   *
   * @param id of the entry that earned them
   */
  public record Lot(Digest id, PartyId holder, long earned, long left, long expiresSeconds) {
    Lot withLeft(long points) {
      return new Lot(id, holder, earned, points, expiresSeconds);
    }
  }

  /** A plan of a job: attempts may repeat it, other plans under the job's name do not count. */
  private record JobPlan(String job, String plan) {
    static JobPlan of(JobRecord job) {
      return new JobPlan(job.job().value(), String.valueOf(job.plan()));
    }
  }

  private record Release(Set<PartyId> parties, Set<ProductRef> products) {}

  private @Nullable PointsRule rule;
  private final Map<String, Long> balances = new TreeMap<>();
  private final Map<Digest, Lot> lots = new TreeMap<>();
  private final Map<Digest, Entry> entries = new TreeMap<>();
  private final Map<Digest, Digest> reversedBy = new TreeMap<>();

  /** Of keys that speakers chose, what they stood for. */
  private final Map<String, String> keys = new TreeMap<>();

  private final Map<JobPlan, Map<PartyId, Set<ProductRef>>> runs = new HashMap<>();
  private final Map<JobPlan, Release> releases = new HashMap<>();

  /**
   * Contributions that earned nothing because the reserve did not cover them: {@code job party}.
   */
  private final Set<String> withheld = new TreeSet<>();

  private RightsLedger(String origin) {
    super(origin);
  }

  /**
   * @param origin of the log that it reads; its owner makes the rule, expires and reverses
   */
  public static RightsLedger empty(String origin) {
    return new RightsLedger(origin);
  }

  public Optional<PointsRule> rule() {
    return Optional.ofNullable(rule);
  }

  /**
   * By account: {@code issuance}, {@code member/<party>}, {@code service/<code>}, {@code expired}.
   */
  public Map<String, Long> balances() {
    return Collections.unmodifiableMap(balances);
  }

  public long balance(PartyId holder) {
    return balances.getOrDefault(member(holder), 0L);
  }

  /** Points that are still in holders' hands. */
  public long outstanding() {
    return balances.entrySet().stream()
        .filter(each -> each.getKey().startsWith("member/"))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** Contributions that the reserve did not cover, as {@code job party}. */
  public Set<String> withheld() {
    return Collections.unmodifiableSet(withheld);
  }

  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  @Override
  RightsLedger copy() {
    RightsLedger copy = new RightsLedger(origin());
    copy.rule = rule;
    copy.balances.putAll(balances);
    copy.lots.putAll(lots);
    copy.entries.putAll(entries);
    copy.reversedBy.putAll(reversedBy);
    copy.keys.putAll(keys);
    runs.forEach((plan, parties) -> copy.runs.put(plan, new TreeMap<>(parties)));
    copy.releases.putAll(releases);
    copy.withheld.addAll(withheld);
    copyIntakeTo(copy);
    return copy;
  }

  @Override
  public List<String> rows() {
    List<String> rows = new ArrayList<>();
    balances.forEach((account, points) -> rows.add("account " + account + " " + points));
    lots.values().forEach(each -> rows.add("lot " + Json.canonicalText(each)));
    entries.values().forEach(each -> rows.add("entry " + Json.canonicalText(each)));
    reversedBy.forEach((entry, by) -> rows.add("reversed " + entry + " " + by));
    keys.forEach((key, body) -> rows.add("key " + key + " " + body));
    withheld.forEach(each -> rows.add("withheld " + each));
    if (rule != null) {
      rows.add("rule " + Json.canonicalText(rule));
    }
    runs.forEach(
        (plan, parties) ->
            parties.forEach(
                (party, products) ->
                    rows.add(
                        "run "
                            + plan.job()
                            + " "
                            + plan.plan()
                            + " "
                            + party
                            + " "
                            + sorted(products))));
    releases.forEach(
        (plan, release) ->
            rows.add(
                "release "
                    + plan.job()
                    + " "
                    + plan.plan()
                    + " "
                    + sorted(release.parties())
                    + " "
                    + sorted(release.products())));
    rows.sort(null);
    return rows;
  }

  private static List<?> sorted(Set<?> values) {
    return values.stream().sorted().toList();
  }

  @Override
  Outcome post(Verification.Verified entry) {
    long hour = entry.receipt().hour();
    return switch (entry.statement().predicate()) {
      case JobRecord job ->
          switch (entry.statement().kind()) {
            case RUN -> run(job, hour);
            case RELEASE -> release(job, hour);
            case CONSENT, REFUSE, FAIL, ABORT -> new Outcome.Irrelevant();
            case PUBLISH, WITHDRAW, CONTRACT, RULE, REDEEM, EXPIRE, REVERSE, ENROL ->
                throw new IllegalStateException("a job's record under another kind");
          };
      case PointsRule next -> changeRule(next);
      case Redemption redemption -> redeem(redemption, hour);
      case Expiry expiry -> expire(expiry, hour);
      case Reversal reversal -> reverse(reversal, hour);
      case Predicate.Publication _,
          Predicate.Withdrawal _,
          Predicate.Agreement _,
          Predicate.Enrolment _ ->
          new Outcome.Irrelevant();
    };
  }

  private Outcome changeRule(PointsRule next) {
    checkIssuer(next.party());
    int revision = rule == null ? 0 : rule.revision();
    if (next.revision() <= revision) {
      throw new ProblemException(
          ErrorCode.CONFLICT, "rule", "a revision above " + revision, "" + next.revision());
    }
    rule = next;
    return new Outcome.Applied();
  }

  private Outcome run(JobRecord run, long hour) {
    return ran(run, productsOf(run), hour);
  }

  private Outcome ran(JobRecord job, Set<ProductRef> products, long hour) {
    JobPlan plan = JobPlan.of(job);
    Map<PartyId, Set<ProductRef>> parties = runs.computeIfAbsent(plan, _ -> new TreeMap<>());
    if (parties.containsKey(job.party())) {
      return new Outcome.Duplicate();
    }
    parties.put(job.party(), products);
    Release release = releases.get(plan);
    if (release != null) {
      earn(job.job().value(), job.party(), products, release, hour);
    }
    return new Outcome.Applied();
  }

  private Outcome release(JobRecord job, long hour) {
    JobPlan plan = JobPlan.of(job);
    if (job.parties().size() < 2) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL, "release of " + job.job(), "two parties", "one");
    }
    Release release = new Release(Set.copyOf(job.parties()), productsOf(job));
    if (releases.putIfAbsent(plan, release) != null) {
      return new Outcome.Duplicate();
    }
    runs.getOrDefault(plan, Map.of())
        .forEach((party, products) -> earn(job.job().value(), party, products, release, hour));
    // whoever releases has contributed too, and says so by nothing else
    ran(
        job,
        release.products().stream()
            .filter(product -> product.party().equals(job.party()))
            .collect(Collectors.toSet()),
        hour);
    return new Outcome.Applied();
  }

  private static Set<ProductRef> productsOf(JobRecord job) {
    return job.products().stream().map(JobRecord.Input::ref).collect(Collectors.toSet());
  }

  /** The rule, applied to one party's complete contribution to one job. */
  private void earn(
      String job, PartyId party, Set<ProductRef> products, Release release, long hour) {
    if (rule == null || !release.parties().contains(party)) {
      return;
    }
    Map<Digest, Long> fresh = new TreeMap<>();
    addUnlessEarned(fresh, "earn " + job + " " + party, rule.pointsPerRun());
    for (ProductRef product : products) {
      if (release.products().contains(product)) {
        addUnlessEarned(
            fresh, "earn " + job + " " + party + " " + product, rule.pointsPerProduct());
      }
    }
    long points = 0;
    for (long each : fresh.values()) {
      points = Math.addExact(points, each);
    }
    if (Math.addExact(outstanding(), points) > rule.outstandingMax()
        || !fits(new Posting(ISSUANCE, -points))) {
      withheld.add(job + " " + party);
      return;
    }
    long expires = hour * SECONDS_PER_HOUR + rule.expiryDays() * SECONDS_PER_DAY;
    fresh.forEach(
        (id, each) -> {
          lots.put(id, new Lot(id, party, each, each, expires));
          enter(
              new Entry(
                  id,
                  Verb.EARN,
                  party,
                  List.of(new Posting(ISSUANCE, -each), new Posting(member(party), each)),
                  List.of(),
                  hour));
        });
  }

  private void addUnlessEarned(Map<Digest, Long> fresh, String what, long points) {
    Digest id = Digest.of(what);
    if (points > 0 && !entries.containsKey(id)) {
      fresh.put(id, points);
    }
  }

  private Outcome redeem(Redemption redemption, long hour) {
    String key = "redeem " + redemption.party() + " " + redemption.key();
    if (repeats(key, redemption.service() + " " + redemption.points())) {
      return new Outcome.Duplicate();
    }
    PointsRule.Service service =
        Optional.ofNullable(rule).stream()
            .flatMap(r -> r.services().stream())
            .filter(s -> s.code().equals(redemption.service()))
            .findFirst()
            .orElseThrow(
                () ->
                    new ProblemException(
                        ErrorCode.INVALID_VALUE,
                        "service",
                        "a service of the rule in force",
                        redemption.service()));
    if (service.points() != redemption.points()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "points", "" + service.points(), "" + redemption.points());
    }
    PartyId holder = redemption.party();
    List<Draw> draws = draw(holder, redemption.points(), hour * SECONDS_PER_HOUR);
    enter(
        new Entry(
            Digest.of(key),
            Verb.REDEEM,
            holder,
            List.of(
                new Posting(member(holder), -redemption.points()),
                new Posting("service/" + service.code(), redemption.points())),
            draws,
            hour));
    keys.put(key, redemption.service() + " " + redemption.points());
    return new Outcome.Applied();
  }

  /** Soonest to expire first; never a lot past its term. */
  private List<Draw> draw(PartyId holder, long points, long nowSeconds) {
    List<Draw> draws = new ArrayList<>();
    long missing = points;
    for (Lot lot : lotsOf(holder)) {
      if (missing > 0 && lot.left() > 0 && lot.expiresSeconds() > nowSeconds) {
        long taken = Math.min(missing, lot.left());
        draws.add(new Draw(lot.id(), taken));
        missing -= taken;
      }
    }
    if (missing > 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "points of " + holder, "" + points, "" + (points - missing));
    }
    return draws;
  }

  private List<Lot> lotsOf(PartyId holder) {
    return lots.values().stream()
        .filter(lot -> lot.holder().equals(holder))
        .sorted(Comparator.comparingLong(Lot::expiresSeconds).thenComparing(Lot::id))
        .toList();
  }

  private Outcome expire(Expiry expiry, long hour) {
    checkIssuer(expiry.party());
    String key = "expire " + expiry.key();
    if (repeats(key, expiry.holder().value())) {
      return new Outcome.Duplicate();
    }
    List<Draw> draws =
        lotsOf(expiry.holder()).stream()
            .filter(lot -> lot.left() > 0 && lot.expiresSeconds() <= hour * SECONDS_PER_HOUR)
            .map(lot -> new Draw(lot.id(), lot.left()))
            .toList();
    if (draws.isEmpty()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "points of " + expiry.holder(), "some past their term", "none");
    }
    long points = draws.stream().mapToLong(Draw::points).sum();
    enter(
        new Entry(
            Digest.of(key),
            Verb.EXPIRE,
            expiry.holder(),
            List.of(new Posting(member(expiry.holder()), -points), new Posting(EXPIRED, points)),
            draws,
            hour));
    keys.put(key, expiry.holder().value());
    return new Outcome.Applied();
  }

  private Outcome reverse(Reversal reversal, long hour) {
    checkIssuer(reversal.party());
    String key = "reverse " + reversal.key();
    if (repeats(key, reversal.entry().hex())) {
      return new Outcome.Duplicate();
    }
    Entry entry = entries.get(reversal.entry());
    if (entry == null || entry.verb() == Verb.REVERSE || reversedBy.containsKey(entry.id())) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          "reversal",
          "an entry that stands",
          entry == null
              ? "none of that id"
              : entry.verb() == Verb.REVERSE ? "a reversal" : "one reversed before");
    }
    Digest id = Digest.of(key);
    List<Draw> draws =
        switch (entry.verb()) {
          case EARN -> List.of(new Draw(entry.id(), wholeLot(entry.id())));
          case REDEEM, EXPIRE ->
              entry.draws().stream().map(d -> new Draw(d.lot(), -d.points())).toList();
          case REVERSE -> throw new IllegalStateException("refused above");
        };
    enter(
        new Entry(
            id,
            Verb.REVERSE,
            entry.holder(),
            entry.postings().stream().map(p -> new Posting(p.account(), -p.points())).toList(),
            draws,
            hour));
    reversedBy.put(entry.id(), id);
    keys.put(key, reversal.entry().hex());
    return new Outcome.Applied();
  }

  /** What was earned and then spent can be taken back only after the spending is reversed. */
  private long wholeLot(Digest id) {
    Lot lot = Objects.requireNonNull(lots.get(id), "an earned entry without its lot");
    if (lot.left() != lot.earned()) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          "reversal",
          "points not yet used; reverse their use first",
          lot.left() + " of " + lot.earned() + " left");
    }
    return lot.earned();
  }

  /** Checks the whole entry, then makes it; the one way in which a balance changes. */
  private void enter(Entry entry) {
    long sum = 0;
    for (Posting each : entry.postings()) {
      sum = Math.addExact(sum, each.points());
      if (!fits(each)) {
        throw new ProblemException(
            ErrorCode.LIMIT_EXCEEDED, each.account(), "at most " + BALANCE_MAX, "more");
      }
    }
    if (sum != 0 || entries.containsKey(entry.id())) {
      throw new IllegalStateException("entry out of balance or made twice: " + entry.verb());
    }
    for (Draw each : entry.draws()) {
      lots.computeIfPresent(each.lot(), (_, lot) -> lot.withLeft(lot.left() - each.points()));
    }
    for (Posting each : entry.postings()) {
      balances.merge(each.account(), each.points(), Math::addExact);
    }
    entries.put(entry.id(), entry);
  }

  private boolean fits(Posting posting) {
    long before = balances.getOrDefault(posting.account(), 0L);
    return Math.abs(Math.addExact(before, posting.points())) <= BALANCE_MAX;
  }

  /** Whether that key was used for the same; used for something else, it is refused. */
  private boolean repeats(String key, String body) {
    String before = keys.get(key);
    if (before != null && !before.equals(body)) {
      throw new ProblemException(ErrorCode.CONFLICT, "key", "its first use", "another use");
    }
    return before != null;
  }

  private void checkIssuer(PartyId party) {
    if (!party.equals(owner())) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "points", "a statement of " + owner(), "of " + party);
    }
  }

  private static String member(PartyId party) {
    return "member/" + party;
  }
}
