package hesuan.evidence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MerkleTest {
  /** The leaves and roots that RFC 6962 implementations share as their reference vectors. */
  private static final List<String> LEAVES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");

  private static final List<String> ROOTS =
      List.of(
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  private static List<byte[]> leaves(int count) {
    List<byte[]> hashes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      hashes.add(Merkle.leafHash(("leaf " + i).getBytes(StandardCharsets.UTF_8)));
    }
    return hashes;
  }

  @Test
  void root_ofReferenceLeaves_isTheReferenceRoot() {
    List<byte[]> hashes =
        LEAVES.stream().map(hex -> Merkle.leafHash(HexFormat.of().parseHex(hex))).toList();
    MerkleTree tree = new MerkleTree();
    for (int size = 0; size <= LEAVES.size(); size++) {
      assertEquals(ROOTS.get(size), tree.root().hex());
      assertEquals(ROOTS.get(size), Merkle.root(Samples.listReader(hashes), size).hex());
      if (size < LEAVES.size()) {
        tree.append(hashes.get(size));
      }
    }
  }

  @Test
  void inclusionProof_ofReferenceTree_isTheReferencePath() {
    List<byte[]> hashes =
        LEAVES.stream().map(hex -> Merkle.leafHash(HexFormat.of().parseHex(hex))).toList();
    HashReader reader = Samples.listReader(hashes);
    assertEquals(
        List.of(
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        Merkle.inclusionProof(reader, 0, 8).stream().map(Digest::hex).toList());
    assertEquals(
        List.of(
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        Merkle.consistencyProof(reader, 2, 8).stream().map(Digest::hex).toList());
  }

  @Test
  void loadedTree_goesOnAsTheOneThatNeverStopped() {
    List<byte[]> hashes = leaves(70);
    MerkleTree whole = new MerkleTree();
    for (int size = 0; size < hashes.size(); size++) {
      MerkleTree loaded = MerkleTree.load(Samples.listReader(hashes), size);
      assertEquals(whole.root(), loaded.root());
      loaded.append(hashes.get(size));
      whole.append(hashes.get(size));
      assertEquals(whole.root(), loaded.root());
      assertEquals(size + 1, loaded.size());
    }
  }

  @Test
  void proofs_ofEveryPlaceInEveryTreeTo40_verify_andForNoOtherPlace() {
    List<byte[]> hashes = leaves(40);
    HashReader reader = Samples.listReader(hashes);
    for (int size = 1; size <= 40; size++) {
      Digest root = Merkle.root(reader, size);
      for (int index = 0; index < size; index++) {
        List<Digest> path = Merkle.inclusionProof(reader, index, size);
        assertTrue(Merkle.includes(hashes.get(index), index, size, path, root));
        for (int other = 0; other < size; other++) {
          assertEquals(other == index, Merkle.includes(hashes.get(other), index, size, path, root));
          assertEquals(other == index, Merkle.includes(hashes.get(index), other, size, path, root));
        }
      }
    }
  }

  @Test
  void consistency_ofEveryPairOfSizesTo40_verifies_andWithNoOtherRoot() {
    HashReader reader = Samples.listReader(leaves(40));
    Digest wrong = Digest.of("another tree");
    for (int size = 1; size <= 40; size++) {
      Digest root = Merkle.root(reader, size);
      for (int old = 0; old <= size; old++) {
        Digest oldRoot = Merkle.root(reader, old);
        List<Digest> path = Merkle.consistencyProof(reader, old, size);
        assertTrue(Merkle.consistent(old, oldRoot, size, root, path), old + " in " + size);
        assertFalse(Merkle.consistent(old, wrong, size, root, path));
        if (old > 0) {
          assertFalse(Merkle.consistent(old, oldRoot, size, wrong, path));
        }
        List<Digest> longer = new ArrayList<>(path);
        longer.add(wrong);
        assertFalse(Merkle.consistent(old, oldRoot, size, root, longer));
        if (!path.isEmpty()) {
          assertFalse(
              Merkle.consistent(old, oldRoot, size, root, path.subList(0, path.size() - 1)));
        }
      }
    }
  }

  @Test
  void consistency_ofAForkedHistory_isRejected() {
    List<byte[]> honest = leaves(33);
    List<byte[]> forked = new ArrayList<>(honest);
    forked.set(5, Merkle.leafHash(new byte[] {1}));
    Digest before = Merkle.root(Samples.listReader(honest), 20);
    HashReader after = Samples.listReader(forked);
    assertFalse(
        Merkle.consistent(
            20, before, 33, Merkle.root(after, 33), Merkle.consistencyProof(after, 20, 33)));
  }

  @Test
  void includes_hostileShapes_areFalseAndNeverThrow() {
    List<byte[]> hashes = leaves(8);
    HashReader reader = Samples.listReader(hashes);
    Digest root = Merkle.root(reader, 8);
    List<Digest> path = Merkle.inclusionProof(reader, 3, 8);
    byte[] leaf = hashes.get(3);
    assertTrue(Merkle.includes(leaf, 3, 8, path, root));
    for (long index : new long[] {-1, 8, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertFalse(Merkle.includes(leaf, index, 8, path, root));
    }
    for (long size : new long[] {-1, 0, 3, 4, 16, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertFalse(Merkle.includes(leaf, 3, size, path, root), "size " + size);
    }
    Digest alone = Merkle.digest(leaf);
    assertTrue(Merkle.includes(leaf, 0, 1, List.of(), alone));
    assertFalse(Merkle.includes(leaf, 5, 1, List.of(), alone));
    assertFalse(Merkle.includes(leaf, -1, 1, List.of(), alone));
    List<Digest> longer = new ArrayList<>(path);
    longer.add(root);
    assertFalse(Merkle.includes(leaf, 3, 8, longer, root));
    assertFalse(Merkle.includes(leaf, 3, 8, path.subList(0, 2), root));
    assertFalse(Merkle.includes(leaf, 3, 8, Collections.nCopies(64, root), root));
    assertFalse(Merkle.includes(leaf, 0, 0, List.of(), Merkle.root(reader, 0)));
    assertThrows(IndexOutOfBoundsException.class, () -> Merkle.inclusionProof(reader, 8, 8));
    assertThrows(IndexOutOfBoundsException.class, () -> Merkle.root(reader, -1));
  }

  @Test
  void node_posingAsLeaf_isRejected() {
    List<byte[]> hashes = leaves(4);
    HashReader reader = Samples.listReader(hashes);
    byte[] node = reader.hash(1, 0);
    Digest root = Merkle.root(reader, 4);
    List<Digest> upper = List.of(Merkle.digest(reader.hash(1, 1)));
    // as a leaf of a tree of two, the node would stand in the right place:
    assertTrue(Merkle.includes(node, 0, 2, upper, root));
    // but no leaf's bytes hash to it, because leaves are hashed under another first byte
    byte[] both = new byte[64];
    System.arraycopy(hashes.get(0), 0, both, 0, 32);
    System.arraycopy(hashes.get(1), 0, both, 32, 32);
    assertFalse(Merkle.includes(Merkle.leafHash(both), 0, 2, upper, root));
  }

  @Test
  void appendInAnyGrouping_givesTheSameRoot() {
    Random random = new Random(42);
    List<byte[]> hashes = leaves(300);
    MerkleTree tree = new MerkleTree();
    int done = 0;
    while (done < hashes.size()) {
      int group = Math.min(1 + random.nextInt(40), hashes.size() - done);
      tree = MerkleTree.load(Samples.listReader(hashes), done);
      for (int i = 0; i < group; i++) {
        tree.append(hashes.get(done++));
      }
      assertEquals(Merkle.root(Samples.listReader(hashes), done), tree.root());
    }
    assertArrayEquals(Merkle.root(Samples.listReader(hashes), 300).bytes(), tree.root().bytes());
  }
}
