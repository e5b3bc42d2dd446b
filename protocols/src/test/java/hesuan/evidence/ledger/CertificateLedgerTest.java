package hesuan.evidence.ledger;

import static hesuan.evidence.Samples.BRAND;
import static hesuan.evidence.Samples.COORDINATOR;
import static hesuan.evidence.Samples.FEDERATION;
import static hesuan.evidence.Samples.JOB;
import static hesuan.evidence.Samples.MALL;
import static hesuan.evidence.Samples.NOON;
import static hesuan.evidence.Samples.PAY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.evidence.Predicate;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.Samples;
import hesuan.evidence.Statement.Kind;
import hesuan.evidence.Verification;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CertificateLedgerTest {
  private static final JobId JOB_2 = new JobId("job-bbbbbbbbbbbbbbbb");

  private final Samples.Log log = new Samples.Log(COORDINATOR);
  private final CertificateLedger empty = CertificateLedger.empty(FEDERATION + "/coordinator");
  private final List<Receipt> receipts = new ArrayList<>();

  private void publishAll() {
    for (PartyId owner : List.of(BRAND, MALL, PAY)) {
      publish(Samples.document(owner));
    }
  }

  private void publish(Product product) {
    receipts.add(
        Samples.receipt(
            log,
            Kind.PUBLISH,
            new Predicate.Publication(product.ref().party(), product, NOON, null)));
  }

  private void withdraw(PartyId owner, Predicate.Effect effect) {
    receipts.add(
        Samples.receipt(
            log,
            Kind.WITHDRAW,
            new Predicate.Withdrawal(
                owner, Samples.product(owner), null, effect, NOON + receipts.size(), null)));
  }

  private Ledger.Replay<CertificateLedger> replay() {
    return empty.replay(receipts, Samples.trusted());
  }

  private Certificate certificate(PartyId owner) {
    return replay().ledger().certificate(Samples.product(owner)).orElseThrow();
  }

  private Outcome lastOutcome() {
    return replay().lines().getLast().outcome();
  }

  private void assertRefused(ErrorCode code) {
    assertEquals(code, assertInstanceOf(Outcome.Refused.class, lastOutcome()).problem().code());
  }

  @Test
  void certificate_countsOneUseAndOneReleaseAJob() {
    publishAll();
    receipts.add(Samples.runReceipt(log, MALL, JOB));
    receipts.add(Samples.releaseReceipt(log, JOB));
    receipts.add(Samples.runReceipt(log, MALL, JOB_2));
    Certificate mall = certificate(MALL);
    assertEquals(Certificate.Status.ISSUED, mall.status());
    assertEquals(MALL, mall.holder());
    assertEquals(Map.of("audience.overlap", 2L), mall.usesByPurpose());
    assertEquals(2, mall.uses());
    assertEquals(1, mall.releases());
    assertEquals(0, certificate(PAY).uses());
    assertEquals(1, certificate(PAY).releases());
    assertEquals(0, replay().missing());
  }

  @Test
  void replayedReceipt_andSecondStatementOfTheJob_countOnce() {
    publishAll();
    receipts.add(Samples.runReceipt(log, MALL, JOB));
    receipts.add(receipts.getLast());
    receipts.add(
        Samples.receipt(
            log,
            Kind.RUN,
            Samples.record(
                MALL, JOB, List.of(Samples.product(MALL)), List.of(), List.of(), NOON + 1)));
    assertEquals(1, certificate(MALL).uses());
    assertInstanceOf(Outcome.Duplicate.class, lastOutcome());
  }

  @Test
  void receiptThatDoesNotVerify_countsNothing() {
    publishAll();
    Receipt run = Samples.runReceipt(log, MALL, JOB);
    receipts.add(
        Receipt.of(
            run.envelope(),
            run.consents(),
            new byte[32],
            run.hour(),
            run.index(),
            run.path(),
            run.checkpoint(),
            run.keys()));
    assertEquals(0, certificate(MALL).uses());
    assertRefused(ErrorCode.RECEIPT_REFUSED);
    receipts.add(Samples.runReceipt(log, PAY, JOB));
    assertEquals(1, replay().missing());
  }

  @Test
  void receiptOfAnotherLog_countsNothing() {
    publishAll();
    Samples.Log other = new Samples.Log(MALL);
    for (int i = 0; i < 5; i++) {
      Samples.runReceipt(other, PAY, JOB);
    }
    receipts.add(Samples.runReceipt(other, MALL, JOB));
    assertEquals(0, certificate(MALL).uses());
    assertRefused(ErrorCode.RECEIPT_REFUSED);
  }

  @Test
  void withdrawal_andReturn_areTheOwnersAlone() {
    publishAll();
    withdraw(MALL, Predicate.Effect.SUSPEND);
    assertEquals(Certificate.Status.SUSPENDED, certificate(MALL).status());
    receipts.add(Samples.runReceipt(log, MALL, JOB));
    assertEquals(1, certificate(MALL).usesWhileWithdrawn());
    receipts.add(
        Samples.receipt(
            log,
            Kind.PUBLISH,
            new Predicate.Publication(MALL, Samples.document(MALL), NOON + 9, null)));
    assertEquals(Certificate.Status.ISSUED, certificate(MALL).status());
    withdraw(MALL, Predicate.Effect.REVOKE);
    assertEquals(Certificate.Status.REVOKED, certificate(MALL).status());
    assertEquals(4, certificate(MALL).changes().size());
    receipts.add(
        Samples.receipt(
            log,
            Kind.PUBLISH,
            new Predicate.Publication(MALL, Samples.document(MALL), NOON + 99, null)));
    assertRefused(ErrorCode.WITHDRAWN);
    withdraw(MALL, Predicate.Effect.SUSPEND);
    assertEquals(Certificate.Status.REVOKED, certificate(MALL).status());
  }

  @Test
  void sameVersionWithAnotherDocument_isRefused() {
    publishAll();
    Product old = Samples.document(MALL);
    publish(
        new Product(
            old.apiVersion(),
            old.ref(),
            "another title",
            old.columns(),
            old.id(),
            old.rules(),
            old.terms(),
            old.fingerprint(),
            old.rows()));
    assertRefused(ErrorCode.CONFLICT);
    assertEquals(old, certificate(MALL).document());
  }

  @Test
  void runOnUnpublishedOrOtherData_isRefused() {
    receipts.add(Samples.runReceipt(log, MALL, JOB));
    assertRefused(ErrorCode.UNKNOWN_PRODUCT);
    Product product = Samples.document(PAY);
    publish(
        new Product(
            product.apiVersion(),
            product.ref(),
            product.title(),
            product.columns(),
            product.id(),
            product.rules(),
            product.terms(),
            Digest.of("other rows"),
            product.rows()));
    receipts.add(Samples.runReceipt(log, PAY, JOB));
    assertRefused(ErrorCode.SOURCE_CHANGED);
  }

  @Test
  void replay_inAnyOrderOfPresentation_givesOneRoot_andStepsDoToo() {
    publishAll();
    receipts.add(Samples.runReceipt(log, MALL, JOB));
    withdraw(PAY, Predicate.Effect.SUSPEND);
    receipts.add(Samples.releaseReceipt(log, JOB));
    Digest root = replay().ledger().root();
    CertificateLedger stepped = empty;
    for (Receipt each : receipts) {
      stepped =
          stepped
              .apply((Verification.Verified) ReceiptVerifier.verify(each, Samples.trusted()))
              .ledger();
    }
    assertEquals(root, stepped.root());
    Collections.shuffle(receipts, new Random(5));
    assertEquals(root, replay().ledger().root());
    assertTrue(empty.certificates().isEmpty(), "a ledger's value never changes");
    receipts.removeIf(each -> each.index() == 3);
    assertNotEquals(root, replay().ledger().root());
    assertEquals(1, replay().missing());
  }
}
