package hesuan.identity;

import static hesuan.identity.Federation.BRAND;
import static hesuan.identity.Federation.MALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrolmentTest {
  private final SecureRandom random = new SecureRandom();
  private Instant now = Instant.parse("2026-11-21T08:00:00Z");
  private final Clock clock = new Moving();

  @TempDir Path folder;
  private Federation federation;

  private final class Moving extends Clock {
    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeEach
  void found() {
    federation = new Federation(folder, clock, Duration.ofHours(24));
  }

  private byte[] request(KeyPair key, PartyId party) {
    return CertificateRequest.create(key, SpiffeId.party("test", party));
  }

  private Enrolment.Enrolled enrol(String token, PartyId party, byte[] request) {
    return federation.store.inTransaction(
        "enrol", t -> federation.enrolment.enrol(t, token, party, request));
  }

  private ErrorCode refusal(String token, PartyId party, byte[] request) {
    return assertThrows(ProblemException.class, () -> enrol(token, party, request))
        .problem()
        .code();
  }

  @Test
  void enrol_goodToken_givesACertificateForADay() {
    KeyPair key = Certificates.newKey(random);
    var enrolled = enrol(federation.token(BRAND), BRAND, request(key, BRAND));
    var certificate = enrolled.certificate();
    assertEquals(BRAND, enrolled.grant().party());
    assertEquals(key.getPublic(), certificate.getPublicKey());
    assertEquals(
        SpiffeId.party("test", BRAND),
        Certificates.verify(List.of(certificate), federation.authority.root(), now, true));
    Duration life =
        Duration.between(
            certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
    assertEquals(Duration.ofHours(24), life);
  }

  @Test
  void enrol_sameTokenSameKeyAgain_isAnsweredAgain() {
    String token = federation.token(BRAND);
    byte[] request = request(Certificates.newKey(random), BRAND);
    enrol(token, BRAND, request);
    assertEquals(BRAND, enrol(token, BRAND, request).grant().party());
  }

  @Test
  void enrol_stolenOrReusedToken_isRefused() {
    String token = federation.token(BRAND);
    enrol(token, BRAND, request(Certificates.newKey(random), BRAND));
    assertEquals(
        ErrorCode.TOKEN_REFUSED,
        refusal(token, BRAND, request(Certificates.newKey(random), BRAND)));
  }

  @Test
  void enrol_tokenOfAnotherParty_isRefusedAndNotUsedUp() {
    String token = federation.token(BRAND);
    assertEquals(
        ErrorCode.TOKEN_REFUSED, refusal(token, MALL, request(Certificates.newKey(random), MALL)));
    enrol(token, BRAND, request(Certificates.newKey(random), BRAND));
  }

  @Test
  void enrol_expiredToken_isRefused() {
    String token = federation.token(BRAND);
    now = now.plus(JoinTokens.LIFETIME);
    assertEquals(
        ErrorCode.TOKEN_REFUSED,
        refusal(token, BRAND, request(Certificates.newKey(random), BRAND)));
  }

  @Test
  void enrol_unknownOrMalformedToken_isRefused() {
    byte[] request = request(Certificates.newKey(random), BRAND);
    String unknown =
        JoinToken.generate(Certificates.digest(federation.authority.root()), random).text();
    assertEquals(ErrorCode.TOKEN_REFUSED, refusal(unknown, BRAND, request));
    assertEquals(ErrorCode.TOKEN_REFUSED, refusal("hsj1.short", BRAND, request));
    String otherRoot = federation.token(BRAND).replaceAll("[0-9a-f]{64}$", Digest.of("x").hex());
    assertEquals(ErrorCode.TOKEN_REFUSED, refusal(otherRoot, BRAND, request));
  }

  @Test
  void enrol_requestForAnotherParty_isRefusedAndTheTokenStaysGood() {
    String token = federation.token(BRAND);
    KeyPair key = Certificates.newKey(random);
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(token, BRAND, request(key, MALL)));
    assertEquals(
        ErrorCode.CERTIFICATE_REFUSED,
        refusal(token, BRAND, CertificateRequest.create(key, SpiffeId.coordinator("test"))));
    assertEquals(
        ErrorCode.CERTIFICATE_REFUSED,
        refusal(token, BRAND, CertificateRequest.create(key, SpiffeId.party("other", BRAND))));
    enrol(token, BRAND, request(key, BRAND));
  }

  @Test
  void enrol_requestWithoutProofOfPossession_isRefused() {
    String token = federation.token(BRAND);
    byte[] request = request(Certificates.newKey(random), BRAND);
    byte[] flipped = request.clone();
    flipped[flipped.length - 3] ^= 1; // inside the signature
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(token, BRAND, flipped));
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(token, BRAND, new byte[9000]));
    assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(token, BRAND, new byte[] {0x30, 0}));
  }

  @Test
  void enrol_anyFlippedByteOfARequest_neverCrashesNorNamesAnother() {
    byte[] request = request(Certificates.newKey(random), BRAND);
    for (int i = 0; i < request.length; i++) {
      byte[] flipped = request.clone();
      flipped[i] ^= 0x41;
      assertEquals(ErrorCode.CERTIFICATE_REFUSED, refusal(federation.token(BRAND), BRAND, flipped));
    }
  }

  @Test
  void renew_underItsCertificate_givesTheSameIdAFreshKey() {
    KeyPair fresh = Certificates.newKey(random);
    var certificate = federation.enrolment.renew(BRAND, request(fresh, BRAND));
    assertEquals(fresh.getPublic(), certificate.getPublicKey());
    assertThrows(
        ProblemException.class, () -> federation.enrolment.renew(BRAND, request(fresh, MALL)));
  }

  @Test
  void verify_foreignRootWrongUseOrTime_isRefused() throws Exception {
    var leaf = federation.identity(SpiffeId.party("test", BRAND)).certificate();
    var root = federation.authority.root();
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    var foreign = new Federation(other, clock, Duration.ofHours(1));
    var foreignLeaf = foreign.identity(SpiffeId.party("test", BRAND)).certificate();
    assertRefused(List.of(foreignLeaf), now);
    assertRefused(List.of(foreignLeaf, root), now);
    assertRefused(List.of(leaf, foreign.authority.root()), now);
    assertRefused(List.of(root), now);
    assertRefused(List.of(leaf), now.plus(Duration.ofHours(24)));
    assertRefused(List.of(leaf), now.minus(Duration.ofHours(1)));
    assertRefused(List.of(), now);
    Certificates.verify(List.of(leaf, root), root, now, false);
  }

  private void assertRefused(List<X509Certificate> chain, Instant at) {
    assertEquals(
        ErrorCode.CERTIFICATE_REFUSED,
        assertThrows(
                ProblemException.class,
                () -> Certificates.verify(chain, federation.authority.root(), at, false))
            .problem()
            .code());
  }

  @Test
  void keyFiles_roundTrip_ownerOnly() throws Exception {
    Path file = folder.resolve("keys/tls.pem");
    Identity identity = federation.identity(SpiffeId.party("test", BRAND));
    KeyFiles.write(file, identity);
    KeyFiles.write(file, identity);
    Identity read = KeyFiles.read(file);
    assertEquals(identity.certificate(), read.certificate());
    assertEquals(identity.root(), read.root());
    assertEquals(identity.key(), read.key());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void joinToken_text_roundTripsAndIsNotInItsToString() {
    JoinToken token = JoinToken.generate(Digest.of("root"), random);
    assertEquals(token, JoinToken.parse(token.text()));
    assertFalse(token.toString().contains(token.text().substring(5, 20)));
    assertNotEquals(token.hash(), Digest.of(token.text()));
  }

  @Test
  void authority_longerLeaf_isRefused() {
    assertThrows(
        ProblemException.class,
        () ->
            CertificateAuthority.open(
                folder.resolve("root.pem"), Duration.ofHours(25), clock, random));
    assertEquals(Set.of("test"), Set.of(federation.authority.federation()));
  }
}
