package hesuan.evidence;

import static hesuan.evidence.Samples.BRAND;
import static hesuan.evidence.Samples.MALL;
import static hesuan.evidence.Samples.PAY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final String TYPE = Product.PAYLOAD_TYPE;
  private static final byte[] BODY = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);

  private final SigningKeys brand = Samples.keys(BRAND);
  private final Envelope envelope = Envelope.sign(TYPE, BODY, brand);

  private static Envelope with(Envelope of, List<Envelope.Signature> signatures) {
    return new Envelope(of.payloadType(), of.payload(), signatures);
  }

  private void assertRefused(Envelope envelope) {
    ProblemException refused =
        assertThrows(ProblemException.class, () -> envelope.verify(TYPE, brand.publicKeys()));
    assertEquals(ErrorCode.SIGNATURE_REFUSED, refused.problem().code());
  }

  @Test
  void preAuthenticationEncoding_isDsseV1() {
    assertEquals(
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        new String(
            Envelope.preAuthenticationEncoding(
                "http://example.com/HelloWorld", "hello world".getBytes(StandardCharsets.UTF_8)),
            StandardCharsets.UTF_8));
  }

  @Test
  void verify_givesThePayload() {
    assertArrayEquals(BODY, envelope.verify(TYPE, brand.publicKeys()));
    assertEquals(envelope, Envelope.read(envelope.bytes()));
  }

  @Test
  void sign_twice_givesTheSameEnvelope() {
    assertEquals(envelope.digest(), Envelope.sign(TYPE, BODY, brand).digest());
  }

  @Test
  void verify_eitherSignatureStripped_isRefused() {
    for (Envelope.Signature each : envelope.signatures()) {
      assertRefused(with(envelope, List.of(each)));
    }
  }

  @Test
  void verify_oneSignatureTwiceInsteadOfBoth_isRefused() {
    for (Envelope.Signature each : envelope.signatures()) {
      assertRefused(with(envelope, List.of(each, each)));
    }
  }

  @Test
  void verify_payloadTypeSwapped_isRefused() {
    Envelope swapped =
        new Envelope(Statement.PAYLOAD_TYPE, envelope.payload(), envelope.signatures());
    assertThrows(
        ProblemException.class, () -> swapped.verify(Statement.PAYLOAD_TYPE, brand.publicKeys()));
    assertThrows(ProblemException.class, () -> swapped.verify(TYPE, brand.publicKeys()));
  }

  @Test
  void verify_wellSignedAsAnotherType_isRefused() {
    Envelope other = Envelope.sign(PartyKeys.PAYLOAD_TYPE, BODY, brand);
    assertArrayEquals(BODY, other.verify(PartyKeys.PAYLOAD_TYPE, brand.publicKeys()));
    assertRefused(other);
  }

  @Test
  void verify_signaturesOfAnotherEnvelope_areRefused() {
    Envelope other = Envelope.sign(TYPE, "{\"a\":2}".getBytes(StandardCharsets.UTF_8), brand);
    assertRefused(with(envelope, other.signatures()));
  }

  @Test
  void verify_byAnotherParty_isRefused() {
    assertRefused(Envelope.sign(TYPE, BODY, Samples.keys(MALL)));
  }

  @Test
  void verify_keyidLies_changesNothing() {
    List<Envelope.Signature> lying =
        envelope.signatures().stream().map(s -> new Envelope.Signature("", s.sig())).toList();
    assertArrayEquals(BODY, with(envelope, lying).verify(TYPE, brand.publicKeys()));
    List<Envelope.Signature> borrowed =
        Envelope.sign(TYPE, BODY, Samples.keys(MALL)).signatures().stream()
            .map(s -> new Envelope.Signature(envelope.signatures().getFirst().keyid(), s.sig()))
            .toList();
    assertRefused(with(envelope, borrowed));
  }

  @Test
  void signersAmong_duplicateSigner_countsOnce() {
    List<PartyKeys> candidates =
        List.of(
            brand.publicKeys(), Samples.keys(MALL).publicKeys(), Samples.keys(PAY).publicKeys());
    Envelope twice = envelope.cosigned(brand).cosigned(Samples.keys(MALL));
    assertEquals(Set.of(BRAND, MALL), twice.signersAmong(TYPE, candidates));
    List<Envelope.Signature> half = new ArrayList<>(envelope.signatures());
    half.add(Envelope.sign(TYPE, BODY, Samples.keys(PAY)).signatures().getFirst());
    assertEquals(Set.of(BRAND), with(envelope, half).signersAmong(TYPE, candidates));
  }

  @Test
  void read_anotherSpelling_isRefused() {
    String text = new String(envelope.bytes(), StandardCharsets.UTF_8);
    for (String spelling :
        List.of(
            text.replace("{\"payload\"", "{ \"payload\""),
            text + "\n",
            text.replace("\"payloadType\":", "\"extra\":1,\"payloadType\":"),
            text.replace("payload\":\"", "payload\":\"\\u0065"))) {
      assertThrows(
          ProblemException.class, () -> Envelope.read(spelling.getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void base64_inAnotherSpelling_isRefused() {
    for (String text : List.of("YQ", "YR==", "YQ==\n", "YQ=", "Y Q=", "YWJj=")) {
      assertThrows(ProblemException.class, () -> new Envelope.Signature("k", text), () -> text);
    }
  }

  @Test
  void keys_survivesExport_andAreOfNoUseOnceClosed() {
    SigningKeys made =
        SigningKeys.generate(MALL, new SecureRandom()); // real randomness: nothing depends on it
    try (SecretBytes secret = made.exportSecret();
        SigningKeys again = SigningKeys.importSecret(MALL, secret)) {
      assertEquals(made.publicKeys(), again.publicKeys());
      Envelope signed = Envelope.sign(TYPE, BODY, again);
      assertArrayEquals(BODY, signed.verify(TYPE, made.publicKeys()));
    }
    assertFalse(made.toString().contains(made.publicKeys().ed25519()));
    made.close();
    assertThrows(IllegalStateException.class, () -> Envelope.sign(TYPE, BODY, made));
    assertThrows(IllegalStateException.class, made::exportSecret);
  }

  @Test
  void keys_ofSmallOrderOrWrongLength_areRefused() {
    String good = brand.publicKeys().mlDsa44();
    byte[] identity = new byte[32];
    identity[0] = 1;
    for (byte[] point : List.of(new byte[32], identity, new byte[31])) {
      String text = Base64.getEncoder().encodeToString(point);
      assertThrows(ProblemException.class, () -> new PartyKeys(BRAND, text, good));
    }
    assertThrows(
        ProblemException.class,
        () -> new PartyKeys(BRAND, brand.publicKeys().ed25519(), good.substring(4)));
  }

  @Test
  void possession_ofOthersKeys_isRefused() {
    PartyKeys keys = brand.publicKeys();
    keys.verifyPossession(brand.proofOfPossession());
    assertThrows(
        ProblemException.class,
        () -> keys.verifyPossession(Samples.keys(MALL).proofOfPossession()));
    PartyKeys underAnotherName =
        new PartyKeys(new PartyId("mall-b"), keys.ed25519(), keys.mlDsa44());
    assertThrows(
        ProblemException.class, () -> underAnotherName.verifyPossession(brand.proofOfPossession()));
    assertEquals(keys, Json.read(Json.canonical(keys), PartyKeys.class));
    assertNotEquals(keys.digest(), underAnotherName.digest());
  }

  /** The JDK's own implementations, which share no code with ours, must agree. */
  @Test
  void signatures_verifyWithTheJdk() throws Exception {
    byte[] message = Envelope.preAuthenticationEncoding(TYPE, BODY);
    PartyKeys keys = brand.publicKeys();
    assertTrue(jdkVerifies("Ed25519", "302a300506032b6570032100", keys.ed25519Bytes(), message, 0));
    assertTrue(
        jdkVerifies(
            "ML-DSA-44",
            "30820532300b060960864801650304031103820521" + "00",
            keys.mlDsa44Bytes(),
            message,
            1));
  }

  private boolean jdkVerifies(
      String algorithm, String prefixHex, byte[] key, byte[] message, int index) throws Exception {
    byte[] prefix = HexFormat.of().parseHex(prefixHex);
    byte[] encoded = new byte[prefix.length + key.length];
    System.arraycopy(prefix, 0, encoded, 0, prefix.length);
    System.arraycopy(key, 0, encoded, prefix.length, key.length);
    PublicKey publicKey =
        KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(encoded));
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(publicKey);
    verifier.update(message);
    return verifier.verify(Base64.getDecoder().decode(envelope.signatures().get(index).sig()));
  }
}
