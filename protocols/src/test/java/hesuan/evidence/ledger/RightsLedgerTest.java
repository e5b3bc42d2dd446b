package hesuan.evidence.ledger;

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
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.evidence.Envelope;
import hesuan.evidence.JobRecord;
import hesuan.evidence.Predicate;
import hesuan.evidence.Predicate.PointsRule;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.Samples;
import hesuan.evidence.Statement.Kind;
import hesuan.evidence.Verification;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Seeded mutants that these tests must catch, each tried by hand: earning without a release;
 * earning from a run whose product the release does not list; a reversal that may be repeated; a
 * reversal of spent points; expired lots that can be redeemed; a key that may be reused; a rule by
 * anyone; an outstanding amount beyond the reserve.
 */
class RightsLedgerTest {
  private static final List<PartyId> PARTIES = List.of(BRAND, MALL, PAY);
  private static final int EXPIRY_DAYS = 30;

  private final Samples.Log log = new Samples.Log(COORDINATOR);
  private final List<Receipt> receipts = new ArrayList<>();
  private RightsLedger ledger = RightsLedger.empty(FEDERATION + "/coordinator");

  private static JobId job(int number) {
    return new JobId("job-" + "%c".formatted('a' + number).repeat(16));
  }

  private static PointsRule rule(PartyId by, int revision, long outstandingMax) {
    return new PointsRule(
        by,
        revision,
        10,
        3,
        outstandingMax,
        EXPIRY_DAYS,
        List.of(new PointsRule.Service("report.weekly", 5), new PointsRule.Service("seat", 12)),
        NOON,
        null);
  }

  private Outcome post(Receipt receipt) {
    receipts.add(receipt);
    Verification verified = ReceiptVerifier.verify(receipt, Samples.trusted());
    Ledger.Step<RightsLedger> step =
        ledger.apply(assertInstanceOf(Verification.Verified.class, verified));
    ledger = step.ledger();
    assertEquals(0, ledger.balances().values().stream().mapToLong(Long::longValue).sum());
    return step.outcome();
  }

  private Outcome post(Kind kind, Predicate predicate) {
    return post(Samples.receipt(log, kind, predicate));
  }

  private Outcome rule(int revision) {
    return post(Kind.RULE, rule(COORDINATOR, revision, 1000));
  }

  private Outcome redeem(PartyId holder, String key, String service, long points) {
    return post(
        Kind.REDEEM,
        new Predicate.Redemption(holder, key, service, points, NOON + receipts.size(), null));
  }

  private Outcome expire(String key, PartyId holder) {
    return post(
        Kind.EXPIRE, new Predicate.Expiry(COORDINATOR, key, holder, NOON + receipts.size(), null));
  }

  private Outcome reverse(PartyId by, String key, Digest entry) {
    return post(
        Kind.REVERSE,
        new Predicate.Reversal(by, key, entry, "error", NOON + receipts.size(), null));
  }

  private void earnAll(JobId job) {
    for (PartyId party : PARTIES) {
      post(Samples.runReceipt(log, party, job));
    }
    post(Samples.releaseReceipt(log, job));
  }

  private Digest entry(RightsLedger.Verb verb, PartyId holder) {
    return ledger.entries().stream()
        .filter(e -> e.verb() == verb && e.holder().equals(holder))
        .findFirst()
        .orElseThrow()
        .id();
  }

  private static void assertRefused(ErrorCode code, Outcome outcome) {
    assertEquals(
        code, assertInstanceOf(Outcome.Refused.class, outcome, "" + outcome).problem().code());
  }

  @Test
  void earn_needsTheRunAndTheReleaseOfItsPlan() {
    rule(1);
    post(Samples.runReceipt(log, MALL, JOB));
    assertEquals(0, ledger.balance(MALL));
    post(Samples.releaseReceipt(log, JOB));
    assertEquals(13, ledger.balance(MALL));
    assertEquals(0, ledger.balance(PAY), "it consented, but showed no run");
    assertEquals(13, ledger.balance(BRAND), "the release is the leader's own run too");
    post(Samples.runReceipt(log, PAY, JOB));
    assertEquals(13, ledger.balance(PAY));
    post(Samples.runReceipt(log, BRAND, JOB));
    assertEquals(39, ledger.outstanding(), "the leader's contribution counts once");
    post(Samples.releaseReceipt(log, job(3)));
    assertEquals(26, ledger.balance(BRAND));
    assertEquals(52, ledger.outstanding());
  }

  @Test
  void earn_productThatTheReleaseDoesNotList_earnsNothingForIt() {
    rule(1);
    ProductRef other = new ProductRef(MALL, "orders", 1);
    post(
        Kind.RUN,
        Samples.record(
            MALL, JOB, List.of(Samples.product(MALL), other), List.of(), List.of(), NOON));
    post(Samples.releaseReceipt(log, JOB));
    assertEquals(13, ledger.balance(MALL));
  }

