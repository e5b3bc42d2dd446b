package hesuan.aggregate;

import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What a contributor signs, the same for both aggregators: that these two sealed parts belong
 * together. The digests are of what is sealed, so that neither part can be guessed from them.
 *
 * @param key fresh, from which both seals come
 */
record Contribution(byte[] key, byte[] opening, byte[] other, byte[] signature) {
  private static final int DIGEST = 32;
  private static final int BYTES_MAX =
      AgreementKey.BYTES + 2 * DIGEST + 2 + PartySigner.SIGNATURE_BYTES_MAX;

  /** With its two parts and the keys that seal them; wiped on close. */
  record Sealed(
      Contribution contribution,
      byte[] openingKey,
      byte[] openingPart,
      byte[] otherKey,
      byte[] otherPart)
      implements AutoCloseable {
    void sendToOpening(Link link) {
      link.send(Phase.CONTRIBUTION, contribution.encode());
      SealedPart.send(link, openingKey, openingPart);
    }

    void sendToOther(Link link) {
      link.send(Phase.CONTRIBUTION, contribution.encode());
      SealedPart.send(link, otherKey, otherPart);
    }

    @Override
    public void close() {
      Arrays.fill(openingPart, (byte) 0);
      Arrays.fill(otherPart, (byte) 0);
      Arrays.fill(openingKey, (byte) 0);
      Arrays.fill(otherKey, (byte) 0);
    }
  }

  static Sealed seal(
      TwoAggregatorSettings settings,
      PartyId self,
      Offer opening,
      Offer other,
      long[] addend,
      PartySigner signer,
      SecureRandom random) {
    byte[] keys = Offer.keysDigest(settings.context(), opening, other);
    if (addend.length != settings.length()) {
      throw new IllegalArgumentException(
          "%d cells instead of %d".formatted(addend.length, settings.length()));
    }
    Cut.Parts parts =
        settings.ranged()
            ? RangedSum.parts(settings, keys, self, addend, random)
            : Cut.parts(settings, addend, random);
    return seal(settings, self, opening, other, parts, signer, random);
  }

  static Sealed seal(
      TwoAggregatorSettings settings,
      PartyId self,
      Offer opening,
      Offer other,
      Cut.Parts parts,
      PartySigner signer,
      SecureRandom random) {
    byte[] context = settings.context();
    byte[] keys = Offer.keysDigest(context, opening, other);
    try (AgreementKey key = AgreementKey.fresh(random)) {
      byte[] openingKey = sealing(key, settings.opening(), opening.key(), keys, self);
      byte[] otherKey = sealing(key, settings.other(), other.key(), keys, self);
      byte[] openingDigest = SealedPart.digest(openingKey, parts.opening());
      byte[] otherDigest = SealedPart.digest(otherKey, parts.other());
      byte[] signature =
          signer.sign(statement(context, keys, self, key.open(), openingDigest, otherDigest));
      return new Sealed(
          new Contribution(key.open(), openingDigest, otherDigest, signature),
          openingKey,
          parts.opening(),
          otherKey,
          parts.other());
    }
  }

  /** What an aggregator opens a part with. */
  byte[] key(AgreementKey own, PartyId aggregator, byte[] keys, PartyId contributor) {
    return own.agree(contributor, key, keys, purpose(aggregator, contributor));
  }

  private static byte[] sealing(
      AgreementKey own, PartyId aggregator, byte[] theirs, byte[] keys, PartyId self) {
    return own.agree(aggregator, theirs, keys, purpose(aggregator, self));
  }

  private static byte[] purpose(PartyId aggregator, PartyId contributor) {
    return Statement.of(
        "part",
        new byte[0],
        TwoAggregatorSettings.name(aggregator),
        TwoAggregatorSettings.name(contributor));
  }

  private static byte[] statement(
      byte[] context, byte[] keys, PartyId party, byte[] key, byte[] opening, byte[] other) {
    return Statement.of(
        "contribution", context, keys, TwoAggregatorSettings.name(party), key, opening, other);
  }

  private byte[] encode() {
    return new Fields.Writer().fixed(key).fixed(opening).fixed(other).block(signature).bytes();
  }

  static Contribution receive(
      Link link, byte[] context, byte[] keys, PartyId contributor, PartyVerifier verifier) {
    Fields.Reader in = new Fields.Reader(link.peer(), link.receive(Phase.CONTRIBUTION, BYTES_MAX));
    Contribution found =
        new Contribution(
            in.fixed(AgreementKey.BYTES),
            in.fixed(DIGEST),
            in.fixed(DIGEST),
            in.block(PartySigner.SIGNATURE_BYTES_MAX));
    in.end();
    Messages.check(
        verifier,
        contributor,
        statement(context, keys, contributor, found.key, found.opening, found.other),
        found.signature,
        "its contribution");
    return found;
  }

  /** By this two aggregators see that they hold parts of one contribution. */
  byte[] digest() {
    return Digest.of(Statement.of("held", new byte[0], key, opening, other)).bytes();
  }
}
