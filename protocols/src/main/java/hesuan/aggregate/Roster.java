package hesuan.aggregate;

import hesuan.wire.Digest;
import java.util.Objects;
import java.util.SortedMap;

/**
 * Everyone's keys of this session.
 *
 * @param digest of the bytes that say so, which each member confirms
 */
record Roster(SortedMap<Integer, Messages.Keys> keys, byte[] digest) {
  static Roster of(SortedMap<Integer, Messages.Keys> keys, byte[] bytes) {
    return new Roster(keys, Digest.of(bytes).bytes());
  }

  Messages.Keys of(int index) {
    return Objects.requireNonNull(keys.get(index));
  }
}
