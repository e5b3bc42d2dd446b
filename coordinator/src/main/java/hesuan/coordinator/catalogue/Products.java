package hesuan.coordinator.catalogue;

import hesuan.coordinator.access.Members;
import hesuan.evidence.Envelope;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** The published versions of data products. Safe for many threads. */
public final class Products {
  private static final String COLUMNS =
      "ref, document, digest, envelope, published_millis, withdrawn_millis";

  /**
   * @param digest of the document, as plans pin it
   * @param envelope as its owner signed it
   */
  public record Published(
      Product product, Digest digest, byte[] envelope, long publishedMillis, boolean withdrawn) {}

  private final Store store;
  private final Members members;
  private final Clock clock;

  public Products(Store store, Members members, Clock clock) {
    this.store = store;
    this.members = members;
    this.clock = clock;
  }

  /**
   * Takes a version from its owner; the same version again does nothing.
   *
   * @throws ProblemException SIGNATURE_REFUSED, CONTRACT_VIOLATED for another party's product,
   *     CONFLICT for another document under a version that exists
   */
  public Published publish(PartyId from, byte[] envelopeBytes) {
    Envelope envelope = Envelope.read(envelopeBytes);
    byte[] document = envelope.verify(Product.PAYLOAD_TYPE, members.require(from).keys());
    Product product = Json.read(document, Product.class);
    ProductRef ref = product.ref();
    if (!ref.party().equals(from)) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "product", "a product of " + from, ref.toString());
    }
    Digest digest = Digest.ofDocument(product);
    return store.inTransaction(
        "publish product",
        t -> {
          long now = clock.millis();
          Optional<Published> known = find(t, ref);
          if (known.isPresent()) {
            return sameDocument(known.get(), digest);
          }
          t.update(
              "INSERT INTO product (ref, party, document, digest, envelope, published_millis)"
                  + " VALUES (?, ?, ?, ?, ?, ?)",
              ref.toString(),
              from.value(),
              document,
              digest.hex(),
              envelopeBytes,
              now);
          return new Published(product, digest, envelopeBytes, now, false);
        });
  }

  private static Published sameDocument(Published known, Digest digest) {
    if (!known.digest().equals(digest)) {
      throw new ProblemException(
          ErrorCode.CONFLICT,
          "product " + known.product().ref(),
          "the document published before, " + known.digest(),
          digest.hex());
    }
    return known;
  }

  /** Marks a version as withdrawn; answers whether it was not yet. Only its owner may. */
  public boolean withdraw(PartyId from, ProductRef ref) {
    if (!ref.party().equals(from)) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "product", "a product of " + from, ref.toString());
    }
    return store.inTransaction(
        "withdraw product",
        t -> {
          long now = clock.millis();
          Published known = find(t, ref).orElseThrow(() -> unknown(ref));
          if (known.withdrawn()) {
            return false;
          }
          t.update("UPDATE product SET withdrawn_millis = ? WHERE ref = ?", now, ref.toString());
          return true;
        });
  }

  public List<Published> list() {
    return store.read(
        "list products",
        t ->
            t.query(
                "SELECT " + COLUMNS + " FROM product ORDER BY published_millis, ref",
                Products::published));
  }

  public Optional<Published> find(ProductRef ref) {
    return store.read("find product", t -> find(t, ref));
  }

  public Published require(ProductRef ref) {
    return find(ref)
        .orElseThrow(
            () -> {
              members.require(ref.party());
              return unknown(ref);
            });
  }

  private static ProblemException unknown(ProductRef ref) {
    return new ProblemException(
        ErrorCode.UNKNOWN_PRODUCT, "product", "a published version", ref.toString());
  }

  private static Optional<Published> find(Transaction t, ProductRef ref) throws SQLException {
    return t.one(
        "SELECT " + COLUMNS + " FROM product WHERE ref = ?", Products::published, ref.toString());
  }

  private static Published published(ResultSet row) throws SQLException {
    return new Published(
        Json.read(row.getBytes("document"), Product.class),
        new Digest(row.getString("digest")),
        row.getBytes("envelope"),
        row.getLong("published_millis"),
        row.getObject("withdrawn_millis") != null);
  }
}
