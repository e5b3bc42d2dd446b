package hesuan.vole;

/**
 * Trees of the same shape with any number of leaves. A level's nodes are the left children of the
 * level above in order, then its right children; the last right child may be missing, so that no
 * leaf is made for nothing.
 */
record TreeLayout(int trees, int leaves) {
  TreeLayout {
    if (trees < 1 || leaves < 2) {
      throw new IllegalArgumentException(trees + " trees of " + leaves + " leaves");
    }
  }

  /** Steps from root to leaf. */
  int depth() {
    return 32 - Integer.numberOfLeadingZeros(leaves - 1);
  }

  /** Nodes of a level; level 0 is the root, level depth the leaves. */
  int nodes(int level) {
    return ((leaves - 1) >> depth() - level) + 1;
  }

  int total() {
    return Math.multiplyExact(trees, leaves);
  }

  /** Where a leaf of a tree lies among all: see {@link Trees}. */
  int place(int tree, int leaf) {
    int first = tree / Trees.GROUP * Trees.GROUP;
    int width = Math.min(Trees.GROUP, trees - first);
    return first * leaves + leaf * width + tree - first;
  }

  /** The index, at a level, of the ancestor of that leaf. */
  int ancestor(int leaf, int level) {
    int index = leaf;
    for (int above = depth() - 1; above >= level; above--) {
      int parents = nodes(above);
      int right = ~((index - parents) >> 31);
      index -= parents & right;
    }
    return index;
  }

  /** 1 when the path to that leaf goes right at the step to that level. */
  int side(int leaf, int level) {
    return ~((ancestor(leaf, level) - nodes(level - 1)) >> 31) & 1;
  }
}
