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
  private final ItemSource items;
  private final SizeCheck peerSize;
  private final Workers workers;
  private final SecureRandom random;

  /** With items in memory, as {@link ItemSource#of} takes them. */
  public IntersectionSender(
      IntersectionParameters parameters, long[] items, Workers workers, SecureRandom random) {
    this(parameters, ItemSource.of(items), workers, random);
  }

  public IntersectionSender(
      IntersectionParameters parameters, ItemSource items, Workers workers, SecureRandom random) {
    this(parameters, items, SizeCheck.NONE, workers, random);
  }

  public IntersectionSender(
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
  public IntersectionOutcome run(Channel receiver) {
    CollectedMatches all = new CollectedMatches();
    IntersectionEnd end = run(receiver, 0, all);
    return new IntersectionOutcome(
        parameters.bothLearn(), all.ascending(), end.peerItems(), end.transcript());
  }

  /**
   * The same, bucket by bucket.
   *
   * @param firstOpen the first bucket that is not yet done; the run begins there or earlier
   */
  public IntersectionEnd run(Channel receiver, int firstOpen, BucketSink sink) {
    IntersectionConversation conversation =
        new IntersectionConversation(
            parameters, parameters.sender(), receiver, items.size(), firstOpen);
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
    Oprf.Values own = oprf.send(peer, bucket, blocks, conversation.peerLoad());
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
