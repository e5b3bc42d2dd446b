package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Points;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The party with the large set. It learns how many items were asked, as the asker tells it, and
 * nothing of them or of the result.
 */
public final class UnbalancedHolder {
  private final UnbalancedParameters parameters;
  private final UnbalancedDataset dataset;
  private final QueryBudget budget;
  private final Workers workers;

  public UnbalancedHolder(
      UnbalancedParameters parameters,
      UnbalancedDataset dataset,
      QueryBudget budget,
      Workers workers) {
    if (!dataset.version().equals(parameters.version())) {
      throw new IllegalArgumentException("a dataset of another version");
    }
    this.parameters = parameters;
    this.dataset = dataset;
    this.budget = budget;
    this.workers = workers;
  }

  /**
   * Answers once.
   *
   * @throws hesuan.wire.ProblemException when the peer is gone, breaks the protocol or has no
   *     queries left; the caller then closes the channel, which tells the peer
   */
  public IntersectionOutcome run(Channel channel) {
    if (!channel.self().equals(parameters.holder()) || !channel.peer().equals(parameters.asker())) {
      throw new IllegalArgumentException("no channel to " + parameters.asker());
    }
    RecordedChannel asker = new RecordedChannel(channel, UnbalancedParameters.PROTOCOL);
    Digest digest = parameters.digest();
    UnbalancedMessages.AskerOpening opening =
        UnbalancedMessages.AskerOpening.receive(asker, parameters);
    int items = opening.items();
    budget.charge(parameters.asker(), parameters.version(), items);
    sendChanges(asker, digest, opening.revision());
    List<byte[]> batches = new ArrayList<>();
    MessageDigest asked = Digest.sha256();
    for (int from = 0; from < items; from += UnbalancedMessages.Elements.BATCH) {
      int count = Math.min(UnbalancedMessages.Elements.BATCH, items - from);
      byte[] elements =
          UnbalancedMessages.Elements.receive(
                  asker, UnbalancedMessages.Elements.BLINDED_TAG, from, count)
              .bytes();
      asked.update(elements);
      int bad = Points.multiply(elements, count, dataset.key(), elements, workers);
      if (bad != 0) {
        throw asker.violation("encoded elements other than the identity", bad + " others");
      }
      batches.add(elements);
    }
    Digest elements = new Digest(HexFormat.of().formatHex(asked.digest()));
    budget.answering(parameters.asker(), elements);
    // All have come in before any goes back: two full channels must not wait for each other.
    for (int batch = 0; batch < batches.size(); batch++) {
      new UnbalancedMessages.Elements(batch * UnbalancedMessages.Elements.BATCH, batches.get(batch))
          .send(asker, UnbalancedMessages.Elements.ANSWER_TAG);
    }
    return new IntersectionOutcome(
        false, new int[0], items, UnbalancedMessages.close(asker, digest));
  }

  /** The shards that are newer than the asker's; one that claims to be ahead gets all. */
  private void sendChanges(RecordedChannel asker, Digest digest, int revision) {
    UnbalancedFilter filter = dataset.filter();
    int shards = filter.shards().size();
    int known = revision > filter.revision() ? -1 : revision;
    List<Integer> changes = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      if (dataset.revisionOf(i) > known) {
        changes.add(i);
      }
    }
    new UnbalancedMessages.HolderOpening(shards, filter.revision(), changes.size(), filter.digest())
        .send(asker, digest);
    for (int i : changes) {
      new UnbalancedMessages.ShardBody(i, filter.shards().get(i)).send(asker);
    }
  }
}
