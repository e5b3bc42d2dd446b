package hesuan.coordinator.schedule;

import hesuan.evidence.JobRecord;
import hesuan.job.JobState;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The jobs' tables. Safe for many threads; the scheduler alone writes. */
public final class Jobs {
  private static final String COLUMNS =
      "id, submitter, submitted_by, spec, spec_digest, plan, contract, policy, state,"
          + " created_millis, deadline_millis";

  /** A stored line of a job's story. */
  public record Event(long sequence, long atMillis, JobNote note) {}

  private final Store store;

  public Jobs(Store store) {
    this.store = store;
  }

  static void insert(Transaction t, Job job) throws SQLException {
    t.update(
        "INSERT INTO job (id, submitter, submitted_by, spec, spec_digest, plan, contract, policy, state,"
            + " state_name, settled, created_millis, deadline_millis)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        job.id().value(),
        job.submitter().value(),
        job.submittedBy(),
        Json.canonical(job.spec()),
        job.specDigest().hex(),
        job.plan() == null ? null : Json.canonical(job.plan()),
        job.contract().value(),
        job.policy() == null ? null : Json.canonical(job.policy()),
        Json.canonical(job.state()),
        job.stateName(),
        job.settled() ? 1 : 0,
        job.createdMillis(),
        job.deadlineMillis());
    for (PartyId party : job.parties()) {
      seenBy(t, job.id(), party);
    }
    seenBy(t, job.id(), job.submitter());
  }

  private static void seenBy(Transaction t, JobId job, PartyId party) throws SQLException {
    t.update(
        "INSERT INTO job_party (job, party) VALUES (?, ?) ON CONFLICT DO NOTHING",
        job.value(),
        party.value());
  }

  static void update(Transaction t, Job job) throws SQLException {
    t.update(
        "UPDATE job SET state = ?, state_name = ?, settled = ? WHERE id = ?",
        Json.canonical(job.state()),
        job.stateName(),
        job.settled() ? 1 : 0,
        job.id().value());
  }

  static void tell(Transaction t, JobId job, long atMillis, JobNote note) throws SQLException {
    t.update(
        "INSERT INTO job_event (job, sequence, at_millis, body)"
            + " SELECT ?, coalesce(max(sequence), 0) + 1, ?, ? FROM job_event WHERE job = ?",
        job.value(),
        atMillis,
        Json.canonical(note),
        job.value());
  }

  static void countersigned(Transaction t, JobId job, PartyId party, byte[] envelope)
      throws SQLException {
    t.update(
        "UPDATE job_party SET countersignature = ? WHERE job = ? AND party = ?",
        envelope,
        job.value(),
        party.value());
  }

  static void released(Transaction t, JobId job, PartyId party, byte[] release)
      throws SQLException {
    t.update(
        "UPDATE job_party SET release = ? WHERE job = ? AND party = ?",
        release,
        job.value(),
        party.value());
  }

  public Optional<Job> find(JobId id) {
    return store.read("find job", t -> find(t, id));
  }

