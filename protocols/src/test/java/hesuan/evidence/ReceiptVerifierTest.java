package hesuan.evidence;

import static hesuan.evidence.Samples.BRAND;
import static hesuan.evidence.Samples.COORDINATOR;
import static hesuan.evidence.Samples.FEDERATION;
import static hesuan.evidence.Samples.JOB;
import static hesuan.evidence.Samples.MALL;
import static hesuan.evidence.Samples.NOON;
import static hesuan.evidence.Samples.PAY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.evidence.TrustedKeys.Entry;
import hesuan.evidence.Verification.Name;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on receipts; the numbers are those of the attack list. */
class ReceiptVerifierTest {
  private final Samples.Log log = new Samples.Log(BRAND);

  private static void assertFails(Name expected, Receipt receipt) {
    assertFails(expected, receipt, Samples.trusted());
  }

  private static void assertFails(Name expected, Receipt receipt, TrustedKeys trusted) {
    Verification.Rejected rejected =
        assertInstanceOf(Verification.Rejected.class, ReceiptVerifier.verify(receipt, trusted));
    assertEquals(expected, rejected.firstFailure().name(), "" + rejected.checks());
    assertFalse(rejected.firstFailure().reason().isEmpty());
  }

  private static Receipt with(Receipt of, Envelope envelope) {
    return new Receipt(
        of.apiVersion(),
        envelope,
        of.consents(),
        of.salt(),
        of.hour(),
        of.index(),
        of.path(),
        of.checkpoint(),
        of.keys());
  }

  private static Receipt withConsents(Receipt of, List<Envelope> consents) {
    return new Receipt(
        of.apiVersion(),
        of.envelope(),
        consents,
        of.salt(),
        of.hour(),
        of.index(),
        of.path(),
        of.checkpoint(),
        of.keys());
  }

  private static Receipt withPlace(Receipt of, Receipt place) {
    return new Receipt(
        of.apiVersion(),
        of.envelope(),
        of.consents(),
        of.salt(),
        of.hour(),
        place.index(),
        place.path(),
        place.checkpoint(),
        of.keys());
  }

