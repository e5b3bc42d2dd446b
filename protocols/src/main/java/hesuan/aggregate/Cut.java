package hesuan.aggregate;

import hesuan.group.Workers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/** A vector in two parts that add up to it, of which one alone says nothing: one is a mere seed. */
final class Cut {
  private static final int SEED = 32;

  /** The first for the aggregator that opens. */
  record Parts(byte[] opening, byte[] other) {}

  private Cut() {}

  static Parts parts(TwoAggregatorSettings settings, long[] addend, SecureRandom random) {
    if (addend.length != settings.length()) {
      throw new IllegalArgumentException(
          "%d cells instead of %d".formatted(addend.length, settings.length()));
    }
    byte[] seed = new byte[SEED];
    random.nextBytes(seed);
    long[] cells = addend.clone();
    try (Masks mask = new Masks()) {
      mask.subtract(seed.clone());
      mask.applyTo(cells, 0, cells.length, Workers.ONE);
    }
    byte[] part = new byte[openingBytes(settings)];
    ByteBuffer.wrap(part).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(cells);
    return new Parts(part, seed);
  }

  static int openingBytes(TwoAggregatorSettings settings) {
    return settings.length() * Long.BYTES;
  }

  static int otherBytes() {
    return SEED;
  }

  static void addTo(long[] sum, byte[] openingPart) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (long) Masks.LONG.get(openingPart, i * Long.BYTES);
    }
  }
}
