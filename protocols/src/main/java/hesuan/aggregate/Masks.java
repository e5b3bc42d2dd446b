package hesuan.aggregate;

import hesuan.group.Workers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Masks over one vector of the ring, each a seed stretched by AES-256 in counter mode. A seed
 * serves one vector of one session only; all are wiped on close.
 *
 * <p>The vector is walked once, a chunk at a time with all masks on it, so that chunk and stream
 * stay in the first cache; the other way around memory would be read and written for every mask.
 */
final class Masks implements AutoCloseable {
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** 32 KiB. */
  static final int CHUNK_CELLS = 4096;

  private static final int CELLS_OF_BLOCK = 2;
  private static final byte[] ZEROS = new byte[CHUNK_CELLS * Long.BYTES];

  private record Mask(byte[] seed, boolean added) {}

  private final List<Mask> masks = new ArrayList<>();

  /** Takes the seed over. */
  void add(byte[] seed) {
    masks.add(new Mask(seed, true));
  }

  /** Takes the seed over. */
  void subtract(byte[] seed) {
    masks.add(new Mask(seed, false));
  }

  /**
   * Masks the cells {@code from} to {@code from + count} of the vector, which stand in {@code
   * cells} from its beginning.
   *
   * @param from a multiple of {@link #CHUNK_CELLS}
   */
  void applyTo(long[] cells, int from, int count, Workers workers) {
    if (from % CHUNK_CELLS != 0) {
      throw new IllegalArgumentException("cell " + from + " begins no chunk");
    }
    int chunks = (count + CHUNK_CELLS - 1) / CHUNK_CELLS;
    workers.split(
        chunks,
        (first, end) -> {
          List<Cipher> ciphers = ciphers(from + first * CHUNK_CELLS);
          byte[] stream = new byte[ZEROS.length];
          for (int chunk = first; chunk < end; chunk++) {
            int at = chunk * CHUNK_CELLS;
            apply(ciphers, stream, cells, at, Math.min(CHUNK_CELLS, count - at));
          }
          Arrays.fill(stream, (byte) 0);
        });
  }

  private void apply(List<Cipher> ciphers, byte[] stream, long[] cells, int at, int count) {
    for (int m = 0; m < masks.size(); m++) {
      try {
        ciphers.get(m).update(ZEROS, 0, count * Long.BYTES, stream, 0);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("counter mode fills a buffer of its own size", e);
      }
      if (masks.get(m).added) {
        add(stream, cells, at, count);
      } else {
        subtract(stream, cells, at, count);
      }
    }
  }

  private static void add(byte[] stream, long[] cells, int at, int count) {
    for (int i = 0; i < count; i++) {
      cells[at + i] += (long) LONG.get(stream, i * Long.BYTES);
    }
  }

  private static void subtract(byte[] stream, long[] cells, int at, int count) {
    for (int i = 0; i < count; i++) {
      cells[at + i] -= (long) LONG.get(stream, i * Long.BYTES);
    }
  }

  /** Each at the place of that cell in its stream. */
  private List<Cipher> ciphers(int cell) {
    byte[] counter = ByteBuffer.allocate(16).putLong(8, cell / CELLS_OF_BLOCK).array();
    List<Cipher> ciphers = new ArrayList<>();
    try {
      for (Mask mask : masks) {
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
        cipher.init(
            Cipher.ENCRYPT_MODE, new SecretKeySpec(mask.seed, "AES"), new IvParameterSpec(counter));
        ciphers.add(cipher);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
    return ciphers;
  }

  @Override
  public void close() {
    masks.forEach(mask -> Arrays.fill(mask.seed, (byte) 0));
  }
}
