package hesuan.transport;

import hesuan.control.ToAgent;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;

/** The coordinator's end of one agent's stream. Thread-safe. */
public interface AgentLine {
  /** Who it is, by certificate. */
  PartyId party();

  /** Agent clock minus ours at its last heartbeat, less the time that was on its way. */
  long clockSkewMillis();

  /** For how long nothing has been heard of the agent, to within a heartbeat. */
  long silentMillis();

  /**
   * Hands a message to the connection; blocks for a slow agent.
   *
   * @return false if the line is down, and then nothing was sent; true promises nothing, so what
   *     matters is sent again until answered
   */
  boolean send(ToAgent message);

  /** Ends the line and tells the agent why. */
  void close(Problem why);
}
