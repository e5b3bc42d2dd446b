package hesuan.policy;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * One answer, as it is logged and put into receipts. An allow holds for this question at this time
 * only, and only if its obligations are carried out.
 *
 * @param id the same for the same bundle, settings and input
 * @param bundle digest of the compiled rules
 * @param settings digest of the party's own document
 * @param input digest of the question's canonical bytes; whoever can guess the question can confirm
 *     the guess
 * @param reasons empty if and only if allowed
 */
public record Decision(
    String id,
    Phase phase,
    Digest bundle,
    Digest settings,
    Digest input,
    boolean allow,
    List<Reason> reasons,
    List<Obligation> obligations,
    long micros) {

  /**
   * Why not: a stable rule name and its figures. {@link Explanation} turns it into words.
   *
   * @param change the smallest change that this rule would pass
   */
  public record Reason(String rule, String at, String expected, String found, Change change) {
    static final Pattern RULE = Pattern.compile("[a-z][A-Za-z]{0,39}(\\.[a-z][A-Za-z]{0,39}){1,3}");

    public Reason {
      if (!RULE.matcher(rule).matches()) {
        throw new ProblemException(ErrorCode.INVALID_VALUE, "rule", RULE.pattern(), rule);
      }
    }

    /** The same refusal in the terms of the error table. */
    public Problem problem() {
      return new Problem(
          code(), rule + " " + at, Explanation.expected(this), Explanation.found(this));
    }

    private ErrorCode code() {
      if (rule.equals("disclosure.level") || rule.equals("release.column")) {
        return ErrorCode.DISCLOSURE_DENIED;
      }
      if (rule.endsWith(".withdrawn")) {
        return ErrorCode.WITHDRAWN;
      }
      return rule.startsWith("contract.") ? ErrorCode.CONTRACT_VIOLATED : ErrorCode.POLICY_DENIED;
    }
  }

  /**
   * A change as data: {@code use.level shop-b/orders@40 city aggregate}.
   *
   * @param kind one of docs/policy.md's table
   */
  public record Change(String kind, List<String> args) {
    public static final Change NONE = new Change("none", List.of());

    public Change {
      args = List.copyOf(args);
    }

    /** One line, for places that carry text only. */
    public String text() {
      return args.isEmpty() ? kind : kind + " " + String.join(" ", args);
    }
  }

  /** What is done on the allow. Those of an allow are met by the plan: else it were a denial. */
  public record Obligation(String kind, long value) {}

  /** No group smaller than that is let through. */
  public static final String GROUP_MINIMUM = "group.minimum";

  public Decision {
    reasons = List.copyOf(reasons);
    obligations = List.copyOf(obligations);
    if (allow != reasons.isEmpty() || (!allow && !obligations.isEmpty())) {
      throw new IllegalArgumentException("an allow has no reasons, a denial has no obligations");
    }
  }

  public OptionalLong obligation(String kind) {
    return obligations.stream()
        .filter(o -> o.kind().equals(kind))
        .mapToLong(Obligation::value)
        .findFirst();
  }

  /** Returns itself if allowed, else throws the first reason. */
  public Decision orThrow() {
    if (!allow) {
      throw reasons.getFirst().problem().asException();
    }
    return this;
  }
}