  @Test
  void earn_strangerToTheRelease_earnsNothing() {
    rule(1);
    post(Samples.releaseReceipt(log, JOB));
    JobRecord own = Samples.run(BRAND, JOB);
    post(
        Kind.RUN,
        changed(own, COORDINATOR, List.of(COORDINATOR, BRAND), own.plan(), List.of(), List.of()));
    assertEquals(ledger.balance(BRAND), ledger.outstanding());
  }

  @Test
  void earn_anotherPlanUnderTheSameJob_earnsNothingMore() {
    rule(1);
    earnAll(JOB);
    Digest plan = Digest.of("another plan");
    JobRecord run = Samples.run(MALL, JOB);
    JobRecord consent = Samples.consent(MALL, JOB);
    List<PartyId> two = List.of(BRAND, MALL);
    post(Kind.RUN, changed(run, MALL, two, plan, run.products(), List.of()));
    List<Envelope> consents =
        List.of(
            Samples.sign(
                Kind.CONSENT,
                changed(consent, MALL, two, plan, consent.products(), consent.outputs())));
    JobRecord release = Samples.release(JOB, List.of(Digest.of("x"), Digest.of("y")));
    JobRecord again =
        changed(release, BRAND, two, plan, run.products(), release.outputs(), consents.getFirst());
    assertInstanceOf(
        Outcome.Applied.class,
        post(log.append(Samples.sign(Kind.RELEASE, again), consents, BRAND, MALL)));
    assertEquals(39, ledger.outstanding());
  }

  private static JobRecord changed(
      JobRecord of,
      PartyId party,
      List<PartyId> parties,
      Digest plan,
      List<JobRecord.Input> products,
      List<JobRecord.Output> outputs,
      Envelope... consents) {
    return new JobRecord(
        party,
        of.job(),
        of.attempt(),
        of.purpose(),
        of.spec(),
        plan,
        of.contract(),
        parties,
        products,
        of.policy(),
        of.protocols(),
        of.privacy(),
        of.counts(),
        outputs,
        Stream.of(consents).map(Envelope::digest).toList(),
        null,
        of.startSeconds(),
        of.endSeconds(),
        of.previous());
  }

  @Test
  void earn_withoutRule_earnsNothing_andALaterRuleIsNotForThePast() {
    earnAll(JOB);
    rule(1);
    assertEquals(0, ledger.outstanding());
  }

  @Test
  void earn_onceForJobPartyProduct_howeverOftenItIsSaid() {
    rule(1);
    earnAll(JOB);
    assertEquals(39, ledger.outstanding());
    Outcome replayed = post(receipts.get(1));
    assertInstanceOf(Outcome.Duplicate.class, replayed);
    post(
        Kind.RUN,
        Samples.record(MALL, JOB, List.of(Samples.product(MALL)), List.of(), List.of(), NOON + 1));
    rule(2);
    post(
        Kind.RUN,
        Samples.record(MALL, JOB, List.of(Samples.product(MALL)), List.of(), List.of(), NOON + 2));
    assertEquals(39, ledger.outstanding());
  }

  @Test
  void earn_beyondTheReserve_isWithheld() {
    post(Kind.RULE, rule(COORDINATOR, 1, 30));
    earnAll(JOB);
    assertEquals(26, ledger.outstanding());
    assertEquals(Set.of(JOB + " " + PAY), ledger.withheld());
  }

  @Test
  void rule_byAnotherThanTheLogsOwner_orOfAnOldRevision_isRefused() {
    assertRefused(ErrorCode.NOT_AUTHORISED, post(Kind.RULE, rule(BRAND, 1, 1000)));
    rule(2);
    assertRefused(ErrorCode.CONFLICT, rule(1));
    assertRefused(ErrorCode.CONFLICT, post(Kind.RULE, rule(COORDINATOR, 2, 2000)));
    assertEquals(1000, ledger.rule().orElseThrow().outstandingMax());
  }

  @Test
  void redeem_takesTheRulesPoints_fromTheSpeakerAlone() {
    rule(1);
    earnAll(JOB);
    assertInstanceOf(Outcome.Applied.class, redeem(MALL, "r-1", "seat", 12));
    assertEquals(1, ledger.balance(MALL));
    assertEquals(12, ledger.balances().get("service/seat"));
    assertEquals(13, ledger.balance(PAY));
    assertRefused(ErrorCode.INVALID_VALUE, redeem(MALL, "r-2", "seat", 12));
    assertRefused(ErrorCode.INVALID_VALUE, redeem(PAY, "r-3", "seat", 1));
    assertRefused(ErrorCode.INVALID_VALUE, redeem(PAY, "r-4", "cash", 1));
  }

