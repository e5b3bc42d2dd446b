package hesuan.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/** How a job ended; the word travels in Settle and stands in receipts. */
public enum JobVerdict {
  DONE("done"),
  REFUSED("refused"),
  FAILED("failed"),
  ABORTED("aborted"),
  EXPIRED("expired");

  private final String text;

  JobVerdict(String text) {
    this.text = text;
  }

  @JsonValue
  public String text() {
    return text;
  }

  @JsonCreator
  public static JobVerdict of(String text) {
    for (JobVerdict verdict : values()) {
      if (verdict.text.equals(text)) {
        return verdict;
      }
    }
    throw new ProblemException(
        ErrorCode.INVALID_VALUE, "verdict", "done, refused, failed, aborted or expired", text);
  }
}
