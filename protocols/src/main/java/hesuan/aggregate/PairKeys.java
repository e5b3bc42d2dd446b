package hesuan.aggregate;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What an owner of secrets and one holder of its shares agree on, for that direction.
 *
 * @param sealing of the shares
 * @param telling of the tag that says that the owner masked against this holder
 */
record PairKeys(byte[] sealing, byte[] telling) {
  static final int BYTES = 2 * AgreementKey.BYTES;
  static final int TAG = 16;
  private static final String HMAC = "HmacSHA256";

  static PairKeys of(byte[] agreed) {
    return new PairKeys(
        Arrays.copyOf(agreed, AgreementKey.BYTES),
        Arrays.copyOfRange(agreed, AgreementKey.BYTES, BYTES));
  }

  /**
   * @param masked the digest of the owner's masked vector
   */
  byte[] tag(byte[] masked) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(telling, HMAC));
      return Arrays.copyOf(mac.doFinal(masked), TAG);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC", e);
    }
  }
}
