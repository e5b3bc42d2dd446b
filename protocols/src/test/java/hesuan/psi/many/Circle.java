package hesuan.psi.many;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.psi.BucketSink;
import hesuan.psi.CollectedMatches;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.psi.ItemBlocks;
import hesuan.psi.ItemSource;
import hesuan.psi.SizeCheck;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

/**
 * One intersection of many in memory, each party on its own virtual thread. A party that fails
 * closes all its channels, as the runtime does. The first party is the leader, the second the
 * pivot.
 */
final class Circle {
  private static final List<String> NAMES =
      List.of(
          "mall-b", "pay-c", "air-d", "brand-a", "zoo-e", "inn-f", "bus-g", "gym-h", "spa-i",
          "net-j");

  final Map<PartyId, Throwable> failures = new ConcurrentHashMap<>();
  final Map<PartyId, ManyOutcome> outcomes = new ConcurrentHashMap<>();
  final Map<PartyId, List<Integer>> bucketsDone = new ConcurrentHashMap<>();
  final Map<List<PartyId>, MemoryChannel> ends = new HashMap<>();
  final Map<PartyId, Integer> firstOpen = new HashMap<>();
  final Map<PartyId, ManyParameters> ownParameters = new HashMap<>();
  long seed;

  /** How those who are no centre decide on sizes. */
  final Map<PartyId, SizeCheck> sizes = new TreeMap<>();

  /** Wraps a party's end of a channel to another: a test's way to lie or to listen. */
  BiFunction<PartyId, Channel, Channel> wire = (party, channel) -> channel;

  static PartyId party(int number) {
    return new PartyId(NAMES.get(number));
  }

  /** Of so many parties, of which the first ones receive. */
  static ManyParameters parameters(
      Engine engine, int parties, int receivers, int bucketItems, int sizeStep) {
    List<PartyId> all = NAMES.subList(0, parties).stream().map(PartyId::new).toList();
    return new ManyParameters(
        Digest.of("circle"),
        all.get(0),
        all.get(1),
        all.subList(2, parties),
        all.subList(0, receivers),
        engine,
        bucketItems,
        sizeStep);
  }

  static long[] blocks(Collection<Integer> ids) {
    ItemBlocks blocks = new ItemBlocks(Digest.of("circle"));
    ids.forEach(id -> blocks.add("id-" + id));
    return blocks.toArray();
  }

  static SecureRandom seeded(long seed) {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(seed);
      return random;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  Circle run(ManyParameters parameters, List<? extends Collection<Integer>> sets) {
    int parties = sets.size();
    for (int a = 0; a < parties; a++) {
      for (int b = a + 1; b < parties; b++) {
        MemoryChannel[] pair = MemoryChannel.pair(party(a), party(b));
        ends.put(List.of(party(a), party(b)), pair[0]);
        ends.put(List.of(party(b), party(a)), pair[1]);
      }
    }
    List<Thread> threads = new ArrayList<>();
    for (int p = 0; p < parties; p++) {
      PartyId self = party(p);
      Collection<Integer> ids = sets.get(p);
      SecureRandom random = seeded(seed * 100 + p);
      threads.add(
          Thread.startVirtualThread(
              () -> {
                try {
                  ManyParameters own = ownParameters.getOrDefault(self, parameters);
                  CollectedMatches matches = new CollectedMatches();
                  ManyEnd end =
                      new ManyIntersection(
                              own,
                              self,
                              ItemSource.of(blocks(ids)),
                              own.others().contains(self) ? sizes : Map.of(),
                              Workers.ONE,
                              random)
                          .run(
                              channels(self), firstOpen.getOrDefault(self, 0), sink(self, matches));
                  boolean learns = own.receivers().contains(self);
                  outcomes.put(
                      self,
                      new ManyOutcome(learns, matches.ascending(), end.sizes(), end.transcript()));
                } catch (RuntimeException | Error e) {
                  failures.put(self, e);
                  leave(self);
                }
              }));
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return this;
  }

  private BucketSink sink(PartyId self, CollectedMatches all) {
    List<Integer> done = new ArrayList<>();
    bucketsDone.put(self, done);
    return (bucket, matches) -> {
      done.add(bucket);
      all.done(bucket, matches);
    };
  }

  /** As a lost connection to everyone. */
  void leave(PartyId party) {
    ends.forEach(
        (pair, channel) -> {
          if (pair.getFirst().equals(party)) {
            channel.close();
          }
        });
  }

  private Map<PartyId, Channel> channels(PartyId self) {
    Map<PartyId, Channel> channels = new TreeMap<>();
    ends.forEach(
        (pair, channel) -> {
          if (pair.getFirst().equals(self)) {
            channels.put(pair.getLast(), wire.apply(self, channel));
          }
        });
    return channels;
  }

  ManyOutcome outcome(int number) {
    ManyOutcome outcome = outcomes.get(party(number));
    if (outcome == null) {
      AssertionError error = new AssertionError("no outcome at " + party(number) + failures);
      failures.values().forEach(error::addSuppressed);
      throw error;
    }
    return outcome;
  }

  long bytes(int from, int to) {
    return ends.get(List.of(party(from), party(to))).bytesSent();
  }
}
