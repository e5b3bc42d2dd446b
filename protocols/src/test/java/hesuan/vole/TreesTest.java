package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TreesTest {
  private static final Digest SESSION = Digest.of("trees");

  private static byte[] child(byte[] node, int side) throws Exception {
    byte[] keys =
        Digest.sha256()
            .digest(
                concat("hesuan/vole/1/trees".getBytes(StandardCharsets.US_ASCII), SESSION.bytes()));
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(keys, 16 * side, 16, "AES"));
    byte[] child = cipher.doFinal(node);
    for (int k = 0; k < 16; k++) {
      child[k] ^= node[k];
    }
    return child;
  }

  private static byte[] concat(byte[] x, byte[] y) {
    byte[] both = Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, both, x.length, y.length);
    return both;
  }

  /** A leaf by its path from the root. */
  private static byte[] leaf(TreeLayout layout, byte[] roots, int tree, int leaf) throws Exception {
    byte[] node = Arrays.copyOfRange(roots, 16 * tree, 16 * tree + 16);
    for (int level = 1; level <= layout.depth(); level++) {
      node = child(node, layout.side(leaf, level));
    }
    return node;
  }

  @ParameterizedTest
  @CsvSource({"1,2", "3,3", "8,5", "9,16", "17,173"})
  void grow_everyLeafIsItsPaths_andTheSumsAreOverSides(int trees, int leaves) throws Exception {
    TreeLayout layout = new TreeLayout(trees, leaves);
    byte[] roots = new byte[16 * trees];
    new Random(1).nextBytes(roots);
    Trees grown = new Trees(layout, SESSION);
    long[] out = new long[2 * layout.total()];
    byte[] sums = new byte[grown.sumsBytes()];
    grown.grow(roots, out, sums, Workers.ONE);
    for (int tree = 0; tree < trees; tree++) {
      byte[][] sides = new byte[2][16];
      for (int leaf = 0; leaf < leaves; leaf++) {
        byte[] expected = leaf(layout, roots, tree, leaf);
        int at = layout.place(tree, leaf);
        assertEquals(Words.at(expected, 0), out[2 * at]);
        assertEquals(Words.at(expected, 8), out[2 * at + 1]);
        byte[] side = sides[layout.side(leaf, layout.depth())];
        Words.xor(side, 0, expected, 0, side, 0, 16);
      }
      for (int side = 0; side < 2; side++) {
        int at = grown.sumAt(tree, layout.depth(), side);
        assertArrayEquals(sides[side], Arrays.copyOfRange(sums, at, at + 16));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,2", "3,3", "8,5", "9,16", "17,173", "50,2731"})
  void growPunctured_givesAllLeavesButOne(int trees, int leaves) {
    TreeLayout layout = new TreeLayout(trees, leaves);
    Random random = new Random(2);
    byte[] roots = new byte[16 * trees];
    random.nextBytes(roots);
    Trees grown = new Trees(layout, SESSION);
    long[] all = new long[2 * layout.total()];
    byte[] sums = new byte[grown.sumsBytes()];
    grown.grow(roots, all, sums, Workers.ONE);
    for (int turn = 0; turn < Math.min(leaves, 20); turn++) {
      int[] missing = new int[trees];
      byte[] off = new byte[trees * layout.depth() * 16];
      for (int tree = 0; tree < trees; tree++) {
        missing[tree] = turn == 0 ? leaves - 1 : turn == 1 ? 0 : random.nextInt(leaves);
        for (int level = 1; level <= layout.depth(); level++) {
          int side = 1 - layout.side(missing[tree], level);
          System.arraycopy(
              sums,
              grown.sumAt(tree, level, side),
              off,
              (tree * layout.depth() + level - 1) * 16,
              16);
        }
      }
      long[] punctured = new long[all.length];
      grown.growPunctured(missing, off, punctured, Workers.ONE);
      for (int tree = 0; tree < trees; tree++) {
        int place = layout.place(tree, missing[tree]);
        for (int word = 0; word < 2; word++) {
          long others = 0;
          for (int leaf = 0; leaf < leaves; leaf++) {
            int at = 2 * layout.place(tree, leaf) + word;
            others ^= leaf == missing[tree] ? 0 : all[at];
          }
          assertEquals(others, punctured[2 * place + word]);
          punctured[2 * place + word] = all[2 * place + word];
        }
      }
      assertArrayEquals(all, punctured);
    }
  }

  @Test
  void layout_placesAreAllDifferent() {
    TreeLayout layout = new TreeLayout(19, 7);
    boolean[] seen = new boolean[layout.total()];
    for (int tree = 0; tree < 19; tree++) {
      for (int leaf = 0; leaf < 7; leaf++) {
        seen[layout.place(tree, leaf)] = true;
      }
    }
    for (boolean each : seen) {
      assertEquals(true, each);
    }
  }
}