  /** A job in which one of those parties takes part; another one is as good as absent. */
  public Job requireSeen(Optional<PartyId> party, JobId id) {
    return find(id)
        .filter(job -> party.isEmpty() || sees(job, party.get()))
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_JOB, "job", "a job of your party", id.value()));
  }

  private static boolean sees(Job job, PartyId party) {
    return job.submitter().equals(party) || job.parties().contains(party);
  }

  static Optional<Job> find(Transaction t, JobId id) throws SQLException {
    return t.one("SELECT " + COLUMNS + " FROM job WHERE id = ?", Jobs::job, id.value());
  }

  /** Every job that has not ended or still awaits a receipt. */
  public List<Job> unsettled() {
    return store.read(
        "unsettled jobs",
        t ->
            t.query(
                "SELECT " + COLUMNS + " FROM job WHERE settled = 0 ORDER BY created_millis, id",
                Jobs::job));
  }

  /**
   * @param next where the next page begins; empty on the last
   */
  public record Page(List<Job> jobs, Optional<Long> next) {}

  private record Numbered(long number, Job job) {}

  /**
   * Newest first.
   *
   * @param of whose jobs, or empty: all
   * @param state a state's name, or empty: any
   * @param before the {@code next} of the page before, or empty: the first
   */
  public Page list(Optional<PartyId> of, Optional<String> state, Optional<Long> before, int max) {
    List<Numbered> found =
        store.read(
            "list jobs",
            t ->
                t.query(
                    "SELECT rowid, "
                        + COLUMNS
                        + " FROM job WHERE rowid < ?1 AND (?2 IS NULL OR state_name = ?2)"
                        + " AND (?3 IS NULL OR EXISTS"
                        + " (SELECT 1 FROM job_party p WHERE p.job = job.id AND p.party = ?3))"
                        + " ORDER BY rowid DESC LIMIT ?4",
                    row -> new Numbered(row.getLong("rowid"), job(row)),
                    before.orElse(Long.MAX_VALUE),
                    state.orElse(null),
                    of.map(PartyId::value).orElse(null),
                    max + 1));
    boolean more = found.size() > max;
    List<Numbered> page = more ? found.subList(0, max) : found;
    return new Page(
        page.stream().map(Numbered::job).toList(),
        more ? Optional.of(page.getLast().number()) : Optional.empty());
  }

  /** Jobs under a contract that were put to the parties and not refused. */
  public int usesOf(ContractId contract) {
    return usesOf(contract, "");
  }

  /** The same, but for that job. */
  public int usesOf(ContractId contract, JobId except) {
    return usesOf(contract, except.value());
  }

  private int usesOf(ContractId contract, String except) {
    return store.read(
        "count jobs of contract",
        t ->
            t.one(
                    "SELECT count(*) FROM job WHERE contract = ? AND id <> ?"
                        + " AND state_name <> 'refused'",
                    row -> row.getInt(1),
                    contract.value(),
                    except)
                .orElseThrow());
  }

  public List<Event> events(JobId job, long after) {
    return store.read(
        "job events",
        t ->
            t.query(
                "SELECT sequence, at_millis, body FROM job_event"
                    + " WHERE job = ? AND sequence > ? ORDER BY sequence",
                row ->
                    new Event(
                        row.getLong("sequence"),
                        row.getLong("at_millis"),
                        Json.read(row.getBytes("body"), JobNote.class)),
                job.value(),
                after));
  }

  /** The countersignatures given so far, by party. */
  public Map<PartyId, byte[]> countersignatures(JobId job) {
    return column(job, "countersignature");
  }

  /** What the leader said of its release, if it did. */
  public Map<PartyId, byte[]> releases(JobId job) {
    return column(job, "release");
  }

  private Map<PartyId, byte[]> column(JobId job, String column) {
    return store.read(
        "job " + column,
        t ->
            t
                .query(
                    "SELECT party, "
                        + column
                        + " FROM job_party WHERE job = ? AND "
                        + column
                        + " IS NOT NULL",
                    row -> Map.entry(new PartyId(row.getString(1)), row.getBytes(2)),
                    job.value())
                .stream()
                .collect(
                    Collectors.toMap(
                        Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, TreeMap::new)));
  }

  private static Job job(ResultSet row) throws SQLException {
    byte @Nullable [] plan = row.getBytes("plan");
    byte @Nullable [] policy = row.getBytes("policy");
    return new Job(
        new JobId(row.getString("id")),
        new PartyId(row.getString("submitter")),
        row.getString("submitted_by"),
        Json.read(row.getBytes("spec"), JobSpec.class),
        new Digest(row.getString("spec_digest")),
        plan == null ? null : Json.read(plan, Plan.class),
        new ContractId(row.getString("contract")),
        policy == null ? null : Json.read(policy, JobRecord.Policy.class),
        Json.read(row.getBytes("state"), JobState.class),
        row.getLong("created_millis"),
        row.getLong("deadline_millis"));
  }
}
