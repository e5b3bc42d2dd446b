package hesuan.range;

/**
 * Polynomials by their values at the roots of unity of one order, a power of two. Cost of a
 * transform: n/2 log n multiplications.
 */
final class Transform {
  private final int size;
  private final long[] roots;
  private final long sizeInverse;

  Transform(int size) {
    this.size = size;
    this.roots = new long[size];
    long root = Field64.root(size);
    roots[0] = 1;
    for (int i = 1; i < size; i++) {
      roots[i] = Field64.multiply(roots[i - 1], root);
    }
    this.sizeInverse = Field64.inverse(size);
  }

  long root(int power) {
    return roots[power];
  }

  /** In place: coefficients to values at root^0, root^1, ... */
  void values(long[] a) {
    transform(a, false);
  }

  /** In place: values to coefficients. */
  void coefficients(long[] a) {
    transform(a, true);
    for (int i = 0; i < size; i++) {
      a[i] = Field64.multiply(a[i], sizeInverse);
    }
  }

  private void transform(long[] a, boolean inverse) {
    for (int i = 1, j = 0; i < size; i++) { // order by reversed bits
      int bit = size >> 1;
      for (; (j & bit) != 0; bit >>= 1) {
        j ^= bit;
      }
      j ^= bit;
      if (i < j) {
        long swapped = a[i];
        a[i] = a[j];
        a[j] = swapped;
      }
    }
    for (int half = 1; half < size; half <<= 1) {
      int step = size / (2 * half);
      for (int start = 0; start < size; start += 2 * half) {
        for (int i = 0; i < half; i++) {
          int power = i * step;
          long root = roots[inverse && power != 0 ? size - power : power];
          long upper = a[start + i];
          long lower = Field64.multiply(a[start + i + half], root);
          a[start + i] = Field64.add(upper, lower);
          a[start + i + half] = Field64.subtract(upper, lower);
        }
      }
    }
  }

  /**
   * What each value contributes to the polynomial's value at a point: (t^n - 1) / n * w^i / (t -
   * w^i).
   *
   * @param point no root of unity of this order
   */
  long[] weightsAt(long point) {
    long[] differences = new long[size];
    long[] before = new long[size];
    long product = 1;
    for (int i = 0; i < size; i++) {
      differences[i] = Field64.subtract(point, roots[i]);
      before[i] = product;
      product = Field64.multiply(product, differences[i]);
    }
    long inverse = Field64.inverse(product);
    long factor = Field64.multiply(Field64.subtract(Field64.power(point, size), 1), sizeInverse);
    long[] weights = new long[size];
    for (int i = size - 1; i >= 0; i--) {
      long each = Field64.multiply(inverse, before[i]);
      weights[i] = Field64.multiply(Field64.multiply(factor, roots[i]), each);
      inverse = Field64.multiply(inverse, differences[i]);
    }
    return weights;
  }

  boolean isRoot(long point) {
    return Field64.power(point, size) == 1;
  }
}
