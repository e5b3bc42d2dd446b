package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One run of the protocol in memory, every party on its own virtual thread. Noise is the offset
 * alone, so counts are exact, unless a test says otherwise. A party that fails closes its channels,
 * as the runtime does.
 */
final class Run {
  final OverlapParameters parameters;
  OverlapParameters helperParameters;
  IntFunction<DummyNoise> noise;

  /** Wraps a party's end of a channel: a test's way to lie or to listen. */
  UnaryOperator<Channel> wire = channel -> channel;

  private final List<Set<Integer>> sets;
  private final Function<Integer, Integer> groupOf;
  private final Map<List<PartyId>, MemoryChannel> ends = new HashMap<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final List<Digest> transcripts = new CopyOnWriteArrayList<>();
  private volatile @Nullable OverlapOutcome outcome;

  Run(List<Set<Integer>> sets, int groups, Function<Integer, Integer> groupOf) {
    this.sets = sets;
    this.groupOf = groupOf;
    List<OverlapParameters.Helper> helpers = new ArrayList<>();
    for (int h = 1; h < sets.size(); h++) {
      helpers.add(new OverlapParameters.Helper(party(h), Epsilon.parse("2")));
    }
    parameters = new OverlapParameters(Digest.of("run"), party(0), helpers, groups, "0.01");
    helperParameters = parameters;
    noise = helper -> group -> parameters.offset(helper);
  }

  static PartyId party(int number) {
    // The leader is not first by name, so that nothing depends on it.
    return new PartyId(List.of("mall-b", "pay-c", "air-d", "brand-a", "zoo-e").get(number));
  }

  static byte[] keys(Digest session, Iterable<Integer> ids) {
    ItemKeys keys = new ItemKeys(session);
    ids.forEach(id -> keys.add("id-" + id));
    return keys.toArray();
  }

  static SecureRandom seeded(long seed) {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(seed);
      return random;
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  void start() {
    int parties = sets.size();
    for (int a = 0; a < parties; a++) {
      for (int b = a + 1; b < parties; b++) {
        MemoryChannel[] pair = MemoryChannel.pair(party(a), party(b));
        ends.put(List.of(party(a), party(b)), pair[0]);
        ends.put(List.of(party(b), party(a)), pair[1]);
      }
    }
    List<Thread> threads = new ArrayList<>();
    threads.add(guarded(0, () -> outcome = leader().run(channels(0))));
    for (int h = 1; h < parties; h++) {
      int number = h;
      threads.add(guarded(h, () -> transcripts.add(helper(number).run(channels(number)))));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private Thread guarded(int number, Runnable role) {
    return Thread.startVirtualThread(
        () -> {
          try {
            role.run();
          } catch (RuntimeException e) {
            failures.add(e);
            ends.forEach(
                (pair, channel) -> {
                  if (pair.get(0).equals(party(number))) {
                    channel.close();
                  }
                });
          }
        });
  }

  private OverlapLeader leader() {
    List<Integer> ids = List.copyOf(sets.get(0));
    int[] groups = ids.stream().mapToInt(groupOf::apply).toArray();
    return new OverlapLeader(
        parameters, keys(parameters.session(), ids), groups, Workers.ONE, seeded(100));
  }

  private OverlapHelper helper(int number) {
    return new OverlapHelper(
        helperParameters,
        party(number),
        keys(parameters.session(), sets.get(number)),
        noise.apply(number - 1),
        Workers.ONE,
        seeded(number));
  }

  private Map<PartyId, Channel> channels(int number) {
    Map<PartyId, Channel> channels = new HashMap<>();
    ends.forEach(
        (pair, channel) -> {
          if (pair.get(0).equals(party(number))) {
            channels.put(pair.get(1), wire.apply(channel));
          }
        });
    return channels;
  }

  OverlapOutcome outcome() {
    if (outcome == null) {
      AssertionError error = new AssertionError("no outcome");
      failures.forEach(error::addSuppressed);
      throw error;
    }
    return outcome;
  }

  boolean hasOutcome() {
    return outcome != null;
  }

  Set<Digest> transcripts() {
    return new HashSet<>(transcripts);
  }

  List<Throwable> failures() {
    return failures;
  }

  long bytesSent() {
    return ends.values().stream().mapToLong(MemoryChannel::bytesSent).sum();
  }

  @Override
  public String toString() {
    return Arrays.toString(failures.toArray());
  }
}
