package hesuan.source;

import hesuan.group.Workers;
import hesuan.ids.IdNormaliser;
import hesuan.ids.IdQuality;
import hesuan.psi.ItemHash;
import hesuan.psi.ItemSource;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.VarCharVector;
import org.jspecify.annotations.Nullable;

/**
 * The people of a part as the items of an intersection, read once: their blocks, sorted into ranges
 * of hashes, and where asked for their identifiers in the order of the rows. A person's number
 * counts the rows with a usable id before the first row of that person. What is more than memory
 * may hold lies in a {@link SealedSpill}. Personal data, wiped or made unreadable when closed.
 */
public final class PeopleItems implements ItemSource, AutoCloseable {
  /** A power of two, so that a range is the front bits of a hash. */
  private static final int RANGES = 1024;

  private static final int BATCH_ROWS = 1 << 16;
  private static final int RECORD_BYTES = 20;
  private static final int RECORDS_LEAST = 256;
  private static final int RECORDS_MOST = 1 << 13;

  /**
   * @param memoryBytes of the heap that people may take; more lie on disk
   * @param spillBytesMax on disk
   * @param folder for that, inside the agent's home
   */
  public record Limits(long memoryBytes, long spillBytesMax, Path folder) {
    private static final int SHARE_OF_HEAP = 3;

    /** Sealed, so what an owner says about plain rows on the disk does not bear on it. */
    private static final long SPILL_BYTES_MAX = 8L << 30;

    /** A third of this process's heap; the rest is for a bucket and everything else. */
    public static Limits of(ReadLimits limits) {
      return new Limits(
          Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP,
          SPILL_BYTES_MAX,
          limits.spillDirectory());
    }
  }

  /** Sees one identifier, from (inclusive) to (exclusive), which it may not keep. */
  @FunctionalInterface
  public interface Visitor {
    void accept(byte[] bytes, int from, int to) throws IOException;
  }

  /** People whose hashes begin alike, as they came. */
  private static final class Range {
    long[] blocks = new long[0];
    int[] numbers = new int[0];
    int count;
    int[] pieces = new int[0];
    int pieceCount;
    int spilled;

    int capacity() {
      return numbers.length;
    }

    void grow(int capacity) {
      blocks = Arrays.copyOf(blocks, 2 * capacity);
      numbers = Arrays.copyOf(numbers, capacity);
    }

    void spilled(int piece, int records) {
      if (pieceCount == pieces.length) {
        pieces = Arrays.copyOf(pieces, Math.max(4, 2 * pieceCount));
      }
      pieces[pieceCount++] = piece;
      spilled += records;
    }
  }

  /** A batch, or a piece of one, hashed by one thread. */
  private static final class Slice {
    final IdNormaliser normaliser;
    final ItemHash hash;
    long[] blocks = new long[0];
    byte[] ids = new byte[0];
    int idBytes;
    int usable;
    int empty;
    int malformed;

    Slice(IdRule rule, Digest session) {
      normaliser = new IdNormaliser(rule);
      hash = new ItemHash(session);
    }
  }

  private final Limits limits;
  private final boolean keepsIds;
  private final Workers workers;
  private final Range[] ranges = new Range[RANGES];
  private final BitSet repeated = new BitSet();
  private final List<byte[]> ids = new ArrayList<>();
  private final List<Integer> idPieces = new ArrayList<>();
  private @Nullable SealedSpill spill;
  private byte[] spilling = new byte[0];
  private long heldBytes;
  private long empty;
  private long malformed;
  private int usable;
  private int size;
  private long order;

  private PeopleItems(Limits limits, boolean keepsIds, Workers workers) {
    this.limits = limits;
    this.keepsIds = keepsIds;
    this.workers = workers;
    for (int r = 0; r < RANGES; r++) {
      ranges[r] = new Range();
    }
  }

