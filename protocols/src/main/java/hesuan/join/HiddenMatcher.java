package hesuan.join;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.SecureRandom;

/** The matcher where nobody sees how many items match. */
final class HiddenMatcher {
  static final byte BIN_SEED = 31;

  private final JoinParameters parameters;
  private final Matches.Hidden hidden;
  private final Workers workers;
  private final SecureRandom random;

  HiddenMatcher(
      JoinParameters parameters, Matches.Hidden hidden, Workers workers, SecureRandom random) {
    this.parameters = parameters;
    this.hidden = hidden;
    this.workers = workers;
    this.random = random;
  }

  JoinOutcome run(Channel channel, long[] blocks, int[] groupOf, long[] noise) {
    Conversation conversation = new Conversation(parameters, channel, workers);
    int valuerItems = conversation.open(groupOf.length);
    Bins bins = Bins.of(valuerItems, groupOf.length);
    byte[] seed = conversation.channel.receiveExactly(BIN_SEED, Bins.SEED_BYTES);
    int[] places = bins.places(seed, blocks);
    BinShares store = new BinShares(parameters, bins, conversation.channel, workers, random);
    FigureWords words = new FigureWords(hidden.sumsMax());
    // This party's noise is in its shares before anything is added, let alone opened.
    long[] shares = words.packed(noise);
    try (GroupSums sums =
        new GroupSums(parameters, bins, conversation.channel, true, workers, random)) {
      for (int segment = 0; segment < bins.segments(); segment++) {
        sums.add(store.program(segment, blocks, places, groupOf), null, shares);
      }
    }
    if (parameters.valuerLearns()) {
      conversation.sendShares(shares);
    }
    long[] opened = new long[0];
    if (parameters.matcherLearns()) {
      opened = words.unpacked(conversation.openShares(shares));
    }
    Digest transcript = conversation.close();
    return new JoinOutcome(opened, new long[0], transcript);
  }
}
