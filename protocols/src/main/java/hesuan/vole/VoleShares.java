package hesuan.vole;

import java.util.Arrays;

/**
 * What the receiver comes out with: c[i] = a[i] Delta + b[i], elements as {@link Gf128} has them.
 * The arrays are the caller's to use, change and wipe.
 */
@SuppressWarnings("ArrayRecordComponent") // tens of megabytes: never copied, never compared
public record VoleShares(long[] a, long[] c) {
  public int count() {
    return a.length / 2;
  }

  public void wipe() {
    Arrays.fill(a, 0);
    Arrays.fill(c, 0);
  }

  @Override
  public String toString() {
    return "VoleShares[redacted]";
  }
}
