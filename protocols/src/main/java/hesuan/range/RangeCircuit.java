package hesuan.range;

/**
 * The fully linear proof (VDAF, section 7.3) that every element of a vector is 0 or 1: each call of
 * the circuit's gadget sums {@code r^j * e * (e - 1)} over a chunk. Linear in the vector and the
 * proof, so that it can be asked of shares.
 */
final class RangeCircuit {
  private final RangeParameters parameters;
  private final Transform points;
  private final Transform doubled;

  RangeCircuit(RangeParameters parameters) {
    this.parameters = parameters;
    this.points = new Transform(parameters.points());
    this.doubled = new Transform(2 * parameters.points());
  }

  /** The elements of a vector: for each cell its bits, of which the last counts what is left. */
  long[] encode(long[] values) {
    long[] elements = new long[parameters.elements()];
    int cell = 0;
    int at = 0;
    for (RangeParameters.Run run : parameters.runs()) {
      int bits = run.bits();
      long half = (1L << (bits - 1)) - 1;
      for (int end = cell + run.length(); cell < end; cell++, at += bits) {
        long high = (half - values[cell]) >>> (Long.SIZE - 1);
        long rest = values[cell] - high * run.lastWeight();
        for (int b = 0; b < bits - 1; b++) {
          elements[at + b] = rest >>> b & 1;
        }
        elements[at + bits - 1] = high;
      }
    }
    return elements;
  }

  /** Cells, or shares of them, from elements or shares of those. */
  long[] decode(long[] elements) {
    long[] values = new long[parameters.length()];
    int cell = 0;
    int at = 0;
    for (RangeParameters.Run run : parameters.runs()) {
      int bits = run.bits();
      for (int end = cell + run.length(); cell < end; cell++, at += bits) {
        long value = Field64.multiply(elements[at + bits - 1], run.lastWeight());
        for (int b = 0; b < bits - 1; b++) {
          value = Field64.add(value, Field64.multiply(elements[at + b], 1L << b));
        }
        values[cell] = value;
      }
    }
    return values;
  }

  /**
   * @param seeds one for each wire
   * @param joint one for each call
   * @return the seeds, then the gadget's polynomial by its values at all but the last root
   */
  long[] prove(long[] elements, long[] seeds, long[] joint) {
    int size = parameters.points();
    long[] gadget = new long[2 * size];
    long[] powers = joint.clone();
    long[] left = new long[size];
    long[] right = new long[size];
    for (int j = 0; j < parameters.chunk(); j++) {
      left[0] = seeds[2 * j];
      right[0] = seeds[2 * j + 1];
      for (int call = 0; call < parameters.calls(); call++) {
        long element = element(elements, call, j);
        left[call + 1] = Field64.multiply(powers[call], element);
        right[call + 1] = Field64.subtract(element, 1);
        powers[call] = Field64.multiply(powers[call], joint[call]);
      }
      for (int k = parameters.calls() + 1; k < size; k++) {
        left[k] = 0;
        right[k] = 0;
      }
      for (int k = 0; k < size; k++) {
        gadget[2 * k] = Field64.add(gadget[2 * k], Field64.multiply(left[k], right[k]));
      }
      between(left);
      between(right);
      for (int k = 0; k < size; k++) {
        gadget[2 * k + 1] = Field64.add(gadget[2 * k + 1], Field64.multiply(left[k], right[k]));
      }
    }
    long[] proof = new long[parameters.proofElements()];
    System.arraycopy(seeds, 0, proof, 0, seeds.length);
    System.arraycopy(gadget, 0, proof, seeds.length, 2 * size - 1);
    return proof;
  }

  /** In place: values at the roots of one order to those at the odd roots of twice the order. */
  private void between(long[] wire) {
    points.coefficients(wire);
    for (int i = 0; i < wire.length; i++) {
      wire[i] = Field64.multiply(wire[i], doubled.root(i));
    }
    points.values(wire);
  }

  /**
   * This share's part of the verifier: the circuit's output, each wire at the point, and the
   * gadget's polynomial there.
   *
   * @param one this share's part of the constant 1
   */
  long[] query(long[] elements, long[] proof, int proofAt, long point, long[] joint, long one) {
    long[] verifier = new long[parameters.verifierElements()];
    if (doubled.isRoot(point)) {
      verifier[0] = 1; // would show a wire's value: not once in 2^40, so it is a failed proof
      return verifier;
    }
    int wires = parameters.wires();
    long[] gadget = new long[2 * parameters.points()];
    System.arraycopy(proof, proofAt + wires, gadget, 0, gadget.length - 1);
    complete(gadget);
    for (int call = 1; call <= parameters.calls(); call++) {
      verifier[0] = Field64.add(verifier[0], gadget[2 * call]);
    }
    long[] weights = points.weightsAt(point);
    for (int wire = 0; wire < wires; wire++) {
      verifier[1 + wire] = Field64.multiply(proof[proofAt + wire], weights[0]);
    }
    for (int call = 0; call < parameters.calls(); call++) {
      long weight = weights[call + 1];
      long power = Field64.multiply(joint[call], weight);
      for (int j = 0; j < parameters.chunk(); j++) {
        long element = element(elements, call, j);
        verifier[1 + 2 * j] = Field64.add(verifier[1 + 2 * j], Field64.multiply(power, element));
        verifier[2 + 2 * j] =
            Field64.add(
                verifier[2 + 2 * j], Field64.multiply(Field64.subtract(element, one), weight));
        power = Field64.multiply(power, joint[call]);
      }
    }
    long[] gadgetWeights = doubled.weightsAt(point);
    long value = 0;
    for (int i = 0; i < gadget.length; i++) {
      value = Field64.add(value, Field64.multiply(gadget[i], gadgetWeights[i]));
    }
    verifier[1 + wires] = value;
    return verifier;
  }

  /** The polynomial's degree is too small for a highest coefficient: so the last value follows. */
  private void complete(long[] gadget) {
    long sum = 0;
    for (int i = 0; i < gadget.length - 1; i++) {
      sum = Field64.add(sum, Field64.multiply(gadget[i], doubled.root(i)));
    }
    gadget[gadget.length - 1] = Field64.subtract(0, Field64.multiply(sum, doubled.root(1)));
  }

  /** Of the sum of both verifiers, from {@code at} on. */
  boolean decide(long[] verifier, int at) {
    long gadget = 0;
    for (int j = 0; j < parameters.chunk(); j++) {
      gadget =
          Field64.add(gadget, Field64.multiply(verifier[at + 1 + 2 * j], verifier[at + 2 + 2 * j]));
    }
    return verifier[at] == 0 && gadget == verifier[at + 1 + parameters.wires()];
  }

  private long element(long[] elements, int call, int j) {
    int index = call * parameters.chunk() + j;
    return index < elements.length ? elements[index] : 0;
  }
}
