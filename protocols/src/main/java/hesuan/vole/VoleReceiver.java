package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;

/** The end that comes out with a and c, where c[i] = a[i] Delta + b[i]; one run an instance. */
public final class VoleReceiver {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

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
    peer.open(parameters.digest().bytes());
    BaseOts ots = new BaseOts(parameters.session(), 128);
    BaseOts.Sender base = ots.new Sender(random);
    peer.send(Peer.BASE_KEY, base.key());
    byte[] points = peer.receive(Peer.BASE_POINTS, base.replyBytes());
    byte[] keys = base.keys(points, peer, workers);
    byte[] message = new byte[GroupSeeds.MESSAGE_BYTES];
    byte[] seeds = new GroupSeeds(parameters.session()).make(keys, random, message);
    Arrays.fill(keys, (byte) 0);
    peer.send(Peer.SEED_SUMS, message);

    int count = parameters.count();
    ShortVole vole = new ShortVole(0, count);
    byte[] inputs = vole.inputs();
    random.nextBytes(inputs);
    byte[] corrections = new byte[vole.messageBytes()];
    long[] c = vole.extend(seeds, inputs, corrections);
    peer.send(Peer.CORRECTIONS, corrections);
    long[] a = new long[2 * count];
    for (int i = 0; i < a.length; i++) {
      a[i] = (long) LONG.get(inputs, 8 * i);
    }
    Arrays.fill(seeds, (byte) 0);
    Arrays.fill(inputs, (byte) 0);
    return new VoleShares(a, c);
  }
}
