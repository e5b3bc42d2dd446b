package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The party whose items are matched. It learns the receiver's size and, where both learn, which of
 * its items the receiver has.
 */
public final class IntersectionSender {
  private final IntersectionParameters parameters;
  private final long[] items;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param items two longs each ({@link ItemBlocks}), distinct; not copied, so not to be changed
   */
  public IntersectionSender(
      IntersectionParameters parameters, long[] items, Workers workers, SecureRandom random) {
    this.parameters = parameters;
    this.items = Buckets.distinct(items);
    this.workers = workers;
    this.random = random;
  }

  public IntersectionOutcome run(Channel receiver) {
    return run(receiver, 0, BucketSink.NONE);
  }

  /** As {@link IntersectionReceiver#run(Channel, int, BucketSink)}. */
  public IntersectionOutcome run(Channel receiver, int firstOpen, BucketSink sink) {
    IntersectionConversation conversation =
        new IntersectionConversation(
            parameters, parameters.sender(), receiver, items.length / 2, firstOpen);
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
    return new IntersectionOutcome(
        parameters.bothLearn(), all, conversation.peerItems(), conversation.close());
  }

  private int[] matchedPlaces(
      IntersectionConversation conversation, Oprf oprf, Buckets buckets, int bucket) {
    RecordedChannel peer = conversation.peer;
    Oprf.Values own =
        oprf.send(peer, bucket, buckets.blocks(bucket, random), conversation.peerLoad());
    TagList tags = conversation.tags(own.values(), bucket, workers);
    for (int from = 0; from < tags.count(); from += IntersectionMessages.TagBatch.BATCH) {
      int count = Math.min(IntersectionMessages.TagBatch.BATCH, tags.count() - from);
      new IntersectionMessages.TagBatch(tags.encoded(from, count)).send(peer, bucket, count);
    }
    if (!parameters.bothLearn()) {
      return new int[0];
    }
    byte[] found = IntersectionMessages.Found.receive(peer, bucket, tags.count()).bits();
    int[] matched = new int[tags.count()];
    int matches = 0;
    for (int rank = 0; rank < tags.count(); rank++) {
      if ((found[rank >> 3] >>> (rank & 7) & 1) != 0) {
        matched[matches++] = tags.place(rank);
      }
    }
    matched = Arrays.copyOf(matched, matches);
    byte[] agreement =
        IntersectionMessages.Short.receive(
                peer, IntersectionMessages.Short.AGREEMENT_TAG, bucket, 32)
            .bytes();
    if (!Arrays.equals(agreement, conversation.agreement(bucket, own.values(), matched))) {
      throw peer.violation("proof that the matched items are known", "another digest");
    }
    return Arrays.stream(matched).map(place -> own.places()[place]).toArray();
  }
}
