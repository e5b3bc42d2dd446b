package hesuan.circuit;

import hesuan.channel.Channel;
import hesuan.group.Workers;
import hesuan.transfer.Transfers;
import hesuan.wire.Digest;
import java.security.SecureRandom;

/** What one party needs for circuits with one peer, over one channel. */
public final class Circuit implements AutoCloseable {
  private final Transfers transfers;
  private final BitTriples triples;
  private final Gates gates;
  private final Equality equality;
  private final Select select;

  private Circuit(Transfers transfers) {
    this.transfers = transfers;
    triples = new BitTriples(transfers);
    gates = new Gates(transfers, triples);
    equality = new Equality(transfers, gates);
    select = new Select(transfers);
  }

  /**
   * Runs what must come first. Blocks while the peer works.
   *
   * @param session unlike for every run: of job, step, attempt and purpose
   * @param first of the two ends exactly one
   * @throws hesuan.wire.ProblemException when the peer is gone, holds other parameters or breaks
   *     the protocol
   */
  public static Circuit open(
      Channel channel, Digest session, boolean first, SecureRandom random, Workers workers) {
    return new Circuit(Transfers.open(channel, session, first, random, workers));
  }

  public Transfers transfers() {
    return transfers;
  }

  public BitTriples triples() {
    return triples;
  }

  public Gates gates() {
    return gates;
  }

  public Equality equality() {
    return equality;
  }

  public Select select() {
    return select;
  }

  /** Wipes what is not spent. */
  @Override
  public void close() {
    transfers.close();
  }
}
