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
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The party whose people are counted by group. It learns one noisy count per group and the number
 * of items of every helper.
 */
public final class OverlapLeader {
  private final OverlapParameters parameters;
  private final byte[] keys;
  private final int[] groups;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param itemKeys 32 bytes for each item ({@link ItemKeys}), distinct
   * @param groupOfItem the group of each item, or -1 for an item that no group counts
   */
  public OverlapLeader(
      OverlapParameters parameters,
      byte[] itemKeys,
      int[] groupOfItem,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.keys = Inputs.checked(itemKeys);
    this.groups = groupOfItem.clone();
    this.workers = workers;
    this.random = random;
    if (groups.length * ItemKeys.BYTES != keys.length) {
      throw new IllegalArgumentException(groups.length + " groups for " + keys.length + " bytes");
    }
    for (int group : groups) {
      if (group < -1 || group >= parameters.groups()) {
        throw new IllegalArgumentException("group " + group + " of " + parameters.groups());
      }
    }
  }

  /**
   * Runs the protocol once, on channels to all helpers. Secrets are drawn anew on every call.
   *
   * @throws hesuan.wire.ProblemException when a peer is gone or breaks the protocol; the caller
   *     then closes all channels, which tells the others
   */
  public OverlapOutcome run(Map<PartyId, Channel> helpers) {
    Conversation conversation = new Conversation(parameters, parameters.leader(), helpers);
    conversation.open(groups.length);
    Scalar blind = Scalar.random(random);
    Scalar labelSecret = Scalar.random(random);
    sendList(conversation, blind, labelSecret);

    Tags hash = new Tags(parameters.digest());
    ItemList list = receiveList(conversation, blind.inverse());
    byte[] tags = new byte[list.count() * Tags.BYTES];
    hash.of(list.points(), list.count(), tags, 0);

    int[] shared =
        parameters.helpers().size() == 1
            ? inTheHelpersTags(conversation, tags, list.count())
            : inEveryStore(conversation, tags, list.count());
    List<Long> counts = countByGroup(conversation, list, shared, labelSecret);
    Digest transcript = conversation.closeAsLeader();
    return new OverlapOutcome(counts, transcript);
  }

  /** Blinded items and all helpers' dummies, labelled with their groups, in random order. */
  private void sendList(Conversation conversation, Scalar blind, Scalar labelSecret) {
    int total = conversation.listLength(parameters.leader());
    byte[] allKeys = Arrays.copyOf(keys, total * ItemKeys.BYTES);
    int[] labels = Arrays.copyOf(groups, total);
    for (int i = 0; i < groups.length; i++) {
      if (groups[i] < 0) {
        // Travels as a random element, which nobody has, so that its number stays hidden.
        Inputs.randomKey(allKeys, i, random);
        labels[i] = 0;
      }
    }
    int at = groups.length;
    for (int h = 0; h < parameters.helpers().size(); h++) {
      for (int group = 0; group < parameters.groups(); group++) {
        int dummies = 2 * parameters.offset(h);
        Inputs.dummies(allKeys, at, parameters, h, group, dummies);
        Arrays.fill(labels, at, at + dummies, group);
        at += dummies;
      }
    }
    Element labelKey = Element.GENERATOR.times(labelSecret);
    ElGamal elGamal = new ElGamal(labelKey);
    if (parameters.labelled()) {
      for (OverlapParameters.Helper helper : parameters.helpers()) {
        new Messages.Key(labelKey.encode())
            .send(conversation.peer(helper.party()), Messages.Key.LABEL_TAG);
      }
    }
    RecordedChannel first = conversation.peer(parameters.helper(0));
    int[] order = Tags.shuffle(total, random);
    for (int from = 0; from < total; from += Messages.BATCH) {
      int count = Math.min(Messages.BATCH, total - from);
      byte[] points = ItemList.gather(allKeys, ItemKeys.BYTES, order, from, count);
      Points.hashMultiply(ItemList.HASH_DOMAIN, points, count, blind, points, workers);
      byte[] encrypted = new byte[parameters.labelled() ? count * ElGamal.BYTES : 0];
      if (parameters.labelled()) {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
          numbers[i] = labels[order[from + i]];
        }
        elGamal.encrypt(numbers, count, Scalar.randomFlat(count, random), encrypted, workers);
      }
      new Messages.Items(count, points, encrypted).send(first);
    }
  }

  /** The list as it comes back from the last helper, with the own blinding taken off. */
  private ItemList receiveList(Conversation conversation, Scalar unblind) {
    RecordedChannel last = conversation.peer(parameters.helper(parameters.helpers().size() - 1));
    ItemList list =
        ItemList.receive(
            last,
            conversation.listLength(parameters.leader()),
            parameters.labelled(),
            items -> Inputs.multiplied(last, items, unblind, workers));
    list.checkDistinct(last);
    return list;
  }

  /** Two parties: the helper sends the tags of its own items. */
  private int[] inTheHelpersTags(Conversation conversation, byte[] tags, int count) {
    PartyId helper = parameters.helper(0);
    RecordedChannel peer = conversation.peer(helper);
    int total = conversation.listLength(helper);
    byte[] theirs = new byte[0];
    for (int from = 0; from < total; from += Messages.BATCH) {
      int batch = Math.min(Messages.BATCH, total - from);
      byte[] received = Messages.TagBatch.receive(peer, batch).tags();
      if (theirs.length < (from + batch) * Tags.BYTES) {
        theirs = Arrays.copyOf(theirs, Math.min(total, 2 * (from + batch)) * Tags.BYTES);
      }
      System.arraycopy(received, 0, theirs, from * Tags.BYTES, received.length);
    }
    for (int i = 1; i < total; i++) {
      if (Tags.compare(theirs, i - 1, theirs, i, Tags.BYTES) >= 0) {
        throw peer.violation("tags in strictly ascending order", "another order");
      }
    }
    return Tags.matches(tags, count, theirs, total);
  }

  /**
   * Three and more: each helper sends a store that holds its share of zero for each of its tags,
   * and noise for all others. Only where all of them hold a tag the shares add to zero, so an item
   * that merely some of them have looks like one that none has.
   */
  private int[] inEveryStore(Conversation conversation, byte[] tags, int count) {
    long[] sums = new long[2 * count];
    for (OverlapParameters.Helper helper : parameters.helpers()) {
      int keyCount = conversation.listLength(helper.party());
      Okvs store = Messages.Store.receive(conversation.peer(helper.party()), keyCount).okvs();
      store.addTo(sums, tags, count, workers);
    }
    int[] shared = new int[count];
    int found = 0;
    for (int i = 0; i < count; i++) {
      if ((sums[2 * i] | sums[2 * i + 1]) == 0) {
        shared[found++] = i;
      }
    }
    return Arrays.copyOf(shared, found);
  }

  private List<Long> countByGroup(
      Conversation conversation, ItemList list, int[] shared, Scalar labelSecret) {
    long offsets = 0;
    for (int h = 0; h < parameters.helpers().size(); h++) {
      offsets += parameters.offset(h);
    }
    Long[] counts = new Long[parameters.groups()];
    Arrays.fill(counts, -offsets);
    if (!parameters.labelled()) {
      counts[0] += shared.length;
      return List.of(counts);
    }
    ElGamal.Reader reader = new ElGamal.Reader(labelSecret, parameters.groups());
    for (int group : reader.read(list.labels(), shared, workers)) {
      if (group < 0) {
        RecordedChannel last =
            conversation.peer(parameters.helper(parameters.helpers().size() - 1));
        throw last.violation("labels that this party made", "another label");
      }
      counts[group]++;
    }
    return List.of(counts);
  }
}
