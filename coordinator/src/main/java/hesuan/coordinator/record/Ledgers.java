package hesuan.coordinator.record;

import hesuan.evidence.Predicate.PointsRule;
import hesuan.evidence.Receipt;
import hesuan.evidence.Statement;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.ledger.CertificateLedger;
import hesuan.evidence.ledger.Ledger;
import hesuan.evidence.ledger.RightsLedger;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The ledgers, replayed from the receipts of the federation's log: the log is the only truth, and
 * whoever holds the receipts comes to the same rows. Safe for many threads.
 */
public final class Ledgers {
  /** What points are earned for until the operator says otherwise. */
  private static final PointsRuleTerms FIRST =
      new PointsRuleTerms(
          10,
          5,
          1_000_000,
          365,
          List.of(
              new PointsRule.Service("benchmark-report", 100),
              new PointsRule.Service("priority-queue", 50)));

  /** A rule's terms; see {@link PointsRule}. */
  public record PointsRuleTerms(
      long pointsPerProduct,
      long pointsPerRun,
      long outstandingMax,
      int expiryDays,
      List<PointsRule.Service> services) {
    public PointsRuleTerms {
      services = List.copyOf(services);
    }

    private Statement statement(
        FederationLog log, int revision, long endSeconds, @Nullable Digest previous) {
      return new Statement(
          Statement.Kind.RULE,
          new PointsRule(
              log.keys().party(),
              revision,
              pointsPerProduct,
              pointsPerRun,
              outstandingMax,
              expiryDays,
              services,
              endSeconds,
              previous));
    }
  }

  private record Replayed(
      int entries,
      Ledger.Replay<CertificateLedger> certificates,
      Ledger.Replay<RightsLedger> rights) {}

  private final FederationLog log;
  private final Clock clock;
  private final AtomicReference<@Nullable Replayed> last = new AtomicReference<>();

  public Ledgers(FederationLog log, Clock clock) {
    this.log = log;
    this.clock = clock;
  }

  /** Without a rule nobody could earn; the first one stands from the first start on. */
  public void sayFirstRule() {
    say(FIRST, 1);
  }

  /**
   * Changes the rule by which points are earned, from here on.
   *
   * @param revision one above the present; the same again does nothing
   */
  public void changeRule(PointsRuleTerms terms, int revision) {
    int present = rights().ledger().rule().map(PointsRule::revision).orElse(0);
    if (revision > present + 1 || revision < 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "revision", "" + (present + 1), "" + revision);
    }
    say(terms, revision);
    PointsRule stands = rights().ledger().rule().orElseThrow();
    if (!stands.equals(
        terms.statement(log, revision, stands.endSeconds(), stands.previous()).predicate())) {
      throw new ProblemException(
          ErrorCode.CONFLICT, "revision", "a revision above " + present, "" + revision);
    }
  }

  private void say(PointsRuleTerms terms, int revision) {
    log.say(
        "rule " + revision,
        previous ->
            terms.statement(
                log, revision, clock.instant().getEpochSecond(), previous.orElse(null)));
  }

  public Ledger.Replay<CertificateLedger> certificates() {
    return replayed().certificates();
  }

  public Ledger.Replay<RightsLedger> rights() {
    return replayed().rights();
  }

  /** Every receipt is verified on the way, so what follows from a log of that size is kept. */
  private Replayed replayed() {
    List<FederationLog.Entry> entries = log.all();
    Replayed known = last.get();
    if (known != null && known.entries() == entries.size()) {
      return known;
    }
    List<Receipt> receipts =
        entries.stream().map(entry -> Receipt.read(entry.federation())).toList();
    TrustedKeys trusted = log.trusted();
    Replayed fresh =
        new Replayed(
            entries.size(),
            CertificateLedger.empty(log.origin()).replay(receipts, trusted),
            RightsLedger.empty(log.origin()).replay(receipts, trusted));
    last.set(fresh);
    return fresh;
  }
}
