package hesuan.log;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An entry bundle of the tiles layout: leaves, each after its length in two bytes. */
final class Bundle {
  private Bundle() {}

  static byte[] encode(List<byte[]> leaves) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] leaf : leaves) {
      out.write(leaf.length >>> 8);
      out.write(leaf.length);
      out.writeBytes(leaf);
    }
    return out.toByteArray();
  }

  static List<byte[]> read(Disk disk, String path, int width) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(disk.read(path).orElse(new byte[0]));
    List<byte[]> leaves = new ArrayList<>();
    while (bytes.remaining() >= Short.BYTES) {
      int length = Short.toUnsignedInt(bytes.getShort());
      if (length > bytes.remaining()) {
        break;
      }
      byte[] leaf = new byte[length];
      bytes.get(leaf);
      leaves.add(leaf);
    }
    if (leaves.size() != width || bytes.hasRemaining()) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT, path, width + " whole entries", leaves.size() + " and a rest");
    }
    return leaves;
  }
}
