package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.psi.IntersectionOutcome;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionReceiver;
import hesuan.psi.IntersectionSender;
import hesuan.psi.ItemBlocks;
import hesuan.wire.PartyId;
import java.util.Map;

/** Which items two parties share, learned by the first; from identifiers in memory. */
record IntersectionPsi(PsiCase size, IntersectionParameters.Engine engine)
    implements PartyBench<byte[]> {
  static final String ECDH_BOUND =
      "four multiplications on the curve for a pair of items, two at each party at the same time";

  static final String VOLE_BOUND =
      "processor time of both parties on the same cores: SHA-256 of the items, the code of VOLE,"
          + " memory that three look-ups an item touch";

  @Override
  public byte[] prepare(BenchParty me) {
    return size.ids(me);
  }

  @Override
  public Map<String, String> run(
      BenchParty me, byte[] ids, Map<PartyId, Channel> channels, int run) {
    PartyId receiver = me.parties().getFirst();
    PartyId sender = me.parties().getLast();
    IntersectionParameters parameters =
        IntersectionParameters.of(me.session(run), receiver, sender, engine, false);
    long[] items = ItemBlocks.of(me.session(run), ids, PsiCase.ID_BYTES, me.workers());
    if (me.self().equals(sender)) {
      IntersectionOutcome outcome =
          new IntersectionSender(parameters, items, me.workers(), me.random())
              .run(channels.get(receiver));
      return Map.of("transcript", outcome.transcript().toString());
    }
    IntersectionOutcome outcome =
        new IntersectionReceiver(parameters, items, me.workers(), me.random())
            .run(channels.get(sender));
    return Map.of(
        "count", "" + outcome.matches().length, "transcript", outcome.transcript().toString());
  }
}
