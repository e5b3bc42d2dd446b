package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.range.RangeCheck;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The aggregator that learns nothing: it holds seeds, and lets one sum be opened, of contributors
 * whom it holds too. One use, one thread.
 */
public final class OtherAggregator {
  private final TwoAggregatorSettings settings;
  private final PartyId self;
  private final Aggregators lines;
  private final PartySigner signer;
  private final PartyVerifier verifier;
  private final SecureRandom random;
  private final byte[] context;

  /**
   * @param channels to the opening aggregator and to every contributor
   */
  public OtherAggregator(
      TwoAggregatorSettings settings,
      Map<PartyId, ? extends Channel> channels,
      PartySigner signer,
      PartyVerifier verifier,
      SecureRandom random) {
    this.settings = settings;
    this.self = settings.other();
    this.lines = new Aggregators(settings, self, settings.opening(), channels);
    this.signer = signer;
    this.verifier = verifier;
    this.random = random;
    this.context = settings.context();
  }

  /**
   * @param addend null where this aggregator contributes nothing
   */
  public SumReceipt run(long @Nullable [] addend) {
    try (AgreementKey key = AgreementKey.fresh(random)) {
      return add(key, addend);
    } catch (ProblemException e) {
      lines.tell(e.problem());
      throw e;
    }
  }

  private SumReceipt add(AgreementKey key, long @Nullable [] addend) {
    Offer offer = Offer.of(context, self, key, signer);
    lines.offer(offer.encode(context));
    Offer openingOffer = Offer.receive(lines.peer(), context, verifier);
    byte[] keys = Offer.keysDigest(context, openingOffer, offer);

    SortedMap<Integer, byte[]> parts = new TreeMap<>();
    Agreed held = new Agreed(new TreeMap<>());
    for (Map.Entry<Integer, Link> each : new TreeMap<>(lines.contributors()).entrySet()) {
      receive(each.getKey(), each.getValue(), key, keys, parts, held);
    }
    int ownPlace = settings.contributors().indexOf(self);
    if (addend != null && ownPlace >= 0) {
      try (Contribution.Sealed own =
          Contribution.seal(settings, self, openingOffer, offer, addend, signer, random)) {
        parts.put(ownPlace, own.otherPart().clone());
        held.contributions().put(ownPlace, own.contribution().digest());
        lines.peer().send(Phase.HELD, held.encode());
        own.sendToOpening(lines.peer());
      }
    } else {
      lines.peer().send(Phase.HELD, held.encode());
    }
    if (!settings.ranged()) {
      Agreed agreed = agreed(keys, held);
      try (Masks seeds = new Masks()) {
        agreed
            .contributions()
            .keySet()
            .forEach(place -> seeds.add(Objects.requireNonNull(parts.get(place))));
        MaskedVector.send(lines.peer(), new long[settings.length()], seeds, Workers.ONE);
      }
      return receipt(keys, agreed);
    }
    RangedSum sum = new RangedSum(settings, keys, key, lines.peer().peer(), openingOffer);
    Agreed agreed = agreed(keys, inRange(sum, held, parts));
    MaskedVector.send(lines.peer(), sum.share(), new Masks(), Workers.ONE);
    return receipt(keys, agreed);
  }

  /**
   * Answers the opening aggregator for one contribution after another: those that hold are added.
   */
  private Agreed inRange(RangedSum sum, Agreed held, SortedMap<Integer, byte[]> parts) {
    Link opening = lines.peer();
    Agreed holding = new Agreed(new TreeMap<>());
    while (true) {
      byte[] payload = opening.receive(Phase.CHECK, sum.saidBytes());
      if (payload.length == 0) {
        return holding;
      }
      RangedSum.Said theirs = sum.decode(opening.peer(), payload);
      byte[] part = parts.remove(theirs.place());
      if (part == null) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION,
            opening.peer().value(),
            "each contribution once, of which both hold a part",
            "place " + theirs.place());
      }
      RangeCheck.Prepared prepared = sum.other(settings.contributors().get(theirs.place()), part);
      RangedSum.Said own = RangedSum.said(theirs.place(), prepared);
      opening.send(Phase.CHECK, own.encode());
      if (sum.holds(theirs, own)) {
        sum.add(prepared.output());
        holding
            .contributions()
            .put(theirs.place(), Objects.requireNonNull(held.contributions().get(theirs.place())));
      }
    }
  }

  private void receive(
      int place,
      Link link,
      AgreementKey key,
      byte[] keys,
      SortedMap<Integer, byte[]> parts,
      Agreed held) {
    PartyId contributor = settings.contributors().get(place);
    try {
      Contribution contribution = Contribution.receive(link, context, keys, contributor, verifier);
      parts.put(
          place,
          SealedPart.receive(
              link,
              contribution.key(key, self, keys, contributor),
              Cut.otherBytes(settings),
              contribution.other()));
      held.contributions().put(place, contribution.digest());
    } catch (ProblemException e) {
      lines.leaveOut(place, e);
    }
  }

  /** The set that the opening aggregator names, signed by both. */
  private Agreed agreed(byte[] keys, Agreed held) {
    Link opening = lines.peer();
    Fields.Reader in =
        new Fields.Reader(
            opening.peer(),
            opening.receive(
                Phase.SET, Agreed.bytesMax(settings) + 2 + PartySigner.SIGNATURE_BYTES_MAX));
    Agreed agreed = Agreed.decode(in, settings);
    byte[] signature = in.block(PartySigner.SIGNATURE_BYTES_MAX);
    in.end();
    agreed.requireCohort(settings);
    if (!held.covers(agreed, settings.ranged())) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          opening.peer().value(),
          "contributions of which both hold a part",
          "others");
    }
    byte[] statement = agreed.statement(context, keys);
    Messages.check(verifier, settings.opening(), statement, signature, "the contributors");
    opening.send(Phase.OPENED, signer.sign(statement));
    return agreed;
  }

  private SumReceipt receipt(byte[] keys, Agreed agreed) {
    return new SumReceipt(agreed.parties(settings), Digest.of(agreed.statement(context, keys)));
  }
}
