package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.psi.IntersectionParameters;
import hesuan.psi.ItemBlocks;
import hesuan.psi.ItemSource;
import hesuan.psi.many.ManyIntersection;
import hesuan.psi.many.ManyOutcome;
import hesuan.psi.many.ManyParameters;
import hesuan.wire.PartyId;
import java.util.List;
import java.util.Map;

/**
 * Which items three to ten parties share, learned by the first, with the second as pivot; from
 * identifiers in memory.
 */
record ManyPsi(PsiCase size, IntersectionParameters.Engine engine) implements PartyBench<byte[]> {
  static final String BOUND =
      "processor time of all parties on the same cores: the run of two between leader and pivot,"
          + " and for each other party hashing its items, encoding its store, moving it";

  @Override
  public byte[] prepare(BenchParty me) {
    return size.ids(me);
  }

  @Override
  public Map<String, String> run(
      BenchParty me, byte[] ids, Map<PartyId, Channel> channels, int run) {
    List<PartyId> parties = me.parties();
    PartyId leader = parties.getFirst();
    ManyParameters parameters =
        ManyParameters.of(
            me.session(run),
            leader,
            parties.get(1),
            parties.subList(2, parties.size()),
            List.of(leader),
            engine);
    long[] items = ItemBlocks.of(me.session(run), ids, PsiCase.ID_BYTES, me.workers());
    ManyOutcome outcome =
        new ManyIntersection(parameters, me.self(), ItemSource.of(items), me.workers(), me.random())
            .run(channels);
    String transcript = outcome.transcript().toString();
    return outcome.learns()
        ? Map.of("count", "" + outcome.matches().length, "transcript", transcript)
        : Map.of("transcript", transcript);
  }
}
