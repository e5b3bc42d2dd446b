package hesuan.transport;

import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.ProblemException;

/** One attempt of one job: what a link is for, and what its hello is signed over. */
public record SessionId(JobId job, int attempt) {
  public SessionId {
    if (attempt < 1 || attempt > 1_000) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "attempt", "1 to 1000", "" + attempt);
    }
  }

  @Override
  public String toString() {
    return job + "#" + attempt;
  }
}
