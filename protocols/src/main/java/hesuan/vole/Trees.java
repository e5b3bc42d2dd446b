package hesuan.vole;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * Trees of pseudorandom values, all of them or all but one path each, grown eight at a time so that
 * they stay in the cache. The children of a node x are AES(k0, x) + x and AES(k1, x) + x under
 * public keys of the session. Leaf i of tree j of a group of g lies at group start + i g + j.
 */
final class Trees {
  static final int GROUP = 8;
  static final int NODE_BYTES = 16;
  private static final int CHUNK = 1 << 15;

  private final TreeLayout layout;
  private final byte[] keys;

  Trees(TreeLayout layout, Digest session) {
    this.layout = layout;
    MessageDigest sha256 = Digest.sha256();
    sha256.update("hesuan/vole/1/trees".getBytes(StandardCharsets.US_ASCII));
    keys = sha256.digest(session.bytes());
  }

  /** Where the sum of a side of a level of a tree lies: 16 bytes each, left then right. */
  int sumAt(int tree, int level, int side) {
    return ((tree * layout.depth() + level - 1) * 2 + side) * NODE_BYTES;
  }

  int sumsBytes() {
    return layout.trees() * layout.depth() * 2 * NODE_BYTES;
  }

  private int groups() {
    return (layout.trees() + GROUP - 1) / GROUP;
  }

  /** Grows all from their roots; puts the leaves and the sums of all left and all right nodes. */
  void grow(byte[] roots, long[] leaves, byte[] sums, Workers workers) {
    workers.split(
        groups(),
        (from, to) -> {
          Grower grower = new Grower();
          for (int group = from; group < to; group++) {
            int first = group * GROUP;
            int width = Math.min(GROUP, layout.trees() - first);
            grower.start(width);
            System.arraycopy(roots, first * NODE_BYTES, grower.nodes, 0, width * NODE_BYTES);
            for (int level = 1; level <= layout.depth(); level++) {
              grower.step(level);
              for (int side = 0; side < 2; side++) {
                byte[] sum = grower.sum(level, side);
                for (int tree = 0; tree < width; tree++) {
                  System.arraycopy(
                      sum, tree * NODE_BYTES, sums, sumAt(first + tree, level, side), NODE_BYTES);
                }
              }
            }
            grower.finish(leaves, first * layout.leaves());
          }
          grower.wipe();
        });
  }

  /**
   * Grows all but the path to one leaf of each tree, from the sum at each level over the side that
   * leads off the path: offSums has 16 bytes for each tree and level. At the missing leaf's place
   * goes the sum of all other leaves of its tree.
   */
  void growPunctured(int[] missing, byte[] offSums, long[] leaves, Workers workers) {
    workers.split(
        groups(),
        (from, to) -> {
          Grower grower = new Grower();
          for (int group = from; group < to; group++) {
            int first = group * GROUP;
            int width = Math.min(GROUP, layout.trees() - first);
            grower.start(width);
            Arrays.fill(grower.nodes, 0, width * NODE_BYTES, (byte) 0);
            for (int level = 1; level <= layout.depth(); level++) {
              grower.step(level);
              for (int tree = 0; tree < width; tree++) {
                grower.clear(level, tree, missing[first + tree]);
              }
              byte[] left = Arrays.copyOf(grower.sum(level, 0), width * NODE_BYTES);
              byte[] right = grower.sum(level, 1);
              for (int tree = 0; tree < width; tree++) {
                int at = ((first + tree) * layout.depth() + level - 1) * NODE_BYTES;
                grower.mend(level, tree, missing[first + tree], left, right, offSums, at);
              }
            }
            grower.closeMissing(missing, first);
            grower.finish(leaves, first * layout.leaves());
          }
          grower.wipe();
        });
  }

  /** One thread's group of trees, node by node, all trees of a node side by side. */
  private final class Grower {
    private final byte[] nodes = new byte[layout.leaves() * GROUP * NODE_BYTES];
    private final byte[] folded = new byte[(layout.leaves() / 2 + 2) * GROUP * NODE_BYTES];
    private final byte[] chunk = new byte[CHUNK];
    private final Cipher[] ciphers = {cipher(0), cipher(16)};
    private int row;

