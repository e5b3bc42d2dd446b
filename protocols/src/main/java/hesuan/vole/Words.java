package hesuan.vole;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Words as they travel: eight bytes, least first. */
final class Words {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Words() {}

  static long at(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  static void put(byte[] bytes, int at, long word) {
    LONG.set(bytes, at, word);
  }

  static byte[] bytes(long[]... parts) {
    int words = 0;
    for (long[] part : parts) {
      words += part.length;
    }
    byte[] bytes = new byte[8 * words];
    int at = 0;
    for (long[] part : parts) {
      for (long word : part) {
        put(bytes, at, word);
        at += 8;
      }
    }
    return bytes;
  }
}
