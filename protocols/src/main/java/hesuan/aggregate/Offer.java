package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;

/** An aggregator's key for the parts of one session: fresh, so that no part is of any use later. */
record Offer(byte[] key, byte[] signature) {
  private static final int BYTES_MAX = AgreementKey.BYTES + 2 + PartySigner.SIGNATURE_BYTES_MAX;

  static Offer of(byte[] context, PartyId self, AgreementKey key, PartySigner signer) {
    return new Offer(key.open(), signer.sign(statement(context, self, key.open())));
  }

  private static byte[] statement(byte[] context, PartyId party, byte[] key) {
    return Statement.of("offer", context, TwoAggregatorSettings.name(party), key);
  }

  byte[] encode(byte[] context) {
    return new Fields.Writer().fixed(context).fixed(key).block(signature).bytes();
  }

  static Offer receive(Link link, byte[] context, PartyVerifier verifier) {
    Fields.Reader in =
        new Fields.Reader(link.peer(), link.receive(Phase.OFFER, context.length + BYTES_MAX));
    if (!Messages.same(in.fixed(context.length), context)) {
      throw in.violation("the same session, contributors, aggregators, length and rules", "others");
    }
    Offer offer =
        new Offer(in.fixed(AgreementKey.BYTES), in.block(PartySigner.SIGNATURE_BYTES_MAX));
    in.end();
    Messages.check(
        verifier,
        link.peer(),
        statement(context, link.peer(), offer.key),
        offer.signature,
        "its key");
    return offer;
  }

  /** Names the session with its keys: no two runs share it. */
  static byte[] keysDigest(byte[] context, Offer opening, Offer other) {
    return Digest.of(Statement.of("keys", context, opening.key, other.key)).bytes();
  }
}
