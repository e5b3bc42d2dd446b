package hesuan.aggregate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.group.Workers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class MasksTest {
  private static final int CELLS = 5 * Masks.CHUNK_CELLS + 77;

  private static byte[] seed(int number) {
    byte[] seed = new byte[32];
    new Random(number).nextBytes(seed);
    return seed;
  }

  /** The whole stream at once. */
  private static long[] stream(int number) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(seed(number), "AES"),
        new IvParameterSpec(new byte[16]));
    long[] cells = new long[CELLS];
    ByteBuffer.wrap(cipher.doFinal(new byte[CELLS * Long.BYTES]))
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .get(cells);
    return cells;
  }

  private static Masks masks() {
    Masks masks = new Masks();
    masks.add(seed(1));
    masks.subtract(seed(2));
    masks.add(seed(3));
    return masks;
  }

  private static long[] expected() throws Exception {
    long[] added = stream(1);
    long[] subtracted = stream(2);
    long[] third = stream(3);
    long[] all = new long[CELLS];
    Arrays.setAll(all, i -> i + added[i] - subtracted[i] + third[i]);
    return all;
  }

  private static long[] plain() {
    long[] cells = new long[CELLS];
    Arrays.setAll(cells, i -> i);
    return cells;
  }

  @Test
  void applyTo_whole_isTheSumOfStreams() throws Exception {
    long[] cells = plain();
    masks().applyTo(cells, 0, CELLS, Workers.ONE);
    assertArrayEquals(expected(), cells);
  }

  @Test
  void applyTo_byThreeWorkers_isTheSame() throws Exception {
    long[] cells = plain();
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      masks().applyTo(cells, 0, CELLS, Workers.of(3, pool));
    }
    assertArrayEquals(expected(), cells);
  }

  @Test
  void applyTo_inPieces_isTheSame() throws Exception {
    long[] plain = plain();
    long[] cells = new long[CELLS];
    Masks masks = masks();
    int piece = 2 * Masks.CHUNK_CELLS;
    for (int from = 0; from < CELLS; from += piece) {
      long[] part = Arrays.copyOfRange(plain, from, Math.min(CELLS, from + piece));
      masks.applyTo(part, from, part.length, Workers.ONE);
      System.arraycopy(part, 0, cells, from, part.length);
    }
    assertArrayEquals(expected(), cells);
  }

  @Test
  void applyTo_insideAChunk_isRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> masks().applyTo(new long[8], 3, 8, Workers.ONE));
  }
}
