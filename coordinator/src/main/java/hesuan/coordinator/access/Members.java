package hesuan.coordinator.access;

import hesuan.evidence.Envelope;
import hesuan.evidence.PartyKeys;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** The enrolled parties and their public signing keys. Safe for many threads. */
public final class Members {
  private static final String COLUMNS =
      "id, keys, enrolled_millis, data_address, software, clock_skew_millis, seen_millis";

  /**
   * @param dataAddress where other agents reach it, or empty: through the relay
   * @param clockSkewMillis its clock minus ours at the last ping
   */
  public record Member(
      PartyId party,
      PartyKeys keys,
      Digest keysDigest,
      long enrolledMillis,
      String dataAddress,
      String software,
      long clockSkewMillis,
      long seenMillis) {}

  private final Store store;

  public Members(Store store) {
    this.store = store;
  }

  public List<Member> list() {
    return store.read(
        "list members",
        t -> t.query("SELECT " + COLUMNS + " FROM party ORDER BY id", Members::member));
  }

  public Optional<Member> find(PartyId party) {
    return store.read("find member", t -> find(t, party));
  }

  public Member require(PartyId party) {
    return find(party)
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_PARTY, "party", "an enrolled party", party.value()));
  }

  static Optional<Member> find(Transaction t, PartyId party) throws SQLException {
    return t.one("SELECT " + COLUMNS + " FROM party WHERE id = ?", Members::member, party.value());
  }

  /** Enrols a party, or gives an enrolled one the keys of a new enrolment. */
  public static void put(Transaction t, PartyKeys keys, long nowMillis) throws SQLException {
    t.update(
        "INSERT INTO party (id, keys, keys_digest, enrolled_millis) VALUES (?, ?, ?, ?)"
            + " ON CONFLICT (id) DO UPDATE SET keys = excluded.keys,"
            + " keys_digest = excluded.keys_digest, enrolled_millis = excluded.enrolled_millis",
        keys.party().value(),
        Json.canonical(keys),
        keys.digest().hex(),
        nowMillis);
  }

  /** What an agent said of itself when it connected. */
  public void greet(PartyId party, String dataAddress, String software, long skew, long now) {
    store.inTransaction(
        "greet member",
        t ->
            t.update(
                "UPDATE party SET data_address = ?, software = ?, clock_skew_millis = ?,"
                    + " seen_millis = ? WHERE id = ?",
                dataAddress,
                software,
                skew,
                now,
                party.value()));
  }

  /** A sign of life with its clock. */
  public void heard(PartyId party, long skew, long now) {
    store.inTransaction(
        "hear member",
        t ->
            t.update(
                "UPDATE party SET clock_skew_millis = ?, seen_millis = ? WHERE id = ?",
                skew,
                now,
                party.value()));
  }

  /**
   * Keeps the latest head of a member's budget ledger; may be retried.
   *
   * @return the number of the head that was shown
   */
  public long keepBudgetHead(PartyId party, byte[] bytes) {
    Envelope envelope = Envelope.read(bytes);
    BudgetHead head =
        envelope.verify(BudgetHead.PAYLOAD_TYPE, require(party).keys(), BudgetHead.class);
    if (!head.party().equals(party)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "budget head", "of " + party, head.party().value());
    }
    store.inTransaction(
        "keep budget head",
        t ->
            t.update(
                "INSERT INTO budget_head (party, number, envelope) VALUES (?, ?, ?)"
                    + " ON CONFLICT (party) DO UPDATE SET number = excluded.number,"
                    + " envelope = excluded.envelope WHERE excluded.number > number",
                party.value(),
                head.head().number(),
                envelope.bytes()));
    return head.head().number();
  }

  public Optional<Envelope> budgetHead(PartyId party) {
    return store.read(
        "budget head",
        t ->
            t.one(
                "SELECT envelope FROM budget_head WHERE party = ?",
                row -> Envelope.read(row.getBytes(1)),
                party.value()));
  }

  private static Member member(ResultSet row) throws SQLException {
    PartyKeys keys = Json.read(row.getBytes("keys"), PartyKeys.class);
    return new Member(
        new PartyId(row.getString("id")),
        keys,
        keys.digest(),
        row.getLong("enrolled_millis"),
        row.getString("data_address"),
        row.getString("software"),
        row.getLong("clock_skew_millis"),
        row.getLong("seen_millis"));
  }
}
