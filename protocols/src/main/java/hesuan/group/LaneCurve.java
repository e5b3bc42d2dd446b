package hesuan.group;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.math.BigInteger;
import jdk.incubator.vector.LongVector;

/**
 * What {@link Edwards} does for one element, for one element in each lane of a vector: decoding,
 * the map from uniform bytes, multiplication by one scalar for all, and of one base by each lane's
 * own, with the same formulas. Scalars meet no branch and no index. One instance per thread.
 *
 * <p>Encoding takes an inverse square root for each element unless the element is known to be twice
 * another; then one inversion serves a whole batch (the formulas are those of batched compression
 * of doubled points, by Hamburg). So the multiplication is by half the scalar.
 */
final class LaneCurve {
  private static final int LANES = LaneField.LANES;
  private static final int N = LaneField.SIZE;

  /** Vectors of elements that share an inversion. */
  private static final int GROUPS = 16;

  /** Elements in a batch. */
  static final int BATCH = GROUPS * LANES;

  private static final int WINDOW = 8;

  /** A packed table entry: two limbs in a long, so twenty vectors for (Y+X, Y-X, Z, 2dT). */
  private static final int HALF = LaneField.LIMBS / 2;

  private static final int ENTRY = 4 * HALF * LANES;

  private static final int D = 0;
  private static final int D2 = N;
  private static final int SQRT_M1 = 2 * N;
  private static final int SQRT_AD_MINUS_ONE = 3 * N;
  private static final int INVSQRT_A_MINUS_D = 4 * N;
  private static final int ONE_MINUS_D_SQ = 5 * N;
  private static final int D_MINUS_ONE_SQ = 6 * N;
  private static final int ONE = 7 * N;
  private static final int ZERO = 8 * N;
  private static final int MINUS_ONE = 9 * N;

  /** Scratch numbers: 0 to 11 for formulas, 12 to 16 for square roots. */
  private static final int T = 10 * N;

  private static final int ROOT = T + 12 * N;
  private static final int X = ROOT + 5 * N;
  private static final int Y = X + N;
  private static final int Z = Y + N;
  private static final int XY = Z + N;
  private static final int OTHER = XY + N;
  private static final int HALF_X = OTHER + 4 * N;
  private static final int HALF_Y = HALF_X + N;
  private static final int HALF_Z = HALF_Y + N;
  private static final int HALF_T = HALF_Z + N;

  /** The chosen entry, also where entries are made. */
  private static final int CHOSEN = HALF_T + N;

  /** Of each vector in the batch: e, f, g, h, eg, fh, and the product of all up to it. */
  private static final int STATE = CHOSEN + 4 * N;

  private static final int STATE_NUMBERS = 7;
  private static final int TABLE = STATE + STATE_NUMBERS * GROUPS * N;
  private static final int NUMBERS = TABLE / N + WINDOW * 2;

  private static final int MASK = NUMBERS * N;
  private static final int SQUARE = MASK + LANES;
  private static final int BAD = SQUARE + LANES;
  private static final int WORDS = BAD + LANES;
  private static final int CHECK = WORDS + 8 * LANES;
  private static final int NONE = CHECK + 4 * LANES;

  /** A digit of each lane's own scalar, and ones where its magnitude is 1 to 8. */
  private static final int DIGITS = NONE + GROUPS * LANES;

  private static final int IS = DIGITS + 64 * LANES;
  private static final int KEPT_BAD = IS + WINDOW * LANES;
  private static final int VECTORS = 3 + 8 + 4 + GROUPS + 64 + WINDOW + 1;

  private final LaneField field = new LaneField(NUMBERS, VECTORS);
  private final long[] m = field.m;
  private final byte[] digits = new byte[64];

  LaneCurve() {
    field.set(D, Edwards.D_VALUE);
    field.set(D2, Edwards.D_VALUE.shiftLeft(1));
    field.set(SQRT_M1, Edwards.SQRT_M1_VALUE);
    field.set(SQRT_AD_MINUS_ONE, Edwards.SQRT_AD_MINUS_ONE_VALUE);
    field.set(INVSQRT_A_MINUS_D, Edwards.INVSQRT_A_MINUS_D_VALUE);
    field.set(ONE_MINUS_D_SQ, Edwards.ONE_MINUS_D_SQ_VALUE);
    field.set(D_MINUS_ONE_SQ, Edwards.D_MINUS_ONE_SQ_VALUE);
    field.set(ONE, BigInteger.ONE);
    field.set(ZERO, BigInteger.ZERO);
    field.set(MINUS_ONE, BigInteger.ONE.negate());
  }

