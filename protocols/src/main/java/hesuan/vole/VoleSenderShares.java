package hesuan.vole;

import java.util.Arrays;

/**
 * What the sender comes out with: Delta, fresh and uniform, and b. The array is the caller's to
 * use, change and wipe.
 */
@SuppressWarnings("ArrayRecordComponent") // tens of megabytes: never copied, never compared
public record VoleSenderShares(long delta0, long delta1, long[] b) {
  public int count() {
    return b.length / 2;
  }

  public void wipe() {
    Arrays.fill(b, 0);
  }

  @Override
  public String toString() {
    return "VoleSenderShares[redacted]";
  }
}