  @Test
  void a29_payloadTypeSwapped() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    Envelope e = receipt.envelope();
    assertFails(
        Name.STATEMENT, with(receipt, new Envelope("text/plain", e.payload(), e.signatures())));
  }

  @Test
  void a29_signatureFromAnotherEnvelope() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    Envelope other = Samples.sign(Statement.Kind.CONSENT, Samples.consent(BRAND, JOB));
    Envelope e = receipt.envelope();
    assertFails(
        Name.SIGNATURES,
        with(receipt, new Envelope(e.payloadType(), e.payload(), other.signatures())));
  }

  @Test
  void a29_unknownStatementType_isRefusedAlsoWhenWellSigned() {
    String text =
        new String(
            Samples.sign(Statement.Kind.RUN, Samples.run(BRAND, JOB)).unverifiedPayload(),
            StandardCharsets.UTF_8);
    for (String changed :
        List.of(
            text.replace("receipt/run/v1", "receipt/walk/v1"),
            text.replace("receipt/run/v1", "receipt/run/v2"),
            text.replace("receipt/run/v1", "receipt/abort/v1"),
            text.replace("receipt/run/v1", "receipt/publish/v1"),
            text.replace("receipt/run/v1", "receipt//v1"),
            text.replace("https://hesuan.dev/receipt/run/v1", "https://hesuan.dev/receipt/v1"),
            text.replace("Statement/v1", "Statement/v0.1"),
            text.replace("\"attempt\":1", "\"attempt\":1.0"),
            text.replace("\"attempt\":1", "\"attempt\":\"1\""),
            text.replace("\"attempt\":1", "\"attempt\":1,\"attempt\":2"),
            text.replace("\"attempt\":1", "\"attempt\":1,\"extra\":1"),
            text.replace("\"subject\":[{", "\"subject\":[ {"),
            text.replace("100000-999999", "123456"))) {
      assertFalse(changed.equals(text));
      Envelope signed =
          Envelope.sign(
              Statement.PAYLOAD_TYPE,
              changed.getBytes(StandardCharsets.UTF_8),
              Samples.keys(BRAND));
      assertThrows(
          ProblemException.class,
          () -> Statement.verify(signed, Samples.keys(BRAND).publicKeys()),
          changed);
    }
  }

  @Test
  void a29_oneSignatureStripped_orDoubled_orOneMoreAdded() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    Envelope e = receipt.envelope();
    for (Envelope.Signature each : e.signatures()) {
      for (List<Envelope.Signature> left : List.of(List.of(each), List.of(each, each))) {
        assertFails(
            Name.SIGNATURES, with(receipt, new Envelope(e.payloadType(), e.payload(), left)));
      }
    }
    assertFails(Name.SIGNATURES, with(receipt, e.cosigned(Samples.keys(MALL))));
    assertFails(Name.SIGNATURES, with(receipt, e.cosigned(Samples.keys(BRAND))));
  }

  @Test
  void a30_receiptThatBringsItsOwnKey() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    String withKey =
        new String(receipt.bytes(), StandardCharsets.UTF_8)
            .replace("\"keys\":", "\"key\":\"mine\",\"keys\":");
    Verification result =
        ReceiptVerifier.verify(withKey.getBytes(StandardCharsets.UTF_8), Samples.trusted());
    assertEquals(
        Name.FORMAT, assertInstanceOf(Verification.Rejected.class, result).firstFailure().name());
  }

  @Test
  void a30_everythingSignedByAnImpostorOfThatName() {
    byte[] secret = new byte[65];
    secret[0] = 1;
    secret[9] = 9;
    SigningKeys impostor = SigningKeys.importSecret(BRAND, new SecretBytes(secret));
    Envelope envelope = new Statement(Statement.Kind.RUN, Samples.run(BRAND, JOB)).sign(impostor);
    byte[] salt = new byte[Leaf.SALT_BYTES];
    long hour = Leaf.hourOf(NOON);
    Digest root = Merkle.digest(Leaf.commit(Statement.Kind.RUN, salt, envelope, hour).hash());
    Receipt receipt =
        Receipt.of(
            envelope,
            List.of(),
            salt,
            hour,
            0,
            List.of(),
            new Checkpoint(FEDERATION + "/brand-a", 1, root).sign(impostor, NOON),
            List.of(new Receipt.KeyHint(BRAND, impostor.publicKeys().digest())));
    assertFails(Name.SIGNATURES, receipt);
    TrustedKeys fooled = TrustedKeys.always(FEDERATION, List.of(impostor.publicKeys()));
    assertInstanceOf(
        Verification.Verified.class,
        ReceiptVerifier.verify(receipt, fooled),
        "the receipt is well-formed; only whose keys are believed tells it apart");
  }

  @Test
  void a30_proofOfAnotherEntry() {
    Samples.runReceipt(log, BRAND, JOB);
    Samples.releaseReceipt(log, JOB);
    Receipt first = log.prove(0);
    Receipt second = log.prove(1);
    assertFails(Name.INCLUSION, withPlace(second, first));
    assertFails(Name.INCLUSION, withPlace(first, second));
    assertFails(Name.INCLUSION, with(first, Samples.sign(Statement.Kind.RUN, later())));
  }

  private static JobRecord later() {
    return Samples.record(
        BRAND, JOB, List.of(Samples.product(BRAND)), List.of(), List.of(), NOON + 1);
  }

  @Test
  void a30_checkpointOfAnotherPartysLog_orFederation() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    Samples.Log malls = new Samples.Log(MALL);
    Samples.runReceipt(malls, MALL, JOB);
    assertFails(Name.INCLUSION, withPlace(receipt, malls.prove(0)));
    assertFails(
        Name.CHECKPOINT,
        receipt,
        TrustedKeys.always("example.net", List.of(Samples.keys(BRAND).publicKeys())));
  }

  @Test
  void a31_signedOutsideTheTimeForWhichTheKeysAreTrusted() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    PartyKeys keys = Samples.keys(BRAND).publicKeys();
    long signed = NOON; // the statement's end; the log signed 60 s later
    assertInstanceOf(
        Verification.Verified.class,
        ReceiptVerifier.verify(receipt, trust(new Entry(keys, signed, signed + 61))));
    assertFails(Name.SIGNATURES, receipt, trust(new Entry(keys, signed + 1, signed + 999)));
    assertFails(Name.SIGNATURES, receipt, trust(new Entry(keys, 0, signed)));
    assertFails(Name.CHECKPOINT, receipt, trust(new Entry(keys, 0, signed + 60)));
  }

  @Test
  void a31_timeBorrowedFromAnotherEntryOfTheParty() {
    Receipt receipt = Samples.runReceipt(log, BRAND, JOB);
    byte[] secret = new byte[65];
    secret[0] = 1;
    PartyKeys next = SigningKeys.importSecret(BRAND, new SecretBytes(secret)).publicKeys();
    PartyKeys keys = Samples.keys(BRAND).publicKeys();
    assertFails(
        Name.SIGNATURES,
        receipt,
        trust(new Entry(keys, 0, NOON - 1), new Entry(next, NOON - 1, NOON + 999)));
    assertInstanceOf(
        Verification.Verified.class,
        ReceiptVerifier.verify(
            receipt, trust(new Entry(next, 0, NOON), new Entry(keys, NOON, NOON + 999))));
  }

  private static TrustedKeys trust(Entry... entries) {
    return new TrustedKeys(FEDERATION, List.of(entries));
  }

  @Test
  void statementInAnothersName_isRefused() {
    Envelope forged =
        Envelope.sign(
            Statement.PAYLOAD_TYPE,
            new Statement(Statement.Kind.RUN, Samples.run(MALL, JOB)).bytes(),
            Samples.keys(BRAND));
    Receipt receipt = log.append(forged, List.of(), MALL);
    assertFails(Name.SIGNATURES, receipt);
    assertThrows(
        ProblemException.class,
        () -> new Statement(Statement.Kind.RUN, Samples.run(MALL, JOB)).sign(Samples.keys(BRAND)));
  }

  @Test
  void loggedBeforeItWasSaid_isRefused() {
    JobRecord early = Samples.run(BRAND, JOB);
    log.passHours(-3);
    assertFails(Name.TIME, Samples.receipt(log, Statement.Kind.RUN, early));
  }

  @Test
  void keyHints_thatLie_areRefused() {
    Receipt r = Samples.runReceipt(log, BRAND, JOB);
    List<Receipt.KeyHint> good = r.keys();
    List<Receipt.KeyHint> more = new ArrayList<>(good);
    more.add(new Receipt.KeyHint(MALL, Samples.keys(MALL).publicKeys().digest()));
    for (List<Receipt.KeyHint> hints :
        List.of(
            List.<Receipt.KeyHint>of(),
            more,
            List.of(new Receipt.KeyHint(BRAND, Digest.of("others"))))) {
      assertFails(
          Name.KEYS,
          new Receipt(
              r.apiVersion(),
              r.envelope(),
              r.consents(),
              r.salt(),
              r.hour(),
              r.index(),
              r.path(),
              r.checkpoint(),
              hints));
    }
  }

  @Test
  void release_withoutEveryConsent_isRefused() {
    Receipt receipt = Samples.releaseReceipt(log, JOB);
    Envelope mall = receipt.consents().get(0);
    Envelope pay = receipt.consents().get(1);
    for (List<Envelope> consents :
        List.of(
            List.<Envelope>of(),
            List.of(mall),
            List.of(mall, mall),
            List.of(pay, mall),
            List.of(mall, pay, pay))) {
      assertFails(Name.CONSENTS, withConsents(receipt, consents));
    }
    assertFails(Name.CONSENTS, withConsents(Samples.runReceipt(log, BRAND, JOB), List.of(mall)));
  }

  @Test
  void release_withAnotherConsentToTheSame_isRefused() {
    Receipt receipt = Samples.releaseReceipt(log, JOB);
    JobRecord c = Samples.consent(PAY, JOB);
    JobRecord later =
        Samples.record(
            PAY, JOB, List.of(Samples.product(PAY)), c.outputs(), List.of(), c.endSeconds() + 1);
    assertFails(
        Name.CONSENTS,
        withConsents(
            receipt,
            List.of(receipt.consents().get(0), Samples.sign(Statement.Kind.CONSENT, later))));
  }

  @Test
  void checkpoint_withALineByAnUnknownKey_isRefused() {
    Receipt r = Samples.runReceipt(log, BRAND, JOB);
    Samples.Log malls = new Samples.Log(MALL);
    Samples.runReceipt(malls, MALL, JOB);
    String line = malls.note().lines().skip(4).findFirst().orElseThrow();
    assertFails(
        Name.CHECKPOINT,
        new Receipt(
            r.apiVersion(),
            r.envelope(),
            r.consents(),
            r.salt(),
            r.hour(),
            r.index(),
            r.path(),
            r.checkpoint() + line + "\n",
            r.keys()));
  }

  /** Consents that the leader puts into its statement, but that say something else. */
  @ParameterizedTest
  @ValueSource(
      strings = {"job", "attempt", "shape", "receiver", "parties", "kind", "signer", "plan"})
  void release_onConsentToSomethingElse_isRefused(String difference) {
    JobRecord c = Samples.consent(PAY, JOB);
    JobRecord.Output output = c.outputs().getFirst();
    JobRecord changed =
        new JobRecord(
            PAY,
            difference.equals("job") ? new JobId("job-bbbbbbbbbbbbbbbb") : JOB,
            difference.equals("attempt") ? 2 : 1,
            c.purpose(),
            c.spec(),
            difference.equals("plan") ? Digest.of("other plan") : c.plan(),
            c.contract(),
            difference.equals("parties") ? List.of(BRAND, PAY) : c.parties(),
            c.products(),
            c.policy(),
            c.protocols(),
            c.privacy(),
            c.counts(),
            difference.equals("kind")
                ? List.of()
                : List.of(
                    new JobRecord.Output(
                        output.name(),
                        difference.equals("shape") ? Digest.of("wider") : output.shape(),
                        null,
                        difference.equals("receiver") ? List.of(BRAND, MALL) : output.to())),
            List.of(),
            null,
            c.startSeconds(),
            c.endSeconds(),
            c.previous());
    Statement.Kind kind = difference.equals("kind") ? Statement.Kind.RUN : Statement.Kind.CONSENT;
    Envelope pay =
        difference.equals("signer")
            ? Envelope.sign(
                Statement.PAYLOAD_TYPE, new Statement(kind, c).bytes(), Samples.keys(BRAND))
            : Samples.sign(kind, changed);
    List<Envelope> consents =
        List.of(Samples.sign(Statement.Kind.CONSENT, Samples.consent(MALL, JOB)), pay);
    Envelope release =
        Samples.sign(
            Statement.Kind.RELEASE,
            Samples.release(JOB, consents.stream().map(Envelope::digest).toList()));
    assertFails(Name.CONSENTS, log.append(release, consents, BRAND, MALL, PAY));
  }

  @Test
  void receiptFromTheFederationsLog_verifies() {
    Samples.Log federation = new Samples.Log(COORDINATOR);
    Samples.runReceipt(federation, MALL, JOB);
    Receipt receipt = Samples.releaseReceipt(federation, JOB);
    Verification.Verified verified =
        assertInstanceOf(
            Verification.Verified.class, ReceiptVerifier.verify(receipt, Samples.trusted()));
    assertEquals(new PartyId("coordinator"), verified.checkpoint().owner());
  }

  @Test
  void trustedKeys_areADocument() {
    TrustedKeys trusted = Samples.trusted();
    assertEquals(trusted, Json.read(Json.canonical(trusted), TrustedKeys.class));
  }

  @Test
  void garbage_isRefusedAndNeverThrows() {
    for (String text : List.of("", "{}", "[]", "null", "{\"apiVersion\":1}", "\u0000")) {
      assertInstanceOf(
          Verification.Rejected.class,
          ReceiptVerifier.verify(text.getBytes(StandardCharsets.UTF_8), Samples.trusted()));
    }
    assertInstanceOf(
        Verification.Rejected.class, ReceiptVerifier.verify(new byte[2 << 20], Samples.trusted()));
  }

  @Test
  void commitment_hidesTheEnvelopeBehindTheSalt() {
    Envelope envelope = Samples.sign(Statement.Kind.RUN, Samples.run(BRAND, JOB));
    byte[] salt = new byte[Leaf.SALT_BYTES];
    byte[] other = new byte[Leaf.SALT_BYTES];
    other[0] = 1;
    assertFalse(
        Leaf.commit(Statement.Kind.RUN, salt, envelope, 1)
            .equals(Leaf.commit(Statement.Kind.RUN, other, envelope, 1)));
    assertEquals(
        "hesuan/leaf/v1\nrun\n",
        new String(
                Leaf.commit(Statement.Kind.RUN, salt, envelope, 1).bytes(), StandardCharsets.UTF_8)
            .substring(0, 19));
  }

  @Test
  void counts_areDecades() {
    assertEquals("0", JobRecord.Count.of("n", 0).bucket());
    assertEquals("0", JobRecord.Count.of("n", -4).bucket());
    assertEquals("1-9", JobRecord.Count.of("n", 7).bucket());
    assertEquals("100-999", JobRecord.Count.of("n", 100).bucket());
    JobRecord.Count.of("n", Long.MAX_VALUE);
    for (String bucket : List.of("10-9", "1-99", "123", "2-9", "10-999")) {
      assertThrows(ProblemException.class, () -> new JobRecord.Count("n", bucket));
    }
  }
}
