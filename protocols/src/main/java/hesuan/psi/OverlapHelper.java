package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.RecordedChannel;
import hesuan.group.ElGamal;
import hesuan.group.Element;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.okvs.Okvs;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A party whose set is intersected and whose noise protects it. It learns how many items each other
 * party has, and nothing else.
 */
public final class OverlapHelper {
  private final OverlapParameters parameters;
  private final PartyId self;
  private final int index;
  private final byte[] keys;
  private final DummyNoise noise;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param itemKeys 32 bytes for each item ({@link ItemKeys}), distinct
   */
  public OverlapHelper(
      OverlapParameters parameters,
      PartyId self,
      byte[] itemKeys,
      DummyNoise noise,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.self = self;
    this.index = parameters.indexOf(self);
    this.keys = Inputs.checked(itemKeys);
    this.noise = noise;
    this.workers = workers;
    this.random = random;
  }

  /**
   * Runs the protocol once, on channels to the leader and to every other helper. Secrets are drawn
   * anew on every call; the noise is asked for once per group.
   *
   * @return the transcript's digest, the same as the leader's
   * @throws hesuan.wire.ProblemException when a peer is gone or breaks the protocol; the caller
   *     then closes all channels, which tells the others
   */
  public Digest run(Map<PartyId, Channel> peers) {
    Conversation conversation = new Conversation(parameters, self, peers);
    conversation.open(keys.length / ItemKeys.BYTES);
    Scalar exponent = Scalar.random(random);
    byte[] ownKeys = keysWithDummies(conversation.listLength(self));
    passLeadersList(conversation, exponent);
    if (parameters.helpers().size() == 1) {
      sendTags(conversation, tagsOfOwn(ownKeys, exponent));
    } else {
      byte[][] shared = shareSecrets(conversation);
      byte[] tags = tagsThroughTheRing(conversation, ownKeys, exponent);
      sendStore(conversation, tags, shared);
    }
    return conversation.closeAsHelper();
  }

  /**
   * The own items, every dummy of the other helpers, and of the own dummies as many for each group
   * as the noise says; random keys fill up, so that the length says nothing about the noise.
   */
  private byte[] keysWithDummies(int total) {
    byte[] all = Arrays.copyOf(keys, total * ItemKeys.BYTES);
    int at = keys.length / ItemKeys.BYTES;
    for (int h = 0; h < parameters.helpers().size(); h++) {
      int dummies = 2 * parameters.offset(h);
      for (int group = 0; group < parameters.groups(); group++) {
        int real = h == index ? noise.draw(group) : dummies;
        if (real < 0 || real > dummies) {
          throw new IllegalArgumentException("noise of " + real + " outside 0 to " + dummies);
        }
        Inputs.dummies(all, at, parameters, h, group, real);
        for (int i = real; i < dummies; i++) {
          Inputs.randomKey(all, at + i, random);
        }
        at += dummies;
      }
    }
    return ItemList.gather(all, ItemKeys.BYTES, Tags.shuffle(total, random), 0, total);
  }

  /** The leader's list, one exponent further, with new labels and in a new order. */
  private void passLeadersList(Conversation conversation, Scalar exponent) {
    RecordedChannel leader = conversation.peer(parameters.leader());
    RecordedChannel from = index == 0 ? leader : conversation.peer(parameters.helper(index - 1));
    boolean last = index == parameters.helpers().size() - 1;
    RecordedChannel to = last ? leader : conversation.peer(parameters.helper(index + 1));
    ElGamal labels = parameters.labelled() ? new ElGamal(labelKey(leader)) : null;
    passOn(from, to, conversation.listLength(parameters.leader()), exponent, labels);
  }

  private static Element labelKey(RecordedChannel leader) {
    byte[] encoding = Messages.Key.receive(leader, Messages.Key.LABEL_TAG).bytes();
    return Element.decode(encoding)
        .filter(key -> !key.isIdentity())
        .orElseThrow(() -> leader.violation("a label key", "no element or the identity"));
  }

  private void passOn(
      RecordedChannel from,
      RecordedChannel to,
      int total,
      Scalar exponent,
      @Nullable ElGamal labels) {
    ItemList list =
        ItemList.receive(
            from,
            total,
            labels != null,
            items -> {
              if (labels != null) {
                Inputs.rerandomise(from, items, labels, random, workers);
              }
              return Inputs.multiplied(from, items, exponent, workers);
            });
    list.checkDistinct(from);
    list.sendShuffled(to, random);
  }

