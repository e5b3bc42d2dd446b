package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.group.Workers;
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
   * @param noise added to the sum; null where none is asked for
   */
  public SumReceipt run(long @Nullable [] addend, long @Nullable [] noise) {
    try (AgreementKey key = AgreementKey.fresh(random)) {
      return add(key, addend, noise);
    } catch (ProblemException e) {
      lines.tell(e.problem());
      throw e;
    }
  }

  private SumReceipt add(AgreementKey key, long @Nullable [] addend, long @Nullable [] noise) {
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
    return open(keys, held, parts, noise);
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
              Cut.otherBytes(),
              contribution.other()));
      held.contributions().put(place, contribution.digest());
    } catch (ProblemException e) {
      lines.leaveOut(place, e);
    }
  }

  private SumReceipt open(
      byte[] keys, Agreed held, SortedMap<Integer, byte[]> parts, long @Nullable [] noise) {
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
    agreed
        .contributions()
        .forEach(
            (place, digest) -> {
              byte[] here = held.contributions().get(place);
              if (here == null || !Messages.same(here, digest)) {
                throw new ProblemException(
                    ErrorCode.PROTOCOL_VIOLATION,
                    opening.peer().value(),
                    "contributions of which both hold a part",
                    "another of " + settings.contributors().get(place));
              }
            });
    byte[] statement = agreed.statement(context, keys);
    Messages.check(verifier, settings.opening(), statement, signature, "the contributors");
    opening.send(Phase.OPENED, signer.sign(statement));
    try (Masks seeds = new Masks()) {
      agreed.contributions().keySet().forEach(place -> seeds.add(Objects.requireNonNull(parts.get(place))));
      long[] own = noise == null ? new long[settings.length()] : noise;
      MaskedVector.send(opening, own, seeds, Workers.ONE);
    }
    return new SumReceipt(agreed.parties(settings), Digest.of(statement));
  }
}
