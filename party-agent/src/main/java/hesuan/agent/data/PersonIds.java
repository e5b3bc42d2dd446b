package hesuan.agent.data;

import hesuan.ids.IdNormaliser;
import hesuan.wire.Digest;
import hesuan.wire.IdRule;
import hesuan.wire.SecretBytes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/** Normalised identifiers one behind the other, by number; some numbers have none. */
final class PersonIds {
  interface UnitConsumer {
    void accept(int number, long unit);
  }

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final byte[] bytes;
  private final int[] ends;

  private PersonIds(byte[] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** Takes identifiers as they stand in the rows, in the order of their numbers. */
  static final class Builder {
    private final IdNormaliser normaliser;
    private byte[] bytes = new byte[1 << 12];
    private int[] ends = new int[1 << 8];
    private int length;
    private int count;

    Builder(IdRule rule) {
      this.normaliser = new IdNormaliser(rule);
    }

    void add(String raw) {
      if (normaliser.accept(raw) == IdNormaliser.Verdict.NORMALISED) {
        int more = normaliser.length();
        if (bytes.length < length + more) {
          bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * length));
        }
        System.arraycopy(normaliser.bytes(), 0, bytes, length, more);
        length += more;
      }
      if (count == ends.length) {
        ends = Arrays.copyOf(ends, 2 * count);
      }
      ends[count++] = length;
    }

    PersonIds build() {
      return new PersonIds(Arrays.copyOf(bytes, length), Arrays.copyOf(ends, count));
    }
  }

  /** Whom a raw identifier names, under a key: two spellings of one identifier name one. */
  static final class Units implements AutoCloseable {
    private final MessageDigest sha256 = Digest.sha256();
    private final byte[] key;
    private final byte[] digest = new byte[32];

    Units(SecretBytes secret) {
      this.key = secret.exposeCopy();
    }

    long of(byte[] normalised, int from, int length) {
      sha256.update(key);
      sha256.update(normalised, from, length);
      try {
        sha256.digest(digest, 0, digest.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      return (long) LONGS.get(digest, 0);
    }

    @Override
    public void close() {
      Arrays.fill(key, (byte) 0);
    }
  }

  void forEach(Units units, UnitConsumer consumer) {
    int from = 0;
    for (int number = 0; number < ends.length; number++) {
      if (ends[number] > from) {
        consumer.accept(number, units.of(bytes, from, ends[number] - from));
      }
      from = ends[number];
    }
  }
}
