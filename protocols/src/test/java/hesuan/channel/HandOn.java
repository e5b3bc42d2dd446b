package hesuan.channel;

import hesuan.wire.PartyId;

/** One end of a channel that a test has its hand on: what this end sends is the hand's to pass. */
public record HandOn(Channel inner, Hand hand) implements Channel {
  /** Passes the message to the other end: as it is, changed, not at all, or more than once. */
  public interface Hand {
    /**
     * @param body a copy of what is sent
     */
    void pass(Channel to, byte tag, byte[] body);
  }

  @Override
  public PartyId self() {
    return inner.self();
  }

  @Override
  public PartyId peer() {
    return inner.peer();
  }

  @Override
  public void send(byte tag, byte[] body) {
    hand.pass(inner, tag, body.clone());
  }

  @Override
  public byte[] receive(byte tag, int bytesMax) {
    return inner.receive(tag, bytesMax);
  }
}
