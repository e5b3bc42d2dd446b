package hesuan.coordinator.access;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.Arrays;

/** What a caller may do for its party; the operator's own tokens have the same roles. */
public enum Role {
  /** Contracts, tokens and everything below, for its party. */
  ADMIN("admin"),
  /** Validates, plans, submits and cancels its party's jobs. */
  ANALYST("analyst"),
  /** Reads what its party takes part in: jobs, receipts, log, ledgers. */
  AUDITOR("auditor");

  private final String text;

  Role(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  public static Role of(String text) {
    return Arrays.stream(values())
        .filter(role -> role.text.equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.INVALID_VALUE, "role", "admin, analyst or auditor", text));
  }
}
