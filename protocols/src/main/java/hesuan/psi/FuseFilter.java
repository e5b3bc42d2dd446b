package hesuan.psi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * A binary fuse filter (Graf and Lemire 2022) over 128-bit tags that look random: it holds every
 * tag it was made of, and another one with probability 2 to the minus bits of a fingerprint. Three
 * places in a table, near each other, whose fingerprints add to that of the tag; one flat array.
 * Immutable.
 *
 * @param count tags it was made of
 * @param table fingerprints of {@code fingerprintBytes}, flat, with room to read eight bytes at the
 *     last
 */
record FuseFilter(int count, int fingerprintBytes, long seed, byte[] table) {
  /** More attempts than this mean that tags repeat. */
  private static final int ATTEMPTS_MAX = 100;

  static final int SEED_BYTES = 8;
  private static final int SLACK = 8;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  FuseFilter {
    if (table.length != tableBytes(count, fingerprintBytes) + SLACK) {
      throw new IllegalArgumentException(table.length + " bytes for " + count + " tags");
    }
  }

  /**
   * Where three places lie for so many tags; both sides derive it from the number alone, so from
   * strict arithmetic.
   */
  private record Shape(int segment, int places) {
    static Shape of(int count) {
      double log = StrictMath.log(Math.max(2, count));
      int bits = (int) Math.floor(log / StrictMath.log(3.33) + 2.25);
      int segment = 1 << Math.min(18, bits);
      double factor = Math.max(1.125, 0.875 + 0.25 * StrictMath.log(1e6) / log);
      int segments = Math.max(3, (int) Math.ceil(count * factor / segment));
      return new Shape(segment, segments * segment);
    }

    int place(long hash, int number) {
      int starts = places - 2 * segment;
      int first = (int) Math.unsignedMultiplyHigh(hash, starts);
      return switch (number) {
        case 0 -> first;
        case 1 -> first + segment ^ (int) (hash >>> 18) & segment - 1;
        default -> first + 2 * segment ^ (int) hash & segment - 1;
      };
    }
  }

  /** Of the table alone. */
  static int tableBytes(int count, int fingerprintBytes) {
    return count == 0 ? 0 : Math.multiplyExact(Shape.of(count).places, fingerprintBytes);
  }

  /**
   * @param tags two longs each, distinct, the first {@code count} of them
   */
  static FuseFilter of(long[] tags, int count, int fingerprintBytes, SecureRandom random) {
    byte[] table = new byte[tableBytes(count, fingerprintBytes) + SLACK];
    if (count == 0) {
      return new FuseFilter(0, fingerprintBytes, 0, table);
    }
    Shape shape = Shape.of(count);
    int[] tagAt = new int[shape.places];
    byte[] tagsAt = new byte[shape.places];
    int[] order = new int[count];
    int[] placeOf = new int[count];
    int[] alone = new int[shape.places];
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      long seed = random.nextLong();
      if (peel(tags, count, seed, shape, tagAt, tagsAt, alone, order, placeOf)) {
        FuseFilter filter = new FuseFilter(count, fingerprintBytes, seed, table);
        for (int k = count - 1; k >= 0; k--) {
          int at = 2 * order[k];
          long value = tags[at + 1] ^ filter.sum(shape, tags[at], tags[at + 1]);
          filter.put(placeOf[k], value);
        }
        return filter;
      }
    }
    throw new IllegalArgumentException("repeated tags");
  }

  /**
   * Takes one tag after another that has a place to itself; false if some have none. A place keeps
   * how many tags it has (at most 255, or the attempt fails) and the sum of their numbers.
   */
  private static boolean peel(
      long[] tags,
      int count,
      long seed,
      Shape shape,
      int[] tagAt,
      byte[] tagsAt,
      int[] alone,
      int[] order,
      int[] placeOf) {
    Arrays.fill(tagAt, 0);
    Arrays.fill(tagsAt, (byte) 0);
    for (int i = 0; i < count; i++) {
      long hash = hash(tags[2 * i], tags[2 * i + 1], seed);
      for (int number = 0; number < 3; number++) {
        int place = shape.place(hash, number);
        if (++tagsAt[place] == 0) {
          return false;
        }
        tagAt[place] ^= i;
      }
    }
    int waiting = 0;
    for (int place = 0; place < shape.places; place++) {
      if (tagsAt[place] == 1) {
        alone[waiting++] = place;
      }
    }
    int taken = 0;
    while (waiting > 0) {
      int place = alone[--waiting];
      if (tagsAt[place] == 1) {
        int tag = tagAt[place];
        order[taken] = tag;
        placeOf[taken++] = place;
        long hash = hash(tags[2 * tag], tags[2 * tag + 1], seed);
        for (int number = 0; number < 3; number++) {
          int other = shape.place(hash, number);
          tagAt[other] ^= tag;
          if (--tagsAt[other] == 1) {
            alone[waiting++] = other;
          }
        }
      }
    }
    return taken == count;
  }

  boolean mayContain(long first, long second) {
    return count > 0 && ((sum(Shape.of(count), first, second) ^ second) & mask()) == 0;
  }

  private long sum(Shape shape, long first, long second) {
    long hash = hash(first, second, seed);
    return get(shape.place(hash, 0)) ^ get(shape.place(hash, 1)) ^ get(shape.place(hash, 2));
  }

  private long mask() {
    return -1L >>> Long.SIZE - 8 * fingerprintBytes;
  }

  private long get(int place) {
    return (long) LONG.get(table, place * fingerprintBytes) & mask();
  }

  private void put(int place, long value) {
    for (int k = 0; k < fingerprintBytes; k++) {
      table[place * fingerprintBytes + k] = (byte) (value >>> 8 * k);
    }
  }

  /**
   * The finisher of MurmurHash3: tags are random already, seeds only have to tell attempts apart.
   */
  private static long hash(long first, long second, long seed) {
    return mix(mix(first ^ seed) + second);
  }

  private static long mix(long value) {
    value = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
    value = (value ^ value >>> 33) * 0xc4ceb9fe1a85ec53L;
    return value ^ value >>> 33;
  }
}
