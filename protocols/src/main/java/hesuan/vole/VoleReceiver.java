package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/** The end that comes out with a and c, where c[i] = a[i] Delta + b[i]; one run an instance. */
public final class VoleReceiver {
  private final VoleParameters parameters;
  private final SecureRandom random;
  private final Workers workers;

  public VoleReceiver(VoleParameters parameters, SecureRandom random, Workers workers) {
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
  public VoleShares run(Channel channel) {
    Peer peer = new Peer(channel);
    peer.open(parameters.opening(true), parameters.opening(false));
    BaseOts.Sender base = new BaseOts(parameters.session(), 128).new Sender(random);
    peer.send(Peer.BASE_KEY, base.key());
    return parameters.count() <= VolePlan.SHORT_MAX ? runShort(peer, base) : runSilent(peer, base);
  }

  private byte[] seeds(Peer peer, BaseOts.Sender base) {
    byte[] points = peer.receive(Peer.BASE_POINTS, base.replyBytes());
    byte[] keys = base.keys(points, peer, workers);
    byte[] message = new byte[GroupSeeds.MESSAGE_BYTES];
    byte[] seeds = new GroupSeeds(parameters.session()).make(keys, random, message);
    Arrays.fill(keys, (byte) 0);
    peer.send(Peer.SEED_SUMS, message);
    return seeds;
  }

  /** z and the inputs, once the peer has had its corrections and their check. */
  private long[] extend(Peer peer, byte[] seeds, ShortVole vole, byte[] inputs) {
    byte[] corrections = new byte[vole.messageBytes()];
    long[] z = vole.extend(seeds, inputs, corrections);
    Arrays.fill(seeds, (byte) 0);
    peer.send(Peer.CORRECTIONS, corrections);
    if (parameters.malicious()) {
      byte[] challenge = peer.receive(Peer.SHORT_CHALLENGE, RandomSum.KEY_BYTES);
      RandomSum sum = new RandomSum(challenge);
      long[] u = vole.elements(inputs);
      peer.send(Peer.SHORT_ANSWER, Words.bytes(sum.of(u), sum.of(z)));
      Arrays.fill(u, 0);
    }
    return z;
  }

  private VoleShares runShort(Peer peer, BaseOts.Sender base) {
    int count = parameters.count();
    byte[] seeds = seeds(peer, base);
    ShortVole vole = new ShortVole(0, count + 1);
    byte[] inputs = vole.inputs();
    random.nextBytes(inputs);
    long[] z = extend(peer, seeds, vole, inputs);
    long[] u = vole.elements(inputs);
    Arrays.fill(inputs, (byte) 0);
    return new VoleShares(Arrays.copyOf(u, 2 * count), Arrays.copyOf(z, 2 * count));
  }

  private VoleShares runSilent(Peer peer, BaseOts.Sender base) {
    int count = parameters.count();
    VolePlan plan = VolePlan.of(count);
    TreeLayout layout = plan.layout();
    BlockAccumulateCode code = plan.code(parameters.session());
    byte[] seeds = seeds(peer, base);

    // Where and what the noise is; the last two elements mask the answers to the two checks.
    int[] places = new int[plan.trees()];
    for (int tree = 0; tree < places.length; tree++) {
      places[tree] = random.nextInt(plan.leaves());
    }
    ShortVole vole = new ShortVole(plan.trees() * layout.depth(), plan.trees() + 2);
    byte[] inputs = vole.inputs();
    random.nextBytes(inputs);
    putChoices(layout, places, inputs);
    long[] z = extend(peer, seeds, vole, inputs);
    long[] u = vole.elements(inputs);

    // What needs nothing of the peer, while the peer grows its trees.
    long[] vector = new long[2 * layout.total()];
    long[] scratch = new long[2 * layout.total()];
    for (int tree = 0; tree < places.length; tree++) {
      int at = layout.place(tree, places[tree]);
      int noise = vole.bitsRoundedUp() + tree;
      vector[2 * at] = u[2 * noise];
      vector[2 * at + 1] = u[2 * noise + 1];
    }
    long[] a = new long[2 * plan.outputs()];
    code.encode(vector, scratch, vector, a);

    byte[] message = peer.receive(Peer.TREES, TreeMessage.bytes(layout));
    byte[] offSums =
        new TreeMessage(layout, parameters.session()).open(message, inputs, z, workers);
    Trees trees = new Trees(layout, parameters.session());
    trees.growPunctured(places, offSums, vector, workers);
    Arrays.fill(offSums, (byte) 0);
    for (int tree = 0; tree < places.length; tree++) {
      int at = layout.place(tree, places[tree]);
      int noise = vole.bitsRoundedUp() + tree;
      int told = TreeMessage.closingAt(layout, tree);
      vector[2 * at] ^= z[2 * noise] ^ Words.at(message, told);
      vector[2 * at + 1] ^= z[2 * noise + 1] ^ Words.at(message, told + 8);
    }
    byte[] expected = challenge(peer, layout, vole, places, u, z, vector);
    long[] c = new long[2 * plan.outputs()];
    code.encode(vector, scratch, vector, c);
    if (parameters.malicious()) {
      byte[] answer = peer.receive(Peer.TREE_ANSWER, expected.length);
      if (!MessageDigest.isEqual(expected, answer)) {
        throw peer.violation("trees that hold the correlation", "others");
      }
    }
    for (long[] secret : new long[][] {vector, scratch, u, z}) {
      Arrays.fill(secret, 0);
    }
    Arrays.fill(inputs, (byte) 0);
    Arrays.fill(places, 0);
    return new VoleShares(cut(a, count), cut(c, count));
  }

  private static long[] cut(long[] vector, int count) {
    return vector.length == 2 * count ? vector : Arrays.copyOf(vector, 2 * count);
  }

  /** For each tree and level the side that leads off the path to the noise. */
  private static void putChoices(TreeLayout layout, int[] places, byte[] inputs) {
    int bits = places.length * layout.depth();
    Arrays.fill(inputs, 0, (bits + 127) / 128 * 16, (byte) 0);
    for (int tree = 0; tree < places.length; tree++) {
      for (int level = 1; level <= layout.depth(); level++) {
        int bit = tree * layout.depth() + level - 1;
        inputs[bit >> 3] |= (byte) ((layout.side(places[tree], level) ^ 1) << (bit & 7));
      }
    }
  }

  /** Sends the key of the check on the trees and a masked sum; gives the answer that is due. */
  private byte[] challenge(
      Peer peer, TreeLayout layout, ShortVole vole, int[] places, long[] u, long[] z, long[] c) {
    if (!parameters.malicious()) {
      return new byte[0];
    }
    byte[] key = new byte[RandomSum.KEY_BYTES];
    random.nextBytes(key);
    RandomSum sum = new RandomSum(key);
    int mask = vole.total() - 1;
    long[] masked = {u[2 * mask], u[2 * mask + 1]};
    int[] at = new int[places.length];
    for (int tree = 0; tree < places.length; tree++) {
      at[tree] = layout.place(tree, places[tree]);
    }
    long[] terms = sum.factors(at);
    for (int tree = 0; tree < places.length; tree++) {
      Gf128.multiply(terms, tree, terms, tree, u, vole.bitsRoundedUp() + tree);
      masked[0] ^= terms[2 * tree];
      masked[1] ^= terms[2 * tree + 1];
    }
    Arrays.fill(terms, 0);
    Arrays.fill(at, 0);
    byte[] body = Arrays.copyOf(key, key.length + 16);
    System.arraycopy(Words.bytes(masked), 0, body, key.length, 16);
    peer.send(Peer.TREE_CHALLENGE, body);
    long[] due = sum.of(c);
    due[0] ^= z[2 * mask];
    due[1] ^= z[2 * mask + 1];
    return Digest.sha256().digest(Words.bytes(due));
  }
}
