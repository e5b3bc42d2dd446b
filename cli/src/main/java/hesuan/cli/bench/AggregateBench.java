package hesuan.cli.bench;

import hesuan.agent.step.Signatures;
import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.channel.Channel;
import hesuan.cli.Console;
import hesuan.evidence.PartyKeys;
import hesuan.evidence.SigningKeys;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.SecretBytes;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Adding vectors under masks. A few parties are a process each; more of them take turns in this one
 * ({@link AggregateSimulation}), so that server and client are timed apart.
 */
@Command(name = "aggregate", description = "Adding vectors that nobody sees. 掩码下的向量求和。")
final class AggregateBench extends ProcessBench {
  private static final int COHORT_MIN = 3;

  @Option(
      names = "--parties",
      paramLabel = "N",
      defaultValue = "3",
      description = "Few are a process each, more take turns in one. 参与方数量；少数各为独立进程。")
  int count;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "8",
      description =
          "Up to so many parties are a process each, over TLS, if none is lost."
              + " 不超过此数且无人丢失时各为独立进程。")
  int processesMax;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Integers of 64 bits in each vector. 每个向量的 64 位整数个数。")
  int length;

  @Option(
      names = "--dropped",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Members lost after they shared their secrets: the dearest moment." + " 分享秘密之后丢失的成员数。")
  int dropped;

  @Override
  String work() {
    return "aggregate";
  }

  @Override
  Map<String, Object> parameters() {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("parties", count);
    parameters.put("length", length);
    parameters.put("dropped", dropped);
    return parameters;
  }

  @Override
  String bound() {
    return "masks: AES in counter mode and an addition, 8 bytes a cell; a member stretches one for"
        + " every neighbour, the server one for every member and for every pair of a lost one with"
        + " a neighbour that survived";
  }

  @Override
  List<PartyId> parties() {
    return IntStream.range(0, count).mapToObj("party-%03d"::formatted).map(PartyId::new).toList();
  }

  /** Members meet the leader only. */
  @Override
  boolean linked(PartyId one, PartyId other) {
    return one.equals(leader()) || other.equals(leader());
  }

  PartyId leader() {
    return parties().getFirst();
  }

  @Override
  Figures measure(Console console) throws Exception {
    if (count < COHORT_MIN || count > SecureSumSettings.PARTIES_MAX) {
      throw invalid("--parties", COHORT_MIN + " to " + SecureSumSettings.PARTIES_MAX, "" + count);
    }
    int droppedMax = count <= 100 ? (count - 1) / 2 - 1 : (count - 1) / 10;
    if (dropped < 0 || dropped > droppedMax && dropped > 0) {
      throw invalid(
          "--dropped",
          "fewer than half of the members; above 100 parties a tenth of them",
          "" + dropped);
    }
    if (count <= processesMax && dropped == 0) {
      return super.measure(console);
    }
    return AggregateSimulation.measure(this);
  }

  SecureSumSettings settings(Digest session) {
    return new SecureSumSettings(
        session, parties(), leader(), length, COHORT_MIN, dropped > 0, false);
  }

  /** Every party's vector is the same one times the party's number, counted from 1. */
  long[] vector(int factor) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] cells = new long[length];
    for (int i = 0; i < length; i++) {
      cells[i] = random.nextLong() * factor;
    }
    return cells;
  }

  static String digest(long[] cells) {
    MessageDigest sha256 = Digest.sha256();
    ByteBuffer bytes = ByteBuffer.allocate(8 * Math.min(cells.length, 1 << 16));
    LongBuffer longs = bytes.asLongBuffer();
    for (int at = 0; at < cells.length; at += longs.capacity()) {
      int count = Math.min(longs.capacity(), cells.length - at);
      longs.clear();
      longs.put(cells, at, count);
      sha256.update(bytes.array(), 0, 8 * count);
    }
    return Arrays.toString(Arrays.copyOf(sha256.digest(), 8));
  }

  @Override
  Map<String, String> truth() {
    return Map.of("sum", digest(vector(count * (count + 1) / 2)));
  }

  /** Signs as agents do, with keys that everybody derives from the seed. */
  Signatures signatures(PartyId self) {
    return new Signatures(keys(self), this::publicKeys);
  }

  PartyKeys publicKeys(PartyId party) {
    try (SigningKeys keys = keys(party)) {
      return keys.publicKeys();
    }
  }

  private SigningKeys keys(PartyId party) {
    ByteBuffer secret = ByteBuffer.allocate(65).put((byte) 1);
    secret.put(Digest.of(seed + " ed25519 " + party).bytes());
    secret.put(Digest.of(seed + " ml-dsa-44 " + party).bytes());
    return SigningKeys.importSecret(party, new SecretBytes(secret.array()));
  }

  private record Input(long[] addend, Signatures signatures) {}

  @Override
  PartyBench<?> protocol() {
    return new PartyBench<Input>() {
      @Override
      public Input prepare(BenchParty me) {
        return new Input(vector(me.index() + 1), signatures(me.self()));
      }

      @Override
      public Map<String, String> run(
          BenchParty me, Input input, Map<PartyId, Channel> channels, int run) {
        SecureSumSettings settings = settings(me.session(run));
        if (me.self().equals(leader())) {
          var outcome =
              new SecureSumLeader(settings, channels, input.signatures, me.workers())
                  .run(input.addend);
          return Map.of(
              "sum", digest(outcome.sum()), "transcript", outcome.transcript().toString());
        }
        var receipt =
            new SecureSumMember(
                    settings,
                    channels.get(leader()),
                    input.signatures,
                    input.signatures,
                    me.workers(),
                    me.random())
                .run(input.addend);
        return Map.of("transcript", receipt.transcript().toString());
      }
    };
  }
}
