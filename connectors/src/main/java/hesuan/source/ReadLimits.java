package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.file.Path;

/**
 * What reading may cost.
 *
 * @param memoryMegabytes of DuckDB, outside the Java heap; beyond it large work spills to disk
 * @param spillMegabytes most that DuckDB may spill; 0: no row is written to the disk. This DuckDB
 *     can't encrypt what it spills without an extension that is not here
 * @param batchRows rows of one Arrow batch
 * @param spillDirectory inside the agent's home, because what is spilled are rows
 */
public record ReadLimits(
    int memoryMegabytes, int spillMegabytes, int threads, int batchRows, Path spillDirectory) {
  public ReadLimits {
    atLeast("memoryMegabytes", memoryMegabytes, 32);
    atLeast("spillMegabytes", spillMegabytes, 0);
    atLeast("threads", threads, 1);
    atLeast("batchRows", batchRows, 1);
  }

  /** Enough for a job over some million rows beside others on a small machine. */
  public static ReadLimits in(Path spillDirectory) {
    return new ReadLimits(256, 8192, 2, 32_768, spillDirectory);
  }

  private static void atLeast(String at, int value, int least) {
    if (value < least) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, "at least " + least, "" + value);
    }
  }
}
