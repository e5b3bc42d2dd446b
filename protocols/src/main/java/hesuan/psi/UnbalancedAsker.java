package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.BatchOprf;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The party with few items. It learns which of them the holder has too, and about how many the
 * holder has.
 */
public final class UnbalancedAsker {
  private final UnbalancedParameters parameters;
  private final long[] items;
  private final @Nullable UnbalancedFilter cached;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param items two longs each ({@link ItemBlocks} keyed by the version's dataset), distinct
   * @param cached what an earlier run left, or null: then the whole filter comes first
   */
  public UnbalancedAsker(
      UnbalancedParameters parameters,
      long[] items,
      @Nullable UnbalancedFilter cached,
      Workers workers,
      SecureRandom random) {
    if (cached != null && !cached.version().equals(parameters.version())) {
      throw new IllegalArgumentException("a filter of another version");
    }
    this.parameters = parameters;
    this.items = Buckets.distinct(items);
    this.cached = cached;
    this.workers = workers;
    this.random = random;
  }

  /**
   * @param filter to be cached for the next run
   */
  public record Answer(IntersectionOutcome outcome, UnbalancedFilter filter) {}

  /**
   * Asks once, under a fresh blind.
   *
   * @throws hesuan.wire.ProblemException when the peer is gone or breaks the protocol; the caller
   *     then closes the channel, which tells the peer
   */
  public Answer run(Channel channel) {
    if (!channel.self().equals(parameters.asker()) || !channel.peer().equals(parameters.holder())) {
      throw new IllegalArgumentException("no channel to " + parameters.holder());
    }
    RecordedChannel holder = new RecordedChannel(channel, UnbalancedParameters.PROTOCOL);
    Digest digest = parameters.digest();
    int announced = parameters.announced(items.length / 2);
    new UnbalancedMessages.AskerOpening(announced, cached == null ? -1 : cached.revision())
        .send(holder, digest);
    UnbalancedFilter filter = receiveFilter(holder);

    Scalar blind = Scalar.random(random);
    byte[] inputs = UnbalancedDataset.inputs(padded(announced), 0, announced);
    byte[] elements = new byte[announced * 32];
    BatchOprf.hashed(inputs, announced, blind, elements, workers);
    sendAll(holder, elements);
    receiveAll(holder, elements);
    int bad = Points.multiply(elements, announced, blind.inverse(), elements, workers);
    if (bad != 0) {
      throw holder.violation("encoded elements other than the identity", bad + " others");
    }
    long[] tags = new long[2 * announced];
    BatchOprf.outputs(inputs, elements, announced, tags, 0, workers);
    int[] matches = new int[items.length / 2];
    int found = 0;
    for (int i = 0; i < matches.length; i++) {
      if (filter.mayContain(tags[2 * i], tags[2 * i + 1])) {
        matches[found++] = i;
      }
    }
    Digest transcript = UnbalancedMessages.close(holder, digest);
    int holderItems = Math.toIntExact(filter.items());
    return new Answer(
        new IntersectionOutcome(true, Arrays.copyOf(matches, found), holderItems, transcript),
        filter);
  }

  /** Random items behind the own ones. */
  private long[] padded(int announced) {
    long[] padded = Arrays.copyOf(items, 2 * announced);
    for (int i = items.length; i < padded.length; i++) {
      padded[i] = random.nextLong();
    }
    return padded;
  }

  private UnbalancedFilter receiveFilter(RecordedChannel holder) {
    UnbalancedMessages.HolderOpening opening =
        UnbalancedMessages.HolderOpening.receive(holder, parameters);
    List<UnbalancedFilter.Shard> before = cached == null ? List.of() : cached.shards();
    boolean whole = opening.changes() == opening.shards();
    if (!whole && before.size() != opening.shards()) {
      throw holder.violation("all shards", opening.changes() + " of " + opening.shards());
    }
    Map<Integer, UnbalancedFilter.Shard> changes = new HashMap<>();
    int last = -1;
    for (int i = 0; i < opening.changes(); i++) {
      UnbalancedMessages.ShardBody body =
          UnbalancedMessages.ShardBody.receive(
              holder, last, opening.shards(), parameters.version().fingerprintBytes());
      changes.put(body.index(), body.shard());
      last = body.index();
    }
    UnbalancedFilter filter =
        UnbalancedFilter.changed(
            parameters.version(), opening.revision(), opening.shards(), changes, before);
    if (!filter.digest().equals(opening.filter())) {
      throw holder.violation("a filter of digest " + opening.filter(), filter.digest().hex());
    }
    return filter;
  }

  private static void sendAll(RecordedChannel holder, byte[] elements) {
    int step = UnbalancedMessages.Elements.BATCH * 32;
    for (int at = 0; at < elements.length; at += step) {
      byte[] batch = Arrays.copyOfRange(elements, at, Math.min(elements.length, at + step));
      new UnbalancedMessages.Elements(at / 32, batch)
          .send(holder, UnbalancedMessages.Elements.BLINDED_TAG);
    }
  }

  private static void receiveAll(RecordedChannel holder, byte[] elements) {
    int step = UnbalancedMessages.Elements.BATCH * 32;
    for (int at = 0; at < elements.length; at += step) {
      int bytes = Math.min(step, elements.length - at);
      byte[] batch =
          UnbalancedMessages.Elements.receive(
                  holder, UnbalancedMessages.Elements.ANSWER_TAG, at / 32, bytes / 32)
              .bytes();
      System.arraycopy(batch, 0, elements, at, bytes);
    }
  }
}
