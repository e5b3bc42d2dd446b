package hesuan.transfer;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.vole.Peer;
import hesuan.vole.ShortTransfers;
import hesuan.wire.Digest;
import java.security.SecureRandom;
import java.util.Map;

/**
 * Correlated transfers between two parties in both directions over one channel. What is not spent
 * is lost with it: nothing survives the session.
 */
public final class Transfers implements AutoCloseable {
  static final String PROTOCOL = "hesuan/transfer";
  private static final int VERSION = 1;

  private final Channel channel;
  private final Digest session;
  private final boolean first;
  private final Workers workers;
  private final RowMaker.Shop makers;
  private final CorrelatedSender sender;
  private final CorrelatedReceiver receiver;

  private Transfers(
      Channel channel,
      Digest session,
      boolean first,
      Workers workers,
      RowMaker.Shop makers,
      CorrelatedSender sender,
      CorrelatedReceiver receiver) {
    this.channel = channel;
    this.session = session;
    this.first = first;
    this.workers = workers;
    this.makers = makers;
    this.sender = sender;
    this.receiver = receiver;
  }

  /**
   * Compares parameters and runs the base transfers. Blocks while the peer works.
   *
   * @param session unlike for every run: of job, step, attempt and purpose
   * @param first of the two ends exactly one
   * @throws hesuan.wire.ProblemException when the peer is gone, holds other parameters or breaks
   *     the protocol
   */
  public static Transfers open(
      Channel channel, Digest session, boolean first, SecureRandom random, Workers workers) {
    Peer peer = new Peer(channel);
    peer.open(opening(session, first), opening(session, !first));
    Digest ours = direction(session, first);
    Digest theirs = direction(session, !first);
    ShortTransfers.Sender sender;
    ShortTransfers.Receiver receiver;
    if (first) {
      sender = new ShortTransfers.Sender(peer, ours, random);
      receiver = new ShortTransfers.Receiver(peer, theirs, random, workers);
    } else {
      receiver = new ShortTransfers.Receiver(peer, theirs, random, workers);
      sender = new ShortTransfers.Sender(peer, ours, random);
    }
    // The receiver of a direction speaks here, so each end's goes first.
    RowMaker.Shop makers = new RowMaker.Shop(session);
    CorrelatedReceiver received = new CorrelatedReceiver(peer, receiver.rows(), makers);
    CorrelatedSender sent = new CorrelatedSender(peer, sender, random, makers);
    return new Transfers(channel, session, first, workers, makers, sent, received);
  }

  private static byte[] opening(Digest session, boolean first) {
    return Digest.ofDocument(
            Map.of(
                "role",
                first ? "first" : "second",
                "protocol",
                PROTOCOL,
                "version",
                VERSION,
                "code",
                GolayAccumulateCode.NAME,
                "trees",
                HalfTrees.TREES,
                "session",
                session.hex()))
        .bytes();
  }

  /** What binds the secrets of a direction: from whom. */
  private static Digest direction(Digest session, boolean fromFirst) {
    return Digest.of(
        PROTOCOL + "/" + VERSION + "/" + session.hex() + (fromFirst ? "/first" : "/second"));
  }

  /**
   * The next rows of both directions, for which both ends ask alike. With two workers both are made
   * at once.
   */
  public void next(long[] sent, long[] received, int count) {
    if (sender.isEmpty() && receiver.isEmpty() && workers.count() > 1 && count > 0) {
      RowMaker forSender = makers.get(0);
      RowMaker forReceiver = makers.get(1);
      sender.sendTrees(forSender);
      byte[] trees = receiver.trees();
      workers.run(
          slice -> {
            if (slice == 0) {
              sender.refill(forSender);
            } else if (slice == 1) {
              receiver.refill(forReceiver, trees);
            }
          });
    }
    sender.next(sent, count);
    receiver.next(received, count);
  }

  /** Where this end has Delta. */
  public CorrelatedSender sender() {
    return sender;
  }

  /** Where the peer has Delta. */
  public CorrelatedReceiver receiver() {
    return receiver;
  }

  public boolean first() {
    return first;
  }

  public Channel channel() {
    return channel;
  }

  public Digest session() {
    return session;
  }

  /** Wipes what is not spent. */
  @Override
  public void close() {
    sender.wipe();
    receiver.wipe();
    makers.wipe();
  }
}
