package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import java.security.SecureRandom;
import java.util.Arrays;

/** The party that learns which of its items the sender has too, and the sender's size. */
public final class IntersectionReceiver {
  private final IntersectionParameters parameters;
  private final ItemSource items;
  private final SizeCheck peerSize;
  private final Workers workers;
  private final SecureRandom random;

  /** With items in memory, as {@link ItemSource#of} takes them. */
  public IntersectionReceiver(
      IntersectionParameters parameters, long[] items, Workers workers, SecureRandom random) {
    this(parameters, ItemSource.of(items), workers, random);
  }

  public IntersectionReceiver(
      IntersectionParameters parameters, ItemSource items, Workers workers, SecureRandom random) {
    this(parameters, items, SizeCheck.NONE, workers, random);
  }

  public IntersectionReceiver(
      IntersectionParameters parameters,
      ItemSource items,
      SizeCheck peerSize,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.items = items;
    this.peerSize = peerSize;
    this.workers = workers;
    this.random = random;
  }

  /**
   * Runs the protocol once, with secrets drawn anew for every bucket.
   *
   * @throws hesuan.wire.ProblemException when the peer is gone or breaks the protocol; the caller
   *     then closes the channel, which tells the peer
   */
  public IntersectionOutcome run(Channel sender) {
    CollectedMatches all = new CollectedMatches();
    IntersectionEnd end = run(sender, 0, all);
    return new IntersectionOutcome(true, all.ascending(), end.peerItems(), end.transcript());
  }

  /**
   * The same, bucket by bucket.
   *
   * @param firstOpen the first bucket that is not yet done; the run begins there or earlier
   */
  public IntersectionEnd run(Channel sender, int firstOpen, BucketSink sink) {
    IntersectionConversation conversation =
        new IntersectionConversation(
            parameters, parameters.receiver(), sender, items.size(), firstOpen);
    peerSize.told(conversation.peerItems());
    Buckets buckets = new Buckets(items, conversation.ownItems(), conversation.buckets());
    Oprf oprf = conversation.oprf(workers, random);
    sink.begin(conversation.firstBucket(), conversation.buckets());
    for (int b = conversation.firstBucket(); b < conversation.buckets(); b++) {
      Buckets.Bucket bucket = buckets.bucket(b, random);
      sink.done(b, bucket.numbersAt(matchedPlaces(conversation, oprf, bucket.blocks(), b)));
    }
    return new IntersectionEnd(conversation.peerItems(), conversation.close());
  }

  private int[] matchedPlaces(
      IntersectionConversation conversation, Oprf oprf, long[] blocks, int bucket) {
    RecordedChannel peer = conversation.peer;
    Oprf.Values own = oprf.receive(peer, bucket, blocks);
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
