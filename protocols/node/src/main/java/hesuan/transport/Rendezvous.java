package hesuan.transport;

import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What an agent says to the relay, inside TLS with it: I am this party, and want to meet that one
 * for this session. Answered by one byte once the other is there, or by a problem.
 */
record Rendezvous(JobId job, int attempt, PartyId from, PartyId to) {
  private static final byte[] MAGIC = "HSR1".getBytes(StandardCharsets.US_ASCII);
  private static final int BODY_BYTES_MAX = 8 << 10;
  private static final byte MET = 0;
  private static final byte REFUSED = 1;

  /** The two ends of one meeting agree on it, whoever comes first. */
  record Meeting(SessionId session, PartyId smaller, PartyId larger) {}

  Meeting meeting() {
    boolean first = from.compareTo(to) < 0;
    return new Meeting(new SessionId(job, attempt), first ? from : to, first ? to : from);
  }

  ByteBuf encode(ByteBufAllocator alloc) {
    byte[] json = Json.canonical(this);
    return alloc.buffer().writeBytes(MAGIC).writeShort(json.length).writeBytes(json);
  }

  /** Empty until all of it is there. */
  static Optional<Rendezvous> decode(ByteBuf in) {
    if (in.readableBytes() < MAGIC.length + 2) {
      return Optional.empty();
    }
    for (int i = 0; i < MAGIC.length; i++) {
      if (in.getByte(in.readerIndex() + i) != MAGIC[i]) {
        throw new ProblemException(
            ErrorCode.PEER_VERSION, "relay", "a rendezvous of version 1", "other bytes");
      }
    }
    return body(in, MAGIC.length).map(json -> Json.read(json, Rendezvous.class));
  }

  private static Optional<byte[]> body(ByteBuf in, int skip) {
    if (in.readableBytes() < skip + 2) {
      return Optional.empty();
    }
    int length = in.getUnsignedShort(in.readerIndex() + skip);
    if (length > BODY_BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          "relay",
          "at most " + BODY_BYTES_MAX + " bytes",
          length + " bytes");
    }
    if (in.readableBytes() < skip + 2 + length) {
      return Optional.empty();
    }
    byte[] json = new byte[length];
    in.skipBytes(skip + 2).readBytes(json);
    return Optional.of(json);
  }

  static ByteBuf met(ByteBufAllocator alloc) {
    return alloc.buffer(1).writeByte(MET);
  }

  static ByteBuf refused(ByteBufAllocator alloc, Problem problem) {
    byte[] json = Json.canonical(problem);
    return alloc.buffer().writeByte(REFUSED).writeShort(json.length).writeBytes(json);
  }

  /** True when the peer is there, false until the answer is; throws what the relay refused with. */
  static boolean isMet(ByteBuf in) {
    if (!in.isReadable()) {
      return false;
    }
    if (in.getByte(in.readerIndex()) == MET) {
      in.skipBytes(1);
      return true;
    }
    Optional<byte[]> json = body(in, 1);
    if (json.isPresent()) {
      throw Json.read(json.get(), Problem.class).asException();
    }
    return false;
  }
}
