package hesuan.evidence;

import hesuan.wire.Digest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A history tree that only grows, kept as the roots of its complete subtrees: at most 63 hashes,
 * whatever its size. Not thread-safe.
 */
public final class MerkleTree {
  /** By level: the root of the complete subtree that bit of the size stands for, else null. */
  private final List<byte @Nullable []> frontier = new ArrayList<>();

  private long size;

  /** The tree of the first {@code size} leaves of an existing one. */
  public static MerkleTree load(HashReader reader, long size) {
    MerkleTree tree = new MerkleTree();
    long end = size;
    for (int level = 0; end > 0; level++, end >>= 1) {
      tree.frontier.add((end & 1) == 1 ? reader.hash(level, end - 1) : null);
    }
    tree.size = size;
    return tree;
  }

  public long size() {
    return size;
  }

  public void append(byte[] leafHash) {
    byte[] carry = leafHash;
    int level = 0;
    for (; (size >> level & 1) == 1; level++) {
      byte[] left = frontier.get(level);
      if (left == null) {
        throw new IllegalStateException("frontier without level " + level);
      }
      carry = Merkle.nodeHash(left, carry);
      frontier.set(level, null);
    }
    if (level == frontier.size()) {
      frontier.add(carry);
    } else {
      frontier.set(level, carry);
    }
    size++;
  }

  public Digest root() {
    byte[] root = null;
    for (byte[] each : frontier) {
      if (each != null) {
        root = root == null ? each : Merkle.nodeHash(each, root);
      }
    }
    return root == null ? Digest.of(new byte[0]) : Merkle.digest(root);
  }
}
