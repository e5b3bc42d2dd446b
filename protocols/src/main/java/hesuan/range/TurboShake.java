package hesuan.range;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * TurboSHAKE128 (RFC 9861): a sponge over twelve rounds of Keccak, absorbed first, then squeezed.
 */
final class TurboShake {
  private static final int RATE_BYTES = 168;
  private static final int ROUNDS = 12;

  private static final long[] ROUND = {
    0x000000008000808bL, 0x800000000000008bL, 0x8000000000008089L, 0x8000000000008003L,
    0x8000000000008002L, 0x8000000000000080L, 0x000000000000800aL, 0x800000008000000aL,
    0x8000000080008081L, 0x8000000000008080L, 0x0000000080000001L, 0x8000000080008008L
  };

  /** Rotations and places of rho and pi, along the one cycle that pi is. */
  private static final int[] ROTATION = {
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44
  };

  private static final int[] PLACE = {
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1
  };

  private final long[] state = new long[25];
  private final byte[] block = new byte[RATE_BYTES];
  private int filled;

  TurboShake absorb(byte[] bytes) {
    for (byte b : bytes) {
      block[filled++] = b;
      if (filled == RATE_BYTES) {
        mix();
        filled = 0;
      }
    }
    return this;
  }

  /**
   * Ends what is absorbed.
   *
   * @param domain 1 to 127
   */
  TurboShake end(int domain) {
    block[filled] = (byte) domain;
    for (int i = filled + 1; i < RATE_BYTES; i++) {
      block[i] = 0;
    }
    block[RATE_BYTES - 1] ^= (byte) 0x80;
    mix();
    squeeze();
    return this;
  }

  byte[] next(int length) {
    byte[] out = new byte[length];
    for (int i = 0; i < length; i++) {
      if (filled == RATE_BYTES) {
        permute();
        squeeze();
      }
      out[i] = block[filled++];
    }
    return out;
  }

  /** The next eight bytes, the least significant first. */
  long nextLong() {
    if (filled % Long.BYTES != 0) {
      throw new IllegalStateException("bytes were taken one by one");
    }
    if (filled == RATE_BYTES) {
      permute();
      squeeze();
    }
    long next = state[filled / Long.BYTES];
    filled += Long.BYTES;
    return next;
  }

  private void mix() {
    ByteBuffer words = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < RATE_BYTES / Long.BYTES; i++) {
      state[i] ^= words.getLong();
    }
    permute();
  }

  private void squeeze() {
    ByteBuffer words = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < RATE_BYTES / Long.BYTES; i++) {
      words.putLong(state[i]);
    }
    filled = 0;
  }

  private void permute() {
    long[] a = state;
    long[] column = new long[5];
    for (int round = 0; round < ROUNDS; round++) {
      for (int x = 0; x < 5; x++) {
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
      }
      for (int x = 0; x < 5; x++) {
        long theta = column[(x + 4) % 5] ^ Long.rotateLeft(column[(x + 1) % 5], 1);
        for (int y = 0; y < 25; y += 5) {
          a[y + x] ^= theta;
        }
      }
      long moved = a[1];
      for (int i = 0; i < 24; i++) {
        long next = a[PLACE[i]];
        a[PLACE[i]] = Long.rotateLeft(moved, ROTATION[i]);
        moved = next;
      }
      for (int y = 0; y < 25; y += 5) {
        System.arraycopy(a, y, column, 0, 5);
        for (int x = 0; x < 5; x++) {
          a[y + x] = column[x] ^ ~column[(x + 1) % 5] & column[(x + 2) % 5];
        }
      }
      a[0] ^= ROUND[round];
    }
  }
}
