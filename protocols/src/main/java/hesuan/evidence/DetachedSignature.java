package hesuan.evidence;

import java.util.Arrays;

/**
 * What {@link Envelope} says of a payload, without payload, names and JSON around it: for messages
 * inside a protocol, whose reader knows what is signed and by whom. Ed25519, then ML-DSA-44, over
 * the same encoding of type and payload as there; one of them alone is none.
 */
public final class DetachedSignature {
  public static final int BYTES =
      PartyKeys.ED25519_SIGNATURE_BYTES + PartyKeys.ML_DSA_44_SIGNATURE_BYTES;

  private DetachedSignature() {}

  public static byte[] sign(String payloadType, byte[] payload, SigningKeys keys) {
    byte[] message = Envelope.preAuthenticationEncoding(payloadType, payload);
    byte[] signature = Arrays.copyOf(keys.signEd25519(message), BYTES);
    System.arraycopy(
        keys.signMlDsa44(message),
        0,
        signature,
        PartyKeys.ED25519_SIGNATURE_BYTES,
        PartyKeys.ML_DSA_44_SIGNATURE_BYTES);
    return signature;
  }

  public static boolean verifies(
      String payloadType, byte[] payload, byte[] signature, PartyKeys keys) {
    if (signature.length != BYTES) {
      return false;
    }
    byte[] message = Envelope.preAuthenticationEncoding(payloadType, payload);
    int second = PartyKeys.ED25519_SIGNATURE_BYTES;
    return keys.ed25519Verifies(message, Arrays.copyOf(signature, second))
        && keys.mlDsa44Verifies(message, Arrays.copyOfRange(signature, second, BYTES));
  }
}
