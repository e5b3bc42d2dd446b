package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.psi.ItemKeys;
import hesuan.psi.OverlapHelper;
import hesuan.psi.OverlapLeader;
import hesuan.psi.OverlapParameters;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import java.util.List;
import java.util.Map;

/** The overlap protocol of two parties, one group, with noise of zero: the count is exact. */
record OverlapPsi(PsiCase size) implements PartyBench<byte[]> {
  static final String BOUND =
      "three multiplications on the curve for an item of the party that learns, one for an item of"
          + " the other";
  private static final String DELTA = "0.0000001";

  @Override
  public byte[] prepare(BenchParty me) {
    return size.ids(me);
  }

  @Override
  public Map<String, String> run(
      BenchParty me, byte[] ids, Map<PartyId, Channel> channels, int run) {
    PartyId leader = me.parties().getFirst();
    PartyId helper = me.parties().getLast();
    OverlapParameters parameters =
        new OverlapParameters(
            me.session(run),
            leader,
            List.of(new OverlapParameters.Helper(helper, Epsilon.parse("1"))),
            1,
            DELTA);
    ItemKeys keys = new ItemKeys(me.session(run));
    byte[] id = new byte[PsiCase.ID_BYTES];
    for (int at = 0; at < ids.length; at += id.length) {
      System.arraycopy(ids, at, id, 0, id.length);
      keys.add(id);
    }
    if (me.self().equals(helper)) {
      OverlapHelper end =
          new OverlapHelper(
              parameters,
              helper,
              keys.toArray(),
              _ -> parameters.offset(0),
              me.workers(),
              me.random());
      return Map.of("transcript", end.run(channels).toString());
    }
    OverlapLeader end =
        new OverlapLeader(
            parameters, keys.toArray(), new int[size.rows()], me.workers(), me.random());
    var outcome = end.run(channels);
    return Map.of(
        "count",
        "" + outcome.noisyCounts().getFirst(),
        "transcript",
        outcome.transcript().toString());
  }
}
