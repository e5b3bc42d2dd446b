package hesuan.learn;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Parameters on their way from the leader: a header, then pieces; floats are big-endian. */
final class Parameters {
  private static final byte TAG = 0x4c;
  private static final byte HEADER = 1;
  private static final byte PIECE = 2;
  private static final int HEADER_BYTES = 1 + 4 + 4 + 32;
  private static final int PIECE_CELLS = 1 << 18;

  private Parameters() {}

  static Digest digest(float[] parameters) {
    ByteBuffer bytes = ByteBuffer.allocate(parameters.length * Float.BYTES);
    bytes.asFloatBuffer().put(parameters);
    return Digest.of(bytes.array());
  }

  static void requireFinite(float[] parameters, String at) {
    for (float parameter : parameters) {
      if (!Float.isFinite(parameter)) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, at, "finite parameters", "" + parameter);
      }
    }
  }

  static void send(Channel channel, int round, float[] parameters, Digest digest) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.put(HEADER).putInt(round).putInt(parameters.length).put(digest.bytes());
    channel.send(TAG, header.array());
    for (int start = 0; start < parameters.length; start += PIECE_CELLS) {
      int count = Math.min(PIECE_CELLS, parameters.length - start);
      ByteBuffer piece = ByteBuffer.allocate(1 + count * Float.BYTES).put(PIECE);
      for (int i = 0; i < count; i++) {
        piece.putFloat(parameters[start + i]);
      }
      channel.send(TAG, piece.array());
    }
  }

  static float[] receive(Channel channel, int round, int length) {
    ByteBuffer header = message(channel, HEADER, HEADER_BYTES);
    int foundRound = header.getInt();
    int foundLength = header.getInt();
    if (foundRound != round || foundLength != length) {
      throw violation(
          channel.peer(),
          "%d parameters of round %d".formatted(length, round),
          "%d of round %d".formatted(foundLength, foundRound));
    }
    byte[] digest = new byte[32];
    header.get(digest);
    float[] parameters = new float[length];
    for (int start = 0; start < length; start += PIECE_CELLS) {
      int count = Math.min(PIECE_CELLS, length - start);
      ByteBuffer piece = message(channel, PIECE, 1 + count * Float.BYTES);
      for (int i = 0; i < count; i++) {
        parameters[start + i] = piece.getFloat();
      }
    }
    requireFinite(parameters, channel.peer().value());
    if (!Arrays.equals(digest(parameters).bytes(), digest)) {
      throw violation(channel.peer(), "parameters of the announced digest", "others");
    }
    return parameters;
  }

  /** The payload after its kind, of exactly the length asked for. */
  private static ByteBuffer message(Channel channel, byte kind, int bytes) {
    byte[] body = channel.receive(TAG, bytes);
    if (body.length != bytes || body[0] != kind) {
      throw violation(
          channel.peer(),
          "kind %d of %d bytes".formatted(kind, bytes),
          "another of %d bytes".formatted(body.length));
    }
    return ByteBuffer.wrap(body, 1, body.length - 1);
  }

  private static ProblemException violation(PartyId peer, String expected, String found) {
    return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, peer.value(), expected, found);
  }
}
