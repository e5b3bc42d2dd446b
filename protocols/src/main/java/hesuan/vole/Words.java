package hesuan.vole;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Words as they travel: eight bytes, least first. */
public final class Words {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Words() {}

  public static long at(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  public static void put(byte[] bytes, int at, long word) {
    LONG.set(bytes, at, word);
  }

  /** Whole words; out may be x or y at the same place, and nothing else of them. */
  public static void xor(byte[] x, int xAt, byte[] y, int yAt, byte[] out, int outAt, int bytes) {
    for (int i = 0; i < bytes; i += 8) {
      put(out, outAt + i, at(x, xAt + i) ^ at(y, yAt + i));
    }
  }

  public static byte[] bytes(long[]... parts) {
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