  @Test
  void redeem_keyReused_isTheSameOrRefused() {
    rule(1);
    earnAll(JOB);
    redeem(MALL, "r-1", "report.weekly", 5);
    assertInstanceOf(Outcome.Duplicate.class, redeem(MALL, "r-1", "report.weekly", 5));
    assertEquals(8, ledger.balance(MALL));
    assertRefused(ErrorCode.CONFLICT, redeem(MALL, "r-1", "seat", 12));
    assertInstanceOf(Outcome.Applied.class, redeem(PAY, "r-1", "report.weekly", 5));
  }

  @Test
  void expire_takesWhatIsPastItsTerm_whichNobodyCanRedeem() {
    rule(1);
    earnAll(JOB);
    assertRefused(ErrorCode.INVALID_VALUE, expire("e-1", MALL));
    log.passHours(EXPIRY_DAYS * 24L - 1);
    assertInstanceOf(Outcome.Applied.class, redeem(MALL, "r-1", "report.weekly", 5));
    log.passHours(1);
    assertRefused(ErrorCode.INVALID_VALUE, redeem(MALL, "r-2", "report.weekly", 5));
    assertInstanceOf(Outcome.Applied.class, expire("e-2", MALL));
    assertEquals(0, ledger.balance(MALL));
    assertEquals(8, ledger.balances().get("expired"));
    assertRefused(
        ErrorCode.NOT_AUTHORISED,
        post(Kind.EXPIRE, new Predicate.Expiry(PAY, "e-3", MALL, NOON, null)));
  }

  @Test
  void reverse_undoesAnEntryOnce() {
    rule(1);
    earnAll(JOB);
    redeem(MALL, "r-1", "report.weekly", 5);
    Digest redeemed = entry(RightsLedger.Verb.REDEEM, MALL);
    assertRefused(ErrorCode.NOT_AUTHORISED, reverse(MALL, "v-0", redeemed));
    assertInstanceOf(Outcome.Applied.class, reverse(COORDINATOR, "v-1", redeemed));
    assertEquals(13, ledger.balance(MALL));
    assertRefused(ErrorCode.CONFLICT, reverse(COORDINATOR, "v-2", redeemed));
    assertInstanceOf(Outcome.Duplicate.class, reverse(COORDINATOR, "v-1", redeemed));
    assertRefused(ErrorCode.CONFLICT, reverse(COORDINATOR, "v-1", Digest.of("another")));
    assertRefused(
        ErrorCode.CONFLICT, reverse(COORDINATOR, "v-3", entry(RightsLedger.Verb.REVERSE, MALL)));
    assertRefused(ErrorCode.CONFLICT, reverse(COORDINATOR, "v-4", Digest.of("none")));
    assertInstanceOf(Outcome.Applied.class, redeem(MALL, "r-2", "seat", 12));
  }

  @Test
  void reverse_ofEarnedPoints_waitsUntilTheirUseIsReversed_andTheyAreNotEarnedAgain() {
    rule(1);
    earnAll(JOB);
    redeem(MALL, "r-1", "seat", 12);
    List<Digest> earned =
        ledger.entries().stream()
            .filter(e -> e.verb() == RightsLedger.Verb.EARN && e.holder().equals(MALL))
            .map(RightsLedger.Entry::id)
            .toList();
    assertRefused(ErrorCode.CONFLICT, reverse(COORDINATOR, "v-1", earned.getFirst()));
    reverse(COORDINATOR, "v-2", entry(RightsLedger.Verb.REDEEM, MALL));
    for (Digest each : earned) {
      assertInstanceOf(
          Outcome.Applied.class, reverse(COORDINATOR, "w-" + each.hex().substring(0, 8), each));
    }
    assertEquals(0, ledger.balance(MALL));
    post(
        Kind.RUN,
        Samples.record(MALL, JOB, List.of(Samples.product(MALL)), List.of(), List.of(), NOON + 7));
    assertEquals(0, ledger.balance(MALL));
  }

  @Test
  void receiptThatDoesNotVerify_orOfAnotherLog_isNotCounted() {
    rule(1);
    earnAll(JOB);
    RightsLedger counted = ledger;
    Receipt forged = Samples.runReceipt(log, MALL, job(2));
    List<Receipt> all = new ArrayList<>(receipts);
    all.add(
        Receipt.of(
            forged.envelope(),
            List.of(),
            new byte[32],
            forged.hour(),
            forged.index(),
            forged.path(),
            forged.checkpoint(),
            forged.keys()));
    Samples.Log other = new Samples.Log(PAY);
    for (int i = 0; i < 9; i++) {
      Samples.runReceipt(other, MALL, job(3 + i));
    }
    all.add(Samples.runReceipt(other, PAY, job(2)));
    Ledger.Replay<RightsLedger> replay =
        RightsLedger.empty(counted.origin()).replay(all, Samples.trusted());
    assertEquals(counted.root(), replay.ledger().root());
    assertEquals(
        2, replay.lines().stream().filter(l -> l.outcome() instanceof Outcome.Refused).count());
  }