  /**
   * out[i] = scalar in[i] for the elements from (inclusive) to (exclusive).
   *
   * @return how many inputs are no element or the identity; their outputs are unfit for use
   */
  int multiply(byte[] in, int from, int to, Scalar scalar, byte[] out) {
    Scalar.digits(digits, scalar.halved(), 0);
    int bad = 0;
    for (int start = from; start < to; start += BATCH) {
      int count = Math.min(BATCH, to - start);
      for (int lane = 0; lane < count; lane += LANES) {
        int used = Math.min(LANES, count - lane);
        gather(in, start + lane, used, 4);
        decode();
        for (int i = 0; i < used; i++) {
          bad += (int) m[BAD + i] & 1;
        }
        multiply();
        keep(lane / LANES);
      }
      encode(count, out, start);
    }
    return bad;
  }

  /** out[i] = scalar map(uniform[i]), 64 uniform bytes each, of {@code count} items. */
  void mapMultiply(byte[] uniform, int count, Scalar scalar, byte[] out, int outFrom) {
    Scalar.digits(digits, scalar.halved(), 0);
    for (int start = 0; start < count; start += BATCH) {
      int batch = Math.min(BATCH, count - start);
      for (int lane = 0; lane < batch; lane += LANES) {
        gather(uniform, start + lane, Math.min(LANES, batch - lane), 8);
        map();
        multiply();
        keep(lane / LANES);
      }
      encode(batch, out, outFrom + start);
    }
  }

  /** Reads the words of an item into each lane; lanes without one repeat the last. */
  private void gather(byte[] in, int first, int used, int words) {
    gather(in, first * words * 8, words * 8, used, words);
  }

  private void gather(byte[] in, int start, int stride, int used, int words) {
    for (int lane = 0; lane < LANES; lane++) {
      int at = start + Math.min(lane, used - 1) * stride;
      for (int word = 0; word < words; word++) {
        m[WORDS + word * LANES + lane] = Field.word(in, at + 8 * word);
      }
    }
  }

  /** X, Y, Z, XY = the element in WORDS, RFC 9496, section 4.3.1; ones at BAD where it is none. */
  private void decode() {
    int t = T;
    field.decode(t, WORDS);
    field.encode(CHECK, t, t + N);
    LongVector bad = at(WORDS).and(1).neg();
    for (int word = 0; word < 4; word++) {
      bad = bad.or(field.load(WORDS, word).lanewise(XOR, field.load(CHECK, word)));
    }
    // All ones unless 0.
    bad = bad.or(bad.neg()).lanewise(ASHR, 63);
    bad.intoArray(m, BAD);
    field.square(t + N, t); // ss
    field.subtract(t + 2 * N, ONE, t + N); // u1
    field.add(t + 3 * N, ONE, t + N); // u2
    field.square(t + 4 * N, t + 3 * N); // u2^2
    field.square(t + 5 * N, t + 2 * N);
    field.multiply(t + 5 * N, t + 5 * N, D);
    field.add(t + 5 * N, t + 5 * N, t + 4 * N);
    field.subtract(t + 5 * N, ZERO, t + 5 * N); // v
    field.multiply(t + 6 * N, t + 5 * N, t + 4 * N);
    sqrtRatio(t + 7 * N, ONE, t + 6 * N);
    field.multiply(t + 8 * N, t + 7 * N, t + 3 * N); // den_x
    field.multiply(t + 9 * N, t + 7 * N, t + 8 * N);
    field.multiply(t + 9 * N, t + 9 * N, t + 5 * N); // den_y
    field.add(t + 10 * N, t, t);
    field.multiply(t + 10 * N, t + 10 * N, t + 8 * N);
    field.negativeMask(MASK, t + 10 * N, t + 11 * N);
    field.negateIf(X, t + 10 * N, MASK);
    field.multiply(Y, t + 2 * N, t + 9 * N);
    field.copy(Z, ONE);
    field.multiply(XY, X, Y);
    orBad(SQUARE, -1);
    field.negativeMask(MASK, XY, t);
    orBad(MASK, 0);
    field.zeroMask(MASK, Y, t);
    orBad(MASK, 0);
    // The identity is an element that no list may hold.
    field.zeroMask(MASK, X, t);
    orBad(MASK, 0);
  }

