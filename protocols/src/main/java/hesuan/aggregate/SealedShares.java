package hesuan.aggregate;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * One party's shares of its two secrets for one other party, sealed by AES-256-GCM under a key that
 * exists for this session and direction only, so that a fixed nonce is used once.
 *
 * @param selfMask of the seed of the self mask
 * @param maskKey of the secret of the masking key
 */
record SealedShares(byte[] selfMask, byte[] maskKey) {
  static final int BYTES = 2 * AgreementKey.BYTES + 16;

  byte[] seal(byte[] key) {
    byte[] both = Arrays.copyOf(selfMask, 2 * AgreementKey.BYTES);
    System.arraycopy(maskKey, 0, both, AgreementKey.BYTES, AgreementKey.BYTES);
    try {
      return cipher(Cipher.ENCRYPT_MODE, key).doFinal(both);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM encrypts 64 bytes", e);
    } finally {
      Arrays.fill(both, (byte) 0);
    }
  }

  static SealedShares open(byte[] key, byte[] sealed, PartyId from) {
    try {
      byte[] both = cipher(Cipher.DECRYPT_MODE, key).doFinal(sealed);
      return new SealedShares(
          Arrays.copyOf(both, AgreementKey.BYTES),
          Arrays.copyOfRange(both, AgreementKey.BYTES, 2 * AgreementKey.BYTES));
    } catch (AEADBadTagException e) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION, from.value(), "shares sealed for this party", "others");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
  }

  private static Cipher cipher(int mode, byte[] key) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, new byte[12]));
    return cipher;
  }
}
