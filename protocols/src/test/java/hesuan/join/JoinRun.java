package hesuan.join;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.psi.DummyNoise;
import hesuan.psi.ItemKeys;
import hesuan.wire.PartyId;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Both roles in memory; who fails closes its end, as the runtime does. */
final class JoinRun {
  static final PartyId MATCHER = new PartyId("mall-b");
  static final PartyId VALUER = new PartyId("brand-a");

  final JoinParameters parameters;
  final Map<Integer, Integer> groupOf;
  final Map<Integer, long[]> figures;
  UnaryOperator<Channel> matcherWire = c -> c;
  UnaryOperator<Channel> valuerWire = c -> c;
  long[] matcherNoise;
  long[] valuerNoise;
  int extraDummies;

  /** What the matcher thinks was agreed. */
  JoinParameters matcherParameters;

  /** Another one draws other secrets. */
  int randomOffset;

  final List<RuntimeException> failures = new CopyOnWriteArrayList<>();
  volatile @Nullable JoinOutcome matcher;
  volatile @Nullable JoinOutcome valuer;

  JoinRun(JoinParameters parameters, Map<Integer, Integer> groupOf, Map<Integer, long[]> figures) {
    this.parameters = parameters;
    this.groupOf = groupOf;
    this.figures = figures;
    matcherParameters = parameters;
    matcherNoise = new long[parameters.cells()];
    valuerNoise = new long[parameters.cells()];
  }

  JoinRun start() {
    MemoryChannel[] ends = MemoryChannel.pair(MATCHER, VALUER);
    Thread one = guarded(ends[0], () -> matcher = matcher(matcherWire.apply(ends[0])));
    Thread two = guarded(ends[1], () -> valuer = valuer(valuerWire.apply(ends[1])));
    try {
      one.join();
      two.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return this;
  }

  private Thread guarded(MemoryChannel end, Runnable role) {
    return Thread.startVirtualThread(
        () -> {
          try {
            role.run();
          } catch (RuntimeException e) {
            failures.add(e);
            end.close();
          }
        });
  }

  JoinOutcome matcher(Channel channel) {
    int[] groups = groupOf.values().stream().mapToInt(g -> g).toArray();
    return new JoinMatcher(
            matcherParameters,
            keys(parameters, groupOf.keySet()),
            groups,
            matcherNoise,
            Workers.ONE,
            seeded(1 + randomOffset))
        .run(channel);
  }

  JoinOutcome valuer(Channel channel) {
    long[] flat = figures.values().stream().flatMapToLong(Arrays::stream).toArray();
    DummyNoise dummies =
        switch (parameters.matches()) {
          case Matches.Noised noised -> _ -> (int) noised.dummyNoise().offset() + extraDummies;
          case Matches.Hidden _ -> null;
        };
    return new JoinValuer(
            parameters,
            keys(parameters, figures.keySet()),
            flat,
            valuerNoise,
            dummies,
            Workers.ONE,
            seeded(2 + randomOffset))
        .run(channel);
  }

  /** The plain join: sums by group and figure, then matches by group. */
  long[] sums() {
    long[] sums = new long[parameters.cells()];
    groupOf.forEach(
        (id, group) -> {
          long[] row = figures.get(id);
          for (int k = 0; row != null && k < parameters.figures(); k++) {
            sums[group * parameters.figures() + k] += row[k];
          }
        });
    return sums;
  }

  long[] matches() {
    long[] matches = new long[parameters.groups()];
    groupOf.forEach((id, group) -> matches[group] += figures.containsKey(id) ? 1 : 0);
    return matches;
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

  static byte[] keys(JoinParameters parameters, Iterable<Integer> ids) {
    ItemKeys keys = new ItemKeys(parameters.session());
    ids.forEach(id -> keys.add("id-" + id));
    return keys.toArray();
  }

  interface Watch {
    void sent(byte tag, byte[] body);
  }

  static Channel spied(Channel end, Watch watch) {
    return new HandOn(
        end,
        (to, tag, body) -> {
          watch.sent(tag, body);
          to.send(tag, body);
        });
  }

  /** Lies in the message of that number: in its last bit, or by a byte less or more. */
  static Channel lying(Channel end, int victim, int lie) {
    AtomicInteger sent = new AtomicInteger();
    return new HandOn(
        end,
        (to, tag, body) -> {
          byte[] changed = body;
          if (sent.getAndIncrement() == victim) {
            switch (lie) {
              case 0 -> changed[changed.length - 1] ^= 1;
              case 1 -> changed = Arrays.copyOf(changed, changed.length - 1);
              default -> changed = Arrays.copyOf(changed, changed.length + 1);
            }
          }
          to.send(tag, changed);
        });
  }

  /** Says one message after the next one, unless it must hear an answer before that. */
  static final class Swapped implements Channel {
    private final Channel inner;
    private final int victim;
    private int sent;
    private byte heldTag;
    private byte @Nullable [] held;
    boolean swapped;

    Swapped(Channel inner, int victim) {
      this.inner = inner;
      this.victim = victim;
    }

    @Override
    public PartyId self() {
      return inner.self();
    }

    @Override
    public PartyId peer() {
      return inner.peer();
    }

    @Override
    public void send(byte tag, byte[] body) {
      if (sent++ == victim) {
        heldTag = tag;
        held = body;
        return;
      }
      inner.send(tag, body);
      swapped |= held != null;
      release();
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      release();
      return inner.receive(tag, bytesMax);
    }

    private void release() {
      byte[] body = held;
      held = null;
      if (body != null) {
        inner.send(heldTag, body);
      }
    }
  }
}
