package hesuan.group;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchOprfTest {
  private static SecretBytes seed(int value) {
    byte[] seed = new byte[32];
    Arrays.fill(seed, (byte) value);
    return new SecretBytes(seed);
  }

  /** RFC 9497, appendix A.1. */
  @Test
  void deriveKey_matchesTheVector() {
    byte[] info = "test key".getBytes(StandardCharsets.US_ASCII);
    assertEquals(
        RistrettoTest.little("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e")
            .value(),
        BatchOprf.deriveKey(seed(0xa3), info).value());
    assertNotEquals(
        BatchOprf.deriveKey(seed(0xa3), info).value(),
        BatchOprf.deriveKey(seed(0xa3), new byte[] {1}).value());
    assertNotEquals(
        BatchOprf.deriveKey(seed(0xa3), info).value(),
        BatchOprf.deriveKey(seed(0xa4), info).value());
  }

  /** Blind, evaluate, unblind, finalise: the same as the key's holder computes, and as the RFC. */
  @Test
  void bothWays_giveTheOutputOfTheRfc() throws Exception {
    int items = Lanes.ITEMS_MIN + 3;
    byte[] inputs = new byte[items * 32];
    new Random(1).nextBytes(inputs);
    Scalar key = BatchOprf.deriveKey(seed(1), new byte[0]);
    byte[] direct = new byte[items * 32];
    BatchOprf.hashed(inputs, items, key, direct, Workers.ONE);
    Scalar blind = BatchOprf.deriveKey(seed(2), new byte[0]);
    byte[] blinded = new byte[items * 32];
    BatchOprf.hashed(inputs, items, blind, blinded, Workers.ONE);
    assertEquals(0, Points.multiply(blinded, items, key, blinded, Workers.ONE));
    assertEquals(0, Points.multiply(blinded, items, blind.inverse(), blinded, Workers.ONE));
    assertEquals(-1, Arrays.mismatch(direct, blinded));
    long[] outputs = new long[2 * items + 2];
    BatchOprf.outputs(inputs, direct, items, outputs, 1, Workers.ONE);
    assertEquals(0, outputs[0]);
    for (int i = 0; i < items; i += 50) {
      MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
      sha512.update(new byte[] {0, 32});
      sha512.update(inputs, i * 32, 32);
      sha512.update(new byte[] {0, 32});
      sha512.update(direct, i * 32, 32);
      sha512.update("Finalize".getBytes(StandardCharsets.US_ASCII));
      ByteBuffer hash = ByteBuffer.wrap(sha512.digest()).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(hash.getLong(), outputs[2 * i + 2]);
      assertEquals(hash.getLong(), outputs[2 * i + 3]);
    }
  }
}
