package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.util.Arrays;

/** A channel that carries phases, or the problem that ended them. */
final class Link {
  static final byte TAG = 0x53;
  private static final int PROBLEM_BYTES_MAX = 8192;

  private final Channel channel;

  Link(Channel channel) {
    this.channel = channel;
  }

  PartyId peer() {
    return channel.peer();
  }

  void send(Phase phase, byte[] payload) {
    send(body(phase, payload));
  }

  /** What goes to many is made once. */
  static byte[] body(Phase phase, byte[] payload) {
    byte[] body = new byte[payload.length + 1];
    body[0] = phase.code();
    System.arraycopy(payload, 0, body, 1, payload.length);
    return body;
  }

  void send(byte[] body) {
    channel.send(TAG, body);
  }

  /**
   * @throws ProblemException PROTOCOL_VIOLATION on another phase, or the peer's own problem
   */
  byte[] receive(Phase phase, int bytesMax) {
    byte[] body = channel.receive(TAG, Math.max(bytesMax, PROBLEM_BYTES_MAX) + 1);
    if (body.length > 0 && body[0] == Phase.PROBLEM.code()) {
      throw Json.read(Arrays.copyOfRange(body, 1, body.length), Problem.class).asException();
    }
    if (body.length == 0 || body[0] != phase.code() || body.length - 1 > bytesMax) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          peer().value(),
          "%s of at most %d bytes".formatted(phase, bytesMax),
          body.length == 0
              ? "nothing"
              : "phase %d of %d bytes".formatted(body[0], body.length - 1));
    }
    return Arrays.copyOfRange(body, 1, body.length);
  }

  /** Best effort: a peer that is gone learns nothing more. */
  void tell(Problem problem) {
    try {
      send(Phase.PROBLEM, Json.canonical(problem));
    } catch (ProblemException gone) {
      // the first problem is the one that counts
    }
  }
}
