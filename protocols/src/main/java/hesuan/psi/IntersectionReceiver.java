package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import java.security.SecureRandom;
import java.util.Arrays;

/** The party that learns which of its items the sender has too, and the sender's size. */
public final class IntersectionReceiver {
  private final IntersectionParameters parameters;
  private final long[] items;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param items two longs each ({@link ItemBlocks}), distinct; not copied, so not to be changed
   */
  public IntersectionReceiver(
      IntersectionParameters parameters, long[] items, Workers workers, SecureRandom random) {
    this.parameters = parameters;
    this.items = Buckets.distinct(items);
    this.workers = workers;
    this.random = random;
  }

  public IntersectionOutcome run(Channel sender) {
    return run(sender, 0, BucketSink.NONE);
  }

  /**
   * Runs the protocol once, with secrets drawn anew for every bucket.
   *
   * @param firstOpen the first bucket that is not yet done; the run begins there or earlier
   * @return the matches of the buckets of this run
   * @throws hesuan.wire.ProblemException when the peer is gone or breaks the protocol; the caller
   *     then closes the channel, which tells the peer
   */
  public IntersectionOutcome run(Channel sender, int firstOpen, BucketSink sink) {
    IntersectionConversation conversation =
        new IntersectionConversation(
            parameters, parameters.receiver(), sender, items.length / 2, firstOpen);
    Buckets buckets = Buckets.of(items, conversation.ownItems(), conversation.buckets());
    Oprf oprf = conversation.oprf(workers, random);
    int[] all = new int[0];
    for (int b = conversation.firstBucket(); b < conversation.buckets(); b++) {
      int[] matches = buckets.items(b, matchedPlaces(conversation, oprf, buckets, b));
      sink.done(b, matches);
      int before = all.length;
      all = Arrays.copyOf(all, before + matches.length);
      System.arraycopy(matches, 0, all, before, matches.length);
    }
    Arrays.sort(all);
    return new IntersectionOutcome(true, all, conversation.peerItems(), conversation.close());
  }

  private int[] matchedPlaces(
      IntersectionConversation conversation, Oprf oprf, Buckets buckets, int bucket) {
    RecordedChannel peer = conversation.peer;
    Oprf.Values own = oprf.receive(peer, bucket, buckets.blocks(bucket, random));
    TagList tags = conversation.tags(own.values(), bucket, workers);
    int peerLoad = conversation.peerLoad();
    TagList.Merge merge = tags.new Merge(peerLoad);
    for (int from = 0; from < peerLoad; from += IntersectionMessages.TagBatch.BATCH) {
      int count = Math.min(IntersectionMessages.TagBatch.BATCH, peerLoad - from);
      byte[] batch =
          IntersectionMessages.TagBatch.receive(peer, bucket, count, conversation.tagBytes())
              .tags();
      if (!merge.take(batch)) {
        throw peer.violation("tags in strictly ascending order", "another order");
      }
    }
    int[] matched = merge.places();
    if (parameters.bothLearn()) {
      new IntersectionMessages.Found(merge.found()).send(peer, bucket, peerLoad);
      new IntersectionMessages.Short(conversation.agreement(bucket, own.values(), matched))
          .send(peer, IntersectionMessages.Short.AGREEMENT_TAG, bucket);
    }
    return Arrays.stream(matched).map(place -> own.places()[place]).toArray();
  }
}
