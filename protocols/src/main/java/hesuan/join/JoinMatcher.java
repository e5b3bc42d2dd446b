package hesuan.join;

import hesuan.channel.Channel;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.psi.ItemKeys;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;

/** The party that has items in groups. */
public final class JoinMatcher {
  private final JoinParameters parameters;
  private final byte[] keys;
  private final int[] groupOf;
  private final long[] noise;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param itemKeys 32 bytes for each item ({@link ItemKeys}), distinct
   * @param groupOf the group of each item
   * @param noise this party's own for each sum, group after group; the same for every attempt
   */
  public JoinMatcher(
      JoinParameters parameters,
      byte[] itemKeys,
      int[] groupOf,
      long[] noise,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.keys = itemKeys.clone();
    this.groupOf = groupOf.clone();
    this.noise = noise.clone();
    this.workers = workers;
    this.random = random;
    if (keys.length != groupOf.length * ItemKeys.BYTES || noise.length != parameters.cells()) {
      throw new IllegalArgumentException(
          keys.length + " bytes, " + groupOf.length + " groups, " + noise.length + " noises");
    }
  }

  /** Runs the protocol once; secrets are drawn anew on every call. */
  public JoinOutcome run(Channel channel) {
    return switch (parameters.matches()) {
      case Matches.Noised noised -> run(channel, noised);
      case Matches.Hidden hidden ->
          new HiddenMatcher(parameters, hidden, workers, random)
              .run(channel, ItemKeys.blocks(keys), groupOf, noise);
    };
  }

  private JoinOutcome run(Channel channel, Matches.Noised noised) {
    Conversation conversation = new Conversation(parameters, channel, workers);
    int valuerItems = conversation.open(groupOf.length);
    int[] sizes = new int[parameters.groups()];
    for (int group : groupOf) {
      sizes[group]++;
    }
    sendSizes(conversation, sizes);
    Scalar exponent = Scalar.random(random);
    sendList(conversation, noised, exponent);
    int places = valuerItems + parameters.groups() * noised.dummiesPerGroup();
    long[] tags = conversation.receiveTags(places, exponent);
    Tags.Table table = receiveTable(conversation, noised, sizes);

    int groups = parameters.groups();
    int figures = parameters.figures();
    long[] choices = new long[(int) (((long) places * groups + 63) / 64)];
    long[] matches = new long[groups];
    for (int place = 0; place < places; place++) {
      int group = table.group(tags[2 * place], tags[2 * place + 1]);
      if (group >= 0) {
        int transfer = place * groups + group;
        choices[transfer / 64] |= 1L << transfer;
        matches[group]++;
      }
    }
    long offset = noised.dummyNoise().offset();
    for (int group = 0; group < groups; group++) {
      matches[group] -= offset;
    }
    long[] shares = noise.clone();
    Transfers.choose(
        conversation.channel,
        parameters.digest(),
        places * groups,
        figures,
        choices,
        (transfer, half) -> {
          int at = transfer % groups * figures;
          for (int k = 0; k < figures; k++) {
            shares[at + k] += half[k];
          }
        },
        random);
    if (parameters.valuerLearns()) {
      conversation.sendShares(shares);
    }
    long[] sums = new long[0];
    if (parameters.matcherLearns()) {
      sums = conversation.openShares(shares);
    }
    Digest transcript = conversation.close();
    return new JoinOutcome(sums, matches, transcript);
  }

  private static void sendSizes(Conversation conversation, int[] sizes) {
    ByteBuffer body = ByteBuffer.allocate(sizes.length * Integer.BYTES);
    for (int size : sizes) {
      body.putInt(size);
    }
    conversation.channel.send(Conversation.GROUPS, body.array());
  }

  /** Group after group, its items and all its public dummies, in random order within the group. */
  private void sendList(Conversation conversation, Matches.Noised noised, Scalar exponent) {
    int dummies = noised.dummiesPerGroup();
    int total = groupOf.length + parameters.groups() * dummies;
    byte[] list = new byte[total * ItemKeys.BYTES];
    int[] order = new int[total];
    int at = 0;
    for (int group = 0; group < parameters.groups(); group++) {
      int from = at;
      for (int i = 0; i < groupOf.length; i++) {
        if (groupOf[i] == group) {
          System.arraycopy(keys, i * ItemKeys.BYTES, list, at++ * ItemKeys.BYTES, ItemKeys.BYTES);
        }
      }
      for (int number = 0; number < dummies; number++) {
        ItemKeys.dummy(list, at++ * ItemKeys.BYTES, parameters.session(), 0, group, number);
      }
      int[] shuffled = Conversation.shuffled(from, at, random);
      System.arraycopy(shuffled, 0, order, from, shuffled.length);
    }
    conversation.sendPoints(list, order, exponent);
    Arrays.fill(list, (byte) 0);
  }

  /** Tags of this party's own items, sorted in each group, so that none tells whose it is. */
  private Tags.Table receiveTable(Conversation conversation, Matches.Noised noised, int[] sizes) {
    int dummies = noised.dummiesPerGroup();
    Tags.Table table = new Tags.Table(groupOf.length + parameters.groups() * dummies);
    for (int group = 0; group < sizes.length; group++) {
      int total = sizes[group] + dummies;
      long lastHigh = 0;
      long lastLow = 0;
      for (int at = 0; at < total; at += Conversation.TAG_BATCH) {
        int count = Math.min(Conversation.TAG_BATCH, total - at);
        ByteBuffer body =
            ByteBuffer.wrap(
                conversation.channel.receiveExactly(
                    Conversation.TAGS, count * Conversation.TAG_BYTES));
        for (int i = 0; i < count; i++) {
          long high = body.getLong();
          long low = body.getLong();
          boolean ascends = at + i == 0 || Tags.compare(lastHigh, lastLow, high, low) < 0;
          if (!ascends || !table.put(high, low, group)) {
            throw conversation.channel.violation("tags in ascending order, each once", "others");
          }
          lastHigh = high;
          lastLow = low;
        }
      }
    }
    return table;
  }
}
