package hesuan.evidence;

import hesuan.evidence.TrustedKeys.Entry;
import hesuan.evidence.Verification.Check;
import hesuan.evidence.Verification.Name;
import hesuan.evidence.Verification.Rejected;
import hesuan.evidence.Verification.Verified;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Verifies receipts offline, from the receipt and the verifier's own keys. Every check is reported,
 * also after one has failed, unless it has nothing left to look at. About 2 ms a receipt, and as
 * much again for each consent.
 */
public final class ReceiptVerifier {
  /** The speaker's clock may be ahead of the log's by up to this. */
  private static final long CLOCK_SKEW_HOURS = 1;

  private final TrustedKeys trusted;
  private final List<Check> checks = new ArrayList<>();

  private ReceiptVerifier(TrustedKeys trusted) {
    this.trusted = trusted;
  }

  /** Verifies a receipt file: its exact bytes, so that no byte of it can be changed unnoticed. */
  public static Verification verify(byte[] file, TrustedKeys trusted) {
    ReceiptVerifier verifier = new ReceiptVerifier(trusted);
    Receipt receipt = verifier.attempt(Name.FORMAT, () -> Receipt.read(file), r -> "canonical");
    return receipt == null ? new Rejected(verifier.checks) : verifier.run(receipt);
  }

  public static Verification verify(Receipt receipt, TrustedKeys trusted) {
    return verify(receipt.bytes(), trusted);
  }

  private Verification run(Receipt receipt) {
    Statement statement =
        attempt(
            Name.STATEMENT,
            () -> statement(receipt.envelope()),
            s -> s.kind().text() + " by " + s.predicate().party());
    if (statement != null) {
      attempt(
          Name.SIGNATURES,
          () -> signer(receipt.envelope(), statement),
          keys -> "key set " + keys.digest().hex().substring(0, 16));
      attempt(
          Name.CONSENTS,
          () -> consents(receipt, statement),
          parties -> parties.isEmpty() ? "none needed" : "by " + parties);
    }
    Checkpoint checkpoint =
        attempt(Name.CHECKPOINT, () -> checkpoint(receipt), c -> c.origin() + ", size " + c.size());
    if (statement != null && checkpoint != null) {
      attempt(
          Name.INCLUSION,
          () -> included(receipt, statement, checkpoint),
          index -> "entry " + index + " of " + checkpoint.size());
      attempt(Name.TIME, () -> time(receipt, statement), hour -> "hour " + hour);
      attempt(Name.KEYS, () -> keys(receipt, statement, checkpoint), n -> n + " named");
    }
    boolean all = checks.size() == Name.values().length && checks.stream().allMatch(Check::passed);
    return all && statement != null && checkpoint != null
        ? new Verified(checks, receipt, statement, checkpoint)
        : new Rejected(checks);
  }

  private static Statement statement(Envelope envelope) {
    if (!envelope.payloadType().equals(Statement.PAYLOAD_TYPE)) {
      throw new Failed("payload type " + envelope.payloadType());
    }
    return Statement.read(envelope.unverifiedPayload());
  }

  private PartyKeys signer(Envelope envelope, Statement statement) {
    PartyId party = statement.predicate().party();
    long at = statement.predicate().endSeconds();
    PartyKeys keys =
        firstThatFits(
            party,
            entry -> {
              Statement.verify(envelope, entry.keys());
              if (!entry.counts(at)) {
                throw new Failed("signed outside the time for which these keys are trusted");
              }
              return entry.keys();
            });
    if (!envelope.holdsOnlySignaturesBy(keys)) {
      throw new Failed("the envelope holds other signatures than the two of " + party);
    }
    return keys;
  }

  private List<PartyId> consents(Receipt receipt, Statement statement) {
    List<PartyId> needed =
        statement.kind() == Statement.Kind.RELEASE
                && statement.predicate() instanceof JobRecord release
            ? release.consenting()
            : List.of();
    if (receipt.consents().size() != needed.size()) {
      throw new Failed(needed.size() + " needed, " + receipt.consents().size() + " found");
    }
    for (int i = 0; i < needed.size(); i++) {
      Envelope envelope = receipt.consents().get(i);
      Statement consent = statement(envelope);
      if (!consent.predicate().party().equals(needed.get(i))) {
        throw new Failed("expected the consent of " + needed.get(i));
      }
      signer(envelope, consent);
      if (!(consent.predicate() instanceof JobRecord given)
          || consent.kind() != Statement.Kind.CONSENT
          || !(statement.predicate() instanceof JobRecord release)
          || !covers(given, release)
          || !release.consents().get(i).equals(envelope.digest())) {
        throw new Failed(needed.get(i) + " consented to something else");
      }
    }
    return needed;
  }