    private Cipher cipher(int at) {
      try {
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(keys, at, 16, "AES"));
        return cipher;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("every JDK has AES", e);
      }
    }

    void start(int width) {
      row = width * NODE_BYTES;
    }

    /** From the nodes of the level above to those of this one, in place. */
    void step(int level) {
      int parents = layout.nodes(level - 1) * row;
      int rights = layout.nodes(level) * row - parents;
      children(1, rights, parents);
      children(0, parents, 0);
    }

    private void children(int side, int bytes, int to) {
      try {
        for (int from = 0; from < bytes; from += CHUNK) {
          int length = Math.min(CHUNK, bytes - from);
          ciphers[side].update(nodes, from, length, chunk, 0);
          Words.xor(nodes, from, chunk, 0, nodes, to + from, length);
        }
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("whole blocks into a buffer of their size", e);
      }
    }

    /** The sum over a side of a level, all trees side by side; valid until the next call. */
    byte[] sum(int level, int side) {
      int parents = layout.nodes(level - 1);
      int rows = side == 0 ? parents : layout.nodes(level) - parents;
      int at = side == 0 ? 0 : parents * row;
      if (rows == 1) {
        System.arraycopy(nodes, at, folded, 0, row);
        return folded;
      }
      int half = rows / 2;
      Words.xor(nodes, at, nodes, at + half * row, folded, 0, half * row);
      if (rows % 2 == 1) {
        Words.xor(folded, 0, nodes, at + (rows - 1) * row, folded, 0, row);
      }
      while (half > 1) {
        int odd = half % 2;
        half /= 2;
        if (odd == 1) {
          Words.xor(folded, 0, folded, 2 * half * row, folded, 0, row);
        }
        Words.xor(folded, 0, folded, half * row, folded, 0, half * row);
      }
      return folded;
    }

    /** Zero for both children of the node on the path above. */
    void clear(int level, int tree, int leaf) {
      int parents = layout.nodes(level - 1);
      int parent = layout.ancestor(leaf, level - 1);
      zero(parent, tree);
      if (parent + parents < layout.nodes(level)) {
        zero(parent + parents, tree);
      }
    }

    private void zero(int node, int tree) {
      int at = node * row + tree * NODE_BYTES;
      Arrays.fill(nodes, at, at + NODE_BYTES, (byte) 0);
    }

    void mend(
        int level, int tree, int leaf, byte[] left, byte[] right, byte[] offSums, int offSum) {
      int parents = layout.nodes(level - 1);
      int on = layout.ancestor(leaf, level);
      boolean offRight = on < parents;
      int off = offRight ? on + parents : on - parents;
      if (off < layout.nodes(level)) {
        byte[] known = offRight ? right : left;
        int to = off * row + tree * NODE_BYTES;
        Words.xor(known, tree * NODE_BYTES, offSums, offSum, nodes, to, NODE_BYTES);
      }
    }

    /** The sum of all leaves at the place of the missing one, which is zero so far. */
    void closeMissing(int[] missing, int first) {
      byte[] left = Arrays.copyOf(sum(layout.depth(), 0), row);
      byte[] right = sum(layout.depth(), 1);
      for (int tree = 0; tree < row / NODE_BYTES; tree++) {
        int at = tree * NODE_BYTES;
        Words.xor(left, at, right, at, nodes, missing[first + tree] * row + at, NODE_BYTES);
      }
    }

    void finish(long[] leaves, int firstLeaf) {
      ByteBuffer.wrap(nodes, 0, layout.leaves() * row)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asLongBuffer()
          .get(leaves, 2 * firstLeaf, layout.leaves() * row / Long.BYTES);
    }

    void wipe() {
      Arrays.fill(nodes, (byte) 0);
      Arrays.fill(folded, (byte) 0);
      Arrays.fill(chunk, (byte) 0);
    }
  }
}
