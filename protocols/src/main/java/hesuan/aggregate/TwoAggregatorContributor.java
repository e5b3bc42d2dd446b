package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;

/**
 * A party that gives its vector to two aggregators, in one message each, and may go. Reads top to
 * bottom like {@code docs/protocols/two-aggregators.md}. One use, one thread.
 */
public final class TwoAggregatorContributor {
  private final TwoAggregatorSettings settings;
  private final PartyId self;
  private final Link opening;
  private final Link other;
  private final PartySigner signer;
  private final PartyVerifier verifier;
  private final SecureRandom random;
  private final byte[] context;

  public TwoAggregatorContributor(
      TwoAggregatorSettings settings,
      Channel opening,
      Channel other,
      PartySigner signer,
      PartyVerifier verifier,
      SecureRandom random) {
    this.settings = settings;
    this.self = opening.self();
    this.opening = new Link(opening);
    this.other = new Link(other);
    this.signer = signer;
    this.verifier = verifier;
    this.random = random;
    this.context = settings.context();
    if (!opening.peer().equals(settings.opening())
        || !other.peer().equals(settings.other())
        || !settings.contributors().contains(self)) {
      throw new IllegalArgumentException(self + " does not contribute to these aggregators");
    }
  }

  /**
   * @return who is in the sum: this party is not where it was left out
   * @throws ProblemException whatever ended the sum
   */
  public SumReceipt run(long[] addend) {
    try {
      Offer openingOffer = Offer.receive(opening, context, verifier);
      Offer otherOffer = Offer.receive(other, context, verifier);
      byte[] keys = Offer.keysDigest(context, openingOffer, otherOffer);
      try (Contribution.Sealed sealed =
          Contribution.seal(settings, self, openingOffer, otherOffer, addend, signer, random)) {
        sealed.sendToOther(other);
        sealed.sendToOpening(opening);
      }
      return receipt(keys);
    } catch (ProblemException e) {
      opening.tell(e.problem());
      other.tell(e.problem());
      throw e;
    }
  }

  private SumReceipt receipt(byte[] keys) {
    Fields.Reader in =
        new Fields.Reader(
            opening.peer(),
            opening.receive(
                Phase.RECEIPT,
                Agreed.bytesMax(settings) + 2 * (2 + PartySigner.SIGNATURE_BYTES_MAX)));
    Agreed agreed = Agreed.decode(in, settings);
    byte[] byOpening = in.block(PartySigner.SIGNATURE_BYTES_MAX);
    byte[] byOther = in.block(PartySigner.SIGNATURE_BYTES_MAX);
    in.end();
    agreed.requireCohort(settings);
    byte[] statement = agreed.statement(context, keys);
    Messages.check(verifier, settings.opening(), statement, byOpening, "the contributors");
    Messages.check(verifier, settings.other(), statement, byOther, "the contributors");
    return new SumReceipt(agreed.parties(settings), Digest.of(statement));
  }
}