  private LongVector at(int vector) {
    return LongVector.fromArray(LaneField.SPECIES, m, vector);
  }

  private void orBad(int mask, long flip) {
    at(BAD).or(at(mask).lanewise(XOR, flip)).intoArray(m, BAD);
  }

  /** X, Y, Z, XY = the sum of the maps of both halves of WORDS, section 4.3.4. */
  private void map() {
    mapHalf(WORDS);
    putAside();
    mapHalf(WORDS + 4 * LANES);
    plus(OTHER);
    finish(true);
  }

  /** OTHER = the entry of (X, Y, Z, XY). */
  private void putAside() {
    toEntry(X);
    System.arraycopy(m, CHOSEN, m, OTHER, 4 * N);
  }

  private void mapHalf(int words) {
    int t = T;
    field.decode(t, words);
    field.square(t + N, t);
    field.multiply(t + N, t + N, SQRT_M1); // r
    field.add(t + 2 * N, t + N, ONE);
    field.multiply(t + 2 * N, t + 2 * N, ONE_MINUS_D_SQ); // u
    field.multiply(t + 3 * N, t + N, D);
    field.add(t + 3 * N, t + 3 * N, ONE);
    field.subtract(t + 3 * N, ZERO, t + 3 * N);
    field.add(t + 4 * N, t + N, D);
    field.multiply(t + 3 * N, t + 3 * N, t + 4 * N); // v
    sqrtRatio(t + 4 * N, t + 2 * N, t + 3 * N); // s
    field.multiply(t + 5 * N, t + 4 * N, t);
    field.negativeMask(MASK, t + 5 * N, t + 11 * N);
    at(MASK).not().intoArray(m, MASK);
    field.negateIf(t + 5 * N, t + 5 * N, MASK); // s' = -|s t|
    at(SQUARE).not().intoArray(m, MASK);
    field.select(t + 4 * N, t + 5 * N, MASK);
    field.copy(t + 6 * N, MINUS_ONE);
    field.select(t + 6 * N, t + N, MASK); // c
    field.subtract(t + 7 * N, t + N, ONE);
    field.multiply(t + 7 * N, t + 7 * N, t + 6 * N);
    field.multiply(t + 7 * N, t + 7 * N, D_MINUS_ONE_SQ);
    field.subtract(t + 7 * N, t + 7 * N, t + 3 * N); // N
    field.add(t + 8 * N, t + 4 * N, t + 4 * N);
    field.multiply(t + 8 * N, t + 8 * N, t + 3 * N); // w0
    field.multiply(t + 9 * N, t + 7 * N, SQRT_AD_MINUS_ONE); // w1
    field.square(t + 4 * N, t + 4 * N);
    field.subtract(t + 10 * N, ONE, t + 4 * N); // w2
    field.add(t + 4 * N, ONE, t + 4 * N); // w3
    field.multiply(X, t + 8 * N, t + 4 * N);
    field.multiply(Y, t + 10 * N, t + 9 * N);
    field.multiply(Z, t + 9 * N, t + 4 * N);
    field.multiply(XY, t + 8 * N, t + 10 * N);
  }

