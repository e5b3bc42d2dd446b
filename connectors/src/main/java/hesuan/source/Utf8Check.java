package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Whether a stream of bytes is UTF-8, and in which line it first is not. DuckDB itself looks only
 * at the columns that a query reads.
 */
final class Utf8Check {
  /** Longest sequence that a chunk's end may cut. */
  private static final int CARRY_MAX = 3;

  private static final int GUESS_BYTES = 4096;

  private final Source source;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharBuffer chars = CharBuffer.allocate(1 << 16);
  private final byte[] carry = new byte[CARRY_MAX];
  private int carried;
  private long lines = 1;

  Utf8Check(Source source) {
    this.source = source;
  }

  void accept(byte[] chunk, int length) {
    byte[] bytes = Arrays.copyOf(carry, carried + length);
    System.arraycopy(chunk, 0, bytes, carried, length);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CoderResult result;
    do {
      chars.clear();
      result = decoder.decode(in, chars, false);
    } while (result.isOverflow());
    countLines(bytes, in.position());
    if (result.isError()) {
      throw wrong(ByteBuffer.wrap(bytes, in.position(), rest(in)).slice());
    }
    carried = in.remaining();
    in.get(carry, 0, carried);
  }

  void end() {
    if (carried > 0) {
      throw wrong(ByteBuffer.wrap(carry, 0, carried));
    }
  }

  private static int rest(ByteBuffer in) {
    return Math.min(GUESS_BYTES, in.remaining());
  }

  private void countLines(byte[] bytes, int to) {
    for (int i = 0; i < to; i++) {
      if (bytes[i] == '\n') {
        lines++;
      }
    }
  }

  private ProblemException wrong(ByteBuffer from) {
    return new ProblemException(
        ErrorCode.SOURCE_ENCODING,
        ReadProblems.name(source) + ", line " + lines,
        "UTF-8",
        FileHeads.guess(from));
  }
}
