package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import org.bouncycastle.math.ec.rfc8032.Ed25519;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAPublicKeyParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSASigner;

/**
 * The public half of a party's signing keys: a document whose {@link #digest} contracts pin. A
 * signature of the party is a signature by both keys, so it stands while either algorithm does.
 *
 * @param ed25519 32 bytes (RFC 8032) in base 64
 * @param mlDsa44 1312 bytes (FIPS 204) in base 64
 */
public record PartyKeys(PartyId party, String ed25519, String mlDsa44) {
  public static final String PAYLOAD_TYPE = "application/vnd.hesuan.keys+json";

  static final int ED25519_BYTES = 32;
  static final int ED25519_SIGNATURE_BYTES = 64;
  static final int ML_DSA_44_BYTES = 1312;
  static final int ML_DSA_44_SIGNATURE_BYTES = 2420;

  public PartyKeys {
    byte[] point = Base64Text.decodeExactly(ed25519, "ed25519", ED25519_BYTES);
    if (!Ed25519.validatePublicKeyFull(point, 0)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "ed25519", "a point of the prime-order group", "another point");
    }
    Base64Text.decodeExactly(mlDsa44, "mlDsa44", ML_DSA_44_BYTES);
  }

  public Digest digest() {
    return Digest.ofDocument(this);
  }

  /**
   * Checks that whoever made the envelope holds the secrets of these keys.
   *
   * @throws ProblemException SIGNATURE_REFUSED
   */
  public void verifyPossession(Envelope proof) {
    byte[] signed = proof.verify(PAYLOAD_TYPE, this);
    if (!Arrays.equals(signed, Json.canonical(this))) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "keys of " + party, "a proof over these keys", "others");
    }
  }

  /** Names the key in an envelope; a hint that nobody may trust. */
  String ed25519KeyId() {
    return "ed25519:" + Digest.of(ed25519Bytes()).hex().substring(0, 16);
  }

  String mlDsa44KeyId() {
    return "ml-dsa-44:" + Digest.of(mlDsa44Bytes()).hex().substring(0, 16);
  }

  byte[] ed25519Bytes() {
    return Base64Text.decodeExactly(ed25519, "ed25519", ED25519_BYTES);
  }

  byte[] mlDsa44Bytes() {
    return Base64Text.decodeExactly(mlDsa44, "mlDsa44", ML_DSA_44_BYTES);
  }

  boolean ed25519Verifies(byte[] message, byte[] signature) {
    return signature.length == ED25519_SIGNATURE_BYTES
        && Ed25519.verify(signature, 0, ed25519Bytes(), 0, message, 0, message.length);
  }

  boolean mlDsa44Verifies(byte[] message, byte[] signature) {
    if (signature.length != ML_DSA_44_SIGNATURE_BYTES) {
      return false;
    }
    MLDSASigner verifier = new MLDSASigner();
    verifier.init(false, new MLDSAPublicKeyParameters(MLDSAParameters.ml_dsa_44, mlDsa44Bytes()));
    verifier.update(message, 0, message.length);
    return verifier.verifySignature(signature);
  }
}
