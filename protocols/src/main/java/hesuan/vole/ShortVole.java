package hesuan.vole;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * z = u Delta + w for vectors short enough to be paid for on the wire, by the subspace method of
 * Roy 2022 (SoftSpokenOT): 32 corrections an element. First come bits, padded to a multiple of 128,
 * then field elements. One side knows u and z, the other Delta and w.
 */
final class ShortVole {
  private static final int ROWS = 128;

  private final int bits;
  private final int elements;
  private final int width;

  ShortVole(int bits, int elements) {
    this.bits = (bits + ROWS - 1) / ROWS * ROWS;
    this.elements = elements;
    width = Math.addExact(this.bits / 8, Math.multiplyExact(elements, 16));
  }

  /** Length of z and w in elements: the bits, rounded up, and the elements. */
  int total() {
    return bits + elements;
  }

  int bitsRoundedUp() {
    return bits;
  }

  int messageBytes() {
    return Math.multiplyExact(GroupSeeds.GROUPS, width);
  }

  /** u as it goes in: packed bits and elements; the caller fills it. */
  byte[] inputs() {
    return new byte[width];
  }

  private int elementAt(int element) {
    return bits / 8 + 16 * element;
  }

  /** u as elements: bits are 0 or 1. */
  long[] elements(byte[] inputs) {
    long[] u = new long[2 * total()];
    for (int i = 0; i < bits; i++) {
      u[2 * i] = inputs[i >> 3] >> (i & 7) & 1;
    }
    for (int e = 0; e < elements; e++) {
      u[2 * (bits + e)] = Words.at(inputs, elementAt(e));
      u[2 * (bits + e) + 1] = Words.at(inputs, elementAt(e) + 8);
    }
    return u;
  }

  /** For who has all seeds: z, and the corrections for the peer. */
  long[] extend(byte[] seeds, byte[] inputs, byte[] corrections) {
    byte[] rows = new byte[ROWS * width];
    byte[] streams = new byte[GroupSeeds.SIZE * width];
    Cipher cipher = cipher();
    for (int group = 0; group < GroupSeeds.GROUPS; group++) {
      fold(cipher, seeds, group, streams, rows);
      Words.xor(streams, 0, inputs, 0, corrections, group * width, width);
    }
    Arrays.fill(streams, (byte) 0);
    return columns(rows);
  }

  /**
   * For who has all but Delta's seeds: w. Row k of a group is to be the sum over the x that differ
   * from Delta's number in bit k, which the missing one does not, and takes the correction where
   * that number's bit is set.
   */
  long[] extend(byte[] seeds, long delta0, long delta1, byte[] corrections) {
    byte[] rows = new byte[ROWS * width];
    byte[] streams = new byte[GroupSeeds.SIZE * width];
    Cipher cipher = cipher();
    for (int group = 0; group < GroupSeeds.GROUPS; group++) {
      fold(cipher, seeds, group, streams, rows);
      Words.xor(streams, 0, corrections, group * width, streams, 0, width);
      int number = GroupSeeds.number(delta0, delta1, group);
      for (int k = 0; k < GroupSeeds.BITS; k++) {
        int row = (group * GroupSeeds.BITS + k) * width;
        long mask = -(number >> k & 1);
        for (int i = 0; i < width; i += 8) {
          Words.put(rows, row + i, Words.at(rows, row + i) ^ Words.at(streams, i) & mask);
        }
      }
    }
    Arrays.fill(streams, (byte) 0);
    return columns(rows);
  }

  /**
   * Row k of the group: the sum over the x with bit k set of the streams of seeds x. Leaves the sum
   * over all x in the first stream.
   */
  private void fold(Cipher cipher, byte[] seeds, int group, byte[] streams, byte[] rows) {
    Arrays.fill(streams, (byte) 0);
    for (int x = 0; x < GroupSeeds.SIZE; x++) {
      stream(cipher, seeds, group * GroupSeeds.SIZE + x, streams, x * width);
    }
    for (int k = GroupSeeds.BITS - 1; k >= 0; k--) {
      int row = (group * GroupSeeds.BITS + k) * width;
      for (int x = 0; x < 1 << k; x++) {
        int upper = (x + (1 << k)) * width;
        Words.xor(rows, row, streams, upper, rows, row, width);
        Words.xor(streams, x * width, streams, upper, streams, x * width, width);
      }
    }
  }

  private static Cipher cipher() {
    try {
      return Cipher.getInstance("AES/CTR/NoPadding");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES", e);
    }
  }

  /** The seed's key stream, onto zeros; a seed serves one conversation only. */
  private void stream(Cipher cipher, byte[] seeds, int number, byte[] streams, int at) {
    try {
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(seeds, number * GroupSeeds.SEED_BYTES, GroupSeeds.SEED_BYTES, "AES"),
          new IvParameterSpec(new byte[16]));
      cipher.update(streams, at, width, streams, at);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("counter mode fills a buffer of its own size", e);
    }
  }

  /** Element i is the sum of x^m times bit or element i of row m. */
  private long[] columns(byte[] rows) {
    long[] out = new long[2 * total()];
    long[] block = new long[ROWS];
    for (int at = 0; at < bits; at += 64) {
      for (int half = 0; half < 2; half++) {
        for (int m = 0; m < 64; m++) {
          block[m] = Words.at(rows, (half * 64 + m) * width + at / 8);
        }
        BitSquare.transpose(block);
        for (int i = 0; i < 64; i++) {
          out[2 * (at + i) + half] = block[i];
        }
      }
    }
    for (int e = 0; e < elements; e++) {
      long low = 0;
      long high = 0;
      for (int m = ROWS - 1; m >= 0; m--) {
        int from = m * width + elementAt(e);
        long carry = high >> 63 & Gf128.REDUCTION;
        high = (high << 1 | low >>> 63) ^ Words.at(rows, from + 8);
        low = low << 1 ^ carry ^ Words.at(rows, from);
      }
      out[2 * (bits + e)] = low;
      out[2 * (bits + e) + 1] = high;
    }
    Arrays.fill(rows, (byte) 0);
    return out;
  }
}
