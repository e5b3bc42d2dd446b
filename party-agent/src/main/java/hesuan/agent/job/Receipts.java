package hesuan.agent.job;

import hesuan.agent.Members;
import hesuan.agent.budget.Budget;
import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.Predicate;
import hesuan.evidence.Receipt;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.job.PartyJobState;
import hesuan.log.TileLog;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This party's receipts, each once: the statement is signed and stored, then logged, then the proof
 * is stored. Whatever is interrupted goes on with the statement that stands.
 */
public final class Receipts {
  private final Store store;
  private final SigningKeys keys;
  private final TileLog log;
  private final JobBook book;
  private final Records records;
  private final Members members;
  private final Clock clock;

  public Receipts(
      Store store,
      SigningKeys keys,
      TileLog log,
      JobBook book,
      Budget budget,
      Members members,
      Clock clock) {
    this.store = store;
    this.keys = keys;
    this.log = log;
    this.book = book;
    this.records = new Records(keys.party(), book, budget, clock);
    this.members = members;
    this.clock = clock;
  }

  /** The receipt of a job that has ended here. */
  Receipt ofJob(JobEntry entry) {
    if (!(entry.state() instanceof PartyJobState.Settled settled)) {
      throw new IllegalStateException(entry.id() + " has not ended");
    }
    Optional<JobBook.Result> released =
        entry.plan().leader().equals(keys.party()) ? book.result(entry.id()) : Optional.empty();
    if (released.isPresent()) {
      Envelope envelope = pending(entry.id().value(), "job", released.get()::release);
      return log.append(envelope, keys.publicKeys(), released.get().consents(), consenting(entry));
    }
    return log.append(pending(entry.id().value(), "job", () -> ended(entry, settled).sign(keys)));
  }

  private List<PartyKeys> consenting(JobEntry entry) {
    List<PartyKeys> all = new ArrayList<>();
    for (PartyId party : entry.plan().parties()) {
      if (!party.equals(keys.party())) {
        all.add(members.pinned(entry.contract(), party));
      }
    }
    return all;
  }

  private Statement ended(JobEntry entry, PartyJobState.Settled settled) {
    int attempt = book.lastAttempt(entry.id());
    Digest previous = previous();
    Problem problem =
        settled.problem() == null
            ? new Problem(ErrorCode.INTERNAL, entry.id().value(), "a reason", "none")
            : settled.problem();
    return switch (settled.verdict()) {
      case DONE -> records.run(entry, Math.max(1, attempt), previous);
      case REFUSED -> records.ended(entry, Statement.Kind.REFUSE, attempt, problem, previous);
      case ABORTED -> records.ended(entry, Statement.Kind.ABORT, attempt, problem, previous);
      case FAILED, EXPIRED -> records.ended(entry, Statement.Kind.FAIL, attempt, problem, previous);
    };
  }

  public Receipt published(Product product) {
    return other(
        product.ref().toString(),
        Statement.Kind.PUBLISH,
        () -> new Predicate.Publication(keys.party(), product, now(), previous()));
  }

  public Receipt withdrawn(ProductRef product) {
    return other(
        product.toString(),
        Statement.Kind.WITHDRAW,
        () ->
            new Predicate.Withdrawal(
                keys.party(), product, null, Predicate.Effect.REVOKE, now(), previous()));
  }

  public Receipt withdrawn(ContractId contract) {
    return other(
        contract.value(),
        Statement.Kind.WITHDRAW,
        () ->
            new Predicate.Withdrawal(
                keys.party(), null, contract, Predicate.Effect.REVOKE, now(), previous()));
  }

  public Receipt agreed(ContractId contract, Digest document) {
    return other(
        contract.value(),
        Statement.Kind.CONTRACT,
        () -> new Predicate.Agreement(keys.party(), contract, document, now(), previous()));
  }

  private Receipt other(String subject, Statement.Kind kind, Supplier<Predicate> predicate) {
    Optional<Receipt> known = find(subject, kind.text());
    if (known.isPresent()) {
      return known.get();
    }
    Receipt receipt =
        log.append(
            pending(subject, kind.text(), () -> new Statement(kind, predicate.get()).sign(keys)));
    store.inTransaction(
        "store receipt",
        t -> {
          store(t, subject, kind.text(), receipt);
          return null;
        });
    return receipt;
  }

  /** The statement that stands, or the new one, which stands from now on. May be retried. */
  private Envelope pending(String subject, String kind, Supplier<Envelope> fresh) {
    Optional<Envelope> standing = envelope(subject, kind);
    if (standing.isPresent()) {
      return standing.get();
    }
    Envelope made = fresh.get();
    store.inTransaction(
        "pending receipt",
        t ->
            t.update(
                """
                INSERT INTO receipt (subject, kind, envelope) VALUES (?, ?, ?)
                ON CONFLICT DO NOTHING""",
                subject,
                kind,
                made.bytes()));
    return envelope(subject, kind).orElseThrow();
  }

  private Optional<Envelope> envelope(String subject, String kind) {
    return store.read(
        "pending receipt",
        t ->
            t.one(
                "SELECT envelope FROM receipt WHERE subject = ? AND kind = ?",
                row -> Envelope.read(row.getBytes(1)),
                subject,
                kind));
  }

  static void store(Transaction t, String subject, String kind, Receipt receipt)
      throws SQLException {
    t.update(
        "UPDATE receipt SET body = ? WHERE subject = ? AND kind = ?",
        receipt.bytes(),
        subject,
        kind);
  }

  public Optional<Receipt> find(String subject, String kind) {
    return store.read(
        "receipt",
        t ->
            t.one(
                "SELECT body FROM receipt WHERE subject = ? AND kind = ? AND body IS NOT NULL",
                row -> Receipt.read(row.getBytes(1)),
                subject,
                kind));
  }

  /** Receipts that the coordinator has not said it stored, jobs' left out: those are asked for. */
  public List<Receipt> unacknowledged() {
    return store.read(
        "unacknowledged receipts",
        t ->
            t.query(
                """
                SELECT body FROM receipt
                WHERE acknowledged = 0 AND body IS NOT NULL AND kind <> 'job' ORDER BY rowid""",
                row -> Receipt.read(row.getBytes(1))));
  }

  /** The coordinator has stored that one. The transaction may be retried. */
  public void acknowledged(Digest envelope) {
    List<Receipt> waiting =
        unacknowledged().stream().filter(r -> r.envelopeDigest().equals(envelope)).toList();
    for (Receipt receipt : waiting) {
      store.inTransaction(
          "receipt acknowledged",
          t ->
              t.update(
                  "UPDATE receipt SET acknowledged = 1 WHERE envelope = ?",
                  receipt.envelope().bytes()));
    }
  }

  Records records() {
    return records;
  }

  @Nullable Digest previous() {
    return log.lastLeaf().orElse(null);
  }

  private long now() {
    return clock.instant().getEpochSecond();
  }
}