  /** r = sqrt(u / v) or sqrt(i u / v), never negative; ones at SQUARE where u / v was a square. */
  private void sqrtRatio(int r, int u, int v) {
    int w = ROOT;
    field.square(w, v);
    field.multiply(w, w, v); // v^3
    field.square(w + N, w);
    field.multiply(w + N, w + N, v); // v^7
    field.multiply(w + N, w + N, u);
    field.powP58(w + N, w + N);
    field.multiply(w + N, w + N, w);
    field.multiply(w + N, w + N, u);
    field.square(w + 2 * N, w + N);
    field.multiply(w + 2 * N, w + 2 * N, v); // check
    field.subtract(w + 3 * N, w + 2 * N, u);
    field.zeroMask(SQUARE, w + 3 * N, w + 4 * N);
    field.add(w + 3 * N, w + 2 * N, u);
    field.zeroMask(MASK, w + 3 * N, w + 4 * N);
    at(SQUARE).or(at(MASK)).intoArray(m, SQUARE);
    LongVector flipped = at(MASK);
    field.multiply(w + 3 * N, u, SQRT_M1);
    field.add(w + 3 * N, w + 2 * N, w + 3 * N);
    field.zeroMask(MASK, w + 3 * N, w + 4 * N);
    at(MASK).or(flipped).intoArray(m, MASK);
    field.multiply(w + 2 * N, w + N, SQRT_M1);
    field.select(w + N, w + 2 * N, MASK);
    field.negativeMask(MASK, w + N, w + 4 * N);
    field.negateIf(r, w + N, MASK);
  }

  /** (X, Y, Z, XY) = digits (X, Y, Z, XY), by signed windows of four bits. */
  private void multiply() {
    toEntry(X);
    pack(TABLE);
    for (int k = 1; k < WINDOW; k++) {
      unpack(TABLE);
      plus(CHOSEN);
      finish(true);
      toEntry(X);
      pack(TABLE + k * ENTRY);
    }
    field.copy(X, ZERO);
    field.copy(Y, ONE);
    field.copy(Z, ONE);
    field.copy(XY, ZERO);
    for (int i = 63; i >= 0; i--) {
      if (i != 63) {
        twice();
        finish(false);
        twice();
        finish(false);
        twice();
        finish(false);
        twice();
        finish(true);
      }
      choose(digits[i]);
      plus(CHOSEN);
      finish(i == 0);
    }
  }

  /** HALF = 2 (X, Y, Z). */
  private void twice() {
    int t = T;
    field.square(t, X);
    field.square(t + N, Y);
    field.square(t + 2 * N, Z);
    for (int i = 0; i < LaneField.LIMBS; i++) {
      field.store(t + 3 * N, i, field.load(X, i).add(field.load(Y, i)));
    }
    field.square(t + 3 * N, t + 3 * N);
    LongVector c = LongVector.zero(LaneField.SPECIES);
    for (int i = 0; i < LaneField.LIMBS; i += 2) {
      LongVector even = middleOfTwice(i).add(c);
      field.store(HALF_X, i, even.and(LaneField.EVEN));
      LongVector odd = middleOfTwice(i + 1).add(even.lanewise(LSHR, 26));
      field.store(HALF_X, i + 1, odd.and(LaneField.ODD));
      c = odd.lanewise(LSHR, 25);
    }
    field.addTop(HALF_X, c);
  }

  /** Stores a limb of all but HALF_X, which alone needs a carry, and returns its limb. */
  private LongVector middleOfTwice(int i) {
    LongVector xx = field.load(T, i);
    LongVector yy = field.load(T + N, i);
    LongVector zz = field.load(T + 2 * N, i);
    LongVector twoP = field.twoP(i);
    LongVector sum = yy.add(xx);
    LongVector difference = yy.sub(xx).add(twoP);
    field.store(HALF_Y, i, sum);
    field.store(HALF_Z, i, difference);
    field.store(HALF_T, i, zz.add(zz).add(xx).sub(yy).add(twoP));
    return field.load(T + 3 * N, i).sub(sum).add(twoP).add(twoP);
  }

  /** HALF = (X, Y, Z, XY) + entry. */
  private void plus(int entry) {
    field.multiply(T + 3 * N, Z, entry + 2 * N);
    sum(entry);
  }

  /** The same for an entry with a Z of one. */
  private void plusAffine(int entry) {
    field.copy(T + 3 * N, Z);
    sum(entry);
  }

