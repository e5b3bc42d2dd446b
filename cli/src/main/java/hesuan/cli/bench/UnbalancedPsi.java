package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.psi.IntersectionOutcome;
import hesuan.psi.ItemBlocks;
import hesuan.psi.QueryBudget;
import hesuan.psi.UnbalancedAsker;
import hesuan.psi.UnbalancedDataset;
import hesuan.psi.UnbalancedFilter;
import hesuan.psi.UnbalancedHolder;
import hesuan.psi.UnbalancedParameters;
import hesuan.psi.UnbalancedVersion;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.SecretBytes;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A few rows asked of many. The many are prepared before the clock starts and that is told apart;
 * the cold run also sends their filter; the warm ones are the online part.
 */
record UnbalancedPsi(PsiCase size) implements PartyBench<UnbalancedPsi.Side> {
  static final String BOUND =
      "online, two multiplications on the curve for an item at the party that asks, and one between"
          + " them at the other; offline, one for each of its items";

  /** What a party keeps between runs. */
  static final class Side {
    private byte[] ids = new byte[0];
    private @Nullable UnbalancedDataset dataset;
    private @Nullable UnbalancedFilter filter;
    private double offlineSeconds;
  }

  private UnbalancedVersion version(BenchParty me) {
    int askedMax = Math.max(1024, Integer.highestOneBit(2 * size.rows() - 1));
    return new UnbalancedVersion(Digest.of("bench dataset " + me.seed()), askedMax);
  }

  private static long[] blocks(BenchParty me, UnbalancedVersion version, byte[] ids) {
    return ItemBlocks.of(version.dataset(), ids, PsiCase.ID_BYTES, me.workers());
  }

  @Override
  public Side prepare(BenchParty me) {
    Side side = new Side();
    if (me.index() == 0) {
      side.ids = size.ids(me);
      return side;
    }
    UnbalancedVersion version = version(me);
    byte[] seed = new byte[32];
    me.random().nextBytes(seed);
    long[] items = blocks(me, version, size.ids(me));
    long start = System.nanoTime();
    side.dataset =
        UnbalancedDataset.build(version, new SecretBytes(seed), items, me.workers(), me.random());
    side.offlineSeconds = (System.nanoTime() - start) / 1e9;
    return side;
  }

  @Override
  public Map<String, String> run(
      BenchParty me, Side side, Map<PartyId, Channel> channels, int run) {
    UnbalancedVersion version = version(me);
    UnbalancedParameters parameters =
        new UnbalancedParameters(
            me.session(run), me.parties().getFirst(), me.parties().getLast(), version, 1);
    Channel channel = channels.get(me.peer());
    if (side.dataset != null) {
      QueryBudget budget = QueryBudget.upTo(size.rows());
      IntersectionOutcome outcome =
          new UnbalancedHolder(parameters, side.dataset, budget, me.workers()).run(channel);
      return Map.of("transcript", outcome.transcript().hex());
    }
    long[] items = blocks(me, version, side.ids);
    UnbalancedAsker.Answer answer =
        new UnbalancedAsker(parameters, items, side.filter, me.workers(), me.random()).run(channel);
    side.filter = answer.filter();
    IntersectionOutcome outcome = answer.outcome();
    return Map.of("count", "" + outcome.matches().length, "transcript", outcome.transcript().hex());
  }

  @Override
  public Map<String, Object> after(BenchParty me, Side side, Map<PartyId, Channel> channels) {
    UnbalancedDataset dataset = side.dataset;
    return dataset == null
        ? Map.of()
        : Map.of("offlineSeconds", side.offlineSeconds, "filterBytes", dataset.filter().bytes());
  }
}
