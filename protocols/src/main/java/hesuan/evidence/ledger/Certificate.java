package hesuan.evidence.ledger;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Evidence about one product version: what its holder declared, what became of it, and every use
 * that a receipt proves. Evidence for a registration, not one, and never a valuation.
 *
 * @param document as published: source, columns, disclosure rules, terms and fingerprint are its
 * @param changes publication first
 * @param usesByPurpose jobs for which the holder's own receipt says that it was used
 * @param usesWhileWithdrawn jobs that were on their way when it was withdrawn
 * @param releases jobs of which an output left, with the holder's consent
 */
public record Certificate(
    Product document,
    Status status,
    List<Change> changes,
    Map<String, Long> usesByPurpose,
    long usesWhileWithdrawn,
    long releases) {

  public enum Status {
    ISSUED,
    SUSPENDED,
    /** For good. */
    REVOKED
  }

  /**
   * @param hour of logging, in hours since 1970
   * @param envelope names the entry that says so
   */
  public record Change(Status to, long hour, Digest envelope) {}

  public Certificate {
    changes = List.copyOf(changes);
    usesByPurpose = Collections.unmodifiableMap(new TreeMap<>(usesByPurpose));
  }

  public ProductRef product() {
    return document.ref();
  }

  public PartyId holder() {
    return document.ref().party();
  }

  public long uses() {
    return usesByPurpose.values().stream().mapToLong(Long::longValue).sum();
  }

  Certificate changed(Change change) {
    List<Change> all = new ArrayList<>(changes);
    all.add(change);
    return new Certificate(document, change.to(), all, usesByPurpose, usesWhileWithdrawn, releases);
  }

  Certificate used(String purpose) {
    Map<String, Long> uses = new TreeMap<>(usesByPurpose);
    uses.merge(purpose, 1L, Math::addExact);
    return new Certificate(
        document,
        status,
        changes,
        uses,
        status == Status.ISSUED ? usesWhileWithdrawn : usesWhileWithdrawn + 1,
        releases);
  }

  Certificate released() {
    return new Certificate(
        document, status, changes, usesByPurpose, usesWhileWithdrawn, releases + 1);
  }
}