  private void sum(int entry) {
    int t = T;
    for (int i = 0; i < LaneField.LIMBS; i++) {
      LongVector x = field.load(X, i);
      LongVector y = field.load(Y, i);
      field.store(t, i, y.add(x));
      field.store(t + N, i, y.sub(x).add(field.twoP(i)));
    }
    field.multiply(t, t, entry);
    field.multiply(t + N, t + N, entry + N);
    field.multiply(t + 2 * N, XY, entry + 3 * N);
    for (int i = 0; i < LaneField.LIMBS; i++) {
      LongVector a = field.load(t, i);
      LongVector b = field.load(t + N, i);
      LongVector c = field.load(t + 2 * N, i);
      LongVector d = field.load(t + 3 * N, i);
      LongVector twoP = field.twoP(i);
      d = d.add(d);
      field.store(HALF_X, i, a.sub(b).add(twoP));
      field.store(HALF_Y, i, a.add(b));
      field.store(HALF_Z, i, d.add(c));
      field.store(HALF_T, i, d.sub(c).add(twoP));
    }
  }

  /** HALF_T is the widest and must be a first factor. */
  private void finish(boolean withT) {
    field.multiply(X, HALF_T, HALF_X);
    field.multiply(Y, HALF_Y, HALF_Z);
    field.multiply(Z, HALF_T, HALF_Z);
    if (withT) {
      field.multiply(XY, HALF_X, HALF_Y);
    }
  }

  /** CHOSEN = (Y+X, Y-X, Z, 2dT) of a point. */
  private void toEntry(int p) {
    field.add(CHOSEN, p + N, p);
    field.subtract(CHOSEN + N, p + N, p);
    field.copy(CHOSEN + 2 * N, p + 2 * N);
    field.multiply(CHOSEN + 3 * N, p + 3 * N, D2);
  }

  private void pack(int entry) {
    for (int number = 0; number < 4; number++) {
      for (int i = 0; i < HALF; i++) {
        LongVector low = field.load(CHOSEN + number * N, i);
        LongVector high = field.load(CHOSEN + number * N, i + HALF);
        field.store(entry, number * HALF + i, low.or(high.lanewise(LSHL, 32)));
      }
    }
  }

  private void unpack(int entry) {
    for (int number = 0; number < 4; number++) {
      for (int i = 0; i < HALF; i++) {
        LongVector both = field.load(entry, number * HALF + i);
        field.store(CHOSEN + number * N, i, both.and(LaneField.LOW));
        field.store(CHOSEN + number * N, i + HALF, both.lanewise(LSHR, 32));
      }
    }
  }

  /** CHOSEN = the entry of a digit in [-8, 8], reading all of them. */
  private void choose(int digit) {
    long sign = digit >> 31;
    int magnitude = (int) ((digit ^ sign) - sign);
    for (int i = 0; i < HALF; i++) {
      LongVector one = neutral(i, magnitude);
      LongVector plus = chooseFrom(i, magnitude).or(one);
      LongVector minus = chooseFrom(HALF + i, magnitude).or(one);
      LongVector swap = plus.lanewise(XOR, minus).and(sign);
      split(CHOSEN, i, plus.lanewise(XOR, swap));
      split(CHOSEN + N, i, minus.lanewise(XOR, swap));
      split(CHOSEN + 2 * N, i, chooseFrom(2 * HALF + i, magnitude).or(one));
      LongVector t = chooseFrom(3 * HALF + i, magnitude);
      LongVector low = t.and(LaneField.LOW);
      LongVector high = t.lanewise(LSHR, 32);
      field.store(CHOSEN + 3 * N, i, negated(low, i, sign));
      field.store(CHOSEN + 3 * N, i + HALF, negated(high, i + HALF, sign));
    }
  }

  private static LongVector neutral(int limb, int magnitude) {
    long none = limb == 0 ? ((long) magnitude - 1) >>> 63 : 0;
    return LongVector.broadcast(LaneField.SPECIES, none);
  }

  private LongVector negated(LongVector value, int limb, long sign) {
    return value.lanewise(XOR, field.twoP(limb).sub(value).lanewise(XOR, value).and(sign));
  }

  private void split(int number, int limb, LongVector both) {
    field.store(number, limb, both.and(LaneField.LOW));
    field.store(number, limb + HALF, both.lanewise(LSHR, 32));
  }

  private LongVector chooseFrom(int vector, int magnitude) {
    LongVector chosen = LongVector.zero(LaneField.SPECIES);
    for (int k = 1; k <= WINDOW; k++) {
      long mask = ((long) (k ^ magnitude) - 1) >> 63;
      chosen = chosen.or(field.load(TABLE + (k - 1) * ENTRY, vector).and(mask));
    }
    return chosen;
  }

