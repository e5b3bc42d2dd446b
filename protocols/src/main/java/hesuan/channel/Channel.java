package hesuan.channel;

import hesuan.wire.PartyId;

/**
 * A reliable, ordered, authenticated, private pipe of messages between two parties, for one step of
 * one attempt of one job. The transport binds session, both parties, step, attempt and sequence
 * number into every frame, so a protocol sees only messages that its peer sent here, once, in
 * order.
 *
 * <p>Blocking; meant for virtual threads. One sender and one receiver thread at a time. A peer that
 * is gone, silent past the limit, or out of protocol ends the call with a {@link
 * hesuan.wire.ProblemException}.
 */
public interface Channel {
  /** Messages longer than this are refused by the transport before allocation; batch instead. */
  int MESSAGE_BYTES_MAX = 4 << 20;

  PartyId self();

  PartyId peer();

  /** Blocks while the peer's window is full: a slow reader stops its writer, not its memory. */
  void send(byte tag, byte[] body);

  /**
   * The next message, which must carry that tag and at most that many bytes.
   *
   * @throws hesuan.wire.ProblemException PROTOCOL_VIOLATION on another tag or a longer body,
   *     PEER_SILENT or PEER_FAILED when none comes
   */
  byte[] receive(byte tag, int bytesMax);
}
