package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The aggregator that learns the sum. It adds a contribution only where the other aggregator holds
 * the matching part, and opens one sum, of contributors whom both have signed. One use, one thread.
 * Memory: three vectors.
 */
public final class OpeningAggregator {
  private final TwoAggregatorSettings settings;
  private final PartyId self;
  private final Aggregators lines;
  private final PartySigner signer;
  private final PartyVerifier verifier;
  private final SecureRandom random;
  private final byte[] context;

  /**
   * @param channels to the other aggregator and to every contributor
   */
  public OpeningAggregator(
      TwoAggregatorSettings settings,
      Map<PartyId, ? extends Channel> channels,
      PartySigner signer,
      PartyVerifier verifier,
      SecureRandom random) {
    this.settings = settings;
    this.self = settings.opening();
    this.lines = new Aggregators(settings, self, settings.other(), channels);
    this.signer = signer;
    this.verifier = verifier;
    this.random = random;
    this.context = settings.context();
  }

  /**
   * @param addend null where this aggregator contributes nothing
   */
  public SumOutcome run(long @Nullable [] addend) {
    try (AgreementKey key = AgreementKey.fresh(random)) {
      return add(key, addend);
    } catch (ProblemException e) {
      lines.tell(e.problem());
      throw e;
    }
  }

  private SumOutcome add(AgreementKey key, long @Nullable [] addend) {
    Offer offer = Offer.of(context, self, key, signer);
    lines.offer(offer.encode(context));
    Offer otherOffer = Offer.receive(lines.peer(), context, verifier);
    byte[] keys = Offer.keysDigest(context, offer, otherOffer);

    OpeningSum sum = OpeningSum.of(settings, keys, key, otherOffer, lines.peer());
    Agreed agreed = new Agreed(new TreeMap<>());
    int ownPlace = settings.contributors().indexOf(self);
    byte[] ownPart = new byte[0];
    byte[] ownDigest = new byte[0];
    if (addend != null && ownPlace >= 0) {
      try (Contribution.Sealed own =
          Contribution.seal(settings, self, offer, otherOffer, addend, signer, random)) {
        own.sendToOther(lines.peer());
        ownPart = own.openingPart().clone();
        ownDigest = own.contribution().digest();
      }
    }
    Agreed held = held();
    for (int place : peerFirst()) {
      byte[] there = held.contributions().get(place);
      if (there != null) {
        addPart(place, there, key, keys, sum, agreed);
      }
    }
    if (ownPart.length > 0) {
      if (!sum.add(ownPlace, self, ownPart)) {
        throw notInRange(self);
      }
      Arrays.fill(ownPart, (byte) 0);
      agreed.contributions().put(ownPlace, ownDigest);
    }
    sum.end();
    agreed.requireCohort(settings);
    return open(keys, sum, agreed);
  }

  /** Those of whom the other aggregator has a part. */
  private Agreed held() {
    Fields.Reader in =
        new Fields.Reader(
            lines.peer().peer(), lines.peer().receive(Phase.HELD, Agreed.bytesMax(settings)));
    Agreed held = Agreed.decode(in, settings);
    in.end();
    return held;
  }

  /** The other aggregator's own part stands first on its line. */
  private List<Integer> peerFirst() {
    List<Integer> order = new ArrayList<>();
    int peer = settings.contributors().indexOf(settings.other());
    if (peer >= 0) {
      order.add(peer);
    }
    lines.contributors().keySet().stream().filter(place -> place != peer).forEach(order::add);
    return order;
  }

  private void addPart(
      int place, byte[] there, AgreementKey key, byte[] keys, OpeningSum sum, Agreed agreed) {
    PartyId contributor = settings.contributors().get(place);
    Link link = Objects.requireNonNull(lines.contributors().get(place));
    byte[] part;
    try {
      part = part(link, contributor, there, key, keys, sum.partBytes());
    } catch (ProblemException e) {
      lines.leaveOut(place, e);
      return;
    }
    if (sum.add(place, contributor, part)) {
      agreed.contributions().put(place, there);
    } else {
      lines.leaveOut(place, notInRange(contributor));
    }
  }

  private byte[] part(
      Link link, PartyId contributor, byte[] there, AgreementKey key, byte[] keys, int bytes) {
    Contribution contribution = Contribution.receive(link, context, keys, contributor, verifier);
    if (!Messages.same(contribution.digest(), there)) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          contributor.value(),
          "one contribution at both aggregators",
          "two");
    }
    return SealedPart.receive(
        link, contribution.key(key, self, keys, contributor), bytes, contribution.opening());
  }

  private ProblemException notInRange(PartyId contributor) {
    return new ProblemException(
        ErrorCode.PROTOCOL_VIOLATION,
        contributor.value(),
        "figures in the range that the job asks for, with a proof",
        "a proof that does not hold");
  }

  private SumOutcome open(byte[] keys, OpeningSum sum, Agreed agreed) {
    byte[] statement = agreed.statement(context, keys);
    byte[] signature = signer.sign(statement);
    lines
        .peer()
        .send(Phase.SET, new Fields.Writer().fixed(agreed.encode()).block(signature).bytes());
    byte[] theirs = lines.peer().receive(Phase.OPENED, PartySigner.SIGNATURE_BYTES_MAX);
    Messages.check(verifier, settings.other(), statement, theirs, "the contributors");
    long[] share = new long[settings.length()];
    MaskedVector.receive(lines.peer(), share);
    long[] opened = sum.open(lines.peer().peer(), share, agreed.contributions().size());
    byte[] receipt =
        new Fields.Writer().fixed(agreed.encode()).block(signature).block(theirs).bytes();
    lines.receipt(receipt);
    return new SumOutcome(opened, agreed.parties(settings), Digest.of(statement));
  }
}