  /** Two parties: nobody else has to be asked. */
  private byte[] tagsOfOwn(byte[] ownKeys, Scalar exponent) {
    int count = ownKeys.length / ItemKeys.BYTES;
    byte[] points = new byte[ownKeys.length];
    Points.hashMultiply(ItemList.HASH_DOMAIN, ownKeys, count, exponent, points, workers);
    byte[] tags = new byte[count * Tags.BYTES];
    new Tags(parameters.digest()).of(points, count, tags, 0);
    return tags;
  }

  /** Sorted, so that their order says nothing. */
  private void sendTags(Conversation conversation, byte[] tags) {
    RecordedChannel leader = conversation.peer(parameters.leader());
    int count = tags.length / Tags.BYTES;
    int[] order = Tags.order(tags, Tags.BYTES, count);
    for (int from = 0; from < count; from += Messages.BATCH) {
      int batch = Math.min(Messages.BATCH, count - from);
      new Messages.TagBatch(batch, ItemList.gather(tags, Tags.BYTES, order, from, batch))
          .send(leader);
    }
  }

  /** A fresh secret with each other helper; of two helpers, the earlier one draws it. */
  private byte[][] shareSecrets(Conversation conversation) {
    byte[][] shared = new byte[parameters.helpers().size()][];
    for (int other = 0; other < shared.length; other++) {
      if (other == index) {
        shared[other] = new byte[0];
        continue;
      }
      RecordedChannel peer = conversation.peer(parameters.helper(other));
      if (index < other) {
        shared[other] = new byte[32];
        random.nextBytes(shared[other]);
        new Messages.Key(shared[other]).send(peer, Messages.Key.SHARE_TAG);
      } else {
        shared[other] = Messages.Key.receive(peer, Messages.Key.SHARE_TAG).bytes();
      }
    }
    return shared;
  }

  /**
   * Each helper's list in turn goes blinded around the ring of helpers; the others raise it to
   * their exponents and shuffle it, so its owner gets the tags of its set without seeing which is
   * whose. One list at a time, so that two full channels never wait for each other.
   */
  private byte[] tagsThroughTheRing(Conversation conversation, byte[] ownKeys, Scalar exponent) {
    List<OverlapParameters.Helper> ring = parameters.helpers();
    int size = ring.size();
    RecordedChannel previous = conversation.peer(parameters.helper((index + size - 1) % size));
    RecordedChannel next = conversation.peer(parameters.helper((index + 1) % size));
    byte[] tags = new byte[0];
    for (int owner = 0; owner < size; owner++) {
      int total = conversation.listLength(parameters.helper(owner));
      if (owner == index) {
        tags = tagsOfBlinded(ownKeys, previous, next, exponent);
      } else {
        passOn(previous, next, total, exponent, null);
      }
    }
    return tags;
  }

  private byte[] tagsOfBlinded(
      byte[] ownKeys, RecordedChannel previous, RecordedChannel next, Scalar exponent) {
    Scalar blind = Scalar.random(random);
    int total = ownKeys.length / ItemKeys.BYTES;
    for (int from = 0; from < total; from += Messages.BATCH) {
      int count = Math.min(Messages.BATCH, total - from);
      byte[] points =
          Arrays.copyOfRange(ownKeys, from * ItemKeys.BYTES, (from + count) * ItemKeys.BYTES);
      Points.hashMultiply(ItemList.HASH_DOMAIN, points, count, blind, points, workers);
      new Messages.Items(count, points, new byte[0]).send(next);
    }
    Scalar unblind = blind.inverse().times(exponent);
    ItemList list =
        ItemList.receive(
            previous, total, false, items -> Inputs.multiplied(previous, items, unblind, workers));
    list.checkDistinct(previous);
    byte[] tags = new byte[total * Tags.BYTES];
    new Tags(parameters.digest()).of(list.points(), total, tags, 0);
    return tags;
  }

  /** Under each tag the share of zero: over all helpers that have the tag, the shares cancel. */
  private void sendStore(Conversation conversation, byte[] tags, byte[][] shared) {
    int count = tags.length / Tags.BYTES;
    long[] shares = new long[2 * count];
    byte[] domain = "hesuan/overlap/1/share/".getBytes(StandardCharsets.US_ASCII);
    MessageDigest sha256 = Digest.sha256();
    for (int other = 0; other < shared.length; other++) {
      if (other == index) {
        continue;
      }
      for (int i = 0; i < count; i++) {
        sha256.update(domain);
        sha256.update(shared[other]);
        sha256.update(tags, i * Tags.BYTES, Tags.BYTES);
        ByteBuffer share = ByteBuffer.wrap(sha256.digest());
        shares[2 * i] ^= share.getLong();
        shares[2 * i + 1] ^= share.getLong();
      }
      Arrays.fill(shared[other], (byte) 0);
    }
    Okvs store = Okvs.encode(tags, count, shares, random, workers);
    new Messages.Store(store).send(conversation.peer(parameters.leader()), count);
  }
}
