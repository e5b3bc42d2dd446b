package hesuan.aggregate;

/** Signs as this party, with the keys that the contract pins. */
@FunctionalInterface
public interface PartySigner {
  /** At most {@link #SIGNATURE_BYTES_MAX} bytes. */
  byte[] sign(byte[] message);

  int SIGNATURE_BYTES_MAX = 8192;
}
