package hesuan.group;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Small numbers m as exponential ElGamal ciphertexts (rG, rY + (m + 1)G) of 64 bytes under the
 * public key Y. Anybody re-randomises them; only the holder of the secret key reads them, by a
 * table of the numbers that may occur. Immutable; shared by threads.
 */
public final class ElGamal {
  public static final int BYTES = 64;

  /** Numbers that can be encrypted are below this, so that m + 1 has four digits. */
  public static final int NUMBERS_MAX = 30_000;

  private final FixedBase generator;
  private final FixedBase key;
  private volatile @Nullable Bases bases;

  public ElGamal(Element publicKey) {
    generator = new FixedBase(Element.GENERATOR);
    key = new FixedBase(publicKey);
  }

  /** The tables for vector code; only where that is used. */
  private record Bases(LaneBase generator, LaneBase key) {}

  private Bases bases() {
    Bases made = bases;
    if (made == null) {
      // Two threads may make it at once; both make the same.
      made = new Bases(new LaneBase(generator), new LaneBase(key));
      bases = made;
    }
    return made;
  }

  /**
   * out[i] encrypts numbers[i] with the fresh exponent at randomness[32 i]. The time does not
   * depend on the numbers.
   */
  public void encrypt(int[] numbers, int items, byte[] randomness, byte[] out, Workers workers) {
    workers.split(
        items,
        (start, end) -> {
          if (!Lanes.use(end - start)) {
            encryptOneByOne(numbers, start, end, randomness, out);
            return;
          }
          Bases bases = bases();
          new LaneCurve().encrypt(numbers, start, end, randomness, bases.generator, bases.key, out);
          byte[] check = new byte[BYTES];
          encryptOneByOne(new int[] {numbers[start]}, 0, 1, item(randomness, start, 32), check);
          Lanes.check(check, out, start, BYTES);
        });
  }

  private void encryptOneByOne(int[] numbers, int start, int end, byte[] randomness, byte[] out) {
    Edwards curve = new Edwards();
    FixedBase.Scratch scratch = new FixedBase.Scratch();
    long[] c = new long[Edwards.POINT];
    long[] m = new long[Edwards.POINT];
    for (int i = start; i < end; i++) {
      generator.multiply(curve, c, 0, randomness, i * 32, scratch);
      curve.encode(out, i * BYTES, c, 0);
      key.multiply(curve, c, 0, randomness, i * 32, scratch);
      generator.multiplySmall(curve, m, 0, numbers[i] + 1, scratch);
      curve.add(c, 0, c, 0, m, 0);
      curve.encode(out, i * BYTES + 32, c, 0);
    }
  }

  private static byte[] item(byte[] flat, int number, int bytes) {
    return java.util.Arrays.copyOfRange(flat, number * bytes, (number + 1) * bytes);
  }

  /**
   * labels[i] becomes a fresh ciphertext of the same number, in place.
   *
   * @return the number of ciphertexts that are no two proper elements; the result is then unfit for
   *     use
   */
  public int rerandomise(byte[] labels, int items, byte[] randomness, Workers workers) {
    AtomicInteger bad = new AtomicInteger();
    workers.split(
        items,
        (start, end) -> {
          if (!Lanes.use(end - start)) {
            bad.addAndGet(rerandomiseOneByOne(labels, start, end, randomness));
            return;
          }
          byte[] check = item(labels, start, BYTES);
          boolean proper = rerandomiseOneByOne(check, 0, 1, item(randomness, start, 32)) == 0;
          Bases bases = bases();
          bad.addAndGet(
              new LaneCurve()
                  .rerandomise(labels, start, end, randomness, bases.generator, bases.key));
          if (proper) {
            Lanes.check(check, labels, start, BYTES);
          }
        });
    return bad.get();
  }

  private int rerandomiseOneByOne(byte[] labels, int start, int end, byte[] randomness) {
    Edwards curve = new Edwards();
    FixedBase.Scratch scratch = new FixedBase.Scratch();
    long[] c = new long[Edwards.POINT];
    long[] d = new long[Edwards.POINT];
    long[] r = new long[Edwards.POINT];
    int bad = 0;
    for (int i = start; i < end; i++) {
      int at = i * BYTES;
      if (!Points.decodeProper(curve, c, labels, at)
          || !Points.decodeProper(curve, d, labels, at + 32)) {
        bad++;
        continue;
      }
      generator.multiply(curve, r, 0, randomness, i * 32, scratch);
      curve.add(c, 0, c, 0, r, 0);
      curve.encode(labels, at, c, 0);
      key.multiply(curve, r, 0, randomness, i * 32, scratch);
      curve.add(d, 0, d, 0, r, 0);
      curve.encode(labels, at + 32, d, 0);
    }
    return bad;
  }

  /** Reads ciphertexts of the numbers 0 to {@code numbers} - 1. */
  public static final class Reader {
    private final Scalar secret;
    private final Map<ByteBuffer, Integer> numberOf = new HashMap<>();

    public Reader(Scalar secret, int numbers) {
      this.secret = secret;
      Element plain = Element.IDENTITY;
      for (int i = 0; i < numbers; i++) {
        plain = plain.plus(Element.GENERATOR);
        numberOf.put(ByteBuffer.wrap(plain.encode()), i);
      }
    }

    /** The numbers of the labels at those indexes; -1 for what encrypts none of them. */
    public int[] read(byte[] labels, int[] indexes, Workers workers) {
      int[] numbers = new int[indexes.length];
      workers.split(
          indexes.length,
          (start, end) -> {
            if (!Lanes.use(end - start) || !readInLanes(labels, indexes, start, end, numbers)) {
              readOneByOne(labels, indexes, start, end, numbers);
            }
          });
      return numbers;
    }

    private void readOneByOne(byte[] labels, int[] indexes, int start, int end, int[] numbers) {
      Edwards curve = new Edwards();
      long[] c = new long[Edwards.POINT];
      long[] d = new long[Edwards.POINT];
      byte[] plain = new byte[Element.BYTES];
      for (int i = start; i < end; i++) {
        int at = indexes[i] * BYTES;
        numbers[i] = -1;
        if (Points.decodeProper(curve, c, labels, at)
            && Points.decodeProper(curve, d, labels, at + 32)) {
          curve.multiply(c, 0, c, 0, secret.bytes(), 0);
          curve.subtract(d, 0, d, 0, c, 0);
          curve.encode(plain, 0, d, 0);
          numbers[i] = numberOf.getOrDefault(ByteBuffer.wrap(plain), -1);
        }
      }
    }

    /** False when a label is no two proper elements: then each has to be looked at. */
    private boolean readInLanes(byte[] labels, int[] indexes, int start, int end, int[] numbers) {
      int count = end - start;
      byte[] c = new byte[count * 32];
      byte[] d = new byte[count * 32];
      for (int i = 0; i < count; i++) {
        System.arraycopy(labels, indexes[start + i] * BYTES, c, i * 32, 32);
        System.arraycopy(labels, indexes[start + i] * BYTES + 32, d, i * 32, 32);
      }
      LaneCurve lanes = new LaneCurve();
      if (lanes.multiply(c, 0, count, secret, c) != 0 || lanes.subtract(d, c, count, d) != 0) {
        return false;
      }
      for (int i = 0; i < count; i++) {
        numbers[start + i] = numberOf.getOrDefault(ByteBuffer.wrap(d, i * 32, 32).slice(), -1);
      }
      int[] check = new int[1];
      readOneByOne(labels, new int[] {indexes[start]}, 0, 1, check);
      if (check[0] != numbers[start]) {
        throw Lanes.disagreement();
      }
      return true;
    }
  }
}
