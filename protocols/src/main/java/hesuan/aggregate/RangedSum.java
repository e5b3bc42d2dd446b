package hesuan.aggregate;

import hesuan.range.Field64;
import hesuan.range.RangeCheck;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/**
 * An aggregator's share of a sum whose addends prove that they lie in a range. Shares are elements
 * of a prime field, cells their distances from the lower end.
 */
final class RangedSum {
  private static final int PARTS = 2 * RangeCheck.SEED;
  static final int OTHER_BYTES = PARTS + 2 * RangeCheck.SEED;

  private final TwoAggregatorSettings settings;
  private final long[] lowers;
  private final RangeCheck check;
  private final byte[] keys;
  private final byte[] verifyKey;
  private final long[] sum;

  /**
   * @param key this aggregator's, which with the other's gives the secret that no contributor knows
   */
  RangedSum(
      TwoAggregatorSettings settings, byte[] keys, AgreementKey key, PartyId peer, Offer theirs) {
    this.settings = settings;
    this.lowers = CellRange.lowers(settings.ranges(), settings.length());
    this.check = check(settings, keys);
    this.keys = keys;
    this.verifyKey =
        key.agree(peer, theirs.key(), keys, Statement.of("verify", settings.context()));
    this.sum = new long[settings.length()];
  }

  private static RangeCheck check(TwoAggregatorSettings settings, byte[] keys) {
    return new RangeCheck(CellRange.parameters(settings.ranges()), keys);
  }

  private static byte[] nonce(byte[] keys, PartyId contributor) {
    byte[] digest =
        Digest.of(Statement.of("nonce", keys, TwoAggregatorSettings.name(contributor))).bytes();
    return Arrays.copyOf(digest, RangeCheck.NONCE);
  }

  // ---- contributor

  static Cut.Parts parts(
      TwoAggregatorSettings settings,
      byte[] keys,
      PartyId self,
      long[] addend,
      SecureRandom random) {
    long[] values = CellRange.distances(settings.ranges(), addend);
    byte[] bytes = new byte[4 * RangeCheck.SEED];
    random.nextBytes(bytes);
    return parts(check(settings, keys).cut(values, nonce(keys, self), bytes));
  }

  private static Cut.Parts parts(RangeCheck.Cut cut) {
    return new Cut.Parts(
        new Fields.Writer()
            .fixed(cut.parts())
            .fixed(cut.blind())
            .fixed(RangeCheck.encode(cut.elements()))
            .fixed(RangeCheck.encode(cut.proofs()))
            .bytes(),
        new Fields.Writer().fixed(cut.parts()).fixed(cut.seed()).fixed(cut.secondBlind()).bytes());
  }

  // ---- aggregators

  int openingBytes() {
    return PARTS + RangeCheck.SEED + (check.elements() + check.proofElements()) * Long.BYTES;
  }

  /** What the other aggregator is told of a contribution, or tells. */
  record Said(int place, long[] verifier, byte[] part, byte[] joint) {
    byte[] encode() {
      return new Fields.Writer()
          .number(place)
          .fixed(part)
          .fixed(joint)
          .fixed(RangeCheck.encode(verifier))
          .bytes();
    }
  }

  int saidBytes() {
    return 2 + 2 * RangeCheck.SEED + check.verifierElements() * Long.BYTES;
  }

  Said decode(PartyId from, byte[] payload) {
    Fields.Reader in = new Fields.Reader(from, payload);
    int place = in.number();
    byte[] part = in.fixed(RangeCheck.SEED);
    byte[] joint = in.fixed(RangeCheck.SEED);
    Said said = new Said(place, elements(in, check.verifierElements()), part, joint);
    in.end();
    if (place >= settings.contributors().size()) {
      throw in.violation("a contributor", "place " + place);
    }
    return said;
  }

  private static long[] elements(Fields.Reader in, int count) {
    return RangeCheck.decode(in.fixed(count * Long.BYTES))
        .orElseThrow(() -> in.violation("elements of the field", "a number that is none"));
  }

  /** The opening aggregator's share of a contribution. */
  RangeCheck.Prepared opening(PartyId contributor, byte[] part) {
    Fields.Reader in = new Fields.Reader(contributor, part);
    byte[] parts = in.fixed(PARTS);
    byte[] blind = in.fixed(RangeCheck.SEED);
    long[] elements = elements(in, check.elements());
    long[] proofs = elements(in, check.proofElements());
    return check.prepareFirst(verifyKey, nonce(keys, contributor), parts, elements, proofs, blind);
  }

  /** The other aggregator's share. */
  RangeCheck.Prepared other(PartyId contributor, byte[] part) {
    Fields.Reader in = new Fields.Reader(contributor, part);
    return check.prepareSecond(
        verifyKey,
        nonce(keys, contributor),
        in.fixed(PARTS),
        in.fixed(RangeCheck.SEED),
        in.fixed(RangeCheck.SEED));
  }

  static Said said(int place, RangeCheck.Prepared prepared) {
    return new Said(place, prepared.verifier(), prepared.part(), prepared.joint());
  }

  /**
   * Whether the proofs hold and both used the joint randomness that the shares give: both find the
   * same.
   */
  boolean holds(Said opening, Said other) {
    Optional<byte[]> joint =
        check.decide(opening.verifier(), opening.part(), other.verifier(), other.part());
    return joint.isPresent()
        && Arrays.equals(joint.get(), opening.joint())
        && Arrays.equals(joint.get(), other.joint());
  }

  void add(long[] output) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] = Field64.add(sum[i], output[i]);
    }
  }

  long[] share() {
    return sum.clone();
  }

  /** With the other share, the sum of so many addends. */
  long[] open(PartyId from, long[] share, int addends) {
    long[] opened = new long[sum.length];
    for (int i = 0; i < sum.length; i++) {
      if (Long.compareUnsigned(share[i], Field64.MODULUS) >= 0) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION,
            from.value(),
            "elements of the field",
            "a number that is none");
      }
      opened[i] = Field64.toSigned(Field64.add(sum[i], share[i])) + addends * lowers[i];
    }
    return opened;
  }
}
