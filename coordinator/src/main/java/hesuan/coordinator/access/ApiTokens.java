package hesuan.coordinator.access;

import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Bearer tokens of the API: 32 random bytes, shown once, stored as a hash, bound to a party (or to
 * the operator) and one role. Safe for many threads.
 */
public final class ApiTokens {
  public static final Duration LIFE_MAX = Duration.ofDays(366);
  private static final Pattern SHAPE = Pattern.compile("hst_[A-Za-z0-9_-]{43}");
  private static final int LABEL_MAX = 80;
  private static final String COLUMNS =
      "id, party, role, label, created_by, created_millis, expires_millis, revoked_millis";

  /** A token as it may be listed: never its secret. */
  public record Entry(
      String id,
      @Nullable PartyId party,
      Role role,
      String label,
      String createdBy,
      long createdMillis,
      long expiresMillis,
      boolean revoked) {}

  /**
   * @param secret shown to its creator now and never again
   */
  public record Issued(Entry entry, String secret) {}

  private final Store store;
  private final Clock clock;
  private final SecureRandom random;

  public ApiTokens(Store store, Clock clock, SecureRandom random) {
    this.store = store;
    this.clock = clock;
    this.random = random;
  }

  public Issued issue(
      @Nullable PartyId party, Role role, String label, Duration life, String createdBy) {
    if (life.isNegative() || life.isZero() || life.compareTo(LIFE_MAX) > 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "days", "1 to " + LIFE_MAX.toDays(), "" + life.toDays());
    }
    if (label.length() > LABEL_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "label", LABEL_MAX + " characters", "" + label.length());
    }
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    String secret = "hst_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    byte[] id = new byte[6];
    random.nextBytes(id);
    long now = clock.millis();
    Entry entry =
        new Entry(
            "tok-" + HexFormat.of().formatHex(id),
            party,
            role,
            label,
            createdBy,
            now,
            now + life.toMillis(),
            false);
    store.inTransaction(
        "issue API token",
        t ->
            t.update(
                "INSERT INTO api_token (id, hash, party, role, label, created_by, created_millis,"
                    + " expires_millis) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                entry.id(),
                Digest.of(secret).hex(),
                party == null ? null : party.value(),
                role.text(),
                label,
                createdBy,
                entry.createdMillis(),
                entry.expiresMillis()));
    return new Issued(entry, secret);
  }

  /** The caller behind a token that exists, is not revoked and has not expired. */
  public Optional<Caller> caller(String secret) {
    if (!SHAPE.matcher(secret).matches()) {
      return Optional.empty();
    }
    return store
        .read(
            "find API token",
            t ->
                t.one(
                    "SELECT " + COLUMNS + " FROM api_token WHERE hash = ?",
                    ApiTokens::entry,
                    Digest.of(secret).hex()))
        .filter(entry -> !entry.revoked() && entry.expiresMillis() > clock.millis())
        .map(entry -> new Caller(entry.party(), Set.of(entry.role()), "token:" + entry.id()));
  }

  /** Those of a party, or all of them for the operator. */
  public List<Entry> list(Caller caller) {
    caller.require(Role.ADMIN);
    return store.read(
        "list API tokens",
        t ->
            t
                .query(
                    "SELECT " + COLUMNS + " FROM api_token ORDER BY created_millis, id",
                    ApiTokens::entry)
                .stream()
                .filter(entry -> caller.operator() || owns(caller, entry))
                .toList());
  }

  public void revoke(Caller caller, String id) {
    caller.require(Role.ADMIN);
    boolean mine = list(caller).stream().anyMatch(entry -> entry.id().equals(id));
    if (!mine) {
      throw new ProblemException(ErrorCode.UNKNOWN_TOKEN, "token", "a token of your party", id);
    }
    store.inTransaction(
        "revoke API token",
        t ->
            t.update(
                "UPDATE api_token SET revoked_millis = ? WHERE id = ? AND revoked_millis IS NULL",
                clock.millis(),
                id));
  }

  private static boolean owns(Caller caller, Entry entry) {
    return entry.party() != null && entry.party().equals(caller.party());
  }

  private static Entry entry(ResultSet row) throws SQLException {
    String party = row.getString("party");
    return new Entry(
        row.getString("id"),
        party == null ? null : new PartyId(party),
        Role.of(row.getString("role")),
        row.getString("label"),
        row.getString("created_by"),
        row.getLong("created_millis"),
        row.getLong("expires_millis"),
        row.getObject("revoked_millis") != null);
  }
}
