package hesuan.coordinator.record;

import hesuan.coordinator.access.Members;
import hesuan.evidence.Checkpoint;
import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.Predicate;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.log.TileLog;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The federation's log and the receipts of what is in it. Every statement enters once, however
 * often it is brought. Safe for many threads.
 */
public final class FederationLog {
  private static final String COLUMNS =
      "log_index, issuer, kind, job, federation_receipt, party_receipt";

  /**
   * A logged statement.
   *
   * @param federation proves it by the federation's log
   * @param party proves it by the issuer's own log; null for the coordinator's statements
   */
  public record Entry(
      long index,
      PartyId issuer,
      Statement.Kind kind,
      @Nullable JobId job,
      byte[] federation,
      byte @Nullable [] party) {}

  private final Store store;
  private final TileLog log;
  private final SigningKeys keys;
  private final Members members;
  private final String federation;

  public FederationLog(
      Store store, TileLog log, SigningKeys keys, Members members, String federation) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.members = members;
    this.federation = federation;
  }

  public PartyKeys keys() {
    return keys.publicKeys();
  }

  /** The log's name, as it stands in its checkpoints. */
  public String origin() {
    return Checkpoint.origin(federation, keys.party());
  }

  /** Logs under which keys a member is enrolled; once for each set of keys. */
  public void sayEnrolled(PartyKeys member, Clock clock) {
    say(
        "enrol " + member.party() + " " + member.digest(),
        previous ->
            new Statement(
                Statement.Kind.ENROL,
                new Predicate.Enrolment(
                    keys.party(),
                    member.party(),
                    member.digest(),
                    clock.instant().getEpochSecond(),
                    previous.orElse(null))));
  }

  public String checkpoint() {
    return log.checkpoint();
  }

  public List<Digest> proveConsistency(long oldSize) {
    if (oldSize < 0 || oldSize > log.size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "from", "0 to " + log.size(), "" + oldSize);
    }
    return log.proveConsistency(oldSize);
  }

  /**
   * Says something of the coordinator's own, once under that name: whoever says it again after a
   * crash gets the first statement's receipt.
   *
   * @param statement given the hash of the log's latest leaf
   */
  public Receipt say(String name, Function<Optional<Digest>, Statement> statement) {
    Envelope envelope =
        said(name).orElseGet(() -> fix(name, statement.apply(log.lastLeaf()).sign(keys)));
    Receipt receipt = log.append(envelope, keys.publicKeys(), List.of(), List.of());
    keep(receipt, receipt.unverifiedStatement(), null);
    return receipt;
  }

  private Optional<Envelope> said(String name) {
    return store.read(
        "own statement",
        t ->
            t.one(
                "SELECT envelope FROM own_statement WHERE name = ?",
                row -> Envelope.read(row.getBytes(1)),
                name));
  }

  private Envelope fix(String name, Envelope envelope) {
    store.inTransaction(
        "own statement",
        t ->
            t.update(
                "INSERT INTO own_statement (name, envelope) VALUES (?, ?) ON CONFLICT DO NOTHING",
                name,
                envelope.bytes()));
    return said(name).orElseThrow();
  }

  /**
   * Takes a party's receipt, once it verifies against the enrolled keys and its statement is the
   * party's own.
   *
   * @throws ProblemException RECEIPT_REFUSED
   */
  public Statement take(PartyId from, byte[] receiptBytes) {
    Verification verification = ReceiptVerifier.verify(receiptBytes, trusted());
    if (!(verification instanceof Verification.Verified verified)) {
      throw new ProblemException(
          ErrorCode.RECEIPT_REFUSED,
          "receipt",
          "one that verifies",
          verification.checks().stream()
              .filter(check -> !check.passed())
              .findFirst()
              .map(Verification.Check::reason)
              .orElse("one that does not"));
    }
    Statement statement = verified.statement();
    if (!statement.predicate().party().equals(from)) {
      throw new ProblemException(
          ErrorCode.RECEIPT_REFUSED,
          "receipt",
          "a statement of " + from,
          "one of " + statement.predicate().party());
    }
    Receipt theirs = verified.receipt();
    if (find(theirs.envelopeDigest()).isEmpty()) {
      Receipt receipt =
          log.append(
              theirs.envelope(),
              members.require(from).keys(),
              theirs.consents(),
              consenting(statement));
      keep(receipt, statement, receiptBytes);
    }
    return statement;
  }

  private List<PartyKeys> consenting(Statement statement) {
    List<PartyKeys> all = new ArrayList<>();
    if (statement.kind() == Statement.Kind.RELEASE
        && statement.predicate() instanceof JobRecord release) {
      release.consenting().forEach(party -> all.add(members.require(party).keys()));
    }
    return all;
  }

  /** The enrolled parties' keys and the coordinator's. */
  public TrustedKeys trusted() {
    List<PartyKeys> all = new ArrayList<>();
    all.add(keys.publicKeys());
    members.list().forEach(member -> all.add(member.keys()));
    return TrustedKeys.always(federation, all);
  }

  private void keep(Receipt receipt, Statement statement, byte @Nullable [] partyReceipt) {
    String job = statement.predicate() instanceof JobRecord ofJob ? ofJob.job().value() : null;
    store.inTransaction(
        "keep receipt",
        t ->
            t.update(
                "INSERT INTO receipt (log_index, envelope_digest, issuer, kind, job,"
                    + " federation_receipt, party_receipt) VALUES (?, ?, ?, ?, ?, ?, ?)"
                    + " ON CONFLICT DO NOTHING",
                receipt.index(),
                receipt.envelopeDigest().hex(),
                statement.predicate().party().value(),
                statement.kind().text(),
                job,
                receipt.bytes(),
                partyReceipt));
  }

  public Optional<Entry> find(Digest envelope) {
    return store.read(
        "find receipt",
        t ->
            t.one(
                "SELECT " + COLUMNS + " FROM receipt WHERE envelope_digest = ?",
                FederationLog::entry,
                envelope.hex()));
  }

  public List<Entry> ofJob(JobId job) {
    return store.read(
        "receipts of job",
        t ->
            t.query(
                "SELECT " + COLUMNS + " FROM receipt WHERE job = ? ORDER BY log_index",
                FederationLog::entry,
                job.value()));
  }

  /** Everything, in the log's order: what ledgers are replayed from. */
  public List<Entry> all() {
    return store.read(
        "receipts",
        t ->
            t.query(
                "SELECT " + COLUMNS + " FROM receipt ORDER BY log_index", FederationLog::entry));
  }

  private static Entry entry(ResultSet row) throws SQLException {
    String job = row.getString("job");
    return new Entry(
        row.getLong("log_index"),
        new PartyId(row.getString("issuer")),
        Statement.Kind.of(row.getString("kind")),
        job == null ? null : new JobId(job),
        row.getBytes("federation_receipt"),
        row.getBytes("party_receipt"));
  }
}
