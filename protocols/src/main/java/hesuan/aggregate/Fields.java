package hesuan.aggregate;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Writing and bounded reading of a payload's fields. */
final class Fields {
  private Fields() {}

  static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Writer number(int value) {
      out.write(value >>> 8);
      out.write(value);
      return this;
    }

    /** Bytes of a length that the reader knows. */
    Writer fixed(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Writer block(byte[] bytes) {
      if (bytes.length > 0xffff) {
        throw new IllegalArgumentException("block of " + bytes.length + " bytes");
      }
      return number(bytes.length).fixed(bytes);
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }

  static final class Reader {
    private final PartyId from;
    private final ByteBuffer in;

    Reader(PartyId from, byte[] payload) {
      this.from = from;
      this.in = ByteBuffer.wrap(payload);
    }

    int number() {
      return Short.toUnsignedInt(require(2).getShort());
    }

    byte[] fixed(int length) {
      byte[] bytes = new byte[length];
      require(length).get(bytes);
      return bytes;
    }

    byte[] block(int bytesMax) {
      int length = number();
      if (length > bytesMax) {
        throw violation("a field of at most " + bytesMax + " bytes", length + " bytes");
      }
      return fixed(length);
    }

    void end() {
      if (in.hasRemaining()) {
        throw violation("the end of the message", in.remaining() + " bytes more");
      }
    }

    ProblemException violation(String expected, String found) {
      return new ProblemException(ErrorCode.PROTOCOL_VIOLATION, from.value(), expected, found);
    }

    private ByteBuffer require(int bytes) {
      if (in.remaining() < bytes) {
        throw violation(bytes + " bytes more", in.remaining() + " bytes");
      }
      return in;
    }
  }
}
