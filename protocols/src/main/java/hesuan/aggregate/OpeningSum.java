package hesuan.aggregate;

import hesuan.range.RangeCheck;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;

/** The opening aggregator's half of the sum, and how it takes a part in. */
sealed interface OpeningSum {
  static OpeningSum of(
      TwoAggregatorSettings settings, byte[] keys, AgreementKey key, Offer theirs, Link peer) {
    return settings.ranged()
        ? new Ranged(new RangedSum(settings, keys, key, peer.peer(), theirs), peer)
        : new Plain(new long[settings.length()]);
  }

  int partBytes();

  /** False where the contribution is none that may be added. */
  boolean add(int place, PartyId contributor, byte[] part);

  /** Nothing more is added. */
  void end();

  long[] open(PartyId from, long[] share, int addends);

  /** In the ring of 64-bit integers: any part may be added. */
  record Plain(long[] sum) implements OpeningSum {
    @Override
    public int partBytes() {
      return sum.length * Long.BYTES;
    }

    @Override
    public boolean add(int place, PartyId contributor, byte[] part) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += (long) Masks.LONG.get(part, i * Long.BYTES);
      }
      return true;
    }

    @Override
    public void end() {
      // the other aggregator asks for nothing
    }

    @Override
    public long[] open(PartyId from, long[] share, int addends) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += share[i];
      }
      return sum;
    }
  }

  /** In a prime field: what both find in range is added. */
  record Ranged(RangedSum sum, Link peer) implements OpeningSum {
    @Override
    public int partBytes() {
      return sum.openingBytes();
    }

    @Override
    public boolean add(int place, PartyId contributor, byte[] part) {
      RangeCheck.Prepared prepared;
      try {
        prepared = sum.opening(contributor, part);
      } catch (ProblemException e) {
        return false; // numbers that are none of the field's
      }
      RangedSum.Said own = RangedSum.said(place, prepared);
      peer.send(Phase.CHECK, own.encode());
      RangedSum.Said theirs = sum.decode(peer.peer(), peer.receive(Phase.CHECK, sum.saidBytes()));
      boolean holds = theirs.place() == place && sum.holds(own, theirs);
      if (holds) {
        sum.add(prepared.output());
      }
      return holds;
    }

    @Override
    public void end() {
      peer.send(Phase.CHECK, new byte[0]);
    }

    @Override
    public long[] open(PartyId from, long[] share, int addends) {
      return sum.open(from, share, addends);
    }
  }
}
