package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.SecureRandom;
import java.util.Arrays;

/** The end that comes out with Delta and b, where c[i] = a[i] Delta + b[i]; one run an instance. */
public final class VoleSender {
  private final VoleParameters parameters;
  private final SecureRandom random;
  private final Workers workers;

  public VoleSender(VoleParameters parameters, SecureRandom random, Workers workers) {
    this.parameters = parameters;
    this.random = random;
    this.workers = workers;
  }

  /**
   * Blocks while the peer works.
   *
   * @throws hesuan.wire.ProblemException when the peer is gone, holds other parameters or breaks
   *     the protocol; nothing is to be used then
   */
  public VoleSenderShares run(Channel channel) {
    Peer peer = new Peer(channel);
    peer.open(parameters.opening(false), parameters.opening(true));
    long[] delta = {random.nextLong(), random.nextLong()};
    byte[] choices = GroupSeeds.choices(delta[0], delta[1]);
    BaseOts.Receiver base = new BaseOts(parameters.session(), 128).new Receiver(choices, random);
    Arrays.fill(choices, (byte) 0);
    byte[] senderKey = peer.receive(Peer.BASE_KEY, 32);
    peer.send(Peer.BASE_POINTS, base.points());
    byte[] keys = base.keys(senderKey, peer);
    VoleSenderShares shares =
        parameters.count() <= VolePlan.SHORT_MAX
            ? runShort(peer, keys, delta)
            : runSilent(peer, keys, delta);
    Arrays.fill(delta, 0);
    return shares;
  }

  private byte[] seeds(Peer peer, byte[] keys, long[] delta) {
    byte[] message = peer.receive(Peer.SEED_SUMS, GroupSeeds.MESSAGE_BYTES);
    byte[] seeds =
        new GroupSeeds(parameters.session()).take(keys, delta[0], delta[1], message, peer);
    Arrays.fill(keys, (byte) 0);
    return seeds;
  }

  private VoleSenderShares runShort(Peer peer, byte[] keys, long[] delta) {
    byte[] seeds = seeds(peer, keys, delta);
    ShortVole vole = new ShortVole(0, parameters.count() + 1);
    byte[] corrections = peer.receive(Peer.CORRECTIONS, vole.messageBytes());
    byte[] challenge = challenge(peer);
    long[] w = vole.extend(seeds, delta[0], delta[1], corrections);
    Arrays.fill(seeds, (byte) 0);
    check(peer, challenge, w, delta);
    return new VoleSenderShares(delta[0], delta[1], Arrays.copyOf(w, 2 * parameters.count()));
  }

  /** Only once the corrections are there. */
  private byte[] challenge(Peer peer) {
    byte[] key = new byte[RandomSum.KEY_BYTES];
    if (parameters.malicious()) {
      random.nextBytes(key);
      peer.send(Peer.SHORT_CHALLENGE, key);
    }
    return key;
  }

  /** That the corrections of all groups are for one u. */
  private void check(Peer peer, byte[] challenge, long[] w, long[] delta) {
    if (!parameters.malicious()) {
      return;
    }
    byte[] answer = peer.receive(Peer.SHORT_ANSWER, 32);
    long[] due = new RandomSum(challenge).of(w);
    long[] u = {Words.at(answer, 0), Words.at(answer, 8)};
    Gf128.multiply(u, 0, u, 0, delta, 0);
    if (((u[0] ^ due[0] ^ Words.at(answer, 16)) | (u[1] ^ due[1] ^ Words.at(answer, 24))) != 0) {
      throw peer.violation("corrections for one vector", "others");
    }
  }

  private VoleSenderShares runSilent(Peer peer, byte[] keys, long[] delta) {
    int count = parameters.count();
    VolePlan plan = VolePlan.of(count);
    TreeLayout layout = plan.layout();
    BlockAccumulateCode code = plan.code(parameters.session());
    byte[] seeds = seeds(peer, keys, delta);
    ShortVole vole = new ShortVole(plan.trees() * layout.depth(), plan.trees() + 2);
    byte[] corrections = peer.receive(Peer.CORRECTIONS, vole.messageBytes());
    byte[] challenge = challenge(peer);
    long[] w = vole.extend(seeds, delta[0], delta[1], corrections);
    Arrays.fill(seeds, (byte) 0);

    byte[] roots = new byte[plan.trees() * Trees.NODE_BYTES];
    random.nextBytes(roots);
    Trees trees = new Trees(layout, parameters.session());
    byte[] sums = new byte[trees.sumsBytes()];
    long[] vector = new long[2 * layout.total()];
    trees.grow(roots, vector, sums, workers);
    Arrays.fill(roots, (byte) 0);
    check(peer, challenge, w, delta);
    byte[] message = new TreeMessage(layout, parameters.session()).seal(sums, w, delta, workers);
    for (int tree = 0; tree < plan.trees(); tree++) {
      int at = TreeMessage.closingAt(layout, tree);
      int left = trees.sumAt(tree, layout.depth(), 0);
      int noise = vole.bitsRoundedUp() + tree;
      for (int word = 0; word < 2; word++) {
        long all = Words.at(sums, left + 8 * word) ^ Words.at(sums, left + 16 + 8 * word);
        Words.put(message, at + 8 * word, all ^ w[2 * noise + word]);
      }
    }
    Arrays.fill(sums, (byte) 0);
    peer.send(Peer.TREES, message);

    long[] scratch = new long[2 * layout.total()];
    long[] b = new long[2 * plan.outputs()];
    if (parameters.malicious()) {
      long[] scratchTwo = new long[2 * layout.total()];
      code.encode(vector, scratch, scratchTwo, b);
      Arrays.fill(scratchTwo, 0);
      answer(peer, vole, w, delta, vector);
    } else {
      code.encode(vector, scratch, vector, b);
    }
    for (long[] secret : new long[][] {vector, scratch, w}) {
      Arrays.fill(secret, 0);
    }
    return new VoleSenderShares(
        delta[0], delta[1], b.length == 2 * count ? b : Arrays.copyOf(b, 2 * count));
  }

  /** Shows, without showing anything else, that the receiver's trees are right. */
  private static void answer(Peer peer, ShortVole vole, long[] w, long[] delta, long[] leaves) {
    byte[] challenge = peer.receive(Peer.TREE_CHALLENGE, RandomSum.KEY_BYTES + 16);
    RandomSum sum = new RandomSum(Arrays.copyOf(challenge, RandomSum.KEY_BYTES));
    long[] due = sum.of(leaves);
    long[] masked = {Words.at(challenge, 16), Words.at(challenge, 24)};
    Gf128.multiply(masked, 0, masked, 0, delta, 0);
    int mask = vole.total() - 1;
    due[0] ^= masked[0] ^ w[2 * mask];
    due[1] ^= masked[1] ^ w[2 * mask + 1];
    peer.send(Peer.TREE_ANSWER, Digest.sha256().digest(Words.bytes(due)));
  }
}