  /**
   * out[i] = (r_i G, r_i Y + numbers[i] G) for all items from (inclusive) to (exclusive), with the
   * exponent r_i at randomness[32 i]; see {@link ElGamal}.
   */
  void encrypt(
      int[] numbers,
      int from,
      int to,
      byte[] randomness,
      LaneBase generator,
      LaneBase key,
      byte[] out) {
    byte[] small = new byte[32];
    for (int first = from; first < to; first += LANES) {
      int used = Math.min(LANES, to - first);
      digitsOfLanes(randomness, first, used);
      multiplyBase(generator, 32);
      encodeOne(out, first * 64, 64, used);
      multiplyBase(key, 32);
      putAside();
      for (int lane = 0; lane < LANES; lane++) {
        int number = numbers[first + Math.min(lane, used - 1)] + 1;
        small[0] = (byte) number;
        small[1] = (byte) (number >> 8);
        Scalar.digits(digits, small, 0);
        for (int i = 0; i < 4; i++) {
          m[DIGITS + i * LANES + lane] = digits[i];
        }
      }
      multiplyBase(generator, 2);
      plus(OTHER);
      finish(true);
      encodeOne(out, first * 64 + 32, 64, used);
    }
  }

  /**
   * Adds (r_i G, r_i Y) to the labels from (inclusive) to (exclusive), in place.
   *
   * @return how many labels are no two proper elements
   */
  int rerandomise(
      byte[] labels, int from, int to, byte[] randomness, LaneBase generator, LaneBase key) {
    int bad = 0;
    for (int first = from; first < to; first += LANES) {
      int used = Math.min(LANES, to - first);
      digitsOfLanes(randomness, first, used);
      addMultiple(labels, first * 64, used, generator);
      at(BAD).intoArray(m, KEPT_BAD);
      addMultiple(labels, first * 64 + 32, used, key);
      for (int i = 0; i < used; i++) {
        bad += (int) (m[BAD + i] | m[KEPT_BAD + i]) & 1;
      }
    }
    return bad;
  }

  /**
   * out[i] = a[i] - b[i]; out may be either.
   *
   * @return how many pairs are no two proper elements; their outputs are unfit for use
   */
  int subtract(byte[] a, byte[] b, int items, byte[] out) {
    int bad = 0;
    for (int first = 0; first < items; first += LANES) {
      int used = Math.min(LANES, items - first);
      gather(b, first, used, 4);
      decode();
      at(BAD).intoArray(m, KEPT_BAD);
      toEntry(X);
      field.copy(OTHER, CHOSEN + N);
      field.copy(OTHER + N, CHOSEN);
      field.copy(OTHER + 2 * N, CHOSEN + 2 * N);
      field.subtract(OTHER + 3 * N, ZERO, CHOSEN + 3 * N);
      gather(a, first, used, 4);
      decode();
      for (int i = 0; i < used; i++) {
        bad += (int) (m[BAD + i] | m[KEPT_BAD + i]) & 1;
      }
      plus(OTHER);
      finish(true);
      encodeOne(out, first * 32, 32, used);
    }
    return bad;
  }

  private void addMultiple(byte[] labels, int start, int used, LaneBase base) {
    gather(labels, start, 64, used, 4);
    decode();
    putAside();
    multiplyBase(base, 32);
    plus(OTHER);
    finish(true);
    encodeOne(labels, start, 64, used);
  }

  private void digitsOfLanes(byte[] scalars, int first, int used) {
    for (int lane = 0; lane < LANES; lane++) {
      Scalar.digits(digits, scalars, (first + Math.min(lane, used - 1)) * 32);
      for (int i = 0; i < 64; i++) {
        m[DIGITS + i * LANES + lane] = digits[i];
      }
    }
  }

  /** (X, Y, Z, XY) = each lane's digits times the base, as {@link FixedBase} does it. */
  private void multiplyBase(LaneBase base, int rows) {
    field.copy(X, ZERO);
    field.copy(Y, ONE);
    field.copy(Z, ONE);
    field.copy(XY, ZERO);
    for (int row = 0; row < rows; row++) {
      addRow(base, row, 2 * row + 1);
    }
    for (int i = 0; i < 4; i++) {
      twice();
      finish(i == 3);
    }
    for (int row = 0; row < rows; row++) {
      addRow(base, row, 2 * row);
    }
  }

