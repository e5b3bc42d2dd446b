package hesuan.vole;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Correlated transfers of random bits without an assumption about codes, four bytes each on the
 * wire: 128 base transfers, seeds that all but one of a group are known, and {@link ShortVole} with
 * bits only. The sender has Delta and rows q[i]; the receiver bits b[i] and rows t[i] = q[i] + b[i]
 * Delta. Delta's low bit is 1 and the low bit of a q is 0, so that the low bit of a t is b. They
 * start the silent ones, see docs/protocols/silent-ot.md. Semi-honest.
 */
public final class ShortTransfers {
  /** So many. */
  public static final int COUNT = 1 << 14;

  private ShortTransfers() {}

  /** The end with Delta. */
  public static final class Sender {
    private final Peer peer;
    private final long delta0;
    private final long delta1;
    private final byte[] seeds;

    /** Runs the base transfers. */
    public Sender(Peer peer, Digest session, SecureRandom random) {
      this.peer = peer;
      delta0 = random.nextLong() | 1;
      delta1 = random.nextLong();
      byte[] choices = GroupSeeds.choices(delta0, delta1);
      BaseOts.Receiver base = new BaseOts(session, choices.length).new Receiver(choices, random);
      Arrays.fill(choices, (byte) 0);
      byte[] senderKey = peer.receive(Peer.BASE_KEY, 32);
      peer.send(Peer.BASE_POINTS, base.points());
      byte[] keys = base.keys(senderKey, peer);
      byte[] message = peer.receive(Peer.SEED_SUMS, GroupSeeds.MESSAGE_BYTES);
      seeds = new GroupSeeds(session).take(keys, delta0, delta1, message, peer);
      Arrays.fill(keys, (byte) 0);
    }

    public long delta0() {
      return delta0;
    }

    public long delta1() {
      return delta1;
    }

    /** The rows, two longs each; to be called once: it wipes what it needs. */
    public long[] rows() {
      ShortVole vole = new ShortVole(COUNT, 0);
      byte[] corrections = peer.receive(Peer.CORRECTIONS, vole.messageBytes());
      long[] rows = vole.extend(seeds, delta0, delta1, corrections);
      Arrays.fill(seeds, (byte) 0);
      for (int i = 0; i < rows.length; i += 2) {
        rows[i] &= ~1L;
      }
      return rows;
    }
  }

  /** The end with the bits. */
  public static final class Receiver {
    private final Peer peer;
    private final SecureRandom random;
    private final byte[] seeds;

    /** Runs the base transfers. */
    public Receiver(Peer peer, Digest session, SecureRandom random, Workers workers) {
      this.peer = peer;
      this.random = random;
      BaseOts.Sender base = new BaseOts(session, 128).new Sender(random);
      peer.send(Peer.BASE_KEY, base.key());
      byte[] keys = base.keys(peer.receive(Peer.BASE_POINTS, base.replyBytes()), peer, workers);
      byte[] message = new byte[GroupSeeds.MESSAGE_BYTES];
      seeds = new GroupSeeds(session).make(keys, random, message);
      Arrays.fill(keys, (byte) 0);
      peer.send(Peer.SEED_SUMS, message);
    }

    /** The rows, the bit in the lowest; to be called once: it wipes what it needs. */
    public long[] rows() {
      ShortVole vole = new ShortVole(COUNT, 0);
      byte[] bits = vole.inputs();
      random.nextBytes(bits);
      byte[] corrections = new byte[vole.messageBytes()];
      long[] rows = vole.extend(seeds, bits, corrections);
      Arrays.fill(seeds, (byte) 0);
      peer.send(Peer.CORRECTIONS, corrections);
      for (int i = 0; i < COUNT; i++) {
        rows[2 * i] = rows[2 * i] & ~1L | bits[i >> 3] >> (i & 7) & 1;
      }
      Arrays.fill(bits, (byte) 0);
      return rows;
    }
  }
}
