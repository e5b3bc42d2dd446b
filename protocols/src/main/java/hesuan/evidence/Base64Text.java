package hesuan.evidence;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.Base64;

/**
 * Base 64 in its one canonical spelling. The JDK's decoder also takes missing padding and stray
 * trailing bits, which would let two texts stand for the same signed bytes.
 */
final class Base64Text {
  private Base64Text() {}

  static String encode(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  static byte[] decode(String text, String at, int bytesMax) {
    if (text.length() > (bytesMax + 2) / 3 * 4) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, at, "at most " + bytesMax + " bytes", text.length() + " digits");
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (encode(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // told below, in our words
    }
    throw new ProblemException(ErrorCode.INVALID_VALUE, at, "canonical base 64", "another text");
  }

  static byte[] decodeExactly(String text, String at, int length) {
    byte[] bytes = decode(text, at, length);
    if (bytes.length != length) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, at, length + " bytes", bytes.length + " bytes");
    }
    return bytes;
  }
}