  /** Reads all eight entries of the row; no branch or index on a digit. */
  private void addRow(LaneBase base, int row, int digit) {
    LongVector digits = at(DIGITS + digit * LANES);
    LongVector sign = digits.lanewise(ASHR, 63);
    LongVector magnitude = digits.lanewise(XOR, sign).sub(sign);
    for (int k = 1; k <= WINDOW; k++) {
      LongVector other = magnitude.lanewise(XOR, k);
      other.sub(1).lanewise(ASHR, 63).intoArray(m, IS + (k - 1) * LANES);
    }
    LongVector none = magnitude.sub(1).lanewise(LSHR, 63);
    for (int i = 0; i < HALF; i++) {
      LongVector one = i == 0 ? none : LongVector.zero(LaneField.SPECIES);
      LongVector plus = chooseFrom(base, row, i).or(one);
      LongVector minus = chooseFrom(base, row, HALF + i).or(one);
      LongVector swap = plus.lanewise(XOR, minus).and(sign);
      split(CHOSEN, i, plus.lanewise(XOR, swap));
      split(CHOSEN + N, i, minus.lanewise(XOR, swap));
      LongVector t = chooseFrom(base, row, 2 * HALF + i);
      LongVector low = t.and(LaneField.LOW);
      LongVector high = t.lanewise(LSHR, 32);
      field.store(CHOSEN + 3 * N, i, negated(low, i, sign));
      field.store(CHOSEN + 3 * N, i + HALF, negated(high, i + HALF, sign));
    }
    plusAffine(CHOSEN);
    finish(true);
  }

  private LongVector negated(LongVector value, int limb, LongVector sign) {
    return value.lanewise(XOR, field.twoP(limb).sub(value).lanewise(XOR, value).and(sign));
  }

  private LongVector chooseFrom(LaneBase base, int row, int word) {
    LongVector chosen = LongVector.zero(LaneField.SPECIES);
    for (int k = 0; k < WINDOW; k++) {
      chosen = chosen.or(at(IS + k * LANES).and(base.word(row, k, word)));
    }
    return chosen;
  }

  /** Encodes (X, Y, Z, XY), which is twice nothing known: section 4.3.2. */
  private void encodeOne(byte[] out, int start, int stride, int used) {
    int t = T;
    field.add(t, Z, Y);
    field.subtract(t + N, Z, Y);
    field.multiply(t, t, t + N); // u1
    field.multiply(t + N, X, Y); // u2
    field.square(t + 2 * N, t + N);
    field.multiply(t + 2 * N, t + 2 * N, t);
    sqrtRatio(t + 2 * N, ONE, t + 2 * N); // invsqrt
    field.multiply(t, t, t + 2 * N); // den1
    field.multiply(t + N, t + N, t + 2 * N); // den2
    field.multiply(t + 3 * N, t, t + N);
    field.multiply(t + 3 * N, t + 3 * N, XY); // z_inv
    field.multiply(t + 4 * N, XY, t + 3 * N);
    field.negativeMask(MASK, t + 4 * N, t + 11 * N); // rotate
    field.copy(t + 5 * N, X);
    field.multiply(t + 6 * N, Y, SQRT_M1);
    field.select(t + 5 * N, t + 6 * N, MASK); // x
    field.copy(t + 7 * N, Y);
    field.multiply(t + 6 * N, X, SQRT_M1);
    field.select(t + 7 * N, t + 6 * N, MASK); // y
    field.multiply(t + 6 * N, t, INVSQRT_A_MINUS_D);
    field.select(t + N, t + 6 * N, MASK); // den_inv
    field.multiply(t + 4 * N, t + 5 * N, t + 3 * N);
    field.negativeMask(MASK, t + 4 * N, t + 11 * N);
    field.negateIf(t + 7 * N, t + 7 * N, MASK);
    field.subtract(t + 4 * N, Z, t + 7 * N);
    field.multiply(t + 4 * N, t + 4 * N, t + N);
    field.negativeMask(MASK, t + 4 * N, t + 11 * N);
    field.negateIf(t + 4 * N, t + 4 * N, MASK);
    field.encode(WORDS, t + 4 * N, t + 11 * N);
    scatter(out, start, stride, used);
  }

