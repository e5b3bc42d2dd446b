package hesuan.range;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;

/**
 * A vector of so many cells, each from 0 to the bound.
 *
 * @param chunk elements that one call of the circuit checks: about the root of all makes the proof
 *     shortest
 */
public record RangeParameters(int length, long bound, int chunk) {
  /** Bits in all: a contribution is 8 bytes a bit. */
  public static final int ELEMENTS_MAX = 1 << 21;

  /** Sums of a thousand contributions stay below the modulus. */
  public static final int BITS_MAX = 53;

  static final int PROOFS = 3;

  public RangeParameters {
    if (length < 1 || bound < 1 || chunk < 1 || bits(bound) > BITS_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "range",
          "cells of 1 to " + BITS_MAX + " bits",
          length + " cells to " + bound);
    }
    if ((long) length * bits(bound) > ELEMENTS_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "range",
          "at most " + ELEMENTS_MAX + " bits in all cells together",
          "" + (long) length * bits(bound));
    }
  }

  public static RangeParameters of(int length, long bound) {
    long elements = (long) length * Math.max(1, bits(bound));
    return new RangeParameters(length, bound, (int) Math.max(1, Math.round(Math.sqrt(elements))));
  }

  private static int bits(long bound) {
    return Long.SIZE - Long.numberOfLeadingZeros(bound);
  }

  int bits() {
    return bits(bound);
  }

  /** What the highest of a cell's bits counts, so that all ones are the bound. */
  long lastWeight() {
    return bound - ((1L << (bits() - 1)) - 1);
  }

  int elements() {
    return length * bits();
  }

  int calls() {
    return (elements() + chunk - 1) / chunk;
  }

  int wires() {
    return 2 * chunk;
  }

  /** Points of a wire's polynomial: its seed and a value for every call. */
  int points() {
    return Math.max(2, Integer.highestOneBit(calls()) << 1);
  }

  int proofElements() {
    return wires() + 2 * (points() - 1) + 1;
  }

  int verifierElements() {
    return 2 + wires();
  }
}
