package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.Workers;
import hesuan.okvs.BlockHash;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/** What receiver and sender of an intersection do alike: opening, hashing, closing. */
final class IntersectionConversation {
  final RecordedChannel peer;
  private final IntersectionParameters parameters;
  private final Digest digest;
  private final boolean receives;
  private final int ownItems;
  private final int peerItems;
  private final int firstBucket;

  /** Says and hears sizes, and where to begin: with the first bucket that either side lacks. */
  IntersectionConversation(
      IntersectionParameters parameters, PartyId self, Channel channel, int items, int firstOpen) {
    this.parameters = parameters;
    this.digest = parameters.digest();
    this.receives = self.equals(parameters.receiver());
    PartyId other = receives ? parameters.sender() : parameters.receiver();
    if (!channel.self().equals(self) || !channel.peer().equals(other)) {
      throw new IllegalArgumentException("no channel from " + self + " to " + other);
    }
    peer = new RecordedChannel(channel, IntersectionParameters.PROTOCOL);
    ownItems = parameters.announced(items);
    new IntersectionMessages.Opening(firstOpen, ownItems).send(peer, digest);
    IntersectionMessages.Opening theirs =
        IntersectionMessages.Opening.receive(peer, digest, parameters.sizeStep());
    peerItems = theirs.items();
    if (theirs.bucket() < 0 || theirs.bucket() > buckets()) {
      throw peer.violation("a bucket of 0 to " + buckets(), "" + theirs.bucket());
    }
    firstBucket = Math.min(firstOpen, theirs.bucket());
  }

  int buckets() {
    return Buckets.count(ownItems, peerItems, parameters.bucketItems());
  }

  int firstBucket() {
    return firstBucket;
  }

  int ownItems() {
    return ownItems;
  }

  int peerItems() {
    return peerItems;
  }

  int peerLoad() {
    return Buckets.load(peerItems, buckets());
  }

  int tagBytes() {
    return receives
        ? parameters.tagBytes(ownItems, peerItems)
        : parameters.tagBytes(peerItems, ownItems);
  }

  Oprf oprf(Workers workers, SecureRandom random) {
    return switch (parameters.engine()) {
      case ECDH -> new EcdhOprf(digest, workers, random);
      case VOLE -> new VoleOprf(digest, false, workers, random);
      case VOLE_MALICIOUS -> new VoleOprf(digest, true, workers, random);
    };
  }

  TagList tags(long[] values, int bucket, Workers workers) {
    return TagList.of(values, key("tag", bucket), tagBytes(), workers);
  }

  /**
   * A digest that only a holder of all these items can compute, for their values hold more than
   * their tags show. Both sides must come to the same.
   */
  byte[] agreement(int bucket, long[] values, int[] places) {
    long[] matched = new long[2 * places.length];
    for (int i = 0; i < places.length; i++) {
      matched[2 * i] = values[2 * places[i]];
      matched[2 * i + 1] = values[2 * places[i] + 1];
    }
    long[] hashes = new long[matched.length];
    new BlockHash(key("agreement", bucket)).hash(matched, 0, places.length, hashes, 0);
    ByteBuffer bytes = ByteBuffer.allocate(hashes.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(hashes);
    MessageDigest sha256 = Digest.sha256();
    sha256.update(key("agreement", bucket));
    sha256.update(bytes);
    return sha256.digest();
  }

  private byte[] key(String kind, int bucket) {
    String text = IntersectionParameters.PROTOCOL + "/" + kind + "/" + digest + "/" + bucket;
    byte[] hash = Digest.sha256().digest(text.getBytes(StandardCharsets.US_ASCII));
    return Arrays.copyOf(hash, BlockHash.KEY_BYTES);
  }

  /** No result before both have seen the same conversation. */
  Digest close() {
    Digest pair = peer.transcript();
    byte tag = IntersectionMessages.Short.CLOSING_TAG;
    new IntersectionMessages.Short(pair.bytes()).send(peer, tag, buckets());
    byte[] theirs = IntersectionMessages.Short.receive(peer, tag, buckets(), 32).bytes();
    if (!Arrays.equals(theirs, pair.bytes())) {
      throw peer.violation("transcript " + pair, HexFormat.of().formatHex(theirs));
    }
    return Digest.of(IntersectionParameters.PROTOCOL + "/transcript/" + digest + "/" + pair);
  }
}