  private void scatter(byte[] out, int start, int stride, int used) {
    for (int lane = 0; lane < used; lane++) {
      for (int word = 0; word < 4; word++) {
        Field.putWord(out, start + lane * stride + word * 8, m[WORDS + word * LANES + lane]);
      }
    }
  }

  /** Keeps what encoding twice (X, Y, Z, XY) takes but for the inversion. */
  private void keep(int group) {
    int s = STATE + group * STATE_NUMBERS * N;
    int t = T;
    field.multiply(s, X, Y);
    field.add(s, s, s); // e
    field.square(t, Z);
    field.square(t + N, XY);
    field.multiply(t + N, t + N, D);
    field.add(s + N, t, t + N); // f
    field.subtract(s + 3 * N, t, t + N); // h
    field.square(t, X);
    field.square(t + N, Y);
    field.add(s + 2 * N, t + N, t); // g
    field.multiply(s + 4 * N, s, s + 2 * N); // eg
    field.multiply(s + 5 * N, s + N, s + 3 * N); // fh
    field.multiply(t, s + 4 * N, s + 5 * N);
    // Twice it is the identity: the product would spoil its whole lane.
    int none = NONE + group * LANES;
    field.zeroMask(none, t, t + N);
    field.select(t, ONE, none);
    if (group == 0) {
      field.copy(s + 6 * N, t);
    } else {
      field.multiply(s + 6 * N, s + 6 * N - STATE_NUMBERS * N, t);
    }
  }

  /** Encodes twice each kept point. */
  private void encode(int count, byte[] out, int first) {
    int t = T;
    int last = (count - 1) / LANES;
    field.invert(t, STATE + (last * STATE_NUMBERS + 6) * N);
    for (int group = last; group >= 0; group--) {
      int s = STATE + group * STATE_NUMBERS * N;
      int none = NONE + group * LANES;
      // t is the inverse of the product up to this group, t + N of this group's own.
      field.copy(t + N, t);
      if (group > 0) {
        field.multiply(t + N, t, s + 6 * N - STATE_NUMBERS * N);
        field.multiply(t + 2 * N, s + 4 * N, s + 5 * N);
        field.select(t + 2 * N, ONE, none);
        field.multiply(t, t, t + 2 * N);
      }
      field.select(t + N, ZERO, none);
      encodeGroup(s, t + N);
      int used = Math.min(LANES, count - group * LANES);
      scatter(out, (first + group * LANES) * 32, 32, used);
    }
  }

  private void encodeGroup(int s, int inverse) {
    int t = T + 3 * N;
    field.multiply(t, s + 4 * N, inverse); // 1 / fh
    field.multiply(t + N, s + 5 * N, inverse); // 1 / eg
    field.multiply(t + 2 * N, s + 4 * N, t);
    field.negativeMask(MASK, t + 2 * N, t + 5 * N);
    field.subtract(t + 3 * N, ZERO, s); // -e
    field.select(s, s + 2 * N, MASK);
    field.select(s + 2 * N, t + 3 * N, MASK);
    field.multiply(t + 3 * N, s + N, SQRT_M1);
    field.select(s + 3 * N, t + 3 * N, MASK);
    field.copy(t + 4 * N, INVSQRT_A_MINUS_D);
    field.select(t + 4 * N, SQRT_M1, MASK);
    field.multiply(t + 2 * N, s + 3 * N, s);
    field.multiply(t + 2 * N, t + 2 * N, t);
    field.negativeMask(MASK, t + 2 * N, t + 5 * N);
    field.negateIf(s + 2 * N, s + 2 * N, MASK);
    field.multiply(t + N, s + 2 * N, t + N);
    field.multiply(t + N, t + 4 * N, t + N);
    field.subtract(t + 2 * N, s + 3 * N, s + 2 * N);
    field.multiply(t + N, t + 2 * N, t + N);
    field.negativeMask(MASK, t + N, t + 5 * N);
    field.negateIf(t + N, t + N, MASK);
    field.encode(WORDS, t + N, t + 5 * N);
  }
}
