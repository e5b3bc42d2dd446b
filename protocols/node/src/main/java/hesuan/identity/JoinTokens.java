package hesuan.identity;

import hesuan.store.Schema;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The coordinator's book of join tokens: hashes only, each bound to a party and a role, good once
 * and for an hour.
 *
 * <p>"Once" means for one key: an agent whose answer was lost may ask again with the same token and
 * the same key, and whoever stole the token later has another key.
 */
public final class JoinTokens {
  public static final Schema SCHEMA =
      new Schema("identity", JoinTokens.class, List.of("001-join-tokens.sql"));
  public static final Duration LIFETIME = Duration.ofHours(1);
  private static final Logger log = LoggerFactory.getLogger(JoinTokens.class);

  /** What a token gives its holder. */
  public record Grant(PartyId party, String role) {}

  private record Row(String party, String role, long expiresMillis, @Nullable String usedBy) {}

  private final Digest root;
  private final Clock clock;
  private final SecureRandom random;

  public JoinTokens(Digest root, Clock clock, SecureRandom random) {
    this.root = root;
    this.clock = clock;
    this.random = random;
  }

  public JoinToken issue(Transaction transaction, PartyId party, String role) throws SQLException {
    JoinToken token = JoinToken.generate(root, random);
    transaction.update(
        "INSERT INTO join_token (hash, party, role, expires_millis) VALUES (?, ?, ?, ?)",
        token.hash().hex(),
        party.value(),
        role,
        clock.instant().plus(LIFETIME).toEpochMilli());
    return token;
  }

  /**
   * Uses the token up for that key. Belongs into the transaction that records the enrolment.
   *
   * @throws ProblemException TOKEN_REFUSED for an unknown, expired or used token, or one for
   *     another party
   */
  public Grant redeem(Transaction transaction, String text, PartyId party, CertificateRequest by)
      throws SQLException {
    try {
      return check(transaction, JoinToken.parse(text), party, by);
    } catch (ProblemException e) {
      log.warn("enrolment of {} refused: {}", party, e.getMessage());
      throw e;
    }
  }

  private Grant check(
      Transaction transaction, JoinToken token, PartyId party, CertificateRequest by)
      throws SQLException {
    String hash = token.hash().hex();
    Row row =
        transaction
            .one(
                "SELECT party, role, expires_millis, used_by FROM join_token WHERE hash = ?",
                found ->
                    new Row(
                        found.getString(1),
                        found.getString(2),
                        found.getLong(3),
                        found.getString(4)),
                hash)
            .orElseThrow(() -> refused("a token of this federation", "an unknown token"));
    if (!token.root().equals(root)) {
      throw refused("root " + root, "root " + token.root());
    }
    if (!row.party().equals(party.value())) {
      throw refused("a token for " + party, "a token for another party");
    }
    String key = by.keyDigest().hex();
    if (row.usedBy() != null && !row.usedBy().equals(key)) {
      throw refused("an unused token", "one that was used before, with another key");
    }
    Instant expires = Instant.ofEpochMilli(row.expiresMillis());
    if (!clock.instant().isBefore(expires)) {
      throw refused("a token that is still good", "one that expired at " + expires);
    }
    transaction.update("UPDATE join_token SET used_by = ? WHERE hash = ?", key, hash);
    return new Grant(party, row.role());
  }

  private static ProblemException refused(String expected, String found) {
    return new ProblemException(ErrorCode.TOKEN_REFUSED, "join token", expected, found);
  }
}
