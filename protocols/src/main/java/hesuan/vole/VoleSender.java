package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import java.security.SecureRandom;
import java.util.Arrays;

/** The end that comes out with Delta and b, where c[i] = a[i] Delta + b[i]; one run an instance. */
public final class VoleSender {
  private final VoleParameters parameters;
  private final SecureRandom random;

  public VoleSender(VoleParameters parameters, SecureRandom random, Workers workers) {
    this.parameters = parameters;
    this.random = random;
    java.util.Objects.requireNonNull(workers);
  }

  /**
   * Blocks while the peer works.
   *
   * @throws hesuan.wire.ProblemException when the peer is gone, holds other parameters or breaks
   *     the protocol; nothing is to be used then
   */
  public VoleSenderShares run(Channel channel) {
    Peer peer = new Peer(channel);
    peer.open(parameters.digest().bytes());
    long delta0 = random.nextLong();
    long delta1 = random.nextLong();
    BaseOts ots = new BaseOts(parameters.session(), 128);
    byte[] choices = GroupSeeds.choices(delta0, delta1);
    BaseOts.Receiver base = ots.new Receiver(choices, random);
    Arrays.fill(choices, (byte) 0);
    byte[] senderKey = peer.receive(Peer.BASE_KEY, 32);
    peer.send(Peer.BASE_POINTS, base.points());
    byte[] keys = base.keys(senderKey, peer);
    byte[] message = peer.receive(Peer.SEED_SUMS, GroupSeeds.MESSAGE_BYTES);
    byte[] seeds = new GroupSeeds(parameters.session()).take(keys, delta0, delta1, message, peer);
    Arrays.fill(keys, (byte) 0);

    int count = parameters.count();
    ShortVole vole = new ShortVole(0, count);
    byte[] corrections = peer.receive(Peer.CORRECTIONS, vole.messageBytes());
    long[] b = vole.extend(seeds, delta0, delta1, corrections);
    Arrays.fill(seeds, (byte) 0);
    return new VoleSenderShares(delta0, delta1, b);
  }
}
