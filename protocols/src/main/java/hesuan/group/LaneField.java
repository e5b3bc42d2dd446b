package hesuan.group;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.math.BigInteger;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Integers modulo p = 2^255 - 19, one in each lane of a vector: ten unsigned limbs of 26 and 25
 * bits in turn. An instance is a file of such numbers in one flat array, named by where they start;
 * one instance per thread.
 *
 * <p>Bounds, for an even limb (an odd one is one bit less): {@link #multiply}, {@link
 * #squareTimes}, {@link #add}, {@link #subtract} give tight numbers, at most 2^26 + 2^18. A first
 * factor may have limbs up to 2^28.4, a second one up to 2^27.7 (19 times it must stay below 2^32),
 * the one that is squared up to 2^27.7: a sum of ten products then stays below 2^63.
 *
 * <p>The one multiplication of the instruction set is 32 x 32 -> 64 bits, which C2 takes when both
 * factors are visibly masked by a positive constant; hence {@code LOW} wherever a factor is made.
 */
final class LaneField {
  static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  static final int LIMBS = 10;

  /** Longs of one number in every lane. */
  static final int SIZE = LIMBS * LANES;

  static final long LOW = 0xFFFF_FFFFL;
  static final long EVEN = (1L << 26) - 1;
  static final long ODD = (1L << 25) - 1;
  private static final BigInteger P = Field.P;

  final long[] m;
  private final int twoP;
  private final int power;

  /** With room for so many numbers, and behind them as many single vectors. */
  LaneField(int numbers, int vectors) {
    m = new long[(numbers + 5) * SIZE + vectors * LANES];
    int at = numbers * SIZE + vectors * LANES;
    twoP = at;
    for (int i = 0; i < LIMBS; i++) {
      long all = 2 * (i % 2 == 0 ? EVEN : ODD) - (i == 0 ? 36 : 0);
      LongVector.broadcast(SPECIES, all).intoArray(m, twoP + i * LANES);
    }
    power = at + SIZE;
  }

  static long[] limbs(BigInteger value) {
    long[] limbs = new long[LIMBS];
    BigInteger rest = value.mod(P);
    for (int i = 0; i < LIMBS; i++) {
      limbs[i] = rest.longValue() & (i % 2 == 0 ? EVEN : ODD);
      rest = rest.shiftRight(26 - i % 2);
    }
    return limbs;
  }

  /** The same number in every lane. */
  void set(int r, BigInteger value) {
    long[] limbs = limbs(value);
    for (int i = 0; i < LIMBS; i++) {
      store(r, i, LongVector.broadcast(SPECIES, limbs[i]));
    }
  }

  void copy(int r, int a) {
    System.arraycopy(m, a, m, r, SIZE);
  }

  LongVector load(int a, int limb) {
    return LongVector.fromArray(SPECIES, m, a + limb * LANES);
  }

  void store(int r, int limb, LongVector value) {
    value.intoArray(m, r + limb * LANES);
  }

  LongVector twoP(int limb) {
    return LongVector.fromArray(SPECIES, m, twoP + limb * LANES);
  }

  /** r = a b; any of the three may be the same. */
  void multiply(int r, int a, int b) {
    LongVector nineteen = LongVector.broadcast(SPECIES, 19).and(LOW);
    LongVector a0 = LongVector.fromArray(SPECIES, m, a + 0 * LANES).and(LOW);
    LongVector a1 = LongVector.fromArray(SPECIES, m, a + 1 * LANES).and(LOW);
    LongVector a2 = LongVector.fromArray(SPECIES, m, a + 2 * LANES).and(LOW);
    LongVector a3 = LongVector.fromArray(SPECIES, m, a + 3 * LANES).and(LOW);
    LongVector a4 = LongVector.fromArray(SPECIES, m, a + 4 * LANES).and(LOW);
    LongVector a5 = LongVector.fromArray(SPECIES, m, a + 5 * LANES).and(LOW);
    LongVector a6 = LongVector.fromArray(SPECIES, m, a + 6 * LANES).and(LOW);
    LongVector a7 = LongVector.fromArray(SPECIES, m, a + 7 * LANES).and(LOW);
    LongVector a8 = LongVector.fromArray(SPECIES, m, a + 8 * LANES).and(LOW);
    LongVector a9 = LongVector.fromArray(SPECIES, m, a + 9 * LANES).and(LOW);
    LongVector d1 = a1.add(a1).and(LOW);
    LongVector d3 = a3.add(a3).and(LOW);
    LongVector d5 = a5.add(a5).and(LOW);
    LongVector d7 = a7.add(a7).and(LOW);
    LongVector d9 = a9.add(a9).and(LOW);
    LongVector b0 = LongVector.fromArray(SPECIES, m, b + 0 * LANES).and(LOW);
    LongVector b1 = LongVector.fromArray(SPECIES, m, b + 1 * LANES).and(LOW);
    LongVector b2 = LongVector.fromArray(SPECIES, m, b + 2 * LANES).and(LOW);
    LongVector b3 = LongVector.fromArray(SPECIES, m, b + 3 * LANES).and(LOW);
    LongVector b4 = LongVector.fromArray(SPECIES, m, b + 4 * LANES).and(LOW);
    LongVector b5 = LongVector.fromArray(SPECIES, m, b + 5 * LANES).and(LOW);
    LongVector b6 = LongVector.fromArray(SPECIES, m, b + 6 * LANES).and(LOW);
    LongVector b7 = LongVector.fromArray(SPECIES, m, b + 7 * LANES).and(LOW);
    LongVector b8 = LongVector.fromArray(SPECIES, m, b + 8 * LANES).and(LOW);
    LongVector b9 = LongVector.fromArray(SPECIES, m, b + 9 * LANES).and(LOW);
    LongVector c1 = b1.mul(nineteen).and(LOW);
    LongVector c2 = b2.mul(nineteen).and(LOW);
    LongVector c3 = b3.mul(nineteen).and(LOW);
    LongVector c4 = b4.mul(nineteen).and(LOW);
    LongVector c5 = b5.mul(nineteen).and(LOW);
    LongVector c6 = b6.mul(nineteen).and(LOW);
    LongVector c7 = b7.mul(nineteen).and(LOW);
    LongVector c8 = b8.mul(nineteen).and(LOW);
    LongVector c9 = b9.mul(nineteen).and(LOW);
    LongVector h0 =
        a0.mul(b0)
            .add(d1.mul(c9))
            .add(a2.mul(c8))
            .add(d3.mul(c7))
            .add(a4.mul(c6))
            .add(d5.mul(c5))
            .add(a6.mul(c4))
            .add(d7.mul(c3))
            .add(a8.mul(c2))
            .add(d9.mul(c1));
    LongVector h1 =
        a0.mul(b1)
            .add(a1.mul(b0))
            .add(a2.mul(c9))
            .add(a3.mul(c8))
            .add(a4.mul(c7))
            .add(a5.mul(c6))
            .add(a6.mul(c5))
            .add(a7.mul(c4))
            .add(a8.mul(c3))
            .add(a9.mul(c2));
    LongVector h2 =
        a0.mul(b2)
            .add(d1.mul(b1))
            .add(a2.mul(b0))
            .add(d3.mul(c9))
            .add(a4.mul(c8))
            .add(d5.mul(c7))
            .add(a6.mul(c6))
            .add(d7.mul(c5))
            .add(a8.mul(c4))
            .add(d9.mul(c3));
    LongVector h3 =
        a0.mul(b3)
            .add(a1.mul(b2))
            .add(a2.mul(b1))
            .add(a3.mul(b0))
            .add(a4.mul(c9))
            .add(a5.mul(c8))
            .add(a6.mul(c7))
            .add(a7.mul(c6))
            .add(a8.mul(c5))
            .add(a9.mul(c4));
    LongVector h4 =
        a0.mul(b4)
            .add(d1.mul(b3))
            .add(a2.mul(b2))
            .add(d3.mul(b1))
            .add(a4.mul(b0))
            .add(d5.mul(c9))
            .add(a6.mul(c8))
            .add(d7.mul(c7))
            .add(a8.mul(c6))
            .add(d9.mul(c5));
    LongVector h5 =
        a0.mul(b5)
            .add(a1.mul(b4))
            .add(a2.mul(b3))
            .add(a3.mul(b2))
            .add(a4.mul(b1))
            .add(a5.mul(b0))
            .add(a6.mul(c9))
            .add(a7.mul(c8))
            .add(a8.mul(c7))
            .add(a9.mul(c6));
    LongVector h6 =
        a0.mul(b6)
            .add(d1.mul(b5))
            .add(a2.mul(b4))
            .add(d3.mul(b3))
            .add(a4.mul(b2))
            .add(d5.mul(b1))
            .add(a6.mul(b0))
            .add(d7.mul(c9))
            .add(a8.mul(c8))
            .add(d9.mul(c7));
    LongVector h7 =
        a0.mul(b7)
            .add(a1.mul(b6))
            .add(a2.mul(b5))
            .add(a3.mul(b4))
            .add(a4.mul(b3))
            .add(a5.mul(b2))
            .add(a6.mul(b1))
            .add(a7.mul(b0))
            .add(a8.mul(c9))
            .add(a9.mul(c8));
    LongVector h8 =
        a0.mul(b8)
            .add(d1.mul(b7))
            .add(a2.mul(b6))
            .add(d3.mul(b5))
            .add(a4.mul(b4))
            .add(d5.mul(b3))
            .add(a6.mul(b2))
            .add(d7.mul(b1))
            .add(a8.mul(b0))
            .add(d9.mul(c9));
    LongVector h9 =
        a0.mul(b9)
            .add(a1.mul(b8))
            .add(a2.mul(b7))
            .add(a3.mul(b6))
            .add(a4.mul(b5))
            .add(a5.mul(b4))
            .add(a6.mul(b3))
            .add(a7.mul(b2))
            .add(a8.mul(b1))
            .add(a9.mul(b0));
    LongVector c;
    c = h0.lanewise(LSHR, 26);
    h1 = h1.add(c);
    h0 = h0.and(EVEN);
    c = h4.lanewise(LSHR, 26);
    h5 = h5.add(c);
    h4 = h4.and(EVEN);
    c = h1.lanewise(LSHR, 25);
    h2 = h2.add(c);
    h1 = h1.and(ODD);
    c = h5.lanewise(LSHR, 25);
    h6 = h6.add(c);
    h5 = h5.and(ODD);
    c = h2.lanewise(LSHR, 26);
    h3 = h3.add(c);
    h2 = h2.and(EVEN);
    c = h6.lanewise(LSHR, 26);
    h7 = h7.add(c);
    h6 = h6.and(EVEN);
    c = h3.lanewise(LSHR, 25);
    h4 = h4.add(c);
    h3 = h3.and(ODD);
    c = h7.lanewise(LSHR, 25);
    h8 = h8.add(c);
    h7 = h7.and(ODD);
    c = h4.lanewise(LSHR, 26);
    h5 = h5.add(c);
    h4 = h4.and(EVEN);
    c = h8.lanewise(LSHR, 26);
    h9 = h9.add(c);
    h8 = h8.and(EVEN);
    c = h9.lanewise(LSHR, 25);
    h0 = h0.add(c).add(c.lanewise(LSHL, 1)).add(c.lanewise(LSHL, 4));
    h9 = h9.and(ODD);
    c = h0.lanewise(LSHR, 26);
    h1 = h1.add(c);
    h0 = h0.and(EVEN);
    h0.intoArray(m, r + 0 * LANES);
    h1.intoArray(m, r + 1 * LANES);
    h2.intoArray(m, r + 2 * LANES);
    h3.intoArray(m, r + 3 * LANES);
    h4.intoArray(m, r + 4 * LANES);
    h5.intoArray(m, r + 5 * LANES);
    h6.intoArray(m, r + 6 * LANES);
    h7.intoArray(m, r + 7 * LANES);
    h8.intoArray(m, r + 8 * LANES);
    h9.intoArray(m, r + 9 * LANES);
  }

  void square(int r, int a) {
    squareTimes(r, a, 1);
  }

  /** r = a^(2^count). */
  void squareTimes(int r, int a, int count) {
    LongVector nineteen = LongVector.broadcast(SPECIES, 19).and(LOW);
    LongVector a0 = LongVector.fromArray(SPECIES, m, a + 0 * LANES).and(LOW);
    LongVector a1 = LongVector.fromArray(SPECIES, m, a + 1 * LANES).and(LOW);
    LongVector a2 = LongVector.fromArray(SPECIES, m, a + 2 * LANES).and(LOW);
    LongVector a3 = LongVector.fromArray(SPECIES, m, a + 3 * LANES).and(LOW);
    LongVector a4 = LongVector.fromArray(SPECIES, m, a + 4 * LANES).and(LOW);
    LongVector a5 = LongVector.fromArray(SPECIES, m, a + 5 * LANES).and(LOW);
    LongVector a6 = LongVector.fromArray(SPECIES, m, a + 6 * LANES).and(LOW);
    LongVector a7 = LongVector.fromArray(SPECIES, m, a + 7 * LANES).and(LOW);
    LongVector a8 = LongVector.fromArray(SPECIES, m, a + 8 * LANES).and(LOW);
    LongVector a9 = LongVector.fromArray(SPECIES, m, a + 9 * LANES).and(LOW);
    for (int n = 0; n < count; n++) {
      LongVector d0 = a0.add(a0).and(LOW);
      LongVector d1 = a1.add(a1).and(LOW);
      LongVector d2 = a2.add(a2).and(LOW);
      LongVector d3 = a3.add(a3).and(LOW);
      LongVector d4 = a4.add(a4).and(LOW);
      LongVector d5 = a5.add(a5).and(LOW);
      LongVector d6 = a6.add(a6).and(LOW);
      LongVector d7 = a7.add(a7).and(LOW);
      LongVector d8 = a8.add(a8).and(LOW);
      LongVector d9 = a9.add(a9).and(LOW);
      LongVector c5 = a5.mul(nineteen).and(LOW);
      LongVector c6 = a6.mul(nineteen).and(LOW);
      LongVector c7 = a7.mul(nineteen).and(LOW);
      LongVector c8 = a8.mul(nineteen).and(LOW);
      LongVector c9 = a9.mul(nineteen).and(LOW);
      LongVector e7 = c7.add(c7).and(LOW);
      LongVector e9 = c9.add(c9).and(LOW);
      LongVector h0 =
          a0.mul(a0)
              .add(d1.mul(e9))
              .add(d2.mul(c8))
              .add(d3.mul(e7))
              .add(d4.mul(c6))
              .add(d5.mul(c5));
      LongVector h1 = d0.mul(a1).add(d2.mul(c9)).add(d3.mul(c8)).add(d4.mul(c7)).add(d5.mul(c6));
      LongVector h2 =
          d0.mul(a2)
              .add(d1.mul(a1))
              .add(d3.mul(e9))
              .add(d4.mul(c8))
              .add(d5.mul(e7))
              .add(a6.mul(c6));
      LongVector h3 = d0.mul(a3).add(d1.mul(a2)).add(d4.mul(c9)).add(d5.mul(c8)).add(d6.mul(c7));
      LongVector h4 =
          d0.mul(a4)
              .add(d1.mul(d3))
              .add(a2.mul(a2))
              .add(d5.mul(e9))
              .add(d6.mul(c8))
              .add(d7.mul(c7));
      LongVector h5 = d0.mul(a5).add(d1.mul(a4)).add(d2.mul(a3)).add(d6.mul(c9)).add(d7.mul(c8));
      LongVector h6 =
          d0.mul(a6)
              .add(d1.mul(d5))
              .add(d2.mul(a4))
              .add(d3.mul(a3))
              .add(d7.mul(e9))
              .add(a8.mul(c8));
      LongVector h7 = d0.mul(a7).add(d1.mul(a6)).add(d2.mul(a5)).add(d3.mul(a4)).add(d8.mul(c9));
      LongVector h8 =
          d0.mul(a8)
              .add(d1.mul(d7))
              .add(d2.mul(a6))
              .add(d3.mul(d5))
              .add(a4.mul(a4))
              .add(d9.mul(c9));
      LongVector h9 = d0.mul(a9).add(d1.mul(a8)).add(d2.mul(a7)).add(d3.mul(a6)).add(d4.mul(a5));
      LongVector c;
      c = h0.lanewise(LSHR, 26);
      h1 = h1.add(c);
      h0 = h0.and(EVEN);
      c = h4.lanewise(LSHR, 26);
      h5 = h5.add(c);
      h4 = h4.and(EVEN);
      c = h1.lanewise(LSHR, 25);
      h2 = h2.add(c);
      h1 = h1.and(ODD);
      c = h5.lanewise(LSHR, 25);
      h6 = h6.add(c);
      h5 = h5.and(ODD);
      c = h2.lanewise(LSHR, 26);
      h3 = h3.add(c);
      h2 = h2.and(EVEN);
      c = h6.lanewise(LSHR, 26);
      h7 = h7.add(c);
      h6 = h6.and(EVEN);
      c = h3.lanewise(LSHR, 25);
      h4 = h4.add(c);
      h3 = h3.and(ODD);
      c = h7.lanewise(LSHR, 25);
      h8 = h8.add(c);
      h7 = h7.and(ODD);
      c = h4.lanewise(LSHR, 26);
      h5 = h5.add(c);
      h4 = h4.and(EVEN);
      c = h8.lanewise(LSHR, 26);
      h9 = h9.add(c);
      h8 = h8.and(EVEN);
      c = h9.lanewise(LSHR, 25);
      h0 = h0.add(c).add(c.lanewise(LSHL, 1)).add(c.lanewise(LSHL, 4));
      h9 = h9.and(ODD);
      c = h0.lanewise(LSHR, 26);
      h1 = h1.add(c);
      h0 = h0.and(EVEN);
      a0 = h0.and(LOW);
      a1 = h1.and(LOW);
      a2 = h2.and(LOW);
      a3 = h3.and(LOW);
      a4 = h4.and(LOW);
      a5 = h5.and(LOW);
      a6 = h6.and(LOW);
      a7 = h7.and(LOW);
      a8 = h8.and(LOW);
      a9 = h9.and(LOW);
    }
    a0.intoArray(m, r + 0 * LANES);
    a1.intoArray(m, r + 1 * LANES);
    a2.intoArray(m, r + 2 * LANES);
    a3.intoArray(m, r + 3 * LANES);
    a4.intoArray(m, r + 4 * LANES);
    a5.intoArray(m, r + 5 * LANES);
    a6.intoArray(m, r + 6 * LANES);
    a7.intoArray(m, r + 7 * LANES);
    a8.intoArray(m, r + 8 * LANES);
    a9.intoArray(m, r + 9 * LANES);
  }

  /** r = a + b for limbs below 2^30. */
  void add(int r, int a, int b) {
    LongVector c = LongVector.zero(SPECIES);
    for (int i = 0; i < LIMBS; i += 2) {
      LongVector even = load(a, i).add(load(b, i)).add(c);
      LongVector odd = load(a, i + 1).add(load(b, i + 1)).add(even.lanewise(LSHR, 26));
      store(r, i, even.and(EVEN));
      store(r, i + 1, odd.and(ODD));
      c = odd.lanewise(LSHR, 25);
    }
    addTop(r, c);
  }

  /** r = a - b for a first limb below 2^30 and a tight b. */
  void subtract(int r, int a, int b) {
    LongVector c = LongVector.zero(SPECIES);
    for (int i = 0; i < LIMBS; i += 2) {
      LongVector even = load(a, i).add(twoP(i)).sub(load(b, i)).add(c);
      LongVector odd =
          load(a, i + 1).add(twoP(i + 1)).sub(load(b, i + 1)).add(even.lanewise(LSHR, 26));
      store(r, i, even.and(EVEN));
      store(r, i + 1, odd.and(ODD));
      c = odd.lanewise(LSHR, 25);
    }
    addTop(r, c);
  }

  /** Takes in what stands above bit 255. */
  void addTop(int r, LongVector top) {
    LongVector times19 = top.add(top.lanewise(LSHL, 1)).add(top.lanewise(LSHL, 4));
    store(r, 0, load(r, 0).add(times19));
  }

  /** r = -a in the lanes that are all ones in the vector at {@code mask}; a tight. */
  void negateIf(int r, int a, int mask) {
    LongVector negate = LongVector.fromArray(SPECIES, m, mask);
    for (int i = 0; i < LIMBS; i++) {
      LongVector v = load(a, i);
      store(r, i, v.lanewise(XOR, twoP(i).sub(v).lanewise(XOR, v).and(negate)));
    }
    tighten(r);
  }

  private void tighten(int r) {
    LongVector c = LongVector.zero(SPECIES);
    for (int i = 0; i < LIMBS; i += 2) {
      LongVector even = load(r, i).add(c);
      LongVector odd = load(r, i + 1).add(even.lanewise(LSHR, 26));
      store(r, i, even.and(EVEN));
      store(r, i + 1, odd.and(ODD));
      c = odd.lanewise(LSHR, 25);
    }
    addTop(r, c);
  }

  /** r = a in the lanes that are all ones in the vector at {@code mask}. */
  void select(int r, int a, int mask) {
    LongVector chosen = LongVector.fromArray(SPECIES, m, mask);
    for (int i = 0; i < LIMBS; i++) {
      LongVector v = load(r, i);
      store(r, i, v.lanewise(XOR, v.lanewise(XOR, load(a, i)).and(chosen)));
    }
  }

  /** The vector at {@code mask}: all ones in the lanes where a is odd in [0, p). */
  void negativeMask(int mask, int a, int scratch) {
    canonical(scratch, a);
    load(scratch, 0).and(1).neg().intoArray(m, mask);
  }

  /** The vector at {@code mask}: all ones in the lanes where a is 0 modulo p. */
  void zeroMask(int mask, int a, int scratch) {
    canonical(scratch, a);
    LongVector any = load(scratch, 0);
    for (int i = 1; i < LIMBS; i++) {
      any = any.or(load(scratch, i));
    }
    any.sub(1).lanewise(ASHR, 63).intoArray(m, mask);
  }

  /** Brings each limb under its width and the value into [0, p); limbs below 2^30. */
  void canonical(int r, int a) {
    copy(r, a);
    tighten(r);
    tighten(r);
    // Now below 2^255 + 2^26: p goes off once if the value plus 19 reaches 2^255.
    LongVector q = load(r, 0).add(19).lanewise(LSHR, 26);
    for (int i = 1; i < LIMBS; i++) {
      q = q.add(load(r, i)).lanewise(LSHR, 26 - i % 2);
    }
    addTop(r, q);
    LongVector c = LongVector.zero(SPECIES);
    for (int i = 0; i < LIMBS; i += 2) {
      LongVector even = load(r, i).add(c);
      LongVector odd = load(r, i + 1).add(even.lanewise(LSHR, 26));
      store(r, i, even.and(EVEN));
      store(r, i + 1, odd.and(ODD));
      c = odd.lanewise(LSHR, 25);
    }
  }

  /** r = a^((p - 5) / 8). */
  void powP58(int r, int a) {
    powTo250(a);
    squareTimes(power, power, 2);
    multiply(r, power, a);
  }

  /** r = 1 / a, and 0 for 0. */
  void invert(int r, int a) {
    powTo250(a);
    squareTimes(power, power, 5);
    multiply(r, power, power + 3 * SIZE);
  }

  /** The number at power is a^(2^250 - 1), the one three further a^11. */
  private void powTo250(int a) {
    int t0 = power;
    int t1 = power + SIZE;
    int t2 = power + 2 * SIZE;
    int t3 = power + 3 * SIZE;
    square(t0, a); // 2
    squareTimes(t1, t0, 2); // 8
    multiply(t1, a, t1); // 9
    multiply(t3, t0, t1); // 11
    square(t0, t3); // 22
    multiply(t0, t1, t0); // 2^5 - 1
    squareTimes(t1, t0, 5);
    multiply(t0, t1, t0); // 2^10 - 1
    squareTimes(t1, t0, 10);
    multiply(t1, t1, t0); // 2^20 - 1
    squareTimes(t2, t1, 20);
    multiply(t1, t2, t1); // 2^40 - 1
    squareTimes(t1, t1, 10);
    multiply(t0, t1, t0); // 2^50 - 1
    squareTimes(t1, t0, 50);
    multiply(t1, t1, t0); // 2^100 - 1
    squareTimes(t2, t1, 100);
    multiply(t1, t2, t1); // 2^200 - 1
    squareTimes(t1, t1, 50);
    multiply(t0, t1, t0); // 2^250 - 1
  }

  /** Reads 255 bits of each lane from the four vectors of little-endian words at {@code words}. */
  void decode(int r, int words) {
    int bit = 0;
    for (int i = 0; i < LIMBS; i++) {
      int word = bit >> 6;
      int shift = bit & 63;
      int width = 26 - i % 2;
      LongVector v = load(words, word).lanewise(LSHR, shift);
      if (shift + width > 64) {
        v = v.or(load(words, word + 1).lanewise(LSHL, 64 - shift));
      }
      store(r, i, v.and(i % 2 == 0 ? EVEN : ODD));
      bit += width;
    }
  }

  /** Writes the canonical form of each lane as four vectors of little-endian words. */
  void encode(int words, int a, int scratch) {
    canonical(scratch, a);
    for (int word = 0; word < 4; word++) {
      store(words, word, LongVector.zero(SPECIES));
    }
    int bit = 0;
    for (int i = 0; i < LIMBS; i++) {
      int word = bit >> 6;
      int shift = bit & 63;
      int width = 26 - i % 2;
      LongVector v = load(scratch, i);
      store(words, word, load(words, word).or(v.lanewise(LSHL, shift)));
      if (shift + width > 64) {
        store(words, word + 1, v.lanewise(LSHR, 64 - shift));
      }
      bit += width;
    }
  }
}