  private static boolean covers(JobRecord consent, JobRecord release) {
    return consent.job().equals(release.job())
        && consent.attempt() == release.attempt()
        && consent.spec().equals(release.spec())
        && Objects.equals(consent.plan(), release.plan())
        && Objects.equals(consent.contract(), release.contract())
        && consent.purpose().equals(release.purpose())
        && consent.parties().equals(release.parties())
        && consent
            .outputs()
            .equals(release.outputs().stream().map(JobRecord.Output::withoutDigest).toList());
  }

  private Checkpoint checkpoint(Receipt receipt) {
    Checkpoint claimed = Checkpoint.unverified(receipt.checkpoint());
    if (!claimed.federation().equals(trusted.federation())) {
      throw new Failed("a log of federation " + claimed.federation());
    }
    return firstThatFits(
        claimed.owner(),
        entry -> {
          Checkpoint.Verified verified = Checkpoint.verify(receipt.checkpoint(), entry.keys());
          if (!entry.counts(verified.seconds())) {
            throw new Failed("signed outside the time for which these keys are trusted");
          }
          if (verified.foreignLines() > 0) {
            throw new Failed(verified.foreignLines() + " signature lines by unknown keys");
          }
          return verified.checkpoint();
        });
  }

  private static long included(Receipt receipt, Statement statement, Checkpoint checkpoint) {
    Leaf leaf =
        Leaf.commit(statement.kind(), receipt.saltBytes(), receipt.envelope(), receipt.hour());
    if (!Merkle.includes(
        leaf.hash(), receipt.index(), checkpoint.size(), receipt.path(), checkpoint.root())) {
      throw new Failed("the path does not lead from this envelope to the checkpoint's root");
    }
    return receipt.index();
  }

  private static long time(Receipt receipt, Statement statement) {
    long said = Leaf.hourOf(statement.predicate().endSeconds());
    if (receipt.hour() + CLOCK_SKEW_HOURS < said) {
      throw new Failed("logged in hour " + receipt.hour() + ", said in hour " + said);
    }
    return receipt.hour();
  }

  private int keys(Receipt receipt, Statement statement, Checkpoint checkpoint) {
    Set<PartyId> expected = new TreeSet<>();
    expected.add(statement.predicate().party());
    expected.add(checkpoint.owner());
    if (statement.kind() == Statement.Kind.RELEASE
        && statement.predicate() instanceof JobRecord release) {
      expected.addAll(release.parties());
    }
    List<PartyId> named = receipt.keys().stream().map(Receipt.KeyHint::party).toList();
    if (!named.equals(List.copyOf(expected))) {
      throw new Failed("expected the keys of " + expected + ", found those of " + named);
    }
    for (Receipt.KeyHint hint : receipt.keys()) {
      List<Digest> digests =
          trusted.entriesOf(hint.party()).stream().map(e -> e.keys().digest()).toList();
      if (!digests.contains(hint.keys())) {
        throw new Failed("another key set of " + hint.party() + " than the trusted");
      }
    }
    return named.size();
  }

  /** Tries each trusted key set of a party; the last one's failure is told when none fits. */
  private <T> T firstThatFits(PartyId party, Function<Entry, T> use) {
    RuntimeException last = new Failed("no trusted keys of " + party);
    for (Entry entry : trusted.entriesOf(party)) {
      try {
        return use.apply(entry);
      } catch (ProblemException | Failed e) {
        last = e;
      }
    }
    throw last;
  }

  private <T> @Nullable T attempt(Name name, Supplier<T> check, Function<T, String> describe) {
    try {
      T value = check.get();
      checks.add(new Check(name, true, describe.apply(value)));
      return value;
    } catch (ProblemException e) {
      checks.add(new Check(name, false, e.problem().sentence(false)));
    } catch (Failed e) {
      checks.add(new Check(name, false, e.getMessage()));
    }
    return null;
  }

  /** A check's "no" on its way to the list of checks. */
  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failed(String reason) {
      super(reason, null, false, false);
    }
  }
}
