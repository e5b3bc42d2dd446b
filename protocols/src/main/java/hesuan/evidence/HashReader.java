package hesuan.evidence;

/** Where proofs get their hashes: tiles on a disk, or a list in a test. */
@FunctionalInterface
public interface HashReader {
  /**
   * The RFC 6962 hash over the complete subtree of leaves {@code [index * 2^level, (index + 1) *
   * 2^level)}; level 0 are leaf hashes. Asked only for subtrees inside the tree. Callers do not
   * change the array.
   */
  byte[] hash(int level, long index);
}
