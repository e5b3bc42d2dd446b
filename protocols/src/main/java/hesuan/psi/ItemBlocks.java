package hesuan.psi;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Hashes normalised identifiers to the 16-byte blocks, two longs each, that an intersection works
 * on: the front of SHA-256 over a key of the session, the identifier's length, and the identifier.
 * Ids must be distinct and not empty; whoever feeds them counts what it leaves out. Not for several
 * threads.
 */
public final class ItemBlocks {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int CHUNK = 1 << 16;

  private final Hash hash;
  private final List<long[]> chunks = new ArrayList<>();
  private int count;

  public ItemBlocks(Digest session) {
    hash = new Hash(session);
  }

  public void add(String id) {
    add(id.getBytes(StandardCharsets.UTF_8));
  }

  public void add(byte[] id) {
    add(id, 0, id.length);
  }

  /** An identifier that stands among others. */
  public void add(byte[] ids, int at, int length) {
    if (count == IntersectionParameters.ITEMS_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "items", "at most " + IntersectionParameters.ITEMS_MAX, "more");
    }
    if (count % CHUNK == 0) {
      chunks.add(new long[2 * CHUNK]);
    }
    hash.of(ids, at, length, chunks.getLast(), count % CHUNK);
    count++;
  }

  public int count() {
    return count;
  }

  /** Two longs for each item, in the order in which they came. */
  public long[] toArray() {
    long[] all = new long[2 * count];
    for (int chunk = 0; chunk < chunks.size(); chunk++) {
      int at = chunk * 2 * CHUNK;
      System.arraycopy(chunks.get(chunk), 0, all, at, Math.min(2 * CHUNK, all.length - at));
    }
    return all;
  }

  /** The blocks of identifiers of equal length that lie one after the other. */
  public static long[] of(Digest session, byte[] ids, int idBytes, Workers workers) {
    if (idBytes < 1 || ids.length % idBytes != 0) {
      throw new IllegalArgumentException(ids.length + " bytes of ids of " + idBytes);
    }
    int count = ids.length / idBytes;
    long[] blocks = new long[2 * count];
    workers.split(
        count,
        (from, to) -> {
          Hash hash = new Hash(session);
          for (int i = from; i < to; i++) {
            hash.of(ids, i * idBytes, idBytes, blocks, i);
          }
        });
    return blocks;
  }

  /** One thread's. Identifiers of up to 35 bytes take one compression of SHA-256. */
  private static final class Hash {
    private static final int KEY_BYTES = 16;

    private final MessageDigest sha256 = Digest.sha256();
    private final byte[] out = new byte[32];
    private byte[] input = new byte[64];

    Hash(Digest session) {
      String domain = IntersectionParameters.PROTOCOL + "/item/" + session.hex();
      byte[] key = sha256.digest(domain.getBytes(StandardCharsets.US_ASCII));
      System.arraycopy(key, 0, input, 0, KEY_BYTES);
    }

    void of(byte[] ids, int at, int length, long[] blocks, int number) {
      if (length == 0) {
        throw new IllegalArgumentException("empty id");
      }
      int bytes = KEY_BYTES + Integer.BYTES + length;
      if (bytes > input.length) {
        input = Arrays.copyOf(input, 2 * bytes);
      }
      INT.set(input, KEY_BYTES, length);
      System.arraycopy(ids, at, input, KEY_BYTES + Integer.BYTES, length);
      sha256.update(input, 0, bytes);
      try {
        sha256.digest(out, 0, out.length);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      blocks[2 * number] = (long) LONG.get(out, 0);
      blocks[2 * number + 1] = (long) LONG.get(out, 8);
    }
  }
}
