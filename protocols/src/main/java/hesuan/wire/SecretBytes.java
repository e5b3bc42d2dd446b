package hesuan.wire;

import java.security.MessageDigest;
import java.util.Arrays;

/** Key material: compared in constant time, never printed, wiped after use, one way out. */
public final class SecretBytes implements AutoCloseable {
  private final byte[] bytes;

  /** Takes a copy; the caller wipes its own. */
  public SecretBytes(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** The one way out; the array is the caller's to wipe. */
  public byte[] exposeCopy() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SecretBytes that && MessageDigest.isEqual(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 0;
  }

  @Override
  public String toString() {
    return "SecretBytes[redacted]";
  }

  @Override
  public void close() {
    Arrays.fill(bytes, (byte) 0);
  }
}
