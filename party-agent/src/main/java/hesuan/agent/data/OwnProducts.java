package hesuan.agent.data;

import hesuan.agent.AgentConfig;
import hesuan.agent.budget.Budget;
import hesuan.evidence.Envelope;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.VerifiedEnvelopes;
import hesuan.policy.PolicyEngine;
import hesuan.policy.PolicyInput;
import hesuan.sandbox.Expression;
import hesuan.source.Fingerprint;
import hesuan.source.Profile;
import hesuan.source.ReadLimits;
import hesuan.source.Source;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** This party's products. Where the rows lie is known here and nowhere else. */
public final class OwnProducts implements AutoCloseable {
  /**
   * What opens the commitment that a published product holds: for an auditor whom the owner trusts
   * with the fingerprint.
   */
  public record Opening(Digest fingerprint, Digest salt) {
    Digest commitment() {
      return Fingerprint.commitment(fingerprint, salt);
    }
  }

  /**
   * A version as it is held here.
   *
   * @param opening null of one that was published before fingerprints were committed to
   */
  public record Held(
      Product product,
      Envelope envelope,
      Source source,
      @Nullable Opening opening,
      @Nullable String rowFilter,
      boolean accepted,
      boolean withdrawn) {
    public Held {
      if (opening != null && !opening.commitment().equals(product.fingerprint())) {
        throw new ProblemException(
            ErrorCode.ENVIRONMENT,
            product.ref().toString(),
            "the fingerprint and salt that were published",
            "others; put the newest whole state.db back");
      }
    }

    Digest fingerprint() {
      return opening == null ? product.fingerprint() : opening.fingerprint;
    }
  }

  private static final String SELECT =
      "SELECT envelope, source, fingerprint, salt, row_filter, accepted, withdrawn FROM product";
  private static final int SALT_BYTES = 32;
  private static final int BATCH_ROWS = 32_768;

  private final Store store;
  private final SigningKeys keys;
  private final PolicyEngine policy;
  private final Budget budget;
  private final ReadLimits limits;
  private final VerifiedEnvelopes verified = new VerifiedEnvelopes();
  private final HeldRows heldRows;
  private final Clock clock;
  private final SecureRandom random;
  private final Map<ProductRef, Fingerprint.Seen> seen = new ConcurrentHashMap<>();

  public OwnProducts(
      Store store,
      SigningKeys keys,
      PolicyEngine policy,
      Budget budget,
      Path spill,
      AgentConfig config,
      Clock clock,
      SecureRandom random) {
    this.store = store;
    this.keys = keys;
    this.policy = policy;
    this.budget = budget;
    this.limits =
        new ReadLimits(
            config.duckdbMemoryMegabytes(),
            config.spillMegabytes(),
            config.threads(),
            BATCH_ROWS,
            spill);
    this.heldRows = new HeldRows(config.duckdbMemoryMegabytes(), clock);
    this.clock = clock;
    this.random = random;
  }

  /**
   * Reads the source once, and makes of it the next version of the product; the same data and terms
   * again are the version that stands.
   */
  public Publication publish(PublishRequest request) {
    Source source = Source.of(request.source(), Path.of("").toAbsolutePath());
    Profile profile = Profile.of(source, request.id(), limits);
    String filter =
        request.rowFilter() == null
            ? null
            : Expression.check(
                    request.rowFilter(),
                    profile.columns().stream().map(Profile.ColumnProfile::name).toList())
                .sql();
    Optional<Held> latest = latest(request.name());
    int version = latest.map(h -> h.product.ref().version() + 1).orElse(1);
    boolean stands =
        latest.isPresent()
            && !latest.get().withdrawn
            && latest.get().fingerprint().equals(profile.fingerprint())
            && product(request, version - 1, profile, latest.get().product.fingerprint())
                .equals(latest.get().product)
            && source.equals(latest.get().source)
            && Objects.equals(filter, latest.get().rowFilter);
    if (stands) {
      return new Publication(latest.get().product, profile.ids());
    }
    Opening opening = new Opening(profile.fingerprint(), salt());
    Product product = product(request, version, profile, opening.commitment());
    policy.decide(PolicyInput.publish(keys.party(), product, clock.instant())).orThrow();
    PublishRequest.Rate rate = request.rate();
    budget.allow(
        product.ref().asset(),
        request.id().column(),
        request.budget(),
        request.budgetDelta(),
        rate == null ? Epsilon.ZERO : rate.epsilon(),
        rate == null ? 0 : rate.days());
    insert(product, source, opening, filter);
    return new Publication(product, profile.ids());
  }

  private Digest salt() {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return new Digest(HexFormat.of().formatHex(salt));
  }

  private Product product(PublishRequest request, int version, Profile profile, Digest commitment) {
    return new Product(
        Product.VERSION,
        new ProductRef(keys.party(), request.name(), version),
        request.title(),
        profile.productColumns(),
        request.id(),
        request.rules(),
        request.terms(),
        commitment,
        sizeClass(profile.rows()));
  }

