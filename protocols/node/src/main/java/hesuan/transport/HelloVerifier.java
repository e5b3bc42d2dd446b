package hesuan.transport;

/** Checks a signature by the keys that the job's contract pins for the peer. */
public interface HelloVerifier {
  boolean verifies(byte[] message, byte[] signature);
}
