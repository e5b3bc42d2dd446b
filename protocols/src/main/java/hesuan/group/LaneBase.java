package hesuan.group;

import java.math.BigInteger;

/** The table of a {@link FixedBase} for {@link LaneCurve}: two limbs in a long. Immutable. */
final class LaneBase {
  private static final int HALF = LaneField.LIMBS / 2;

  /** Longs of an entry: (Y+X, Y-X, 2dT). */
  private static final int ENTRY = 3 * HALF;

  private final long[] table = new long[FixedBase.ROWS * FixedBase.COLUMNS * ENTRY];

  LaneBase(FixedBase base) {
    byte[] bytes = new byte[32];
    long[] scratch = new long[Field.LIMBS];
    for (int number = 0; number < FixedBase.ROWS * FixedBase.COLUMNS * 3; number++) {
      Field.encode(bytes, 0, base.table(), number * Field.LIMBS, scratch, 0);
      for (int i = 0; i < 16; i++) {
        byte swap = bytes[i];
        bytes[i] = bytes[31 - i];
        bytes[31 - i] = swap;
      }
      long[] limbs = LaneField.limbs(new BigInteger(1, bytes));
      for (int i = 0; i < HALF; i++) {
        table[number * HALF + i] = limbs[i] | limbs[i + HALF] << 32;
      }
    }
  }

  /** A word of entry (column + 1) 256^row base. */
  long word(int row, int column, int word) {
    return table[(row * FixedBase.COLUMNS + column) * ENTRY + word];
  }
}
