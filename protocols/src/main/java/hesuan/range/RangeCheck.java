package hesuan.range;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Prio3 (VDAF, section 7) with this circuit, two aggregators and three proofs: the contributor cuts
 * and proves, each aggregator prepares its share, both decide on what they prepared. For any number
 * of contributions; one thread at a time.
 */
public final class RangeCheck {
  public static final int SEED = 32;
  public static final int NONCE = 16;

  private static final byte VERSION = 18;
  private static final int ID = 0xffff_ffff;
  private static final byte MEASUREMENT_SHARE = 1;
  private static final byte PROOF_SHARE = 2;
  private static final byte JOINT_RANDOMNESS = 3;
  private static final byte PROVE_RANDOMNESS = 4;
  private static final byte QUERY_RANDOMNESS = 5;
  private static final byte JOINT_SEED = 6;
  private static final byte JOINT_PART = 7;

  private final RangeParameters parameters;
  private final RangeCircuit circuit;
  private final byte[] context;

  /**
   * @param context names the session: a proof of another is none
   */
  public RangeCheck(RangeParameters parameters, byte[] context) {
    this.parameters = parameters;
    this.circuit = new RangeCircuit(parameters);
    this.context = context.clone();
  }

  /**
   * What the contributor makes.
   *
   * @param parts of the joint randomness, for both: the first aggregator's, then the second's
   * @param elements for the first
   * @param proofs for the first
   * @param blind for the first
   * @param seed for the second
   * @param secondBlind for the second
   */
  public record Cut(
      byte[] parts,
      long[] elements,
      long[] proofs,
      byte[] blind,
      byte[] seed,
      byte[] secondBlind) {}

  /**
   * What an aggregator makes of its share.
   *
   * @param output shares of the cells
   * @param verifier for the other aggregator: says nothing but whether the proofs hold
   * @param part of the joint randomness, as computed from the share
   * @param joint the joint randomness, with the other part as the contributor named it
   */
  public record Prepared(long[] output, long[] verifier, byte[] part, byte[] joint) {}

  public int elements() {
    return parameters.elements();
  }

  public int proofElements() {
    return RangeParameters.PROOFS * parameters.proofElements();
  }

  public int verifierElements() {
    return RangeParameters.PROOFS * parameters.verifierElements();
  }

  /**
   * @param values from 0 to the bound
   * @param random 128 bytes, used once
   */
  public Cut cut(long[] values, byte[] nonce, byte[] random) {
    return cutElements(circuit.encode(values), nonce, random);
  }

  /** Elements that need not be 0 or 1: what a forger would start from. */
  Cut cutElements(long[] whole, byte[] nonce, byte[] random) {
    byte[] seed = Arrays.copyOfRange(random, 0, SEED);
    byte[] secondBlind = Arrays.copyOfRange(random, SEED, 2 * SEED);
    byte[] blind = Arrays.copyOfRange(random, 2 * SEED, 3 * SEED);
    byte[] prove = Arrays.copyOfRange(random, 3 * SEED, 4 * SEED);
    long[] second = secondElements(seed);
    long[] first = minus(whole, second);
    byte[] parts = joined(part(0, blind, first, nonce), part(1, secondBlind, second, nonce));
    long[] joint = jointRandomness(jointSeed(parts));
    long[] wireSeeds =
        expand(
            prove,
            PROVE_RANDOMNESS,
            new byte[] {RangeParameters.PROOFS},
            RangeParameters.PROOFS * parameters.wires());
    long[] proofs = new long[proofElements()];
    for (int p = 0; p < RangeParameters.PROOFS; p++) {
      long[] proof =
          circuit.prove(
              whole,
              Arrays.copyOfRange(wireSeeds, p * parameters.wires(), (p + 1) * parameters.wires()),
              Arrays.copyOfRange(joint, p * parameters.calls(), (p + 1) * parameters.calls()));
      System.arraycopy(proof, 0, proofs, p * proof.length, proof.length);
    }
    return new Cut(parts, first, minus(proofs, secondProofs(seed)), blind, seed, secondBlind);
  }

  public Prepared prepareFirst(
      byte[] verifyKey, byte[] nonce, byte[] parts, long[] elements, long[] proofs, byte[] blind) {
    return prepare(0, verifyKey, nonce, parts, elements, proofs, blind);
  }

  public Prepared prepareSecond(
      byte[] verifyKey, byte[] nonce, byte[] parts, byte[] seed, byte[] blind) {
    return prepare(1, verifyKey, nonce, parts, secondElements(seed), secondProofs(seed), blind);
  }

