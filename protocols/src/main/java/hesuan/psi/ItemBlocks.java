package hesuan.psi;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The blocks of identifiers that come one after the other ({@link ItemHash}). Ids must be distinct
 * and not empty; whoever feeds them counts what it leaves out. Not for several threads.
 */
public final class ItemBlocks {
  private static final int CHUNK = 1 << 16;

  private final ItemHash hash;
  private final List<long[]> chunks = new ArrayList<>();
  private int count;

  public ItemBlocks(Digest session) {
    hash = new ItemHash(session);
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
    hash.hash(ids, at, length, chunks.getLast(), count % CHUNK);
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
          ItemHash hash = new ItemHash(session);
          for (int i = from; i < to; i++) {
            hash.hash(ids, i * idBytes, idBytes, blocks, i);
          }
        });
    return blocks;
  }
}
