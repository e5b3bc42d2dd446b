package hesuan.range;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.List;

/**
 * A vector of cells, each from 0 to its bound.
 *
 * @param chunk elements that one call of the circuit checks: about the root of all makes the proof
 *     shortest
 */
public record RangeParameters(List<Run> runs, int chunk) {
  /** Bits in all: a contribution is 8 bytes a bit. */
  public static final int ELEMENTS_MAX = 1 << 21;

  /** Whoever adds cells sees to it that sums stay below the modulus. */
  public static final int BITS_MAX = 62;

  static final int PROOFS = 3;

  /** So many cells with one bound. */
  public record Run(int length, long bound) {
    public Run {
      if (length < 1 || bound < 1 || bound >= 1L << BITS_MAX) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "range",
            "cells of 1 to " + BITS_MAX + " bits",
            length + " cells to " + bound);
      }
    }

    int bits() {
      return Long.SIZE - Long.numberOfLeadingZeros(bound);
    }

    /** What the highest of a cell's bits counts, so that all ones are the bound. */
    long lastWeight() {
      return bound - ((1L << (bits() - 1)) - 1);
    }

    long elements() {
      return (long) length * bits();
    }
  }

  public RangeParameters {
    runs = List.copyOf(runs);
    long elements = elements(runs);
    if (elements < 1 || elements > ELEMENTS_MAX || chunk < 1) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "range",
          "1 to " + ELEMENTS_MAX + " bits in all cells together",
          "" + elements);
    }
  }

  public static RangeParameters of(List<Run> runs) {
    return new RangeParameters(
        runs, (int) Math.max(1, Math.round(Math.sqrt((double) elements(runs)))));
  }

  private static long elements(List<Run> runs) {
    return runs.stream().mapToLong(Run::elements).sum();
  }

  int length() {
    return runs.stream().mapToInt(Run::length).sum();
  }

  public int elements() {
    return (int) elements(runs);
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
