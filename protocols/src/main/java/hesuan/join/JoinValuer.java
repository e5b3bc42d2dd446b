package hesuan.join;

import hesuan.channel.Channel;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import hesuan.psi.DummyNoise;
import hesuan.psi.ItemKeys;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The party whose items have figures. */
public final class JoinValuer {
  private final JoinParameters parameters;
  private final byte[] keys;
  private final long[] figures;
  private final long[] noise;
  private final @Nullable DummyNoise dummyNoise;
  private final Workers workers;
  private final SecureRandom random;

  /**
   * @param itemKeys 32 bytes for each item ({@link ItemKeys}), distinct
   * @param figures item after item, as many for each as the parameters say, within agreed bounds
   * @param noise this party's own for each sum, group after group; the same for every attempt
   * @param dummyNoise how many dummies to put into each group, as {@link Matches.Noised#dummyNoise}
   *     draws them, the same for every attempt; null where matches are hidden
   */
  public JoinValuer(
      JoinParameters parameters,
      byte[] itemKeys,
      long[] figures,
      long[] noise,
      @Nullable DummyNoise dummyNoise,
      Workers workers,
      SecureRandom random) {
    this.parameters = parameters;
    this.keys = itemKeys.clone();
    this.figures = figures.clone();
    this.noise = noise.clone();
    this.dummyNoise = dummyNoise;
    this.workers = workers;
    this.random = random;
    int items = keys.length / ItemKeys.BYTES;
    if (keys.length % ItemKeys.BYTES != 0
        || figures.length != items * parameters.figures()
        || noise.length != parameters.cells()) {
      throw new IllegalArgumentException(
          keys.length + " bytes, " + figures.length + " figures, " + noise.length + " noises");
    }
    if ((dummyNoise == null) != (parameters.matches() instanceof Matches.Hidden)) {
      throw new IllegalArgumentException("dummies go with matches that are seen");
    }
  }

  /** Runs the protocol once; secrets are drawn anew on every call. */
  public JoinOutcome run(Channel channel) {
    return switch (parameters.matches()) {
      case Matches.Noised noised -> run(channel, noised, Objects.requireNonNull(dummyNoise));
      case Matches.Hidden hidden ->
          new HiddenValuer(parameters, hidden, workers, random)
              .run(channel, ItemKeys.blocks(keys), figures, noise);
    };
  }

  private JoinOutcome run(Channel channel, Matches.Noised noised, DummyNoise dummyNoise) {
    int most = noised.dummiesPerGroup();
    int dummies = parameters.groups() * most;
    Conversation conversation = new Conversation(parameters, channel, workers);
    int items = keys.length / ItemKeys.BYTES;
    int matcherItems = conversation.open(items);
    int[] sizes = receiveSizes(conversation, matcherItems);
    Scalar exponent = Scalar.random(random);
    long[] theirs = conversation.receiveTags(matcherItems + dummies, exponent);

    int places = items + dummies;
    byte[] list = withDummies(items, places, most, dummyNoise);
    int[] order = Conversation.shuffled(0, places, random);
    conversation.sendPoints(list, order, exponent);
    Arrays.fill(list, (byte) 0);
    sendTags(conversation, theirs, sizes, most);

    int groups = parameters.groups();
    int width = parameters.figures();
    long[] shares = noise.clone();
    Transfers.give(
        conversation.channel,
        parameters.digest(),
        places * groups,
        width,
        (transfer, out) -> {
          int item = order[transfer / groups];
          for (int k = 0; k < width; k++) {
            out[k] = item < items ? figures[item * width + k] : 0;
          }
        },
        (transfer, half) -> {
          int at = transfer % groups * width;
          for (int k = 0; k < width; k++) {
            shares[at + k] += half[k];
          }
        },
        random);
    long[] sums = new long[0];
    if (parameters.valuerLearns()) {
      sums = conversation.openShares(shares);
    }
    if (parameters.matcherLearns()) {
      conversation.sendShares(shares);
    }
    Digest transcript = conversation.close();
    return new JoinOutcome(sums, new long[0], transcript);
  }

  private int[] receiveSizes(Conversation conversation, int total) {
    ByteBuffer body =
        ByteBuffer.wrap(
            conversation.channel.receiveExactly(
                Conversation.GROUPS, parameters.groups() * Integer.BYTES));
    int[] sizes = new int[parameters.groups()];
    long sum = 0;
    for (int group = 0; group < sizes.length; group++) {
      sizes[group] = body.getInt();
      if (sizes[group] < 0) {
        throw conversation.channel.violation("a size of a group", "" + sizes[group]);
      }
      sum += sizes[group];
    }
    if (sum != total) {
      throw conversation.channel.violation(total + " items in all groups", "" + sum);
    }
    return sizes;
  }

  /** As many public dummies of each group as the noise says, and random keys for the rest. */
  private byte[] withDummies(int items, int places, int most, DummyNoise dummyNoise) {
    byte[] list = Arrays.copyOf(keys, places * ItemKeys.BYTES);
    int at = items;
    byte[] filler = new byte[ItemKeys.BYTES];
    for (int group = 0; group < parameters.groups(); group++) {
      int dummies = dummyNoise.draw(group);
      if (dummies < 0 || dummies > most) {
        throw new IllegalArgumentException("dummies outside their range");
      }
      for (int number = 0; number < most; number++) {
        if (number < dummies) {
          ItemKeys.dummy(list, at * ItemKeys.BYTES, parameters.session(), 0, group, number);
        } else {
          random.nextBytes(filler);
          System.arraycopy(filler, 0, list, at * ItemKeys.BYTES, filler.length);
        }
        at++;
      }
    }
    return list;
  }

  private static void sendTags(Conversation conversation, long[] tags, int[] sizes, int dummies) {
    int from = 0;
    for (int size : sizes) {
      int to = from + size + dummies;
      long[] sorted = Tags.sorted(tags, from, to);
      int total = to - from;
      for (int at = 0; at < total; at += Conversation.TAG_BATCH) {
        int count = Math.min(Conversation.TAG_BATCH, total - at);
        ByteBuffer body = ByteBuffer.allocate(count * Conversation.TAG_BYTES);
        body.asLongBuffer().put(sorted, 2 * at, 2 * count);
        conversation.channel.send(Conversation.TAGS, body.array());
      }
      from = to;
    }
  }
}
