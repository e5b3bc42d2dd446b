package hesuan.evidence.ledger;

import hesuan.evidence.Merkle;
import hesuan.evidence.MerkleTree;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What both ledgers share: they read one log, in its order, each entry once. A value of a ledger
 * never changes; {@link #apply} gives the next one.
 *
 * @param <S> the ledger itself
 */
public abstract sealed class Ledger<S extends Ledger<S>> permits CertificateLedger, RightsLedger {
  private final String origin;
  private final Set<Digest> seen = new HashSet<>();
  private long nextIndex;

  Ledger(String origin) {
    this.origin = origin;
  }

  /** An independent copy, on which {@link #post} may then be called. */
  abstract S copy();

  /**
   * Changes this ledger by an entry that is new to it.
   *
   * @throws ProblemException when the rules forbid it, before anything has changed
   */
  abstract Outcome post(Verification.Verified entry);

  /** Every fact of the state as a line of text, sorted. */
  public abstract List<String> rows();

  final void copyIntakeTo(S copy) {
    Ledger<?> other = copy;
    other.seen.addAll(seen);
    other.nextIndex = nextIndex;
  }

  /** The ledger after an entry, and what that did. */
  public record Step<S>(S ledger, Outcome outcome) {}

  /**
   * @param index as the receipt has it, verified or not
   */
  public record Line(long index, Digest envelope, Outcome outcome) {}

  /**
   * @param lines in the order of the log
   * @param missing entries of the log, up to the newest checkpoint shown, that were not shown
   */
  public record Replay<S>(S ledger, List<Line> lines, long missing) {
    public Replay {
      lines = List.copyOf(lines);
    }
  }

  /** Cost: a copy of the ledger; replay many with {@link #replay}. */
  public final Step<S> apply(Verification.Verified entry) {
    S next = copy();
    Outcome outcome = next.take(entry);
    return new Step<>(next, outcome);
  }

  /**
   * The ledger after all these entries, given in any order. Receipts that do not verify are told
   * and not counted.
   */
  public final Replay<S> replay(List<Receipt> receipts, TrustedKeys trusted) {
    S ledger = copy();
    List<Line> lines = new ArrayList<>();
    Set<Long> shown = new HashSet<>();
    long size = 0;
    for (Receipt each :
        receipts.stream().sorted(Comparator.comparingLong(Receipt::index)).toList()) {
      Outcome outcome =
          switch (ReceiptVerifier.verify(each, trusted)) {
            case Verification.Verified verified -> {
              if (verified.checkpoint().origin().equals(ledger.origin())) {
                shown.add(each.index());
                size = Math.max(size, verified.checkpoint().size());
              }
              yield ledger.take(verified);
            }
            case Verification.Rejected rejected ->
                new Outcome.Refused(
                    new Problem(
                        ErrorCode.RECEIPT_REFUSED,
                        "entry " + each.index(),
                        "a receipt that verifies",
                        rejected.firstFailure().name() + ": " + rejected.firstFailure().reason()));
          };
      lines.add(new Line(each.index(), each.envelopeDigest(), outcome));
    }
    return new Replay<>(ledger, lines, size - shown.size());
  }

  /** RFC 6962 root over {@link #rows}: equal states have equal roots. */
  public final Digest root() {
    MerkleTree tree = new MerkleTree();
    for (String row : rows()) {
      tree.append(Merkle.leafHash(row.getBytes(StandardCharsets.UTF_8)));
    }
    return tree.root();
  }

  public final String origin() {
    return origin;
  }

  /** Whose log this is a reading of; for points, their issuer. */
  public final PartyId owner() {
    return new PartyId(origin.substring(origin.indexOf('/') + 1));
  }

  final Outcome take(Verification.Verified entry) {
    if (!entry.checkpoint().origin().equals(origin)) {
      return new Outcome.Refused(
          new Problem(
              ErrorCode.RECEIPT_REFUSED,
              "entry",
              "an entry of " + origin,
              "one of " + entry.checkpoint().origin()));
    }
    if (seen.contains(entry.envelopeDigest())) {
      return new Outcome.Duplicate();
    }
    long index = entry.receipt().index();
    if (index < nextIndex) {
      return new Outcome.Refused(
          new Problem(
              ErrorCode.CONFLICT,
              "entry " + index,
              "entries in the order of the log",
              "one before entry " + nextIndex));
    }
    seen.add(entry.envelopeDigest());
    nextIndex = index + 1;
    try {
      return post(entry);
    } catch (ProblemException e) {
      return new Outcome.Refused(e.problem());
    }
  }
}
