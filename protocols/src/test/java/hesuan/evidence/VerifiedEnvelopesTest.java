package hesuan.evidence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VerifiedEnvelopesTest {
  private static final String TYPE = "application/vnd.hesuan.test+json";

  private final SigningKeys keys = SigningKeys.generate(new PartyId("brand-a"), new SecureRandom());
  private final SigningKeys others =
      SigningKeys.generate(new PartyId("brand-a"), new SecureRandom());
  private final Envelope signed =
      Envelope.sign(TYPE, "{\"a\":1}".getBytes(StandardCharsets.UTF_8), keys);
  private final VerifiedEnvelopes verified = new VerifiedEnvelopes();

  @AfterEach
  void close() {
    keys.close();
    others.close();
  }

  private void isRefused(Envelope envelope, String type, PartyKeys by) {
    ProblemException refused =
        assertThrows(ProblemException.class, () -> verified.verify(envelope, type, by));
    assertEquals(ErrorCode.SIGNATURE_REFUSED, refused.problem().code());
  }

  @Test
  void verify_again_isThePayload() {
    for (int time = 0; time < 3; time++) {
      assertArrayEquals(
          signed.unverifiedPayload(), verified.verify(signed, TYPE, keys.publicKeys()));
    }
  }

  @Test
  void verify_afterOneThatVerified_refusesAnotherPayloadSignatureTypeOrKey() {
    verified.verify(signed, TYPE, keys.publicKeys());
    String other = Base64.getEncoder().encodeToString("{\"a\":2}".getBytes(StandardCharsets.UTF_8));
    isRefused(new Envelope(TYPE, other, signed.signatures()), TYPE, keys.publicKeys());
    for (int s = 0; s < signed.signatures().size(); s++) {
      List<Envelope.Signature> signatures = new ArrayList<>(signed.signatures());
      Envelope.Signature whole = signatures.get(s);
      byte[] bytes = Base64.getDecoder().decode(whole.sig());
      bytes[bytes.length / 2] ^= 1;
      signatures.set(
          s, new Envelope.Signature(whole.keyid(), Base64.getEncoder().encodeToString(bytes)));
      isRefused(new Envelope(TYPE, signed.payload(), signatures), TYPE, keys.publicKeys());
    }
    isRefused(signed, "application/vnd.hesuan.other+json", keys.publicKeys());
    isRefused(signed, TYPE, others.publicKeys());
  }

  @Test
  void verify_whatWasRefused_isRefusedAgain() {
    isRefused(signed, TYPE, others.publicKeys());
    isRefused(signed, TYPE, others.publicKeys());
  }

  @Test
  void hintsAt_isOfTheSigner() {
    assertTrue(signed.hintsAt(keys.publicKeys()));
    assertFalse(signed.hintsAt(others.publicKeys()));
  }
}
