package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.vole.Gf128Multiplier;
import hesuan.vole.VoleParameters;
import hesuan.vole.VoleReceiver;
import hesuan.vole.VoleSender;
import hesuan.vole.VoleSenderShares;
import hesuan.vole.VoleShares;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Silent VOLE, on which the set protocols stand. */
@Command(
    name = "vole",
    description = "Silent VOLE over GF(2^128), under the set protocols. GF(2^128) 上的静默 VOLE。")
final class VoleBench extends ProcessBench {
  private static final List<PartyId> PARTIES =
      List.of(new PartyId("receiver"), new PartyId("sender"));
  private static final byte SHOWN = 1;

  @Option(
      names = "--elements",
      paramLabel = "N",
      defaultValue = "1342177",
      description = "Of each vector; the default serves 2^20 rows. 每个向量的元素数。")
  int elements;

  @Option(names = "--malicious", description = "With the checks. 含一致性检查。")
  boolean malicious;

  @Override
  String work() {
    return malicious ? "vole malicious" : "vole";
  }

  @Override
  Map<String, Object> parameters() {
    return Map.of("elements", elements, "malicious", malicious);
  }

  @Override
  String bound() {
    return "memory: three passes over 32 bytes an element and vector, of which the receiver has"
        + " two; then 4 fixed-key AES blocks an element and party";
  }

  @Override
  List<PartyId> parties() {
    return PARTIES;
  }

  @Override
  Map<String, String> truth() {
    return Map.of("elements", "" + elements);
  }

  @Override
  Map<String, Object> more(double seconds) {
    return Map.of("elementsPerSecond", Math.round(elements / seconds));
  }

  @Override
  PartyBench<?> protocol() {
    if (elements < 1 || elements > VoleParameters.COUNT_MAX) {
      throw invalid("--elements", "1 to " + VoleParameters.COUNT_MAX, "" + elements);
    }
    return new Vole();
  }

  private final class Vole implements PartyBench<Boolean> {
    @Override
    public Boolean prepare(BenchParty me) {
      return true;
    }

    private VoleShares receive(BenchParty me, Channel channel, int run) {
      return new VoleReceiver(parameters(me, run), me.random(), me.workers()).run(channel);
    }

    private VoleSenderShares send(BenchParty me, Channel channel, int run) {
      return new VoleSender(parameters(me, run), me.random(), me.workers()).run(channel);
    }

    private VoleParameters parameters(BenchParty me, int run) {
      return new VoleParameters(me.session(run), elements, malicious);
    }

    @Override
    public Map<String, String> run(
        BenchParty me, Boolean ready, Map<PartyId, Channel> channels, int run) {
      Channel channel = channels.get(me.peer());
      int count =
          me.index() == 0 ? receive(me, channel, run).count() : send(me, channel, run).count();
      return Map.of("elements", "" + count);
    }

    /** One run more, in which the sender shows what it must never show, to see that it fits. */
    @Override
    public Map<String, Object> after(BenchParty me, Boolean ready, Map<PartyId, Channel> channels) {
      Channel channel = channels.get(me.peer());
      int shown = Math.min(elements, 100_000);
      if (me.index() == 1) {
        VoleSenderShares shares = send(me, channel, runs + 1);
        ByteBuffer body = ByteBuffer.allocate(16 * (shown + 1));
        body.putLong(shares.delta0()).putLong(shares.delta1());
        body.asLongBuffer().put(shares.b(), 0, 2 * shown);
        channel.send(SHOWN, body.array());
        return Map.of();
      }
      VoleShares shares = receive(me, channel, runs + 1);
      ByteBuffer body = ByteBuffer.wrap(channel.receive(SHOWN, 16 * (shown + 1)));
      long[] b = new long[2 * shown];
      try (Gf128Multiplier delta = new Gf128Multiplier(body.getLong(), body.getLong())) {
        body.asLongBuffer().get(b);
        delta.multiplyAdd(shares.a(), 0, b, 0, shown);
      }
      if (!Arrays.equals(b, Arrays.copyOf(shares.c(), 2 * shown))) {
        throw new ProblemException(
            ErrorCode.PROTOCOL_VIOLATION, me.peer().value(), "c = a Delta + b", "another c");
      }
      return Map.of("elementsChecked", shown);
    }
  }
}