  /** Two significant digits, upwards. */
  static long sizeClass(long rows) {
    long unit = 1;
    while (rows / unit >= 100) {
      unit *= 10;
    }
    return Math.ceilDiv(rows, unit) * unit;
  }

  private void insert(Product product, Source source, Opening opening, @Nullable String rowFilter) {
    Envelope envelope = Envelope.signDocument(Product.PAYLOAD_TYPE, product, keys);
    store.inTransaction(
        "publish product",
        t ->
            t.update(
                """
                INSERT INTO product (ref, asset, version, envelope, source, fingerprint, salt, row_filter)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)\
                """,
                product.ref().toString(),
                product.ref().asset(),
                product.ref().version(),
                envelope.bytes(),
                Json.canonicalText(source.document()),
                opening.fingerprint.hex(),
                opening.salt.hex(),
                rowFilter));
  }

  public List<Held> all() {
    return store.read("products", t -> t.query(SELECT + " ORDER BY asset, version", this::held));
  }

  public Optional<Held> find(ProductRef ref) {
    return store.read("product", t -> t.one(SELECT + " WHERE ref = ?", this::held, ref.toString()));
  }

  private Optional<Held> latest(String name) {
    return store.read(
        "latest version",
        t ->
            t.one(
                SELECT + " WHERE asset = ? ORDER BY version DESC LIMIT 1",
                this::held,
                keys.party() + "/" + name));
  }

  private Held held(ResultSet row) throws SQLException {
    Envelope envelope = Envelope.read(row.getBytes(1));
    return new Held(
        Json.read(
            verified.verify(envelope, Product.PAYLOAD_TYPE, keys.publicKeys()), Product.class),
        envelope,
        Source.of(Json.tree(row.getBytes(2)), Path.of("").toAbsolutePath()),
        row.getString(4) == null
            ? null
            : new Opening(new Digest(row.getString(3)), new Digest(row.getString(4))),
        row.getString(5),
        row.getInt(6) == 1,
        row.getInt(7) == 1);
  }

  /** Takes effect at once: no job that is not yet released may use it. May be retried. */
  public void withdraw(ProductRef ref) {
    require(ref);
    flag(ref, "withdrawn");
    heldRows.drop(ref);
  }

  public boolean isAccepted(ProductRef ref) {
    return find(ref).map(Held::accepted).orElse(false);
  }

  public List<Envelope> unaccepted() {
    return all().stream().filter(h -> !h.accepted && !h.withdrawn).map(Held::envelope).toList();
  }

  public List<ProductRef> withdrawalsUnaccepted() {
    return store.read(
        "withdrawals to say",
        t ->
            t.query(
                "SELECT ref FROM product WHERE withdrawn = 1 AND withdrawal_accepted = 0",
                row -> ProductRef.parse(row.getString(1))));
  }

  public void accepted(ProductRef ref) {
    flag(ref, "accepted");
  }

  public void withdrawalAccepted(ProductRef ref) {
    flag(ref, "withdrawal_accepted");
  }

  /** The transaction may be retried. */
  private void flag(ProductRef ref, String column) {
    store.inTransaction(
        column + " product",
        (Transaction t) ->
            t.update("UPDATE product SET " + column + " = 1 WHERE ref = ?", ref.toString()));
  }

  private Held require(ProductRef ref) {
    return find(ref)
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_PRODUCT,
                    "product",
                    "a product of " + keys.party(),
                    ref.toString()));
  }

  /** Refuses a version that was withdrawn, or a document that is not the one published here. */
  public void requireCurrent(ProductRef ref, Digest document) {
    Held held = require(ref);
    if (held.withdrawn) {
      throw new ProblemException(
          ErrorCode.WITHDRAWN, ref.toString(), "a version in force", "withdrawn");
    }
    if (!Digest.ofDocument(held.product).equals(document)) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_PRODUCT, ref.toString(), "the document that was published", "another");
    }
  }

  /**
   * Looks at the source again, and reads it where it looks changed: a job that it would end is
   * refused before anything is spent. {@link #open} reads it whatever it looks like.
   */
  public void requireUnchanged(ProductRef ref) {
    Held held = require(ref);
    seen.compute(
        ref,
        (_, before) ->
            Fingerprint.requireAgain(
                held.source, held.product.columns(), held.fingerprint(), limits, before));
  }

  /**
   * Opens this party's one product among those, if there is one: the exact version, or a Problem.
   */
  public Optional<OwnRows> open(List<ProductRef> products) {
    Optional<ProductRef> own = products.stream().filter(p -> p.party().equals(party())).findFirst();
    return own.map(
        ref -> {
          Held held = require(ref);
          requireCurrent(ref, Digest.ofDocument(held.product));
          return OwnRows.of(
              held.product,
              Fingerprint.open(held.source, held.product.columns(), held.fingerprint(), limits),
              held.rowFilter,
              heldRows);
        });
  }

  /** Now and then: what no job asked for of late is not held in memory any more. */
  public void forgetIdle() {
    heldRows.dropIdle();
  }

  @Override
  public void close() {
    heldRows.close();
  }

  private PartyId party() {
    return keys.party();
  }
}
