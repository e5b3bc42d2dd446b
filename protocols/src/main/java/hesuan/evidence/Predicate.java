package hesuan.evidence;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The records that a {@link Statement} can hold; closed, so that a ledger or an auditor's tool
 * meets every one. Strings and integers only. Points are units of service: no record here has a
 * word for money, a price, or a transfer between holders.
 */
public sealed interface Predicate
    permits JobRecord,
        Predicate.Publication,
        Predicate.Withdrawal,
        Predicate.Agreement,
        Predicate.Enrolment,
        Predicate.PointsRule,
        Predicate.Redemption,
        Predicate.Expiry,
        Predicate.Reversal {
  /** Who speaks, and must have signed. */
  PartyId party();

  /** When it was said, in Unix seconds by the speaker's clock. */
  long endSeconds();

  /**
   * The latest leaf in the speaker's own log when this was said: ties its statements together even
   * where only some of them are shown. Null for its first.
   */
  @Nullable Digest previous();

  List<Statement.Subject> subjects();

  /** An owner publishes a product version: the birth of its certificate. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Publication(PartyId party, Product product, long endSeconds, @Nullable Digest previous)
      implements Predicate {
    public Publication {
      checkOwner(party, product.ref());
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of(product.ref().toString(), Digest.ofDocument(product)));
    }
  }

  enum Effect {
    /** Until it is published again. */
    SUSPEND("suspend"),
    /** For good. */
    REVOKE("revoke");

    private final String text;

    Effect(String text) {
      this.text = text;
    }

    @JsonValue
    public String text() {
      return text;
    }

    @JsonCreator
    static Effect of(String text) {
      for (Effect each : values()) {
        if (each.text.equals(text)) {
          return each;
        }
      }
      throw new ProblemException(ErrorCode.INVALID_VALUE, "effect", "suspend or revoke", text);
    }
  }

  /**
   * An owner withdraws a product version, or a member a contract; exactly one of the two is set.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Withdrawal(
      PartyId party,
      @Nullable ProductRef product,
      @Nullable ContractId contract,
      Effect effect,
      long endSeconds,
      @Nullable Digest previous)
      implements Predicate {
    public Withdrawal {
      if ((product == null) == (contract == null)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "withdrawal", "a product or a contract", "both or neither");
      }
      if (product != null) {
        checkOwner(party, product);
      }
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      String name = product != null ? product.toString() : String.valueOf(contract);
      return List.of(Statement.Subject.of(name, Digest.of(name)));
    }
  }

  /** A party has signed a contract; {@code document} is the digest of its canonical bytes. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Agreement(
      PartyId party,
      ContractId contract,
      Digest document,
      long endSeconds,
      @Nullable Digest previous)
      implements Predicate {
    public Agreement {
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of(contract.toString(), document));
    }
  }

  /**
   * How points are earned, redeemed and expire. Earning is a pure function of receipts and this.
   *
   * @param revision counts up; a rule holds from where it stands in the log
   * @param pointsPerProduct for the owner of a product used in a released job
   * @param pointsPerRun for each party that did its part of a released job
   * @param outstandingMax the services held in reserve: nothing is earned beyond it
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record PointsRule(
      PartyId party,
      int revision,
      long pointsPerProduct,
      long pointsPerRun,
      long outstandingMax,
      int expiryDays,
      List<Service> services,
      long endSeconds,
      @Nullable Digest previous)
      implements Predicate {
    private static final int EXPIRY_DAYS_MAX = 3660;

    /** What points are for, and how many it takes. */
    public record Service(String code, long points) {
      public Service {
        checkCode("service", code);
        checkPoints("points", points, 1);
      }
    }

    public PointsRule {
      services = List.copyOf(services);
      checkPoints("pointsPerProduct", pointsPerProduct, 0);
      checkPoints("pointsPerRun", pointsPerRun, 0);
      checkPoints("outstandingMax", outstandingMax, 0);
      if (revision < 1 || expiryDays < 1 || expiryDays > EXPIRY_DAYS_MAX) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "rule",
            "revision from 1, expiryDays 1 to " + EXPIRY_DAYS_MAX,
            revision + ", " + expiryDays);
      }
      Set<String> codes = new HashSet<>();
      for (Service each : services) {
        if (!codes.add(each.code())) {
          throw new ProblemException(
              ErrorCode.INVALID_VALUE, "services", "each code once", each.code());
        }
      }
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of("rule-" + revision, digest()));
    }

    public Digest digest() {
      return Digest.ofDocument(this);
    }
  }

  /**
   * A holder gives points for a service at the rule's points.
   *
   * @param key the same redemption said twice carries the same key
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Redemption(
      PartyId party,
      String key,
      String service,
      long points,
      long endSeconds,
      @Nullable Digest previous)
      implements Predicate {
    public Redemption {
      checkCode("key", key);
      checkCode("service", service);
      checkPoints("points", points, 1);
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of(service, Digest.of(party + "/" + key)));
    }
  }

  /** The issuer takes back whatever of a holder's points is past its term. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Expiry(
      PartyId party, String key, PartyId holder, long endSeconds, @Nullable Digest previous)
      implements Predicate {
    public Expiry {
      checkCode("key", key);
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of(holder.toString(), Digest.of(party + "/" + key)));
    }
  }

  /**
   * The issuer undoes one entry of the rights ledger, whole.
   *
   * @param entry the identity that the ledger gave to it
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Reversal(
      PartyId party,
      String key,
      Digest entry,
      String reason,
      long endSeconds,
      @Nullable Digest previous)
      implements Predicate {
    public Reversal {
      checkCode("key", key);
      checkCode("reason", reason);
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of("entry", entry));
    }
  }

  /**
   * The owner of a federation's log has enrolled a member under these keys, which proved that it
   * holds their secrets. A later one for the same member takes the place of this.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Enrolment(
      PartyId party, PartyId member, Digest keys, long endSeconds, @Nullable Digest previous)
      implements Predicate {
    public Enrolment {
      checkSeconds(endSeconds);
    }

    @Override
    public List<Statement.Subject> subjects() {
      return List.of(Statement.Subject.of(member.toString(), keys));
    }
  }

  /** Largest figure of points anywhere: sums of a few of them stay within 2^53. */
  long POINTS_MAX = 1L << 40;

  Pattern CODE = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");

  static void checkPoints(String at, long points, long min) {
    if (points < min || points > POINTS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, at, min + " to " + POINTS_MAX, "" + points);
    }
  }

  /** Codes, not sentences: free text would be where money is smuggled in. */
  static void checkCode(String at, String code) {
    if (!CODE.matcher(code).matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, CODE.pattern(), code);
    }
  }

  static void checkSeconds(long seconds) {
    if (seconds < 0 || seconds > TrustedKeys.Entry.FOREVER_SECONDS) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "seconds", "Unix seconds", "" + seconds);
    }
  }

  static void checkOwner(PartyId party, ProductRef product) {
    if (!product.party().equals(party)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "party", "the owner of " + product, party.toString());
    }
  }
}