  /**
   * Reads the rows asked for; refuses where no usable id is among them.
   *
   * @param session keys the blocks
   * @param keepsIds whether {@link #forEach} will be asked
   */
  public static PeopleItems read(
      Connection connection,
      Rows rows,
      String idColumn,
      IdRule rule,
      Digest session,
      boolean keepsIds,
      Limits limits,
      Workers workers) {
    PeopleItems people =
        readAny(connection, rows, idColumn, rule, session, keepsIds, limits, workers);
    if (people.size == 0) {
      people.close();
      throw new ProblemException(
          ErrorCode.SOURCE_EMPTY,
          "column " + idColumn,
          "at least one id by rule " + rule.text(),
          "%d rows: %d empty, %d malformed"
              .formatted(people.empty + people.malformed, people.empty, people.malformed));
    }
    return people;
  }

  private static PeopleItems readAny(
      Connection connection,
      Rows rows,
      String idColumn,
      IdRule rule,
      Digest session,
      boolean keepsIds,
      Limits limits,
      Workers workers) {
    PeopleItems people = new PeopleItems(limits, keepsIds, workers);
    try {
      people.readAll(connection, rows, idColumn, rule, session);
      return people;
    } catch (SQLException e) {
      people.close();
      throw ReadProblems.of(rows.relation(), e);
    } catch (RuntimeException e) {
      people.close();
      throw e;
    }
  }

  private void readAll(
      Connection connection, Rows rows, String idColumn, IdRule rule, Digest session)
      throws SQLException {
    Slice[] slices = new Slice[workers.count()];
    for (int s = 0; s < slices.length; s++) {
      slices[s] = new Slice(rule, session);
    }
    byte[][] raw = {new byte[0]};
    SourceReader.forEachBatch(
        connection,
        rows.sql("CAST(" + Sql.name(idColumn) + " AS VARCHAR)"),
        BATCH_ROWS,
        batch -> {
          VarCharVector cells = (VarCharVector) batch.getVector(0);
          int count = batch.getRowCount();
          int bytes = count == 0 ? 0 : cells.getEndOffset(count - 1) - cells.getStartOffset(0);
          raw[0] = raw[0].length < bytes ? new byte[bytes + bytes / 4] : raw[0];
          if (bytes > 0) {
            cells.getDataBuffer().getBytes(cells.getStartOffset(0), raw[0], 0, bytes);
          }
          workers.run(
              s ->
                  hash(
                      slices[s],
                      cells,
                      raw[0],
                      (int) ((long) count * s / slices.length),
                      (int) ((long) count * (s + 1) / slices.length)));
          for (Slice slice : slices) {
            take(slice);
          }
        });
    Arrays.fill(raw[0], (byte) 0);
    for (Slice slice : slices) {
      Arrays.fill(slice.ids, (byte) 0);
    }
    if (spill != null) {
      for (Range range : ranges) {
        spill(range, spill);
      }
    }
    findRepeated();
  }

  private void hash(Slice slice, VarCharVector cells, byte[] raw, int from, int to) {
    slice.blocks = slice.blocks.length < 2 * (to - from) ? new long[2 * (to - from)] : slice.blocks;
    slice.usable = 0;
    slice.empty = 0;
    slice.malformed = 0;
    slice.idBytes = 0;
    if (from == to) {
      return;
    }
    ArrowBuf offsets = cells.getOffsetBuffer();
    int base = offsets.getInt(0);
    boolean anyNull = cells.getNullCount() > 0;
    for (int row = from; row < to; row++) {
      int at = offsets.getInt(4L * row) - base;
      int length = offsets.getInt(4L * row + 4) - base - at;
      IdNormaliser.Verdict verdict =
          anyNull && cells.isNull(row)
              ? IdNormaliser.Verdict.EMPTY
              : slice.normaliser.accept(raw, at, length);
      switch (verdict) {
        case NORMALISED -> {
          byte[] id = slice.normaliser.bytes();
          int idLength = slice.normaliser.length();
          slice.hash.hash(id, 0, idLength, slice.blocks, slice.usable++);
          if (keepsIds) {
            keep(slice, id, idLength);
          }
        }
        case EMPTY -> slice.empty++;
        case MALFORMED -> slice.malformed++;
      }
    }
  }

