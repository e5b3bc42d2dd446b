package hesuan.evidence;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a receipt says: an in-toto Statement v1 whose predicate is one of our records. Reading
 * accepts canonical bytes only, and the subjects must be those that follow from the predicate, so a
 * statement has one spelling.
 */
public record Statement(Kind kind, Predicate predicate) {
  public static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";
  private static final String TYPE = "https://in-toto.io/Statement/v1";
  private static final String PREDICATE_PREFIX = "https://hesuan.dev/receipt/";
  private static final String PREDICATE_SUFFIX = "/v1";
  private static final int BYTES_MAX = 32 << 10;

  public enum Kind {
    /** A party has done its part of a job. */
    RUN("run"),
    /** A contributing party allows outputs of this shape to leave; carried inside a release. */
    CONSENT("consent"),
    /** The leader has stored the outputs, with everyone's consent. */
    RELEASE("release"),
    REFUSE("refuse"),
    FAIL("fail"),
    ABORT("abort"),
    PUBLISH("publish"),
    WITHDRAW("withdraw"),
    /** A party has signed a contract. */
    CONTRACT("contract"),
    /** The rule by which points are earned, redeemed and expire. */
    RULE("rule"),
    REDEEM("redeem"),
    EXPIRE("expire"),
    REVERSE("reverse"),
    /** The owner of a federation's log has enrolled a member under certain keys. */
    ENROL("enrol");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @JsonValue
    public String text() {
      return text;
    }

    @JsonCreator
    public static Kind of(String text) {
      for (Kind each : values()) {
        if (each.text.equals(text)) {
          return each;
        }
      }
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "kind", "a published kind of receipt", text);
    }

    private Class<? extends Predicate> predicateClass() {
      return switch (this) {
        case RUN, CONSENT, RELEASE, REFUSE, FAIL, ABORT -> JobRecord.class;
        case PUBLISH -> Predicate.Publication.class;
        case WITHDRAW -> Predicate.Withdrawal.class;
        case CONTRACT -> Predicate.Agreement.class;
        case RULE -> Predicate.PointsRule.class;
        case REDEEM -> Predicate.Redemption.class;
        case EXPIRE -> Predicate.Expiry.class;
        case REVERSE -> Predicate.Reversal.class;
        case ENROL -> Predicate.Enrolment.class;
      };
    }
  }

  /** What the statement is about, for readers that know in-toto and not us. */
  public record Subject(String name, Map<String, String> digest) {
    static Subject of(String name, Digest digest) {
      return new Subject(name, Map.of("sha256", digest.hex()));
    }
  }

  private record Document(
      @JsonProperty("_type") String type,
      List<Subject> subject,
      String predicateType,
      JsonNode predicate) {}

  public Statement {
    if (!kind.predicateClass().isInstance(predicate)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "predicate",
          "the record of a " + kind.text(),
          predicate.getClass().getSimpleName());
    }
    if (predicate instanceof JobRecord job) {
      job.check(kind);
    }
  }

  public byte[] bytes() {
    byte[] bytes =
        Json.canonical(
            new Document(
                TYPE,
                predicate.subjects(),
                PREDICATE_PREFIX + kind.text() + PREDICATE_SUFFIX,
                Json.node(predicate)));
    checkSize(bytes);
    return bytes;
  }

  /** Signs, with the keys of the party that the statement says it is from. */
  public Envelope sign(SigningKeys keys) {
    if (!keys.party().equals(predicate.party())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "statement",
          "the keys of " + predicate.party(),
          "those of " + keys.party());
    }
    return Envelope.sign(PAYLOAD_TYPE, bytes(), keys);
  }

  public static Statement read(byte[] bytes) {
    checkSize(bytes);
    Document document = Json.read(bytes, Document.class);
    expect("_type", TYPE, document.type());
    String type = document.predicateType();
    if (!type.startsWith(PREDICATE_PREFIX) || !type.endsWith(PREDICATE_SUFFIX)) {
      expect("predicateType", PREDICATE_PREFIX + "<kind>" + PREDICATE_SUFFIX, type);
    }
    Kind kind =
        Kind.of(
            type.substring(
                PREDICATE_PREFIX.length(),
                Math.max(PREDICATE_PREFIX.length(), type.length() - PREDICATE_SUFFIX.length())));
    Statement statement =
        new Statement(kind, Json.read(document.predicate(), kind.predicateClass()));
    if (!Arrays.equals(bytes, statement.bytes())) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT,
          "statement",
          "canonical JSON with the subjects of its predicate",
          "another spelling");
    }
    return statement;
  }

  /** The statement that the holder of these keys signed. */
  public static Statement verify(Envelope envelope, PartyKeys keys) {
    Statement statement = read(envelope.verify(PAYLOAD_TYPE, keys));
    if (!statement.predicate().party().equals(keys.party())) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED,
          "statement",
          "one that speaks for " + keys.party(),
          "for " + statement.predicate().party());
    }
    return statement;
  }

  private static void expect(String at, String expected, String found) {
    if (!expected.equals(found)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
    }
  }

  private static void checkSize(byte[] bytes) {
    if (bytes.length > BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "statement",
          "at most " + BYTES_MAX + " bytes",
          bytes.length + " bytes");
    }
  }
}
