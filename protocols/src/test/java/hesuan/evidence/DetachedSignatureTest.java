package hesuan.evidence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.PartyId;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DetachedSignatureTest {
  private static final String TYPE = "text/test";
  private static final byte[] PAYLOAD = "what is signed".getBytes(StandardCharsets.US_ASCII);

  private final SigningKeys keys = SigningKeys.generate(new PartyId("mall-b"), new SecureRandom());
  private final byte[] signature = DetachedSignature.sign(TYPE, PAYLOAD, keys);

  private boolean verifies(String type, byte[] payload, byte[] signature) {
    return DetachedSignature.verifies(type, payload, signature, keys.publicKeys());
  }

  @Test
  void verifies_theSignersOwn_andNoOthers() {
    assertEquals(DetachedSignature.BYTES, signature.length);
    assertTrue(verifies(TYPE, PAYLOAD, signature));
    SigningKeys others = SigningKeys.generate(new PartyId("mall-b"), new SecureRandom());
    assertFalse(
        DetachedSignature.verifies(TYPE, PAYLOAD, signature, others.publicKeys()), "other keys");
    assertFalse(verifies("text/other", PAYLOAD, signature), "another type");
    byte[] payload = PAYLOAD.clone();
    payload[3] ^= 1;
    assertFalse(verifies(TYPE, payload, signature), "another payload");
  }

  /** In either half: the one algorithm alone does not sign. */
  @Test
  void verifies_oneBitChanged_isFalse() {
    for (int at = 0; at < signature.length; at += at < 64 ? 7 : 131) {
      byte[] changed = signature.clone();
      changed[at] ^= (byte) (1 << at % 8);
      assertFalse(verifies(TYPE, PAYLOAD, changed), "byte " + at);
    }
  }

  @Test
  void verifies_otherLengths_isFalse() {
    for (int length : new int[] {0, 64, 2420, signature.length - 1, signature.length + 1}) {
      assertFalse(verifies(TYPE, PAYLOAD, Arrays.copyOf(signature, length)));
    }
  }

  /** The same encoding as an envelope's, so the two signatures are those that one would hold. */
  @Test
  void sign_isWhatAnEnvelopeHolds() {
    byte[] ed25519 = Arrays.copyOf(signature, PartyKeys.ED25519_SIGNATURE_BYTES);
    Envelope envelope = Envelope.sign(TYPE, PAYLOAD, keys);
    assertEquals(Base64Text.encode(ed25519), envelope.signatures().getFirst().sig());
  }
}