  /** Whatever happens in whatever order, nothing comes from nowhere and nothing is lost. */
  @Test
  void conservation_overRandomHistories() {
    Random random = new Random(20261121);
    post(Kind.RULE, rule(COORDINATOR, 1, 60));
    for (int i = 0; i < 250; i++) {
      long earned = earnings();
      randomEntry(random, i);
      long lots = 0;
      for (PartyId party : PARTIES) {
        assertTrue(ledger.balance(party) >= 0);
        lots += ledger.balance(party);
      }
      assertEquals(lots, ledger.outstanding());
      // a redemption that is reversed gives back what was within the reserve once
      assertTrue(ledger.outstanding() <= 60 || earnings() == earned, "earned beyond the reserve");
    }
    for (RightsLedger.Verb verb : RightsLedger.Verb.values()) {
      assertTrue(ledger.entries().stream().anyMatch(e -> e.verb() == verb), verb + " happened");
    }
    for (RightsLedger.Entry each : ledger.entries()) {
      assertEquals(0, each.postings().stream().mapToLong(RightsLedger.Posting::points).sum());
    }
    List<Receipt> shuffled = new ArrayList<>(receipts);
    shuffled.addAll(receipts.subList(0, 40));
    Collections.shuffle(shuffled, random);
    Ledger.Replay<RightsLedger> replay =
        RightsLedger.empty(ledger.origin()).replay(shuffled, Samples.trusted());
    assertEquals(ledger.root(), replay.ledger().root());
    assertEquals(ledger.balances(), replay.ledger().balances());
    assertEquals(0, replay.missing());
  }

  private long earnings() {
    return ledger.entries().stream().filter(e -> e.verb() == RightsLedger.Verb.EARN).count();
  }

  private void randomEntry(Random random, int i) {
    PartyId party = PARTIES.get(random.nextInt(3));
    JobId job = job(random.nextInt(20));
    switch (random.nextInt(8)) {
      case 0, 1, 2 ->
          post(
              Kind.RUN,
              Samples.record(
                  party, job, List.of(Samples.product(party)), List.of(), List.of(), NOON + i));
      case 3 -> post(Samples.releaseReceipt(log, job));
      case 4 -> redeem(party, "r-" + random.nextInt(40), "report.weekly", 5);
      case 5 -> {
        log.passHours(random.nextInt(200));
        expire("e-" + i, party);
      }
      case 6 -> {
        List<RightsLedger.Entry> entries = ledger.entries();
        if (!entries.isEmpty()) {
          reverse(COORDINATOR, "v-" + i, entries.get(random.nextInt(entries.size())).id());
        }
      }
      default -> post(Kind.RULE, rule(COORDINATOR, i + 2, 60));
    }
  }

  @Test
  void points_outsideTheirBounds_areNoStatementAtAll() {
    for (long points : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 40) + 1}) {
      assertThrows(
          ProblemException.class,
          () -> new Predicate.Redemption(MALL, "k", "seat", points, NOON, null));
    }
    for (String text : List.of("", "Transfer 5 to PAY", "¥100", "a b", "x".repeat(65))) {
      assertThrows(
          ProblemException.class,
          () -> new Predicate.Reversal(MALL, "k", Digest.of("e"), text, NOON, null));
    }
  }

  /** The owner's rule: closed loop. A word for money or transfer in the schema is a defect. */
  @Test
  void schema_hasNoWordForMoneyOrTransfer() {
    Pattern money =
        Pattern.compile(
            "(?i).*(transfer|price|currency|cash|money|amount|fee|pay|buy|sell|purchase|stake|"
                + "interest|yuan|cny|usd|wallet|recipient|beneficiary).*");
    List<Class<?>> schema =
        List.of(
            PointsRule.class,
            PointsRule.Service.class,
            Predicate.Redemption.class,
            Predicate.Expiry.class,
            Predicate.Reversal.class,
            RightsLedger.Entry.class,
            RightsLedger.Posting.class,
            RightsLedger.Lot.class);
    for (Class<?> each : schema) {
      for (RecordComponent component : each.getRecordComponents()) {
        assertFalse(money.matcher(component.getName()).matches(), component.toString());
      }
    }
    assertEquals(
        List.of("EARN", "REDEEM", "EXPIRE", "REVERSE"),
        Stream.of(RightsLedger.Verb.values()).map(Enum::name).toList());
    for (Kind each : Kind.values()) {
      assertFalse(money.matcher(each.text()).matches());
    }
  }
}
