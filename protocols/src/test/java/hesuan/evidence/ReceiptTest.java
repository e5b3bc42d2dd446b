package hesuan.evidence;

import static hesuan.evidence.Samples.BRAND;
import static hesuan.evidence.Samples.JOB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReceiptTest {
  private final Samples.Log log = new Samples.Log(BRAND);

  @Test
  void verify_runReceipt_passesEveryCheck() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    Verification result = ReceiptVerifier.verify(receipt.bytes(), Samples.trusted());
    Verification.Verified verified =
        assertInstanceOf(Verification.Verified.class, result, () -> "" + result.checks());
    assertEquals(Statement.Kind.RUN, verified.statement().kind());
    assertEquals(Verification.Name.values().length, result.checks().size());
  }

  @Test
  void verify_releaseReceipt_passesEveryCheck() {
    Samples.runReceipt(log, BRAND, JOB);
    Receipt receipt = Samples.releaseReceipt(log, JOB);
    Verification result = ReceiptVerifier.verify(receipt.bytes(), Samples.trusted());
    assertInstanceOf(Verification.Verified.class, result, () -> "" + result.checks());
  }

  @Test
  void verify_anyByteOfARunReceiptChanged_fails() {
    byte[] file = Samples.runReceipt(log, BRAND, JOB).bytes();
    IntStream.range(0, file.length).parallel().forEach(i -> assertRejected(file, i));
  }

  @Test
  void verify_anyFieldOfAReleaseReceiptChanged_fails() {
    Samples.runReceipt(log, BRAND, JOB);
    byte[] file = Samples.releaseReceipt(log, JOB).bytes();
    IntStream.range(0, file.length)
        .filter(i -> i % 41 == 0 || !longBase64(file, i))
        .parallel()
        .forEach(i -> assertRejected(file, i));
  }

  /** Inside the signatures and payloads every byte is like its neighbours; sampling will do. */
  private static boolean longBase64(byte[] file, int i) {
    for (int j = Math.max(0, i - 20); j < Math.min(file.length, i + 20); j++) {
      if (!Character.isLetterOrDigit(file[j]) && file[j] != '+' && file[j] != '/') {
        return false;
      }
    }
    return true;
  }

  private static void assertRejected(byte[] file, int i) {
    byte[] changed = file.clone();
    changed[i] ^= 1;
    Verification result = ReceiptVerifier.verify(changed, Samples.trusted());
    assertTrue(result instanceof Verification.Rejected, () -> "byte " + i + " of " + file.length);
  }
}
