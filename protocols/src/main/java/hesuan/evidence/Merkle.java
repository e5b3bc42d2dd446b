package hesuan.evidence;

import hesuan.wire.Digest;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The history tree of RFC 6962 (hashing equal to RFC 9162): hashes, proofs and their verification.
 * Pure functions. Leaves and nodes are hashed under different first bytes, so that no node can pose
 * as a leaf.
 */
public final class Merkle {
  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  /** A longer proof can't belong to a tree that a {@code long} counts. */
  static final int PATH_MAX = 63;

  private Merkle() {}

  public static byte[] leafHash(byte[] leaf) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(LEAF);
    return sha256.digest(leaf);
  }

  public static byte[] nodeHash(byte[] left, byte[] right) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(NODE);
    sha256.update(left);
    return sha256.digest(right);
  }

  /** The root of the tree of the first {@code size} leaves. */
  public static Digest root(HashReader reader, long size) {
    checkSize(size);
    return size == 0 ? Digest.of(new byte[0]) : digest(subtree(reader, 0, size));
  }

  /** Hashes that lead from leaf {@code index} to the root of the first {@code size} leaves. */
  public static List<Digest> inclusionProof(HashReader reader, long index, long size) {
    checkSize(size);
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("leaf " + index + " of " + size);
    }
    List<Digest> path = new ArrayList<>();
    inclusion(reader, index, 0, size, path);
    return path;
  }

  /** Hashes that show the first {@code oldSize} leaves unchanged among the first {@code size}. */
  public static List<Digest> consistencyProof(HashReader reader, long oldSize, long size) {
    checkSize(size);
    if (oldSize < 0 || oldSize > size) {
      throw new IndexOutOfBoundsException("tree of " + oldSize + " within " + size);
    }
    List<Digest> path = new ArrayList<>();
    if (oldSize > 0 && oldSize < size) {
      consistency(reader, oldSize, 0, size, true, path);
    }
    return path;
  }

  /** RFC 9162 section 2.1.3.2. */
  public static boolean includes(
      byte[] leafHash, long index, long size, List<Digest> path, Digest root) {
    if (index < 0 || index >= size || path.size() > PATH_MAX) {
      return false;
    }
    long fn = index;
    long sn = size - 1;
    byte[] hash = leafHash;
    for (Digest each : path) {
      if (sn == 0) {
        return false;
      }
      if ((fn & 1) == 1 || fn == sn) {
        hash = nodeHash(each.bytes(), hash);
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        hash = nodeHash(hash, each.bytes());
      }
      fn >>= 1;
      sn >>= 1;
    }
    return sn == 0 && Arrays.equals(hash, root.bytes());
  }

  /** RFC 9162 section 2.1.4.2; the empty tree is consistent with any, by an empty proof. */
  public static boolean consistent(
      long oldSize, Digest oldRoot, long size, Digest root, List<Digest> path) {
    if (oldSize < 0 || oldSize > size || path.size() > PATH_MAX + 1) {
      return false;
    }
    if (oldSize == 0) {
      return path.isEmpty() && oldRoot.equals(Digest.of(new byte[0]));
    }
    if (oldSize == size) {
      return path.isEmpty() && oldRoot.equals(root);
    }
    List<Digest> hashes = new ArrayList<>(path);
    if (Long.bitCount(oldSize) == 1) {
      hashes.addFirst(oldRoot);
    }
    if (hashes.isEmpty()) {
      return false;
    }
    long fn = oldSize - 1;
    long sn = size - 1;
    while ((fn & 1) == 1) {
      fn >>= 1;
      sn >>= 1;
    }
    byte[] oldHash = hashes.getFirst().bytes();
    byte[] hash = oldHash;
    for (Digest each : hashes.subList(1, hashes.size())) {
      if (sn == 0) {
        return false;
      }
      if ((fn & 1) == 1 || fn == sn) {
        oldHash = nodeHash(each.bytes(), oldHash);
        hash = nodeHash(each.bytes(), hash);
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        hash = nodeHash(hash, each.bytes());
      }
      fn >>= 1;
      sn >>= 1;
    }
    return sn == 0 && Arrays.equals(oldHash, oldRoot.bytes()) && Arrays.equals(hash, root.bytes());
  }

  static Digest digest(byte[] hash) {
    return new Digest(HexFormat.of().formatHex(hash));
  }

  /** MTH over leaves {@code [from, to)}, where RFC 6962's splits make {@code from} aligned. */
  private static byte[] subtree(HashReader reader, long from, long to) {
    long width = to - from;
    if (Long.bitCount(width) == 1) {
      int level = Long.numberOfTrailingZeros(width);
      return reader.hash(level, from >> level);
    }
    long split = from + Long.highestOneBit(width - 1);
    return nodeHash(subtree(reader, from, split), subtree(reader, split, to));
  }

  private static void inclusion(
      HashReader reader, long index, long from, long to, List<Digest> path) {
    if (to - from == 1) {
      return;
    }
    long split = from + Long.highestOneBit(to - from - 1);
    if (index < split) {
      inclusion(reader, index, from, split, path);
      path.add(digest(subtree(reader, split, to)));
    } else {
      inclusion(reader, index, split, to, path);
      path.add(digest(subtree(reader, from, split)));
    }
  }

  private static void consistency(
      HashReader reader, long oldSize, long from, long to, boolean whole, List<Digest> path) {
    if (oldSize == to) {
      if (!whole) {
        path.add(digest(subtree(reader, from, to)));
      }
      return;
    }
    long split = from + Long.highestOneBit(to - from - 1);
    if (oldSize <= split) {
      consistency(reader, oldSize, from, split, whole, path);
      path.add(digest(subtree(reader, split, to)));
    } else {
      consistency(reader, oldSize, split, to, false, path);
      path.add(digest(subtree(reader, from, split)));
    }
  }

  private static void checkSize(long size) {
    if (size < 0) {
      throw new IndexOutOfBoundsException("tree of " + size);
    }
  }
}
