package hesuan.group;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ElGamalTest {
  private static final int NUMBERS = 300;

  private final SecureRandom random = seeded();
  private final Scalar secret = Scalar.random(random);
  private final ElGamal elGamal = new ElGamal(Element.GENERATOR.times(secret));
  private final int[] numbers = IntStream.range(0, NUMBERS).toArray();
  private final byte[] labels = new byte[NUMBERS * ElGamal.BYTES];

  private static SecureRandom seeded() {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(9);
      return random;
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void read_afterRerandomising_givesTheNumbers() {
    elGamal.encrypt(numbers, NUMBERS, Scalar.randomFlat(NUMBERS, random), labels, Workers.ONE);
    byte[] before = labels.clone();
    byte[] exponents = Scalar.randomFlat(NUMBERS, random);
    assertEquals(0, elGamal.rerandomise(labels, NUMBERS, exponents, Workers.ONE));
    for (int half = 0; half < 2 * NUMBERS; half++) {
      assertFalse(
          Arrays.equals(before, half * 32, half * 32 + 32, labels, half * 32, half * 32 + 32));
    }
    ElGamal.Reader reader = new ElGamal.Reader(secret, NUMBERS);
    assertArrayEquals(numbers, reader.read(labels, numbers, Workers.ONE));
    assertArrayEquals(numbers, reader.read(before, numbers, Workers.ONE));
  }

  @Test
  void encrypt_ofTheLargestNumbers_isRead() {
    int[] large = {ElGamal.NUMBERS_MAX - 1, 4094, 4095, 0x6fff};
    byte[] out = new byte[4 * ElGamal.BYTES];
    elGamal.encrypt(large, 4, Scalar.randomFlat(4, random), out, Workers.ONE);
    for (int i = 0; i < 4; i++) {
      Element c = Element.decode(Arrays.copyOfRange(out, i * 64, i * 64 + 32)).orElseThrow();
      Element d = Element.decode(Arrays.copyOfRange(out, i * 64 + 32, i * 64 + 64)).orElseThrow();
      assertEquals(Element.GENERATOR.times(Scalar.of(large[i] + 1)), d.minus(c.times(secret)));
    }
  }

  @Test
  void read_ofAnythingElse_isMinusOne() {
    elGamal.encrypt(numbers, NUMBERS, Scalar.randomFlat(NUMBERS, random), labels, Workers.ONE);
    Arrays.fill(labels, 0, 32, (byte) 0);
    labels[64] ^= 1;
    ElGamal.Reader few = new ElGamal.Reader(secret, 4);
    assertArrayEquals(
        new int[] {-1, -1, 2, 3, -1}, few.read(labels, new int[] {0, 1, 2, 3, 4}, Workers.ONE));
    ElGamal.Reader stranger = new ElGamal.Reader(Scalar.random(random), NUMBERS);
    assertArrayEquals(new int[] {-1}, stranger.read(labels, new int[] {7}, Workers.ONE));
  }

  @Test
  void rerandomise_ofNoElements_countsThem() {
    elGamal.encrypt(numbers, NUMBERS, Scalar.randomFlat(NUMBERS, random), labels, Workers.ONE);
    Arrays.fill(labels, 32, 64, (byte) 0);
    Arrays.fill(labels, 128, 160, (byte) 0xff);
    byte[] exponents = Scalar.randomFlat(NUMBERS, random);
    assertEquals(2, elGamal.rerandomise(labels, NUMBERS, exponents, Workers.ONE));
  }
}
