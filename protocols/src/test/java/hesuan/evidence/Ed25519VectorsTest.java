package hesuan.evidence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.PartyId;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ed25519 as Project Wycheproof tries it (ed25519_test.json, key 7d4d0e7f…; case numbers as there):
 * what was signed verifies, and nothing that was made from it or out of special values does.
 */
class Ed25519VectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final PartyKeys KEYS =
      new PartyKeys(
          new PartyId("brand-a"),
          Base64.getEncoder()
              .encodeToString(
                  HEX.parseHex("7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa")),
          Samples.keys(new PartyId("brand-a")).publicKeys().mlDsa44());

  /** Of the prime-order group. */
  private static final BigInteger ORDER =
      BigInteger.TWO.pow(252).add(new BigInteger("27742317777372353535851937790883648493"));

  private static final BigInteger PRIME = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

  @ParameterizedTest
  @CsvSource({
    "1,'',d4fbdb52bfa726b44d1786a8c0d171c3e62ca83c9e5bbe63de0bb2483f8fd6cc1429ab72cafc41ab56af02ff8fcc43b99bfe4c7ae940f60f38ebaa9d311c4007",
    "3,54657374,7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d",
    "6,000000000000000000000000,d46543bfb892f84ec124dcdfc847034c19363bf3fc2fa89b1267833a14856e52e60736918783f950b6f1dd8d40dc343247cd43ce054c2d68ef974f7ed0f3c60f"
  })
  void signature_asMade_verifies_andChangedInAnyWay_doesNot(
      int number, String message, String hex) {
    byte[] signed = HEX.parseHex(message);
    byte[] signature = HEX.parseHex(hex);
    assertTrue(KEYS.ed25519Verifies(signed, signature), "case " + number);
    for (int bit = 0; bit < 8 * signature.length; bit += 7) {
      byte[] changed = signature.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertFalse(KEYS.ed25519Verifies(signed, changed), "bit " + bit);
    }
    for (int length : List.of(0, 32, 63, 65)) {
      assertFalse(KEYS.ed25519Verifies(signed, Arrays.copyOf(signature, length)));
    }
    assertFalse(KEYS.ed25519Verifies("other".getBytes(StandardCharsets.UTF_8), signature));
    // the same S modulo the order: another signature for one message
    byte[] malleable = signature.clone();
    System.arraycopy(bytes(number(signature, 32).add(ORDER)), 0, malleable, 32, 32);
    assertFalse(KEYS.ed25519Verifies(signed, malleable), "S + order");
  }

  /** Cases 10 to 29. */
  @Test
  void signature_ofSpecialValues_isRefused() {
    int tried = 0;
    for (BigInteger r : List.of(BigInteger.ZERO, BigInteger.ONE, ORDER, PRIME)) {
      for (BigInteger s :
          List.of(BigInteger.ZERO, BigInteger.ONE, ORDER.subtract(BigInteger.ONE), ORDER, PRIME)) {
        byte[] signature = new byte[64];
        System.arraycopy(bytes(r), 0, signature, 0, 32);
        System.arraycopy(bytes(s), 0, signature, 32, 32);
        assertFalse(KEYS.ed25519Verifies(new byte[] {0x3f}, signature), r + ", " + s);
        tried++;
      }
    }
    assertEquals(20, tried);
  }

  private static BigInteger number(byte[] littleEndian, int from) {
    byte[] bigEndian = new byte[32];
    for (int i = 0; i < 32; i++) {
      bigEndian[31 - i] = littleEndian[from + i];
    }
    return new BigInteger(1, bigEndian);
  }

  private static byte[] bytes(BigInteger number) {
    byte[] bytes = new byte[32];
    for (int i = 0; i < 32; i++) {
      bytes[i] = number.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }
}
