package hesuan.psi;

import hesuan.channel.RecordedChannel;
import hesuan.group.ElGamal;
import hesuan.group.Points;
import hesuan.group.Scalar;
import hesuan.group.Workers;
import java.security.SecureRandom;

/** Steps over flat items that both roles take. */
final class Inputs {
  private Inputs() {}

  /** A copy of the caller's keys; repeated ones are a defect of the caller. */
  static byte[] checked(byte[] itemKeys) {
    if (itemKeys.length % ItemKeys.BYTES != 0
        || itemKeys.length / ItemKeys.BYTES > OverlapParameters.ITEMS_MAX) {
      throw new IllegalArgumentException(itemKeys.length + " bytes of item keys");
    }
    if (!Tags.allDistinct(itemKeys, ItemKeys.BYTES, itemKeys.length / ItemKeys.BYTES)) {
      throw new IllegalArgumentException("repeated item keys");
    }
    return itemKeys.clone();
  }

  /** A key that no identifier has. */
  static void randomKey(byte[] keys, int index, SecureRandom random) {
    byte[] key = new byte[ItemKeys.BYTES];
    random.nextBytes(key);
    System.arraycopy(key, 0, keys, index * ItemKeys.BYTES, key.length);
  }

  /** Writes the keys of a helper's first {@code count} public dummies for a group. */
  static void dummies(
      byte[] keys, int index, OverlapParameters parameters, int helper, int group, int count) {
    for (int number = 0; number < count; number++) {
      int at = (index + number) * ItemKeys.BYTES;
      ItemKeys.dummy(keys, at, parameters.session(), helper, group, number);
    }
  }

  /** Elements of a peer raised to an exponent; its labels stay as they are. */
  static Messages.Items multiplied(
      RecordedChannel from, Messages.Items items, Scalar exponent, Workers workers) {
    int bad = Points.multiply(items.points(), items.count(), exponent, items.points(), workers);
    if (bad != 0) {
      throw from.violation("encoded elements other than the identity", bad + " others");
    }
    return items;
  }

  static void rerandomise(
      RecordedChannel from,
      Messages.Items items,
      ElGamal labels,
      SecureRandom random,
      Workers workers) {
    byte[] exponents = Scalar.randomFlat(items.count(), random);
    int bad = labels.rerandomise(items.labels(), items.count(), exponents, workers);
    if (bad != 0) {
      throw from.violation("labels of two elements", bad + " others");
    }
  }
}
