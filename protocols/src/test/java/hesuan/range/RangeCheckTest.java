package hesuan.range;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ProblemException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RangeCheckTest {
  private static final BigInteger P = new BigInteger(Long.toUnsignedString(Field64.MODULUS));

  private static byte[] counted(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  // ---- vectors: Prio3SumVecWithMultiproof_0 of the draft's version 18, first report

  private static final RangeParameters OF_VECTOR =
      new RangeParameters(List.of(new RangeParameters.Run(10, 255)), 9);
  private static final RangeCheck VECTOR =
      new RangeCheck(OF_VECTOR, "some application".getBytes(StandardCharsets.US_ASCII));
  private static final String PUBLIC_SHARE =
      "6cfe93f4cef1fb82b0b9c112b860a5ba61b220c7f591163dd3c22b77f5b547ec"
          + "b09464434e2ea8fdd1284b8b134822faad6cb636d09bb068d296314332abccd3";
  private static final String FIRST_INPUT_BEGINS =
      "d6e24b90f4a12de67314ac8ae695ddf6cf1e9c8e1644813029a8b62540bd4ab5";
  private static final String FIRST_VERIFIER_BEGINS =
      "cc0650d2437a9703dae5a17cda2c086cecc1bf7d9d35a6c174fbe3db1e57e264"
          + "f680857fac728b3b4dee6217e236067ceebb7dd79b029b597ce5e438b3b92efa";
  private static final String SECOND_VERIFIER_BEGINS =
      "35f9af2dbb8568fc5da0c6deb253411c39edc7219c1e0eddd38c510dee2b9fa5"
          + "a3d3806c67e6206aca6cefce6cb219b75f3bdf5a84b575172ecb9f8d1e7514a3";
  private static final String JOINT =
      "aa997d62b835da9f8e3da5c0a4b3f6917937d376ef35b60423c5434659bf661d";
  private static final String FIRST_OUTPUT =
      "0349dbe798fbf7094da8330fa7677d3b191e7d6e63dbbcf79ca77e267e71ad3c"
          + "111e0f2edf2d7194d97e411f1b41ab45883c84e28005ec2d484c1bec24f29c48"
          + "1bd7dbfbabbfd6fbb8726e96dc988c4e";

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void cutAndPrepare_giveTheDraftsVectors() {
    long[] values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    byte[] nonce = counted(16);
    RangeCheck.Cut cut = VECTOR.cut(values, nonce, counted(128));
    assertEquals(PUBLIC_SHARE, hex(cut.parts()));
    assertTrue(hex(RangeCheck.encode(cut.elements())).startsWith(FIRST_INPUT_BEGINS));
    RangeCheck.Prepared first =
        VECTOR.prepareFirst(
            counted(32), nonce, cut.parts(), cut.elements(), cut.proofs(), cut.blind());
    RangeCheck.Prepared second =
        VECTOR.prepareSecond(counted(32), nonce, cut.parts(), cut.seed(), cut.secondBlind());
    assertTrue(hex(RangeCheck.encode(first.verifier())).startsWith(FIRST_VERIFIER_BEGINS));
    assertTrue(hex(RangeCheck.encode(second.verifier())).startsWith(SECOND_VERIFIER_BEGINS));
    assertEquals(PUBLIC_SHARE, hex(first.part()) + hex(second.part()));
    assertEquals(FIRST_OUTPUT, hex(RangeCheck.encode(first.output())));
    assertEquals(
        JOINT,
        hex(
            VECTOR
                .decide(first.verifier(), first.part(), second.verifier(), second.part())
                .orElseThrow()));
    assertEquals(JOINT, hex(first.joint()));
    assertEquals(JOINT, hex(second.joint()));
  }

  // ---- properties

  @Test
  void field_agreesWithBigNumbers() {
    Random random = new Random(3);
    long[] edges = {0, 1, 2, 0xffff_ffffL, 1L << 32, Field64.MODULUS - 1, Field64.MODULUS >>> 1};
    for (int run = 0; run < 20_000; run++) {
      long a =
          run < 49 ? edges[run / 7] : Long.remainderUnsigned(random.nextLong(), Field64.MODULUS);
      long b =
          run < 49 ? edges[run % 7] : Long.remainderUnsigned(random.nextLong(), Field64.MODULUS);
      BigInteger x = new BigInteger(Long.toUnsignedString(a));
      BigInteger y = new BigInteger(Long.toUnsignedString(b));
      assertEquals(x.add(y).mod(P).longValue(), Field64.add(a, b));
      assertEquals(x.subtract(y).mod(P).longValue(), Field64.subtract(a, b));
      assertEquals(x.multiply(y).mod(P).longValue(), Field64.multiply(a, b));
    }
    assertEquals(1, Field64.multiply(Field64.inverse(12345), 12345));
    assertEquals(-5, Field64.toSigned(Field64.MODULUS - 5));
    assertEquals(5, Field64.toSigned(5));
  }

  /** RFC 9861, section 5: TurboSHAKE128 of nothing, domain 1F, first 32 bytes. */
  @Test
  void turboShake_ofNothing_isAsTheRfcHasIt() {
    assertEquals(
        "1e415f1c5983aff2169217277d17bb538cd945a397ddec541f1ce41af2c1b74c",
        hex(new TurboShake().end(0x1f).next(32)));
  }

  private static RangeParameters of(int length, long bound) {
    return RangeParameters.of(List.of(new RangeParameters.Run(length, bound)));
  }

  private static RangeCheck check(RangeParameters parameters) {
    return new RangeCheck(parameters, random(32, 9));
  }

  /** What both aggregators make of a contribution. */
  private static boolean accepted(RangeCheck check, RangeCheck.Cut cut, byte[] nonce) {
    byte[] verifyKey = random(32, 77);
    RangeCheck.Prepared first =
        check.prepareFirst(
            verifyKey, nonce, cut.parts(), cut.elements(), cut.proofs(), cut.blind());
    RangeCheck.Prepared second =
        check.prepareSecond(verifyKey, nonce, cut.parts(), cut.seed(), cut.secondBlind());
    Optional<byte[]> joint =
        check.decide(first.verifier(), first.part(), second.verifier(), second.part());
    return joint.isPresent()
        && Arrays.equals(joint.get(), first.joint())
        && Arrays.equals(joint.get(), second.joint());
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,2", "3,7", "10,1000", "100,4294967296", "33,9007199254740991", "500,1"})
  void cut_ofCellsInRange_isAccepted_andSharesAddUp(int length, long bound) {
    RangeCheck check = check(of(length, bound));
    Random random = new Random(length);
    long[] values =
        random.longs(length, 0, bound).map(v -> random.nextInt(3) == 0 ? bound : v).toArray();
    byte[] nonce = random(16, 5);
    RangeCheck.Cut cut = check.cut(values, nonce, random(128, length));
    assertTrue(accepted(check, cut, nonce));
    long[] first =
        check
            .prepareFirst(
                random(32, 1), nonce, cut.parts(), cut.elements(), cut.proofs(), cut.blind())
            .output();
    long[] second =
        check
            .prepareSecond(random(32, 1), nonce, cut.parts(), cut.seed(), cut.secondBlind())
            .output();
    long[] sum = new long[length];
    Arrays.setAll(sum, i -> Field64.add(first[i], second[i]));
    assertArrayEquals(values, sum);
  }

  /** Cells of several bounds: each is shown to lie within its own, and no other. */
  @Test
  void cut_ofRunsWithBoundsOfTheirOwn_isAccepted_andAllOnesAreTheBounds() {
    long wide = (1L << 62) - 1;
    RangeParameters parameters =
        RangeParameters.of(
            List.of(
                new RangeParameters.Run(3, 1),
                new RangeParameters.Run(2, wide),
                new RangeParameters.Run(4, 1000)));
    assertEquals(3 + 2 * 62 + 4 * 10, parameters.elements());
    RangeCircuit circuit = new RangeCircuit(parameters);
    long[] bounds = {1, 1, 1, wide, wide, 1000, 1000, 1000, 1000};
    long[] ones = new long[parameters.elements()];
    Arrays.fill(ones, 1);
    assertArrayEquals(bounds, circuit.decode(ones));
    RangeCheck check = check(parameters);
    byte[] nonce = random(16, 5);
    for (long[] values :
        List.of(bounds, new long[9], new long[] {0, 1, 0, 7, wide, 1, 999, 512, 511})) {
      assertArrayEquals(values, circuit.decode(circuit.encode(values)));
      assertTrue(accepted(check, check.cut(values, nonce, random(128, 3)), nonce));
    }
  }

  /** One element of one cell is 2, or -1, or a half: a cell out of range by as little as one. */
  @ParameterizedTest
  @ValueSource(longs = {2, Field64.MODULUS - 1, 0x7fff_ffff_8000_0001L, 12345})
  void cut_withAnElementThatIsNoBit_isRefused(long element) {
    RangeParameters parameters = of(20, 1000);
    RangeCheck check = check(parameters);
    for (int at = 0; at < parameters.elements(); at += 7) {
      long[] elements = new RangeCircuit(parameters).encode(new long[20]);
      elements[at] = element;
      byte[] nonce = random(16, at);
      assertFalse(accepted(check, check.cutElements(elements, nonce, random(128, at)), nonce));
    }
  }

  /** With weights that add up to the bound, no bits stand for more. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 1000, 1023, 1024, 1L << 40})
  void encode_ofAllOnes_isTheBound_andOfAnyCell_isTheCell(long bound) {
    RangeParameters parameters = of(1, bound);
    RangeCircuit circuit = new RangeCircuit(parameters);
    long[] ones = new long[parameters.elements()];
    Arrays.fill(ones, 1);
    assertEquals(bound, circuit.decode(ones)[0]);
    for (long cell : new long[] {0, 1, bound / 2, bound / 2 + 1, bound - 1, bound}) {
      long[] elements = circuit.encode(new long[] {cell});
      assertTrue(Arrays.stream(elements).allMatch(e -> e == 0 || e == 1));
      assertEquals(cell, circuit.decode(elements)[0]);
    }
  }

  @Test
  void cut_withAnythingTamperedWith_isRefused() {
    RangeCheck check = check(of(20, 1000));
    byte[] nonce = random(16, 1);
    long[] values = new Random(8).longs(20, 0, 1001).toArray();
    for (int at = 0; at < check.proofElements(); at += 5) {
      RangeCheck.Cut cut = check.cut(values, nonce, random(128, at));
      cut.proofs()[at] = Field64.add(cut.proofs()[at], 1);
      assertFalse(accepted(check, cut, nonce), "proof element " + at);
    }
    for (int at = 0; at < check.elements(); at += 5) {
      RangeCheck.Cut cut = check.cut(values, nonce, random(128, at));
      cut.elements()[at] = Field64.add(cut.elements()[at], 1);
      assertFalse(accepted(check, cut, nonce), "share " + at);
    }
    for (int at = 0; at < 32; at++) {
      RangeCheck.Cut cut = check.cut(values, nonce, random(128, at));
      byte[] tampered =
          switch (at % 4) {
            case 0 -> cut.parts();
            case 1 -> cut.blind();
            case 2 -> cut.seed();
            default -> cut.secondBlind();
          };
      tampered[at % 3 == 0 ? at : 31 - at] ^= 1;
      assertFalse(accepted(check, cut, nonce), "byte " + at);
    }
    RangeCheck.Cut cut = check.cut(values, nonce, random(128, 1));
    assertFalse(accepted(check, cut, random(16, 2)), "another's nonce");
    assertFalse(
        accepted(new RangeCheck(of(20, 1000), random(32, 10)), cut, nonce), "another session");
  }

  /**
   * A forger that knew the joint randomness before it chose its elements: with r known, r e (e - 1)
   * + r^2 f (f - 1) = 0 has solutions that are no bits. It does not: the randomness is a digest of
   * the shares, so a proof for another one is refused.
   */
  @Test
  void cut_withTheJointRandomnessOfOtherShares_isRefused() {
    RangeCheck check = check(of(20, 1000));
    byte[] nonce = random(16, 1);
    RangeCheck.Cut cut = check.cut(new long[20], nonce, random(128, 1));
    RangeCheck.Cut other =
        check.cut(new Random(1).longs(20, 0, 1001).toArray(), nonce, random(128, 1));
    assertFalse(
        accepted(
            check,
            new RangeCheck.Cut(
                other.parts(),
                cut.elements(),
                cut.proofs(),
                cut.blind(),
                cut.seed(),
                cut.secondBlind()),
            nonce));
    assertFalse(
        accepted(
            check,
            new RangeCheck.Cut(
                cut.parts(),
                cut.elements(),
                other.proofs(),
                cut.blind(),
                cut.seed(),
                cut.secondBlind()),
            nonce));
  }

  /** A verifier of zeros and of ones look alike: it says nothing of the cells. */
  @Test
  void verifier_ofZerosAndOfOnes_differOnlyByWhatIsRandom() {
    RangeCheck check = check(of(50, 1));
    int high = 0;
    for (int run = 0; run < 200; run++) {
      long[] values = new long[50];
      Arrays.fill(values, run % 2);
      byte[] nonce = random(16, run);
      RangeCheck.Cut cut = check.cut(values, nonce, random(128, run));
      RangeCheck.Prepared first =
          check.prepareFirst(
              random(32, 3), nonce, cut.parts(), cut.elements(), cut.proofs(), cut.blind());
      RangeCheck.Prepared second =
          check.prepareSecond(random(32, 3), nonce, cut.parts(), cut.seed(), cut.secondBlind());
      long wire = Field64.add(first.verifier()[1], second.verifier()[1]);
      high += wire < 0 == (run % 2 == 0) ? 1 : 0;
    }
    assertEquals(100, high, 50); // five standard deviations are 35
  }

  @Test
  void parameters_tooLargeOrEmpty_areRefused() {
    assertThrows(ProblemException.class, () -> of(1, 0));
    assertThrows(ProblemException.class, () -> of(1, -1));
    assertThrows(ProblemException.class, () -> of(1, 1L << 62));
    assertThrows(ProblemException.class, () -> of(RangeParameters.ELEMENTS_MAX + 1, 1));
  }
}
