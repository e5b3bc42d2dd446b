package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.wire.PartyId;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The data plane itself: one party sends, the other answers the last message. */
@Command(name = "channel", description = "The data plane: throughput and latency. 数据面：吞吐与时延。")
final class ChannelBench extends ProcessBench {
  private static final List<PartyId> PARTIES =
      List.of(new PartyId("sender"), new PartyId("receiver"));
  private static final byte DATA = 1;
  private static final byte ANSWER = 2;
  private static final int PINGS = 2_000;

  @Option(
      names = "--megabytes",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Sent in a run. 每次发送量。")
  int megabytes;

  @Option(
      names = "--message-bytes",
      paramLabel = "N",
      defaultValue = "1048576",
      description = "Of each message. 每条消息的字节数。")
  int messageBytes;

  @Option(names = "--relay", description = "Through the relay. 经由中继。")
  boolean relay;

  @Override
  String work() {
    return relay ? "channel relayed" : "channel direct";
  }

  @Override
  Map<String, Object> parameters() {
    return Map.of("megabytes", megabytes, "messageBytes", messageBytes);
  }

  @Override
  String bound() {
    return "AES-GCM of TLS: a record is encrypted and decrypted once directly, three times through"
        + " the relay, by one thread for each connection";
  }

  @Override
  List<PartyId> parties() {
    return PARTIES;
  }

  @Override
  Map<String, String> truth() {
    return Map.of("messages", "" + messages());
  }

  @Override
  boolean relayed() {
    return relay;
  }

  @Override
  Map<String, Object> more(double seconds) {
    return Map.of("bytesPerSecond", Math.round(messages() * messageBytes / seconds));
  }

  private long messages() {
    return ((long) megabytes << 20) / messageBytes;
  }

  @Override
  PartyBench<byte[]> protocol() {
    if (messageBytes < 1 || messageBytes > Channel.MESSAGE_BYTES_MAX || messages() < 1) {
      throw invalid(
          "--message-bytes", "1 to " + Channel.MESSAGE_BYTES_MAX, messageBytes + " of a run");
    }
    return new Transfer();
  }

  private final class Transfer implements PartyBench<byte[]> {
    @Override
    public byte[] prepare(BenchParty me) {
      return new byte[messageBytes];
    }

    @Override
    public Map<String, String> run(
        BenchParty me, byte[] message, Map<PartyId, Channel> channels, int run) {
      Channel channel = channels.get(me.peer());
      long messages = 0;
      if (me.index() == 0) {
        for (; messages < messages(); messages++) {
          channel.send(DATA, message);
        }
        channel.receive(ANSWER, 0);
      } else {
        for (; messages < messages(); messages++) {
          channel.receive(DATA, messageBytes);
        }
        channel.send(ANSWER, new byte[0]);
      }
      return Map.of("messages", "" + messages);
    }

    /** Half of an empty message's way there and back. */
    @Override
    public Map<String, Object> after(
        BenchParty me, byte[] message, Map<PartyId, Channel> channels) {
      Channel channel = channels.get(me.peer());
      if (me.index() == 1) {
        for (int i = 0; i < 2 * PINGS; i++) {
          channel.send(ANSWER, channel.receive(DATA, 0));
        }
        return Map.of();
      }
      long nanos = 0;
      for (int round = 0; round < 2; round++) { // the first one warms up
        long start = System.nanoTime();
        for (int i = 0; i < PINGS; i++) {
          channel.send(DATA, new byte[0]);
          channel.receive(ANSWER, 0);
        }
        nanos = System.nanoTime() - start;
      }
      return Map.of("latencyMicros", nanos / 1e3 / PINGS / 2);
    }
  }
}
