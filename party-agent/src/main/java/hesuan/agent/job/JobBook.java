package hesuan.agent.job;

import com.google.protobuf.InvalidProtocolBufferException;
import hesuan.control.Propose;
import hesuan.evidence.Envelope;
import hesuan.job.PartyJobState;
import hesuan.policy.Decision;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The jobs of this party in its store. Methods that take a transaction belong to the caller's. */
public final class JobBook {
  private static final String SELECT =
      """
      SELECT id, proposal, plan, state, countersignature, countersignatures, noise_seed,
        created_seconds, deadline_millis FROM job""";

  /** A released result as this party holds it: its own as leader, or delivered to it. */
  public record Result(byte[] body, Envelope release, List<Envelope> consents) {
    public Result {
      consents = List.copyOf(consents);
    }
  }

  private final Store store;
  private final Map<JobId, ReadPlan> plans = Collections.synchronizedMap(new LastPlans());

  public JobBook(Store store) {
    this.store = store;
  }

  Store store() {
    return store;
  }

  static void insert(Transaction t, JobEntry entry) throws SQLException {
    t.update(
        """
        INSERT INTO job (id, proposal, plan, state, created_seconds, deadline_millis)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING""",
        entry.id().value(),
        entry.proposal().toByteArray(),
        Json.canonical(entry.plan()),
        Json.canonicalText(entry.state()),
        entry.createdSeconds(),
        entry.deadlineMillis());
  }

  static void state(Transaction t, JobId job, PartyJobState state) throws SQLException {
    t.update("UPDATE job SET state = ? WHERE id = ?", Json.canonicalText(state), job.value());
  }

  static void countersigned(Transaction t, JobId job, Envelope own) throws SQLException {
    t.update(
        "UPDATE job SET countersignature = ? WHERE id = ? AND countersignature IS NULL",
        own.bytes(),
        job.value());
  }

  static void started(Transaction t, JobId job, List<Envelope> all, SecretBytes seed)
      throws SQLException {
    byte[] bytes = seed.exposeCopy();
    t.update(
        """
        UPDATE job SET countersignatures = ?, noise_seed = coalesce(noise_seed, ?)
        WHERE id = ?""",
        Json.canonical(all),
        bytes,
        job.value());
    java.util.Arrays.fill(bytes, (byte) 0);
  }

  static SecretBytes noiseSeed(Transaction t, JobId job) throws SQLException {
    return t.one(
            "SELECT noise_seed FROM job WHERE id = ?",
            row -> new SecretBytes(row.getBytes(1)),
            job.value())
        .orElseThrow();
  }

  /** In place of the one that was drawn for the job, where its query was charged before. */
  static void noiseSeed(Transaction t, JobId job, SecretBytes seed) throws SQLException {
    byte[] bytes = seed.exposeCopy();
    t.update("UPDATE job SET noise_seed = ? WHERE id = ?", bytes, job.value());
    java.util.Arrays.fill(bytes, (byte) 0);
  }

  static void consented(Transaction t, JobId job, Digest shape, Envelope consent)
      throws SQLException {
    t.update(
        "INSERT INTO consent (job, shape, envelope) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        job.value(),
        shape.hex(),
        consent.bytes());
  }

  static void released(Transaction t, JobId job, Result result) throws SQLException {
    t.update(
        "INSERT INTO result (job, body, release, consents) VALUES (?, ?, ?, ?)",
        job.value(),
        result.body,
        result.release.bytes(),
        Json.canonical(result.consents));
  }

  /** Which protocol transcript a step left; the transaction may be retried. */
  void transcript(JobId job, int attempt, String step, Digest digest) {
    store.inTransaction(
        "transcript",
        t ->
            t.update(
                """
                INSERT INTO transcript (job, attempt, step, digest) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING""",
                job.value(),
                attempt,
                step,
                digest.hex()));
  }

  /** The latest attempt in which a step ran to its end here, or 0. */
  int lastAttempt(JobId job) {
    return store.read(
        "last attempt",
        t ->
            t.one(
                    "SELECT coalesce(max(attempt), 0) FROM transcript WHERE job = ?",
                    row -> row.getInt(1),
                    job.value())
                .orElse(0));
  }

