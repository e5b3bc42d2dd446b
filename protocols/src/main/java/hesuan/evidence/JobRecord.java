package hesuan.evidence;

import com.fasterxml.jackson.annotation.JsonInclude;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one party says of one job: its part done ({@code run}), its consent, the release, or why
 * there was none. Which fields go with which kind is checked by {@link #check}.
 *
 * @param attempt from 1; 0 when refused before any
 * @param plan null only where the party never got a plan that it could read
 * @param contract digest of the contract's canonical bytes; null as above
 * @param parties all who contribute to what is spoken of; a release needs the consent of each
 * @param products for a run the party's own, for a release all that were used
 * @param policy null only where no policy was asked
 * @param protocols what ran, with a digest over the transcript as this party saw it
 * @param privacy what this party's budget was charged
 * @param counts figures in decades, never raw ({@link Count#of})
 * @param consents digests of the consent envelopes that the receipt carries, in the order of {@code
 *     parties}; releases only
 * @param problem for refuse, fail and abort
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobRecord(
    PartyId party,
    JobId job,
    int attempt,
    String purpose,
    Digest spec,
    @Nullable Digest plan,
    @Nullable Digest contract,
    List<PartyId> parties,
    List<Input> products,
    @Nullable Policy policy,
    List<Protocol> protocols,
    List<Spent> privacy,
    List<Count> counts,
    List<Output> outputs,
    List<Digest> consents,
    @Nullable Problem problem,
    long startSeconds,
    long endSeconds,
    @Nullable Digest previous)
    implements Predicate {

  public record Input(ProductRef ref, Digest fingerprint) {}

  /**
   * @param bundle digest of the policy bundle that decided
   * @param decisions ids in the party's decision log
   */
  public record Policy(Digest bundle, List<String> decisions) {
    public Policy {
      decisions = List.copyOf(decisions);
    }
  }

  public record Protocol(String id, String version, Digest transcript) {}

  public record Spent(
      ProductRef product, Epsilon epsilon, String delta, int minGroup, Epsilon budgetLeft) {}

  /**
   * @param bucket a decade such as {@code 100-999}: a receipt must not undo the noise
   */
  public record Count(String name, String bucket) {
    private static final Pattern BUCKET = Pattern.compile("0|1(0{0,17})-9(9{0,17})");

    public Count {
      if (!BUCKET.matcher(bucket).matches() || !aligned(bucket)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, "counts", "0 or a decade such as 100-999", bucket);
      }
    }

    public static Count of(String name, long value) {
      if (value <= 0) {
        return new Count(name, "0");
      }
      int zeroes = Math.min(Long.toString(value).length() - 1, 17);
      return new Count(name, "1" + "0".repeat(zeroes) + "-9" + "9".repeat(zeroes));
    }

    private static boolean aligned(String bucket) {
      return bucket.equals("0") || bucket.indexOf('-') * 2 + 1 == bucket.length();
    }
  }

  /**
   * @param shape digest of what the policies judged: columns, row count, thresholds, epsilon
   * @param digest of the output's bytes; null in a consent, which sees no values
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Output(String name, Digest shape, @Nullable Digest digest, List<PartyId> to) {
    public Output {
      to = List.copyOf(to);
    }

    public Output withoutDigest() {
      return new Output(name, shape, null, to);
    }
  }

  public JobRecord {
    parties = List.copyOf(parties);
    products = List.copyOf(products);
    protocols = List.copyOf(protocols);
    privacy = List.copyOf(privacy);
    counts = List.copyOf(counts);
    outputs = List.copyOf(outputs);
    consents = List.copyOf(consents);
    if (attempt < 0) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "attempt", "from 0", "" + attempt);
    }
    Set<PartyId> distinct = new HashSet<>(parties);
    if (distinct.size() != parties.size()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "parties", "each once", parties.toString());
    }
    Predicate.checkSeconds(startSeconds);
    Predicate.checkSeconds(endSeconds);
    if (endSeconds < startSeconds) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "endSeconds", "from " + startSeconds, "" + endSeconds);
    }
  }

  @Override
  public List<Statement.Subject> subjects() {
    List<Statement.Subject> subjects = new ArrayList<>();
    subjects.add(Statement.Subject.of(job.toString(), spec));
    for (Input each : products) {
      subjects.add(Statement.Subject.of(each.ref().toString(), each.fingerprint()));
    }
    for (Output each : outputs) {
      if (each.digest() != null) {
        subjects.add(Statement.Subject.of(each.name(), each.digest()));
      }
    }
    return List.copyOf(subjects);
  }

  /** Whose consent a release by this party needs, in the order in which it carries them. */
  public List<PartyId> consenting() {
    return parties.stream().filter(p -> !p.equals(party)).toList();
  }

  void check(Statement.Kind kind) {
    boolean completed =
        switch (kind) {
          case RUN, CONSENT, RELEASE -> true;
          case REFUSE, FAIL, ABORT -> false;
          case PUBLISH, WITHDRAW, CONTRACT, RULE, REDEEM, EXPIRE, REVERSE, ENROL ->
              throw new IllegalArgumentException("not said of a job: " + kind);
        };
    require(completed == (problem == null), "problem", completed ? "none" : "one");
    if (completed) {
      require(plan != null && contract != null, "plan, contract", "both");
      require(attempt > 0, "attempt", "from 1");
      require(parties.contains(party), "parties", "one of them " + party);
    }
    boolean speaksOfOutputs = kind == Statement.Kind.CONSENT || kind == Statement.Kind.RELEASE;
    require(speaksOfOutputs != outputs.isEmpty(), "outputs", speaksOfOutputs ? "some" : "none");
    for (Output each : outputs) {
      require(
          (kind == Statement.Kind.RELEASE) == (each.digest() != null),
          "outputs",
          "a digest in a release and only there");
    }
    int needed = kind == Statement.Kind.RELEASE ? parties.size() - 1 : 0;
    require(consents.size() == needed, "consents", "" + needed);
    for (Input each : products) {
      require(
          kind == Statement.Kind.RELEASE || each.ref().party().equals(party),
          "products",
          "those of " + party);
    }
  }

  private static void require(boolean holds, String at, String expected) {
    if (!holds) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, expected, "something else");
    }
  }
}
