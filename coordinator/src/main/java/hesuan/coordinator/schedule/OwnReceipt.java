package hesuan.coordinator.schedule;

import hesuan.evidence.JobRecord;
import hesuan.evidence.Statement;
import hesuan.job.JobState;
import hesuan.job.JobVerdict;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator's statement on a job's end: what it was, and how it ended. It used no data, spent
 * no budget and released nothing, and says so.
 */
final class OwnReceipt {
  private OwnReceipt() {}

  static Statement of(
      Job job,
      JobState.Ended ended,
      PartyId coordinator,
      Digest contract,
      long endSeconds,
      @Nullable Digest previous) {
    return new Statement(
        kind(ended.verdict()),
        new JobRecord(
            coordinator,
            job.id(),
            job.attempt(),
            job.spec().purpose().code(),
            job.specDigest(),
            job.plan() == null ? null : job.plan().digest(),
            contract,
            Stream.concat(job.parties().stream(), Stream.of(coordinator)).sorted().toList(),
            List.of(),
            job.policy(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            ended.reason(),
            Math.min(job.createdMillis() / 1000, endSeconds),
            endSeconds,
            previous));
  }

  private static Statement.Kind kind(JobVerdict verdict) {
    return switch (verdict) {
      case DONE -> Statement.Kind.RUN;
      case REFUSED -> Statement.Kind.REFUSE;
      case FAILED, EXPIRED -> Statement.Kind.FAIL;
      case ABORTED -> Statement.Kind.ABORT;
    };
  }
}