  /** The transcript of each step of an attempt, in the order of the plan. */
  List<Optional<Digest>> transcripts(JobId job, int attempt, List<Plan.Step> steps) {
    return store.read(
        "transcripts",
        t -> {
          List<Optional<Digest>> found = new java.util.ArrayList<>();
          for (Plan.Step step : steps) {
            found.add(
                t.one(
                    "SELECT digest FROM transcript WHERE job = ? AND attempt = ? AND step = ?",
                    row -> new Digest(row.getString(1)),
                    job.value(),
                    attempt,
                    step.name()));
          }
          return found;
        });
  }

  /**
   * Keeps what the policy said; the transaction may be retried. A process that is killed before the
   * change that the decision allows decides anew when it is asked again: both are kept, and only
   * the second led to anything.
   */
  void decided(JobId job, Decision decision, long atSeconds) {
    store.inTransaction(
        "decision",
        t ->
            t.update(
                """
                INSERT INTO decision (id, job, phase, body, at_seconds) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING""",
                decision.id(),
                job.value(),
                decision.phase().text(),
                Json.canonical(decision),
                atSeconds));
  }

  public List<Decision> decisions(JobId job) {
    return store.read(
        "decisions",
        t ->
            t.query(
                "SELECT body FROM decision WHERE job = ? ORDER BY at_seconds, rowid",
                row -> Json.read(row.getBytes(1), Decision.class),
                job.value()));
  }

  /** Jobs other than that one in which this party took part under the contract. */
  int jobsUnder(String contract, JobId except) {
    return (int)
        store
            .read(
                "jobs under a contract",
                t ->
                    t.query(
                        """
                        SELECT state FROM job
                        WHERE id <> ? AND json_extract(CAST(plan AS TEXT), '$.contract') = ?""",
                        row -> Json.read(row.getString(1), PartyJobState.class),
                        except.value(),
                        contract))
            .stream()
            .filter(JobBook::charged)
            .count();
  }

  private static boolean charged(PartyJobState state) {
    return switch (state) {
      case PartyJobState.Considered _, PartyJobState.Admitted _, PartyJobState.Declined _ -> false;
      case PartyJobState.Charged _,
          PartyJobState.Running _,
          PartyJobState.AwaitingRelease _,
          PartyJobState.Released _ ->
          true;
      case PartyJobState.Settled settled -> settled.charged();
    };
  }

  public Optional<JobEntry> find(JobId job) {
    return store.read("job", t -> t.one(SELECT + " WHERE id = ?", this::entry, job.value()));
  }

  List<JobId> ids() {
    return store.read(
        "job ids",
        t ->
            t.query(
                "SELECT id FROM job ORDER BY created_seconds, id",
                row -> new JobId(row.getString(1))));
  }

  public List<JobEntry> all() {
    return store.read("jobs", t -> t.query(SELECT + " ORDER BY created_seconds, id", this::entry));
  }

  public Optional<Result> result(JobId job) {
    return store.read(
        "result",
        t ->
            t.one(
                "SELECT body, release, consents FROM result WHERE job = ?",
                row ->
                    new Result(
                        row.getBytes(1),
                        Envelope.read(row.getBytes(2)),
                        List.of(Json.read(row.getBytes(3), Envelope[].class))),
                job.value()));
  }

  private JobEntry entry(ResultSet row) throws SQLException {
    try {
      JobId id = new JobId(row.getString(1));
      byte @Nullable [] own = row.getBytes(5);
      byte @Nullable [] all = row.getBytes(6);
      byte @Nullable [] seed = row.getBytes(7);
      return new JobEntry(
          id,
          Propose.parseFrom(row.getBytes(2)),
          plan(id, row.getBytes(3)),
          Json.read(row.getString(4), PartyJobState.class),
          own == null ? null : Envelope.read(own),
          all == null ? List.of() : List.of(Json.read(all, Envelope[].class)),
          seed == null ? null : new SecretBytes(seed),
          row.getLong(8),
          row.getLong(9));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("stored proposal cannot be read", e);
    }
  }

  /** A job is looked up at each of its steps, and reading a plan of thousand groups takes long. */
  private Plan plan(JobId job, byte[] stored) {
    ReadPlan read = plans.get(job);
    if (read == null || !Arrays.equals(read.stored, stored)) {
      read = new ReadPlan(stored, Json.read(stored, Plan.class));
      plans.put(job, read);
    }
    return read.plan;
  }

  private record ReadPlan(byte[] stored, Plan plan) {}

  private static final class LastPlans extends LinkedHashMap<JobId, ReadPlan> {
    private static final int PLANS_MAX = 16;

    LastPlans() {
      super(2 * PLANS_MAX, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<JobId, ReadPlan> eldest) {
      return size() > PLANS_MAX;
    }
  }
}
