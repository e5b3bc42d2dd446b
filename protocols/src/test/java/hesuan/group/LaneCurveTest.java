package hesuan.group;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The vector code against the scalar code, bit by bit, and against the vectors of the RFCs. */
class LaneCurveTest {
  private static final BigInteger[] SCALARS = {
    BigInteger.ZERO,
    BigInteger.ONE,
    BigInteger.TWO,
    BigInteger.valueOf(8),
    Scalar.ORDER.shiftRight(1),
    Scalar.ORDER.shiftRight(1).add(BigInteger.ONE),
    Scalar.ORDER.subtract(BigInteger.ONE),
    new BigInteger(252, new Random(1)),
    new BigInteger(252, new Random(2))
  };

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }

  private static byte[] scalarMap(byte[] uniform, int items, Scalar scalar) {
    byte[] out = new byte[items * 32];
    for (int i = 0; i < items; i++) {
      byte[] one = Arrays.copyOfRange(uniform, i * 64, i * 64 + 64);
      System.arraycopy(Element.map(one).times(scalar).encode(), 0, out, i * 32, 32);
    }
    return out;
  }

  private static byte[] uniform(int items, long seed) {
    byte[] uniform = new byte[items * 64];
    new Random(seed).nextBytes(uniform);
    return uniform;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 7, 8, 9, 31, 127, 128, 129, 200})
  void mapAndMultiply_agreeWithTheScalarCode_forAnyNumberOfItems(int items) {
    byte[] uniform = uniform(items, items);
    Scalar first = Scalar.of(SCALARS[7]);
    Scalar second = Scalar.of(SCALARS[8]);
    byte[] out = new byte[items * 32];
    LaneCurve lanes = new LaneCurve();
    lanes.mapMultiply(uniform, items, first, out, 0);
    assertArrayEquals(scalarMap(uniform, items, first), out);
    assertEquals(0, lanes.multiply(out, 0, items, second, out));
    assertArrayEquals(scalarMap(uniform, items, first.times(second)), out);
  }

  @Test
  void mapAndMultiply_agreeWithTheScalarCode_forEveryKindOfScalarAndExtremeBytes() {
    int items = 12;
    byte[] uniform = uniform(items, 5);
    Arrays.fill(uniform, 0, 64, (byte) 0);
    Arrays.fill(uniform, 64, 128, (byte) 0xff);
    // The same and its negative in both halves: the sum is twice one, and the identity.
    System.arraycopy(uniform, 128, uniform, 160, 32);
    byte[] p = Field.P.toByteArray();
    for (int i = 0; i < 32; i++) {
      uniform[192 + i] = p[31 - i];
      uniform[256 + i] = (byte) (i == 0 ? p[31] + 1 : p[31 - i]);
      uniform[320 + i] = (byte) (i == 0 ? p[31] - 1 : p[31 - i]);
    }
    LaneCurve lanes = new LaneCurve();
    for (BigInteger value : SCALARS) {
      Scalar scalar = Scalar.of(value);
      byte[] out = new byte[items * 32];
      lanes.mapMultiply(uniform, items, scalar, out, 0);
      assertArrayEquals(scalarMap(uniform, items, scalar), out, value.toString());
    }
  }

  @Test
  void halved_isHalf() {
    for (BigInteger value : SCALARS) {
      Scalar scalar = Scalar.of(value);
      byte[] half = scalar.halved();
      BigInteger read = BigInteger.ZERO;
      for (int i = 31; i >= 0; i--) {
        read = read.shiftLeft(8).or(BigInteger.valueOf(half[i] & 255));
      }
      assertTrue(read.compareTo(Scalar.ORDER) < 0);
      assertEquals(value.mod(Scalar.ORDER), read.shiftLeft(1).mod(Scalar.ORDER));
    }
  }

  @Test
  void multiply_countsWhatIsNoElement_andSparesItsNeighbours() {
    int items = 40;
    byte[] good = scalarMap(uniform(items, 7), items, Scalar.of(1));
    Scalar scalar = Scalar.of(SCALARS[7]);
    byte[] expected = new byte[items * 32];
    LaneCurve lanes = new LaneCurve();
    assertEquals(0, lanes.multiply(good, 0, items, scalar, expected));
    Random random = new Random(8);
    for (String encoding : RistrettoTest.BAD_ENCODINGS) {
      int bad = random.nextInt(items);
      byte[] in = good.clone();
      System.arraycopy(hex(encoding), 0, in, bad * 32, 32);
      byte[] out = new byte[items * 32];
      assertEquals(1, lanes.multiply(in, 0, items, scalar, out), encoding);
      System.arraycopy(expected, bad * 32, out, bad * 32, 32);
      assertArrayEquals(expected, out, encoding);
    }
    // The identity is an element, yet none that a list may hold.
    byte[] in = good.clone();
    Arrays.fill(in, 32, 96, (byte) 0);
    byte[] out = new byte[items * 32];
    assertEquals(2, lanes.multiply(in, 0, items, scalar, out));
    System.arraycopy(expected, 32, out, 32, 64);
    assertArrayEquals(expected, out);
  }

  /** An element has one encoding: not with the spare bit set, and not with p added. */
  @Test
  void multiply_refusesASecondEncodingOfAnElement() {
    LaneCurve lanes = new LaneCurve();
    byte[] out = new byte[32 * 32];
    byte[] in = scalarMap(uniform(32, 12), 32, Scalar.of(1));
    for (int i = 0; i < 32; i++) {
      in[32 * i + 31] |= (byte) 0x80;
      byte[] one = Arrays.copyOfRange(in, 32 * i, 32 * i + 32);
      assertTrue(Element.decode(one).isEmpty());
    }
    assertEquals(32, lanes.multiply(in, 0, 32, Scalar.of(3), out));
    int elements = 0;
    for (int s = 2; s < 19; s += 2) {
      byte[] small = new byte[32];
      small[0] = (byte) s;
      if (Element.decode(small).isPresent()) {
        elements++;
        byte[] large = Field.P.add(BigInteger.valueOf(s)).toByteArray();
        for (int i = 0; i < 32; i++) {
          small[i] = large[31 - i];
        }
        assertTrue(Element.decode(small).isEmpty());
        assertEquals(1, lanes.multiply(small, 0, 1, Scalar.of(3), out));
      }
    }
    assertTrue(elements > 0);
  }

  /** Random strings: a sixteenth of them are elements; both codes must agree on which. */
  @Test
  void multiply_refusesTheSameStringsAsTheScalarCode() {
    int items = 400;
    byte[] in = new byte[items * 32];
    new Random(9).nextBytes(in);
    LaneCurve lanes = new LaneCurve();
    Scalar one = Scalar.of(1);
    int elements = 0;
    for (int i = 0; i < items; i++) {
      in[i * 32] &= (byte) 0xfe;
      in[i * 32 + 31] &= 0x7f;
      boolean element = Element.decode(Arrays.copyOfRange(in, i * 32, i * 32 + 32)).isPresent();
      byte[] out = new byte[items * 32];
      assertEquals(element ? 0 : 1, lanes.multiply(in, i, i + 1, one, out));
      if (element) {
        elements++;
        assertTrue(Arrays.equals(in, i * 32, i * 32 + 32, out, i * 32, i * 32 + 32));
      }
    }
    assertTrue(elements > 20, "" + elements);
  }

  @Test
  void generatorMultiples_matchTheVectors() {
    int count = RistrettoTest.MULTIPLES.length;
    LaneCurve lanes = new LaneCurve();
    byte[] generators = new byte[32 * 8];
    for (int i = 0; i < 8; i++) {
      System.arraycopy(hex(RistrettoTest.MULTIPLES[1]), 0, generators, i * 32, 32);
    }
    for (int i = 0; i < count; i++) {
      byte[] out = new byte[32 * 8];
      assertEquals(0, lanes.multiply(generators, 0, 8, Scalar.of(i), out));
      assertArrayEquals(hex(RistrettoTest.MULTIPLES[i]), Arrays.copyOf(out, 32));
      assertArrayEquals(hex(RistrettoTest.MULTIPLES[i]), Arrays.copyOfRange(out, 224, 256));
    }
  }

  /** RFC 9497, appendix A.1.1, both vectors, one in each lane. */
  @Test
  void hashBlindEvaluateUnblind_matchesTheOprfVectors() throws Exception {
    String[] outputs = {
      "527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"
          + "ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6",
      "f4a74c9c592497375e796aa837e907b1a045d34306a749db9f34221f7e750cb4"
          + "f2a6413a6bf6fa5e19ba6348eb673934a722a7ede2e7621306d18951e7cf2c73"
    };
    byte[][] inputs = {hex("00"), hex("5a".repeat(17))};
    Scalar key =
        RistrettoTest.little("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e");
    Scalar blind =
        RistrettoTest.little("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706");
    HashToGroup hash = new HashToGroup("HashToGroup-OPRFV1-\0-ristretto255-SHA512");
    byte[] uniform = new byte[128];
    hash.expand(inputs[0], 0, 1, uniform, 0, 64);
    hash.expand(inputs[1], 0, 17, uniform, 64, 64);
    byte[] points = new byte[64];
    LaneCurve lanes = new LaneCurve();
    lanes.mapMultiply(uniform, 2, blind, points, 0);
    assertEquals(
        "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c"
            + "da27ef466870f5f15296299850aa088629945a17d1f5b7f5ff043f76b3c06418",
        HexFormat.of().formatHex(points));
    assertEquals(0, lanes.multiply(points, 0, 2, key, points));
    assertEquals(
        "7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e"
            + "b4cbf5a4f1eeda5a63ce7b77c7d23f461db3fcab0dd28e4e17cecb5c90d02c25",
        HexFormat.of().formatHex(points));
    assertEquals(0, lanes.multiply(points, 0, 2, blind.inverse(), points));
    for (int i = 0; i < 2; i++) {
      MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
      sha512.update(new byte[] {0, (byte) inputs[i].length});
      sha512.update(inputs[i]);
      sha512.update(new byte[] {0, 32});
      sha512.update(points, i * 32, 32);
      sha512.update("Finalize".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      assertEquals(outputs[i], HexFormat.of().formatHex(sha512.digest()));
    }
  }

  @Test
  void points_goThroughLanes_andAgreeWithOneByOne() {
    assertTrue(Lanes.use(Lanes.ITEMS_MIN), "the vector code is off on this machine");
    int items = Lanes.ITEMS_MIN + 37;
    byte[] keys = new byte[items * 32];
    new Random(10).nextBytes(keys);
    Scalar scalar = Scalar.of(SCALARS[8]);
    byte[] out = new byte[items * 32];
    Points.hashMultiply("test", keys, items, scalar, out, Workers.ONE);
    HashToGroup hash = new HashToGroup("test");
    for (int i = 0; i < items; i += 41) {
      byte[] key = Arrays.copyOfRange(keys, i * 32, i * 32 + 32);
      assertArrayEquals(
          hash.hash(key).times(scalar).encode(), Arrays.copyOfRange(out, i * 32, i * 32 + 32));
    }
    byte[] back = out.clone();
    assertEquals(0, Points.multiply(back, items, scalar.inverse(), back, Workers.ONE));
    Points.hashMultiply("test", keys, items, Scalar.of(1), out, Workers.ONE);
    assertArrayEquals(out, back);
    out[32 * 40] ^= 1;
    assertEquals(1, Points.multiply(out, items, scalar, out, Workers.ONE));
  }

  /** Both on purpose with few items, where {@link ElGamal} itself takes the scalar code. */
  @Test
  void labels_agreeWithTheScalarCode() {
    int items = 43;
    Element publicKey = Element.GENERATOR.times(Scalar.of(SCALARS[8]));
    ElGamal elGamal = new ElGamal(publicKey);
    LaneBase generator = new LaneBase(new FixedBase(Element.GENERATOR));
    LaneBase key = new LaneBase(new FixedBase(publicKey));
    Random random = new Random(13);
    byte[] randomness = new byte[items * 32];
    random.nextBytes(randomness);
    int[] numbers = new int[items];
    for (int i = 0; i < items; i++) {
      randomness[i * 32 + 31] &= 0x0f;
      numbers[i] = i < 4 ? ElGamal.NUMBERS_MAX - 1 - i : i - 4;
    }
    Arrays.fill(randomness, 0, 32, (byte) 0);
    Arrays.fill(randomness, 32, 63, (byte) 0xff);
    Arrays.fill(randomness, 64, 96, (byte) 0x88);
    randomness[95] = 8;
    byte[] expected = new byte[items * 64];
    byte[] out = new byte[items * 64];
    elGamal.encrypt(numbers, items, randomness, expected, Workers.ONE);
    LaneCurve lanes = new LaneCurve();
    lanes.encrypt(numbers, 0, items, randomness, generator, key, out);
    assertArrayEquals(expected, out);

    Arrays.fill(expected, 0, 64, (byte) 0);
    Arrays.fill(out, 0, 64, (byte) 0);
    expected[64 * 9] ^= 1;
    out[64 * 9] ^= 1;
    expected[64 * 20 + 32] ^= 1;
    out[64 * 20 + 32] ^= 1;
    assertEquals(3, elGamal.rerandomise(expected, items, randomness, Workers.ONE));
    assertEquals(3, lanes.rerandomise(out, 0, items, randomness, generator, key));
    for (int i = 0; i < items; i++) {
      if (i != 0 && i != 9 && i != 20) {
        assertTrue(Arrays.equals(expected, i * 64, i * 64 + 64, out, i * 64, i * 64 + 64), "" + i);
      }
    }
  }

  @Test
  void subtract_agreesWithTheScalarCode_alsoToTheIdentity() {
    int items = 21;
    byte[] a = scalarMap(uniform(items, 14), items, Scalar.of(1));
    byte[] b = scalarMap(uniform(items, 15), items, Scalar.of(1));
    System.arraycopy(a, 0, b, 0, 32);
    Arrays.fill(b, 64, 96, (byte) 0);
    Arrays.fill(a, 96, 128, (byte) 0xff);
    byte[] out = new byte[items * 32];
    assertEquals(2, new LaneCurve().subtract(a, b, items, out));
    for (int i = 0; i < items; i++) {
      if (i != 2 && i != 3) {
        Element from = Element.decode(Arrays.copyOfRange(a, i * 32, i * 32 + 32)).orElseThrow();
        Element what = Element.decode(Arrays.copyOfRange(b, i * 32, i * 32 + 32)).orElseThrow();
        assertArrayEquals(from.minus(what).encode(), Arrays.copyOfRange(out, i * 32, i * 32 + 32));
      }
    }
  }

  /** Limbs at their stated bounds, and values around p. */
  @Test
  void field_agreesWithBigIntegers_atTheBoundsOfItsLimbs() {
    LaneField field = new LaneField(6, 1);
    int n = LaneField.SIZE;
    Random random = new Random(11);
    for (int round = 0; round < 300; round++) {
      BigInteger[] a = fill(field, 0, round < 2 ? 1L << 28 : 0, random);
      BigInteger[] b = fill(field, n, round < 2 ? 203_000_000L : 0, random);
      field.multiply(2 * n, 0, n);
      field.squareTimes(3 * n, n, 1 + round % 3);
      field.add(4 * n, 0, n);
      field.invert(5 * n, n);
      for (int lane = 0; lane < LaneField.LANES; lane++) {
        assertEquals(a[lane].multiply(b[lane]).mod(Field.P), value(field, 2 * n, lane));
        BigInteger power = BigInteger.ONE.shiftLeft(1 + round % 3);
        assertEquals(b[lane].modPow(power, Field.P), value(field, 3 * n, lane));
        assertEquals(a[lane].add(b[lane]).mod(Field.P), value(field, 4 * n, lane));
        if (b[lane].mod(Field.P).signum() != 0) {
          assertEquals(b[lane].modInverse(Field.P), value(field, 5 * n, lane));
        }
      }
      field.subtract(4 * n, 0, 2 * n);
      field.canonical(5 * n, 4 * n);
      for (int lane = 0; lane < LaneField.LANES; lane++) {
        BigInteger difference = a[lane].subtract(value(field, 2 * n, lane)).mod(Field.P);
        assertEquals(difference, value(field, 4 * n, lane));
        assertEquals(difference, raw(field, 5 * n, lane));
      }
    }
  }

  @Test
  void canonical_bringsValuesAroundPBelowIt() {
    LaneField field = new LaneField(2, 1);
    for (int offset = -20; offset <= 18; offset++) {
      BigInteger value = Field.P.add(BigInteger.valueOf(offset));
      for (int lane = 0; lane < LaneField.LANES; lane++) {
        put(field, 0, lane, value);
      }
      field.canonical(LaneField.SIZE, 0);
      assertEquals(value.mod(Field.P), raw(field, LaneField.SIZE, 0));
    }
  }

  /** Random limbs, or all at a bound. */
  private static BigInteger[] fill(LaneField field, int at, long bound, Random random) {
    BigInteger[] values = new BigInteger[LaneField.LANES];
    for (int lane = 0; lane < LaneField.LANES; lane++) {
      if (bound == 0) {
        put(field, at, lane, new BigInteger(255, random));
      } else {
        for (int i = 0; i < LaneField.LIMBS; i++) {
          field.m[at + i * LaneField.LANES + lane] = i % 2 == 0 ? bound : bound / 2;
        }
      }
      values[lane] = raw(field, at, lane);
    }
    return values;
  }

  private static void put(LaneField field, int at, int lane, BigInteger value) {
    BigInteger rest = value;
    for (int i = 0; i < LaneField.LIMBS; i++) {
      int width = 26 - i % 2;
      field.m[at + i * LaneField.LANES + lane] = rest.longValue() & ((1L << width) - 1);
      rest = rest.shiftRight(width);
    }
  }

  private static BigInteger raw(LaneField field, int at, int lane) {
    BigInteger value = BigInteger.ZERO;
    int bit = 0;
    for (int i = 0; i < LaneField.LIMBS; i++) {
      long limb = field.m[at + i * LaneField.LANES + lane];
      value = value.add(BigInteger.valueOf(limb).shiftLeft(bit));
      bit += 26 - i % 2;
    }
    return value;
  }

  private static BigInteger value(LaneField field, int at, int lane) {
    return raw(field, at, lane).mod(Field.P);
  }
}
