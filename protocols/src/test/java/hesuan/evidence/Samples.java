package hesuan.evidence;

import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.IdRule;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A federation of fixed keys, and receipts out of a log in memory. */
public final class Samples {
  public static final String FEDERATION = "example.org";
  public static final long NOON = 1_790_000_000L;
  public static final PartyId BRAND = new PartyId("brand-a");
  public static final PartyId MALL = new PartyId("mall-b");
  public static final PartyId PAY = new PartyId("pay-c");
  public static final PartyId COORDINATOR = new PartyId("coordinator");
  public static final JobId JOB = new JobId("job-aaaaaaaaaaaaaaaa");

  private Samples() {}

  private static final Map<PartyId, SigningKeys> KEYS = new ConcurrentHashMap<>();

  public static SigningKeys keys(PartyId party) {
    return KEYS.computeIfAbsent(party, Samples::fixedKeys);
  }

  private static SigningKeys fixedKeys(PartyId party) {
    byte[] secret = new byte[65];
    new Random(party.value().hashCode()).nextBytes(secret);
    secret[0] = 1;
    return SigningKeys.importSecret(party, new SecretBytes(secret));
  }

  public static TrustedKeys trusted() {
    return TrustedKeys.always(
        FEDERATION,
        List.of(
            keys(BRAND).publicKeys(),
            keys(MALL).publicKeys(),
            keys(PAY).publicKeys(),
            keys(COORDINATOR).publicKeys()));
  }

  public static JobRecord run(PartyId party, JobId job) {
    return record(party, job, List.of(product(party)), List.of(), List.of(), NOON);
  }

  public static JobRecord consent(PartyId party, JobId job) {
    return record(party, job, List.of(product(party)), List.of(output(null)), List.of(), NOON);
  }

  public static JobRecord release(JobId job, List<Digest> consents) {
    return record(
        BRAND,
        job,
        List.of(product(BRAND), product(MALL), product(PAY)),
        List.of(output(Digest.of("the answer"))),
        consents,
        NOON + 5);
  }

  /** The document of {@link #product}. */
  public static Product document(PartyId owner) {
    return new Product(
        Product.VERSION,
        product(owner),
        "会员",
        List.of(
            new Product.Column("phone", Product.ColumnType.STRING),
            new Product.Column("city", Product.ColumnType.STRING)),
        new Product.Id("phone", IdRule.PHONE_CN),
        List.of(
            new Product.DisclosureRule(
                "city",
                Disclosure.AGGREGATE,
                List.of("*"),
                List.of("audience"),
                LocalDate.of(2027, 1, 1))),
        new Product.Terms(50, Epsilon.parse("1")),
        Digest.of("rows of " + product(owner)),
        100);
  }

  public static ProductRef product(PartyId owner) {
    return new ProductRef(owner, "members", 3);
  }

  private static JobRecord.Output output(@Nullable Digest digest) {
    return new JobRecord.Output("n_by_city", Digest.of("shape"), digest, List.of(BRAND));
  }

  public static JobRecord record(
      PartyId party,
      JobId job,
      List<ProductRef> products,
      List<JobRecord.Output> outputs,
      List<Digest> consents,
      long endSeconds) {
    return new JobRecord(
        party,
        job,
        1,
        "audience.overlap",
        Digest.of("spec " + job),
        Digest.of("plan " + job),
        Digest.of("contract"),
        List.of(BRAND, MALL, PAY),
        products.stream().map(p -> new JobRecord.Input(p, Digest.of("rows of " + p))).toList(),
        new JobRecord.Policy(Digest.of("bundle"), List.of("dec-1")),
        List.of(new JobRecord.Protocol("overlap-dh", "1", Digest.of("transcript"))),
        List.of(
            new JobRecord.Spent(
                product(party), Epsilon.parse("0.5"), "0.0000001", 50, Epsilon.parse("4.5"))),
        List.of(JobRecord.Count.of("rows", 123_456)),
        outputs,
        consents,
        null,
        endSeconds - 30,
        endSeconds,
        Digest.of("earlier leaf"));
  }

  /** A party's log in memory. */
  public static final class Log {
    private final SigningKeys owner;
    private final List<byte[]> leafHashes = new ArrayList<>();
    private final List<Entry> entries = new ArrayList<>();
    private final Random random = new Random(7);
    private long hour = Leaf.hourOf(NOON);

    private record Entry(
        Envelope envelope,
        List<Envelope> consents,
        byte[] salt,
        long hour,
        List<Receipt.KeyHint> keys) {}

    public Log(PartyId owner) {
      this.owner = keys(owner);
    }

    public void passHours(long hours) {
      hour += hours;
    }

    public HashReader reader() {
      return listReader(leafHashes);
    }

    /** Appends, and gives the receipt at the state right after. */
    public Receipt append(Envelope envelope, List<Envelope> consents, PartyId... signers) {
      byte[] salt = new byte[Leaf.SALT_BYTES];
      random.nextBytes(salt);
      Statement.Kind kind = Statement.read(envelope.unverifiedPayload()).kind();
      leafHashes.add(Leaf.commit(kind, salt, envelope, hour).hash());
      List<PartyId> named = new ArrayList<>(Arrays.asList(signers));
      named.add(owner.party());
      List<Receipt.KeyHint> hints =
          named.stream()
              .distinct()
              .sorted()
              .map(p -> new Receipt.KeyHint(p, keys(p).publicKeys().digest()))
              .toList();
      entries.add(new Entry(envelope, consents, salt, hour, hints));
      return prove(entries.size() - 1);
    }

    /** The receipt of an entry at the present state. */
    public Receipt prove(int index) {
      Entry entry = entries.get(index);
      long size = leafHashes.size();
      return Receipt.of(
          entry.envelope(),
          entry.consents(),
          entry.salt(),
          entry.hour(),
          index,
          Merkle.inclusionProof(reader(), index, size),
          note(),
          entry.keys());
    }

    public String note() {
      String origin = Checkpoint.origin(FEDERATION, owner.party());
      long size = leafHashes.size();
      return new Checkpoint(origin, size, Merkle.root(reader(), size)).sign(owner, NOON + 60);
    }
  }

  public static HashReader listReader(List<byte[]> leafHashes) {
    return new HashReader() {
      @Override
      public byte[] hash(int level, long index) {
        return level == 0
            ? leafHashes.get((int) index)
            : Merkle.nodeHash(hash(level - 1, 2 * index), hash(level - 1, 2 * index + 1));
      }
    };
  }

  public static Envelope sign(Statement.Kind kind, Predicate predicate) {
    return new Statement(kind, predicate).sign(keys(predicate.party()));
  }

  /** The release of a job by the brand, with the consents of mall and payment platform. */
  public static Receipt releaseReceipt(Log log, JobId job) {
    List<Envelope> consents =
        List.of(
            sign(Statement.Kind.CONSENT, consent(MALL, job)),
            sign(Statement.Kind.CONSENT, consent(PAY, job)));
    Envelope release =
        sign(
            Statement.Kind.RELEASE, release(job, consents.stream().map(Envelope::digest).toList()));
    return log.append(release, consents, BRAND, MALL, PAY);
  }

  public static Receipt receipt(Log log, Statement.Kind kind, Predicate predicate) {
    return log.append(sign(kind, predicate), List.of(), predicate.party());
  }

  public static Receipt runReceipt(Log log, PartyId party, JobId job) {
    return log.append(sign(Statement.Kind.RUN, run(party, job)), List.of(), party);
  }
}
