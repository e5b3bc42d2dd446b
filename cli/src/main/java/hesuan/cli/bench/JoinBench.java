package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.join.JoinMatcher;
import hesuan.join.JoinOutcome;
import hesuan.join.JoinParameters;
import hesuan.join.JoinValuer;
import hesuan.join.Matches;
import hesuan.psi.DummyNoise;
import hesuan.psi.ItemKeys;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Count and sum, by two groups, over the people whom two parties share. */
@Command(name = "join", description = "Count and sum over a join, by two groups. 连接统计。")
final class JoinBench extends ProcessBench {
  private static final List<PartyId> PARTIES =
      List.of(new PartyId("matcher"), new PartyId("valuer"));
  private static final int GROUPS = 2;
  private static final int FIGURES = 2;

  /** What a job makes of as many items as there may be, and of amounts up to 50,000. */
  private static final List<Long> SUMS_MAX = List.of((1L << 23) - 1, 1L << 38);

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "16384",
      description = "Items of either party. 每方条数。")
  int rows;

  @Option(
      names = "--overlap",
      paramLabel = "SHARE",
      defaultValue = "0.5",
      description = "Of the items that both have. 双方共有的比例。")
  double overlap;

  @Option(names = "--hide-cardinality", description = "Nobody sees how many match. 不透露匹配数。")
  boolean hidden;

  @Override
  String work() {
    return "join statistics, cardinality " + (hidden ? "hidden" : "noised");
  }

  @Override
  Map<String, Object> parameters() {
    return Map.of("rows", rows, "overlap", overlap, "groups", GROUPS, "figures", FIGURES);
  }

  @Override
  String bound() {
    return hidden
        ? "60 AND gates for each of 1.3 bins an item"
        : "two multiplications on the curve for each item of either party";
  }

  @Override
  List<PartyId> parties() {
    return PARTIES;
  }

  /** Without noise and with one for each item, so the sums are counts, and one group has all. */
  @Override
  Map<String, String> truth() {
    int shared = size().shared();
    return Map.of("sums", Arrays.toString(new long[] {shared, shared, 0, 0}));
  }

  @Override
  Map<String, Object> more(double seconds) {
    return Map.of("itemsPerSecond", Math.round(2L * rows / seconds));
  }

  @Override
  PartyBench<?> protocol() {
    return new Work(size(), hidden);
  }

  private PsiCase size() {
    return PsiCase.of(rows, rows, overlap);
  }

  private record Work(PsiCase size, boolean hidden) implements PartyBench<byte[]> {
    @Override
    public byte[] prepare(BenchParty me) {
      return size.ids(me);
    }

    @Override
    public Map<String, String> run(
        BenchParty me, byte[] ids, Map<PartyId, Channel> channels, int run) {
      PartyId matcher = me.parties().getFirst();
      PartyId valuer = me.parties().getLast();
      JoinParameters parameters =
          new JoinParameters(
              me.session(run),
              matcher,
              valuer,
              GROUPS,
              FIGURES,
              hidden
                  ? new Matches.Hidden(SUMS_MAX)
                  : new Matches.Noised(Epsilon.parse("1"), "0.0000001", 1),
              true,
              false);
      ItemKeys keys = new ItemKeys(me.session(run));
      byte[] id = new byte[PsiCase.ID_BYTES];
      for (int at = 0; at < ids.length; at += id.length) {
        System.arraycopy(ids, at, id, 0, id.length);
        keys.add(id);
      }
      long[] noise = new long[parameters.cells()];
      Channel channel = channels.values().iterator().next();
      if (me.self().equals(matcher)) {
        JoinOutcome outcome =
            new JoinMatcher(
                    parameters,
                    keys.toArray(),
                    new int[size.rows()],
                    noise,
                    me.workers(),
                    me.random())
                .run(channel);
        return Map.of(
            "sums", Arrays.toString(outcome.sums()), "transcript", outcome.transcript().toString());
      }
      long[] ones = new long[size.peerRows() * FIGURES];
      Arrays.fill(ones, 1);
      DummyNoise dummies =
          switch (parameters.matches()) {
            case Matches.Noised noised -> _ -> (int) noised.dummyNoise().offset();
            case Matches.Hidden _ -> null;
          };
      JoinOutcome outcome =
          new JoinValuer(
                  parameters, keys.toArray(), ones, noise, dummies, me.workers(), me.random())
              .run(channel);
      return Map.of("transcript", outcome.transcript().toString());
    }
  }
}
