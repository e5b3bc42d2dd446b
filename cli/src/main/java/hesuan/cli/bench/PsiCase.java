package hesuan.cli.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Sets of mobile numbers in their normal form, two or more. Of more than two, neighbours share
 * people whom the others lack.
 *
 * @param rows of the first party
 * @param peerRows of each of the others
 * @param shared in all sets
 */
record PsiCase(int rows, int peerRows, int shared) {
  private static final String PREFIX = "+86138";
  static final int DIGITS = 9;
  static final long NUMBERS = 1_000_000_000;

  /** Coprime to the number of numbers, so that people of near numbers do not look alike. */
  static final long STRIDE = 618_033_989;

  static final int ID_BYTES = PREFIX.length() + DIGITS;

  PsiCase {
    if (rows < 1 || peerRows < 1 || (long) rows + peerRows > NUMBERS) {
      throw Bench.invalid("--rows, --peer-rows", "1 to " + NUMBERS / 2, rows + ", " + peerRows);
    }
  }

  static PsiCase of(int rows, int peerRows, double overlap) {
    if (!(overlap >= 0 && overlap <= 1)) {
      throw Bench.invalid("--overlap", "0 to 1", "" + overlap);
    }
    return new PsiCase(rows, peerRows, (int) Math.round(overlap * Math.min(rows, peerRows)));
  }

  int rowsOf(BenchParty party) {
    return party.index() == 0 ? rows : peerRows;
  }

  /**
   * A party's distinct ids, {@link #ID_BYTES} each, end to end. The shared ones are spread over all
   * lists. The rest of each party begins so much later than that of the one before it, that nobody
   * is in the rests of all.
   */
  byte[] ids(BenchParty party) {
    byte[] ids = new byte[Math.multiplyExact(rowsOf(party), ID_BYTES)];
    int[] at = {0};
    forEach(
        party.index(),
        party.parties().size(),
        party.seed(),
        id -> {
          System.arraycopy(id, 0, ids, at[0], ID_BYTES);
          at[0] += ID_BYTES;
        });
    return ids;
  }

  /** Those of one of two parties, one after the other, in an array that is written again. */
  void forEach(int party, long seed, Consumer<byte[]> consumer) {
    forEach(party, 2, seed, consumer);
  }

  private void forEach(int party, int parties, long seed, Consumer<byte[]> consumer) {
    int count = party == 0 ? rows : peerRows;
    byte[] id = Arrays.copyOf(PREFIX.getBytes(StandardCharsets.US_ASCII), ID_BYTES);
    long step = stepOver(count);
    long later = Math.ceilDiv(Math.max(rows, peerRows) - shared, parties - 1L);
    for (int i = 0; i < count; i++) {
      long own = i * step % count;
      long person = own < shared ? own : own + party * later;
      long number = Math.floorMod(person * STRIDE + seed, NUMBERS);
      for (int at = ID_BYTES; at > PREFIX.length(); number /= 10) {
        id[--at] = (byte) ('0' + number % 10);
      }
      consumer.accept(id);
    }
  }

  /** A step that visits each of so many places once. */
  static long stepOver(long count) {
    for (long step = (long) (count * 0.618) + 1; ; step++) {
      long a = step;
      long b = count;
      while (b != 0) {
        long rest = a % b;
        a = b;
        b = rest;
      }
      if (a == 1) {
        return step;
      }
    }
  }
}
