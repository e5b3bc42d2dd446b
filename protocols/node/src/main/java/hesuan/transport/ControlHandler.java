package hesuan.transport;

import hesuan.control.EnrolReply;
import hesuan.control.EnrolRequest;
import hesuan.control.FromAgent;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.security.cert.X509Certificate;

/**
 * What the coordinator does with what agents say. Calls may come from many threads at once, but for
 * one line one after the other; they may block (virtual threads), which holds that line back and no
 * other. A {@link hesuan.wire.ProblemException} is told to the agent as it is.
 */
public interface ControlHandler {
  /** From anyone who reached the port: the token in the request is the authority. */
  EnrolReply enrol(EnrolRequest request);

  X509Certificate renew(PartyId caller, byte[] certificateRequest);

  /** A party's line is up; an older line of the same party has been closed before. */
  void connected(AgentLine line);

  void received(AgentLine line, FromAgent message);

  /** Once per connected line, whatever ended it. */
  void disconnected(AgentLine line, Problem why);
}