  /** An id is its length, which fits a byte, and its bytes. */
  private static void keep(Slice slice, byte[] id, int length) {
    if (slice.idBytes + 1 + length > slice.ids.length) {
      byte[] wider = Arrays.copyOf(slice.ids, 2 * (slice.idBytes + 1 + length));
      Arrays.fill(slice.ids, (byte) 0);
      slice.ids = wider;
    }
    slice.ids[slice.idBytes++] = (byte) length;
    System.arraycopy(id, 0, slice.ids, slice.idBytes, length);
    slice.idBytes += length;
  }

  private void take(Slice slice) {
    empty += slice.empty;
    malformed += slice.malformed;
    if (slice.usable == 0) {
      return;
    }
    if (usable > Integer.MAX_VALUE - slice.usable) {
      throw new ProblemException(
          ErrorCode.LIMIT_EXCEEDED, "id column", "at most 2^31 rows with an id", "more");
    }
    for (int i = 0; i < slice.usable; i++) {
      long lower = slice.blocks[2 * i];
      long upper = slice.blocks[2 * i + 1];
      order = (order ^ lower) * 0x9e3779b97f4a7c15L;
      order ^= order >>> 29;
      Range range = ranges[ItemSource.bucket(upper, RANGES)];
      if (range.count == range.capacity()) {
        makeRoom(range);
      }
      range.blocks[2 * range.count] = lower;
      range.blocks[2 * range.count + 1] = upper;
      range.numbers[range.count++] = usable++;
    }
    if (keepsIds) {
      byte[] piece = Arrays.copyOf(slice.ids, slice.idBytes);
      if (spill == null) {
        ids.add(piece);
        heldBytes += piece.length;
      } else {
        spillIds(piece, spill);
      }
    }
    if (spill == null && heldBytes > limits.memoryBytes) {
      spillAll();
    }
  }

  private void makeRoom(Range range) {
    if (spill != null && range.capacity() >= RECORDS_LEAST) {
      spill(range, spill);
      return;
    }
    int capacity = Math.max(16, range.capacity() + range.capacity() / 2);
    heldBytes += (long) (capacity - range.capacity()) * RECORD_BYTES;
    range.grow(capacity);
  }

  private void spillAll() {
    SealedSpill made = new SealedSpill(limits.folder, limits.spillBytesMax);
    spill = made;
    spilling = new byte[RECORDS_MOST * RECORD_BYTES];
    for (byte[] piece : ids) {
      spillIds(piece, made);
    }
    ids.clear();
    int capacity =
        Math.clamp(limits.memoryBytes / 2 / RANGES / RECORD_BYTES, RECORDS_LEAST, RECORDS_MOST);
    for (Range range : ranges) {
      spill(range, made);
      range.blocks = new long[2 * capacity];
      range.numbers = new int[capacity];
    }
  }

  private void spillIds(byte[] piece, SealedSpill to) {
    idPieces.add(to.append(piece, piece.length));
    Arrays.fill(piece, (byte) 0);
  }

  private void spill(Range range, SealedSpill to) {
    byte[] bytes = spilling;
    for (int from = 0; from < range.count; from += RECORDS_MOST) {
      int count = Math.min(RECORDS_MOST, range.count - from);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      buffer.asLongBuffer().put(range.blocks, 2 * from, 2 * count);
      buffer.position(16 * count).slice().asIntBuffer().put(range.numbers, from, count);
      range.spilled(to.append(bytes, count * RECORD_BYTES), count);
    }
    range.count = 0;
  }

  /** All records of a range: its own arrays, or new ones from what was spilled. */
  private Range loaded(int number) {
    Range range = ranges[number];
    if (spill == null) {
      return range;
    }
    Range all = new Range();
    all.grow(range.spilled);
    for (int p = 0; p < range.pieceCount; p++) {
      ByteBuffer piece = ByteBuffer.wrap(spill.read(range.pieces[p]));
      int count = piece.capacity() / RECORD_BYTES;
      piece.asLongBuffer().get(all.blocks, 2 * all.count, 2 * count);
      piece.position(16 * count).slice().asIntBuffer().get(all.numbers, all.count, count);
      all.count += count;
    }
    return all;
  }

