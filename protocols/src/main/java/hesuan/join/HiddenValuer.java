package hesuan.join;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;

/** The valuer where nobody sees how many items match. */
final class HiddenValuer {
  /** Each fails with probability below 2^-44, whatever the items are. */
  private static final int SEEDS_MAX = 4;

  private final JoinParameters parameters;
  private final Matches.Hidden hidden;
  private final Workers workers;
  private final SecureRandom random;

  HiddenValuer(
      JoinParameters parameters, Matches.Hidden hidden, Workers workers, SecureRandom random) {
    this.parameters = parameters;
    this.hidden = hidden;
    this.workers = workers;
    this.random = random;
  }

  JoinOutcome run(Channel channel, long[] blocks, long[] figures, long[] noise) {
    Conversation conversation = new Conversation(parameters, channel, workers);
    int items = blocks.length / 2;
    int matcherItems = conversation.open(items);
    Bins bins = Bins.of(items, matcherItems);
    byte[] seed = new byte[Bins.SEED_BYTES];
    int[] holders = assign(bins, seed, blocks);
    conversation.channel.send(HiddenMatcher.BIN_SEED, seed);
    BinShares store = new BinShares(parameters, bins, conversation.channel, workers, random);
    FigureWords words = new FigureWords(hidden.sumsMax());
    // This party's noise is in its shares before anything is added, let alone opened.
    long[] shares = words.packed(noise);
    long[] values = words.packed(figures);
    try (GroupSums sums =
        new GroupSums(parameters, bins, conversation.channel, false, workers, random)) {
      for (int segment = 0; segment < bins.segments(); segment++) {
        sums.add(
            store.lookUp(segment, blocks, holders, matcherItems),
            standing(bins, segment, holders, values, words.words()),
            shares);
      }
    }
    long[] opened = new long[0];
    if (parameters.valuerLearns()) {
      opened = words.unpacked(conversation.openShares(shares));
    }
    if (parameters.matcherLearns()) {
      conversation.sendShares(shares);
    }
    Digest transcript = conversation.close();
    return new JoinOutcome(opened, new long[0], transcript);
  }

  /**
   * Seeds are drawn until the items fit; nothing of this has been said, and the one that is kept
   * depends on the items with a probability that is nothing.
   */
  private int[] assign(Bins bins, byte[] seed, long[] blocks) {
    for (int drawn = 0; drawn < SEEDS_MAX; drawn++) {
      random.nextBytes(seed);
      int[] holders = BinTable.assign(bins, bins.places(seed, blocks), random);
      if (holders != null) {
        return holders;
      }
    }
    throw new ProblemException(
        ErrorCode.INTERNAL, "bins", "a place for every item", "none; is one there twice?");
  }

  /** The words of the items of a segment, bin by bin; zero where none stands. */
  private static long[] standing(Bins bins, int segment, int[] holders, long[] values, int words) {
    int count = bins.segmentBins();
    long[] standing = new long[count * words];
    for (int bin = 0; bin < count; bin++) {
      int holder = holders[segment * count + bin];
      if (holder >= 0) {
        System.arraycopy(values, holder / Bins.WAYS * words, standing, bin * words, words);
      }
    }
    return standing;
  }
}
