package hesuan.evidence.ledger;

import hesuan.evidence.JobRecord;
import hesuan.evidence.Predicate;
import hesuan.evidence.Verification;
import hesuan.evidence.ledger.Certificate.Change;
import hesuan.evidence.ledger.Certificate.Status;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * One certificate for each product version. Its life is its owner's publish and withdraw entries:
 * {@code issued <-> suspended -> revoked}. A use is counted from the owner's own run entry, a
 * release from a release entry that carries the owner's consent, each once per job; nothing else
 * counts.
 */
public final class CertificateLedger extends Ledger<CertificateLedger> {
  private final Map<ProductRef, Certificate> certificates = new TreeMap<>();

  /** {@code use|release job product}. */
  private final Set<String> counted = new HashSet<>();

  private CertificateLedger(String origin) {
    super(origin);
  }

  /**
   * @param origin of the log that it reads, {@code <federation>/<party>}
   */
  public static CertificateLedger empty(String origin) {
    return new CertificateLedger(origin);
  }

  public Collection<Certificate> certificates() {
    return Collections.unmodifiableCollection(certificates.values());
  }

  public Optional<Certificate> certificate(ProductRef product) {
    return Optional.ofNullable(certificates.get(product));
  }

  @Override
  CertificateLedger copy() {
    CertificateLedger copy = new CertificateLedger(origin());
    copy.certificates.putAll(certificates);
    copy.counted.addAll(counted);
    copyIntakeTo(copy);
    return copy;
  }

  @Override
  public List<String> rows() {
    List<String> rows = new ArrayList<>();
    for (Certificate each : certificates.values()) {
      rows.add("certificate " + Json.canonicalText(each));
    }
    for (String each : counted) {
      rows.add("counted " + each);
    }
    rows.sort(null);
    return rows;
  }

  @Override
  Outcome post(Verification.Verified entry) {
    return switch (entry.statement().predicate()) {
      case Predicate.Publication publication -> publish(publication.product(), entry);
      case Predicate.Withdrawal withdrawal -> withdraw(withdrawal, entry);
      case JobRecord job ->
          switch (entry.statement().kind()) {
            case RUN -> countUses(job);
            case RELEASE -> countReleases(job);
            case CONSENT, REFUSE, FAIL, ABORT -> new Outcome.Irrelevant();
            case PUBLISH, WITHDRAW, CONTRACT, RULE, REDEEM, EXPIRE, REVERSE, ENROL ->
                throw new IllegalStateException("a job's record under another kind");
          };
      case Predicate.Agreement _,
          Predicate.Enrolment _,
          Predicate.PointsRule _,
          Predicate.Redemption _,
          Predicate.Expiry _,
          Predicate.Reversal _ ->
          new Outcome.Irrelevant();
    };
  }

  private Outcome publish(Product product, Verification.Verified entry) {
    Change change = change(Status.ISSUED, entry);
    Certificate before = certificates.get(product.ref());
    if (before == null) {
      certificates.put(
          product.ref(), new Certificate(product, Status.ISSUED, List.of(change), Map.of(), 0, 0));
      return new Outcome.Applied();
    }
    if (!before.document().equals(product)) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          product.ref().toString(),
          "the document " + Digest.ofDocument(before.document()),
          "" + Digest.ofDocument(product));
    }
    return switch (before.status()) {
      case ISSUED -> new Outcome.Duplicate();
      case SUSPENDED -> {
        certificates.put(product.ref(), before.changed(change));
        yield new Outcome.Applied();
      }
      case REVOKED ->
          throw new ProblemException(
              ErrorCode.WITHDRAWN, product.ref().toString(), "a new version", "a revoked one");
    };
  }

  private Outcome withdraw(Predicate.Withdrawal withdrawal, Verification.Verified entry) {
    ProductRef product = withdrawal.product();
    if (product == null) {
      return new Outcome.Irrelevant();
    }
    Status to =
        switch (withdrawal.effect()) {
          case SUSPEND -> Status.SUSPENDED;
          case REVOKE -> Status.REVOKED;
        };
    Certificate before = known(product);
    if (before.status() == to || before.status() == Status.REVOKED) {
      return new Outcome.Duplicate();
    }
    certificates.put(product, before.changed(change(to, entry)));
    return new Outcome.Applied();
  }

  private Outcome countUses(JobRecord run) {
    return outcome(run, used(run, run.products()));
  }

  private List<JobRecord.Input> used(JobRecord job, List<JobRecord.Input> products) {
    List<JobRecord.Input> uncounted = uncounted("use", job, products);
    for (JobRecord.Input each : uncounted) {
      certificates.computeIfPresent(each.ref(), (_, before) -> before.used(job.purpose()));
    }
    return uncounted;
  }

  private Outcome countReleases(JobRecord release) {
    for (JobRecord.Input each : release.products()) {
      if (!release.parties().contains(each.ref().party())) {
        throw new ProblemException(
            ErrorCode.RECEIPT_REFUSED,
            "release of " + release.job(),
            "the consent of " + each.ref().party(),
            "none");
      }
    }
    List<JobRecord.Input> uncounted = uncounted("release", release, release.products());
    for (JobRecord.Input each : uncounted) {
      certificates.computeIfPresent(each.ref(), (_, before) -> before.released());
    }
    // whoever releases has used its own products too, and says so by nothing else
    used(
        release,
        release.products().stream()
            .filter(each -> each.ref().party().equals(release.party()))
            .toList());
    return outcome(release, uncounted);
  }

  /** Checks every product first, so that a refused entry counts nothing. */
  private List<JobRecord.Input> uncounted(
      String what, JobRecord job, List<JobRecord.Input> products) {
    for (JobRecord.Input each : products) {
      Digest published = known(each.ref()).document().fingerprint();
      if (!published.equals(each.fingerprint())) {
        throw new ProblemException(
            ErrorCode.SOURCE_CHANGED,
            each.ref().toString(),
            "fingerprint " + published,
            "" + each.fingerprint());
      }
    }
    return products.stream()
        .filter(each -> counted.add(what + " " + job.job() + " " + each.ref()))
        .toList();
  }

  private static Outcome outcome(JobRecord job, List<JobRecord.Input> uncounted) {
    if (job.products().isEmpty()) {
      return new Outcome.Irrelevant();
    }
    return uncounted.isEmpty() ? new Outcome.Duplicate() : new Outcome.Applied();
  }

  private Certificate known(ProductRef product) {
    Certificate certificate = certificates.get(product);
    if (certificate == null) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_PRODUCT, "certificate", "a published product", product.toString());
    }
    return certificate;
  }

  private static Change change(Status to, Verification.Verified entry) {
    return new Change(to, entry.receipt().hour(), entry.envelopeDigest());
  }
}
