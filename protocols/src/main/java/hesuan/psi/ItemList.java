package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.group.ElGamal;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * A list of elements with or without labels, flat. It grows with what has arrived, not with what
 * was announced.
 */
final class ItemList {
  static final String HASH_DOMAIN = "hesuan/overlap/1/ristretto255_XMD:SHA-512_R255MAP_RO_";
  private static final int POINT = 32;

  private final boolean labelled;
  private byte[] points = new byte[0];
  private byte[] labels = new byte[0];
  private int count;

  ItemList(boolean labelled) {
    this.labelled = labelled;
  }

  /** Receives that many items in batches, each changed on arrival. */
  static ItemList receive(
      RecordedChannel from, int total, boolean labelled, UnaryOperator<Messages.Items> change) {
    ItemList list = new ItemList(labelled);
    while (list.count < total) {
      int batch = Math.min(Messages.BATCH, total - list.count);
      list.append(change.apply(Messages.Items.receive(from, batch, labelled)), total);
    }
    return list;
  }

  private void append(Messages.Items items, int total) {
    int needed = count + items.count();
    if (points.length < needed * POINT) {
      int capacity = (int) Math.min(total, 2L * needed);
      points = Arrays.copyOf(points, capacity * POINT);
      labels = Arrays.copyOf(labels, labelled ? capacity * ElGamal.BYTES : 0);
    }
    System.arraycopy(items.points(), 0, points, count * POINT, items.points().length);
    if (labelled) {
      System.arraycopy(items.labels(), 0, labels, count * ElGamal.BYTES, items.labels().length);
    }
    count = needed;
  }

  int count() {
    return count;
  }

  byte[] points() {
    return points;
  }

  byte[] labels() {
    return labels;
  }

  /** Who may send the same element twice could count one person twice. */
  void checkDistinct(RecordedChannel from) {
    if (!Tags.allDistinct(points, POINT, count)) {
      throw from.violation("distinct elements", "a repeated one");
    }
  }

  void sendShuffled(RecordedChannel to, SecureRandom random) {
    int[] order = Tags.shuffle(count, random);
    for (int from = 0; from < count; from += Messages.BATCH) {
      int batch = Math.min(Messages.BATCH, count - from);
      new Messages.Items(
              batch,
              gather(points, POINT, order, from, batch),
              labelled ? gather(labels, ElGamal.BYTES, order, from, batch) : new byte[0])
          .send(to);
    }
  }

  static byte[] gather(byte[] records, int width, int[] order, int from, int count) {
    byte[] out = new byte[count * width];
    for (int i = 0; i < count; i++) {
      System.arraycopy(records, order[from + i] * width, out, i * width, width);
    }
    return out;
  }
}
