package hesuan.transfer;

import hesuan.wire.Digest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a round of rows is made with: 70 MB, made when first needed and used again and again. */
final class RowMaker {
  static final byte TREES = 14;

  final HalfTrees trees;
  final GolayAccumulateCode.Encoder encoder;

  private RowMaker(Digest session, GolayAccumulateCode code) {
    trees = new HalfTrees(session);
    encoder = code.new Encoder();
  }

  /** One for each thread, over one map. */
  static final class Shop {
    private final Digest session;
    private final List<RowMaker> makers = new ArrayList<>();
    private @Nullable GolayAccumulateCode code;

    Shop(Digest session) {
      this.session = session;
    }

    RowMaker get(int thread) {
      GolayAccumulateCode map = code;
      if (map == null) {
        map = new GolayAccumulateCode(HalfTrees.TOTAL, session);
        code = map;
      }
      while (makers.size() <= thread) {
        makers.add(new RowMaker(session, map));
      }
      return makers.get(thread);
    }

    void wipe() {
      makers.forEach(maker -> maker.encoder.wipe());
    }
  }

  /** Rows that are given out once each; the last ones are kept for the next round of trees. */
  static final class Stock {
    private long[] rows;
    private int used;
    private int end;

    /** For the next round: {@link HalfTrees#CHOICES} rows that are never given out. */
    final long[] kept = new long[2 * HalfTrees.CHOICES];

    Stock(long[] rows) {
      this.rows = rows;
      keep(rows.length);
    }

    private void keep(int length) {
      end = length - kept.length;
      used = 0;
      System.arraycopy(rows, end, kept, 0, kept.length);
      Arrays.fill(rows, end, length, 0);
    }

    boolean isEmpty() {
      return used == end;
    }

    /** Makes a round of rows in the place of those given out. */
    void refill(GolayAccumulateCode.Encoder encoder) {
      int length = encoder.outputWords();
      if (rows.length != length) {
        rows = new long[length];
      }
      encoder.finish(rows);
      keep(length);
    }

    /** Up to so many words; how many there were. */
    int take(long[] to, int at, int words) {
      int take = Math.min(words, end - used);
      System.arraycopy(rows, used, to, at, take);
      Arrays.fill(rows, used, used + take, 0);
      used += take;
      return take;
    }

    void wipe() {
      Arrays.fill(rows, 0);
      Arrays.fill(kept, 0);
    }
  }
}
