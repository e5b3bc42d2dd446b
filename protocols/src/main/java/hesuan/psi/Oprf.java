package hesuan.psi;

import hesuan.channel.RecordedChannel;

/**
 * Gives both sides of a bucket the same 128-bit value for the same item: the sender can compute it
 * for any item, the receiver for its own items only. Neither learns the other's items.
 */
public sealed interface Oprf permits EcdhOprf, VoleOprf {
  /**
   * Two longs for each place, in any order.
   *
   * @param places where in the bucket each value's item stands
   */
  record Values(long[] values, int[] places) {}

  /** The receiver's side, with fresh secrets; both sides know each other's load. */
  Values receive(RecordedChannel sender, int bucket, long[] items);

  /** The sender's side, with fresh secrets. */
  Values send(RecordedChannel receiver, int bucket, long[] items, int receiverItems);

  static int[] inOrder(int count) {
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = i;
    }
    return places;
  }
}