  /**
   * Marks the later rows of people who have several, range by range, so that a table of them lies
   * in the cache.
   */
  private void findRepeated() {
    for (Range range : ranges) {
      if (spill != null) {
        range.grow(0);
      }
    }
    workers.split(
        RANGES,
        (from, to) -> {
          int[] table = new int[0];
          for (int r = from; r < to; r++) {
            table = findRepeated(loaded(r), table);
          }
        });
    size = usable - repeated.cardinality();
  }

  private int[] findRepeated(Range range, int[] reuse) {
    int slots = Math.max(16, Integer.highestOneBit(Math.max(1, range.count)) * 4);
    int[] table = reuse.length == slots ? reuse : new int[slots];
    Arrays.fill(table, 0);
    for (int i = 0; i < range.count; i++) {
      long lower = range.blocks[2 * i];
      int slot = (int) lower & slots - 1;
      while (table[slot] != 0) {
        int other = table[slot] - 1;
        if (range.blocks[2 * other] == lower
            && range.blocks[2 * other + 1] == range.blocks[2 * i + 1]) {
          break;
        }
        slot = slot + 1 & slots - 1;
      }
      if (table[slot] == 0) {
        table[slot] = i + 1;
      } else {
        synchronized (repeated) {
          repeated.set(range.numbers[i]);
        }
      }
    }
    return table;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int take(int bucket, int buckets, long[] blocks, int[] numbers) {
    int first = (int) ((long) bucket * RANGES / buckets);
    int last = (int) Math.ceilDiv((bucket + 1L) * RANGES, buckets) - 1;
    int count = 0;
    for (int r = first; r <= last; r++) {
      Range range = loaded(r);
      for (int i = 0; i < range.count; i++) {
        long upper = range.blocks[2 * i + 1];
        if (ItemSource.bucket(upper, buckets) == bucket && !repeated.get(range.numbers[i])) {
          if (count == numbers.length) {
            throw new ProblemException(
                ErrorCode.INTERNAL,
                "buckets",
                "at most " + numbers.length + " items each",
                "more; try again");
          }
          blocks[2 * count] = range.blocks[2 * i];
          blocks[2 * count + 1] = upper;
          numbers[count++] = range.numbers[i];
        }
      }
    }
    return count;
  }

  public IdQuality quality() {
    return new IdQuality(empty + malformed + usable, empty, malformed, (long) usable - size, size);
  }

  /** Tells two readings apart whose numbers mean different people. */
  public long order() {
    return order;
  }

  public boolean isSpilled() {
    return spill != null;
  }

  /** Everybody's number but those given; at most {@link #size} of them. */
  public BitSet others(BitSet numbers) {
    BitSet others = new BitSet(usable);
    others.set(0, usable);
    others.andNot(repeated);
    others.andNot(numbers);
    return others;
  }

  /** The identifiers of these numbers, in the order of the rows. */
  public void forEach(BitSet numbers, Visitor visitor) throws IOException {
    if (!keepsIds) {
      throw new IllegalStateException("ids were not kept");
    }
    int number = 0;
    for (byte[] piece : ids) {
      number = forEach(piece, number, numbers, visitor);
    }
    for (int piece : idPieces) {
      byte[] opened = spilled().read(piece);
      number = forEach(opened, number, numbers, visitor);
      Arrays.fill(opened, (byte) 0);
    }
  }

  private SealedSpill spilled() {
    return java.util.Objects.requireNonNull(spill, "nothing is spilled");
  }

  private static int forEach(byte[] piece, int from, BitSet numbers, Visitor visitor)
      throws IOException {
    int number = from;
    for (int at = 0; at < piece.length; number++) {
      int length = piece[at++] & 0xff;
      if (numbers.get(number)) {
        visitor.accept(piece, at, at + length);
      }
      at += length;
    }
    return number;
  }

  @Override
  public void close() {
    ids.forEach(piece -> Arrays.fill(piece, (byte) 0));
    ids.clear();
    if (spill != null) {
      spill.close();
    }
  }

  @Override
  public String toString() {
    return "PeopleItems[" + size + " people]";
  }
}