  /**
   * @param verifyKey the aggregators' secret, which no contributor knew when it made its proof
   */
  private Prepared prepare(
      int aggregator,
      byte[] verifyKey,
      byte[] nonce,
      byte[] parts,
      long[] elements,
      long[] proofs,
      byte[] blind) {
    byte[] own = part(aggregator, blind, elements, nonce);
    byte[] corrected = parts.clone();
    System.arraycopy(own, 0, corrected, aggregator * SEED, SEED);
    byte[] jointSeed = jointSeed(corrected);
    long[] joint = jointRandomness(jointSeed);
    long[] points =
        expand(
            verifyKey,
            QUERY_RANDOMNESS,
            joined(new byte[] {RangeParameters.PROOFS}, nonce),
            RangeParameters.PROOFS);
    long[] verifier = new long[verifierElements()];
    for (int p = 0; p < RangeParameters.PROOFS; p++) {
      long[] each =
          circuit.query(
              elements,
              proofs,
              p * parameters.proofElements(),
              points[p],
              Arrays.copyOfRange(joint, p * parameters.calls(), (p + 1) * parameters.calls()),
              Field64.HALF);
      System.arraycopy(each, 0, verifier, p * each.length, each.length);
    }
    return new Prepared(circuit.decode(elements), verifier, own, jointSeed);
  }

  /**
   * Whether the contribution is in range, from what both prepared; each aggregator finds the same.
   *
   * @return the joint randomness that both must have used
   */
  public Optional<byte[]> decide(
      long[] firstVerifier, byte[] firstPart, long[] secondVerifier, byte[] secondPart) {
    long[] verifier = new long[verifierElements()];
    for (int i = 0; i < verifier.length; i++) {
      verifier[i] = Field64.add(firstVerifier[i], secondVerifier[i]);
    }
    for (int p = 0; p < RangeParameters.PROOFS; p++) {
      if (!circuit.decide(verifier, p * parameters.verifierElements())) {
        return Optional.empty();
      }
    }
    return Optional.of(jointSeed(joined(firstPart, secondPart)));
  }

  private long[] secondElements(byte[] seed) {
    return expand(seed, MEASUREMENT_SHARE, new byte[] {1}, elements());
  }

  private long[] secondProofs(byte[] seed) {
    return expand(seed, PROOF_SHARE, new byte[] {RangeParameters.PROOFS, 1}, proofElements());
  }

  private byte[] part(int aggregator, byte[] blind, long[] elements, byte[] nonce) {
    return sponge(blind, JOINT_PART)
        .absorb(new byte[] {(byte) aggregator})
        .absorb(nonce)
        .absorb(encode(elements))
        .end(1)
        .next(SEED);
  }

  private byte[] jointSeed(byte[] parts) {
    return sponge(new byte[SEED], JOINT_SEED).absorb(parts).end(1).next(SEED);
  }

  private long[] jointRandomness(byte[] jointSeed) {
    return expand(
        jointSeed,
        JOINT_RANDOMNESS,
        new byte[] {RangeParameters.PROOFS},
        RangeParameters.PROOFS * parameters.calls());
  }

  private long[] expand(byte[] seed, byte usage, byte[] binder, int count) {
    TurboShake sponge = sponge(seed, usage).absorb(binder).end(1);
    long[] elements = new long[count];
    for (int i = 0; i < count; ) {
      elements[i] = sponge.nextLong();
      if (Field64.isElement(elements[i])) {
        i++;
      }
    }
    return elements;
  }

  private TurboShake sponge(byte[] seed, byte usage) {
    byte[] tag =
        ByteBuffer.allocate(8 + context.length)
            .put(VERSION)
            .put((byte) 0)
            .putInt(ID)
            .putShort(usage)
            .put(context)
            .array();
    return new TurboShake()
        .absorb(new byte[] {(byte) tag.length, (byte) (tag.length >>> 8)})
        .absorb(tag)
        .absorb(new byte[] {(byte) seed.length})
        .absorb(seed);
  }

  public static byte[] encode(long[] elements) {
    byte[] bytes = new byte[elements.length * Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(elements);
    return bytes;
  }

  /** Empty where a number is none of the field's. */
  public static Optional<long[]> decode(byte[] bytes) {
    long[] elements = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(elements);
    return Arrays.stream(elements).allMatch(Field64::isElement)
        ? Optional.of(elements)
        : Optional.empty();
  }

  private static long[] minus(long[] a, long[] b) {
    long[] difference = new long[a.length];
    Arrays.setAll(difference, i -> Field64.subtract(a[i], b[i]));
    return difference;
  }

  private static byte[] joined(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
