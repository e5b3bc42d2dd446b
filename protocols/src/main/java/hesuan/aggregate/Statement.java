package hesuan.aggregate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Bytes to sign or hash: a label of what is said, the context in which, and length-prefixed parts.
 */
final class Statement {
  private static final String PROTOCOL = "hesuan/secure-sum/v2/";

  private Statement() {}

  static byte[] of(String label, byte[] context, byte[]... parts) {
    byte[] head = (PROTOCOL + label).getBytes(StandardCharsets.US_ASCII);
    int size = 8 + head.length + context.length;
    for (byte[] part : parts) {
      size += 4 + part.length;
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    out.putInt(head.length).put(head).putInt(context.length).put(context);
    for (byte[] part : parts) {
      out.putInt(part.length).put(part);
    }
    return out.array();
  }

  static byte[] integers(int... values) {
    ByteBuffer out = ByteBuffer.allocate(4 * values.length);
    for (int value : values) {
      out.putInt(value);
    }
    return out.array();
  }
}
