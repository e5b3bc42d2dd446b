package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.circuit.Circuit;
import hesuan.circuit.Select;
import hesuan.vole.Peer;
import hesuan.vole.Words;
import hesuan.wire.PartyId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Equality of two parties' values by silent transfers and bit-sliced gates. */
@Command(
    name = "circuit",
    description =
        "Equality of values, bin by bin, by silent transfers and bit-sliced gates."
            + " 基于静默不经意传输与位切片门电路的逐桶相等性比较。")
final class CircuitBench extends ProcessBench {
  private static final List<PartyId> PARTIES = List.of(new PartyId("first"), new PartyId("second"));
  private static final byte OPENED = 100;
  private static final int ROWS_MAX = 1 << 24;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "1363149",
      description = "Values of each party; the default is 1.3 times 2^20. 每方的取值个数。")
  int rows;

  @Option(
      names = "--bits",
      paramLabel = "L",
      defaultValue = "61",
      description = "Of a value, 1 to 64. 取值的位数。")
  int bits;

  @Override
  String work() {
    return "circuit equality";
  }

  @Override
  Map<String, Object> parameters() {
    return Map.of("rows", rows, "bits", bits);
  }

  @Override
  String bound() {
    return "memory: for each gate two transfers, each three passes over 32 bytes at either party;"
        + " then 1 tree and 3 hash blocks of AES a transfer";
  }

  @Override
  List<PartyId> parties() {
    return PARTIES;
  }

  /** Every other value is alike; the others differ in one bit. */
  @Override
  Map<String, String> truth() {
    return Map.of("alike", "" + (rows + 1) / 2);
  }

  private long gates() {
    return (long) (rows + 63) / 64 * 64 * (bits - 1);
  }

  @Override
  Map<String, Object> more(double seconds) {
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("triples", gates());
    more.put("triplesPerSecond", Math.round(gates() / seconds));
    more.put("transfersPerSecond", Math.round(2 * gates() / seconds));
    return more;
  }

  @Override
  PartyBench<?> protocol() {
    if (rows < 0 || rows > ROWS_MAX) {
      throw invalid("--rows", "0 to " + ROWS_MAX, "" + rows);
    }
    if (bits < 1 || bits > 64) {
      throw invalid("--bits", "1 to 64", "" + bits);
    }
    return new Equal();
  }

  private final class Equal implements PartyBench<long[]> {
    @Override
    public long[] prepare(BenchParty me) {
      long[] values = new Random(me.seed()).longs(rows).toArray();
      if (me.index() == 1) {
        for (int i = 1; i < rows; i += 2) {
          values[i] ^= 1L << i % bits;
        }
      }
      return values;
    }

    @Override
    public Map<String, String> run(
        BenchParty me, long[] values, Map<PartyId, Channel> channels, int run) {
      Channel channel = channels.get(me.peer());
      try (Circuit circuit =
          Circuit.open(channel, me.session(run), me.index() == 0, me.random(), me.workers())) {
        long[] shares = circuit.equality().shares(values, bits);
        return Map.of("alike", "" + opened(new Peer(channel), shares));
      }
    }

    /** Selection by as many shared bits of one side's values, then of shared ones. */
    @Override
    public Map<String, Object> after(BenchParty me, long[] values, Map<PartyId, Channel> channels) {
      Channel channel = channels.get(me.peer());
      boolean first = me.index() == 0;
      long[] chosen = Arrays.copyOf(values, (rows + 63) / 64);
      try (Circuit circuit =
          Circuit.open(channel, me.session(runs + 1), first, me.random(), me.workers())) {
        Select select = circuit.select();
        long start = System.nanoTime();
        long[] own = first ? select.own(chosen, values, rows, 1) : select.peers(chosen, rows, 1);
        long between = System.nanoTime();
        long[] shared = select.shared(chosen, values, rows, 1);
        long end = System.nanoTime();
        return Map.of(
            "selected",
            own.length + shared.length,
            "selectOwnSeconds",
            (between - start) / 1e9,
            "selectSharedSeconds",
            (end - between) / 1e9);
      }
    }

    /** How many bits are 1 once both have shown their shares, which no protocol does. */
    private long opened(Peer peer, long[] shares) {
      byte[] body = Words.bytes(shares);
      peer.send(OPENED, body);
      byte[] theirs = peer.receive(OPENED, body.length);
      long ones = 0;
      for (int i = 0; i < body.length; i += Long.BYTES) {
        ones += Long.bitCount(Words.at(body, i) ^ Words.at(theirs, i));
      }
      return ones;
    }
  }
}
