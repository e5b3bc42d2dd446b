package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** X25519 as Project Wycheproof tries it (x25519_test.json; case numbers as there). */
class AgreementKeyTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final PartyId PEER = new PartyId("mall-b");
  private static final byte[] SALT = {1};
  private static final byte[] PURPOSE = {2};

  /** Also of keys on the twist and of special form: what comes out is right and tells no secret. */
  @ParameterizedTest
  @CsvSource({
    "1,504a36999f489cd2fdbc08baff3d88fa00569ba986cba22548ffde80f9806829,c8a9d5a91091ad851c668b0736c1c9a02936c0d3ad62670858088047ba057475,436a2c040cf45fea9b29a0cb81b1f41458f863d0d61b453d0a982720d6d61320",
    "2,63aa40c6e38346c5caf23a6df0a5e6c80889a08647e551b3563449befcfc9733,d85d8c061a50804ac488ad774ac716c3f5ba714b2712e048491379a500211958,279df67a7c4611db4708a0e8282b195e5ac0ed6f4b2f292c6fbd0acac30d1332",
    "7,0200000000000000000000000000000000000000000000000000000000000000,d03edde9f3e7b799045f9ac3793d4a9277dadeadc41bec0290f81f744f73775f,b87a1722cc6c1e2feecb54e97abd5a22acc27616f78f6e315fd2b73d9f221e57",
    "18,ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000,e045f55c159451e97814d747050fd7769bd478434a01876a56e553f66384a74c,ff4715bd8cf847b77c244ce2d9b008b19efaa8e845feb85ce4889b5b2c6a4b4d",
    "24,000000fcffff070000e0ffff3f000000ffffff010000f8ffff0f0000c0ffff7f,18bffb16f92680a9e267473e43c464476d5372ddd1f664f3d0678efe7c98bc79,5894e0963583ae14a0b80420894167f4b759c8d2eb9b69cb675543f66510f646"
  })
  void agree_withThePeersKey_isHkdfOverTheKnownAgreement(
      int number, String open, String secret, String agreed) throws GeneralSecurityException {
    byte[] expected =
        KDF.getInstance("HKDF-SHA256")
            .deriveData(
                HKDFParameterSpec.ofExtract()
                    .addIKM(HEX.parseHex(agreed))
                    .addSalt(SALT)
                    .thenExpand(PURPOSE, AgreementKey.BYTES));
    try (AgreementKey key = new AgreementKey(HEX.parseHex(secret))) {
      assertArrayEquals(
          expected, key.agree(PEER, HEX.parseHex(open), SALT, PURPOSE), "case " + number);
    }
  }

  /** Zero, one, the two points of order eight, and what encodes the same a second time. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
      })
  void agree_withAKeyOfSmallOrder_isRefused(String open) {
    byte[] secret = new byte[AgreementKey.BYTES];
    secret[3] = 77;
    try (AgreementKey key = new AgreementKey(secret)) {
      ProblemException refused =
          assertThrows(
              ProblemException.class, () -> key.agree(PEER, HEX.parseHex(open), SALT, PURPOSE));
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, refused.problem().code());
    }
  }
}
