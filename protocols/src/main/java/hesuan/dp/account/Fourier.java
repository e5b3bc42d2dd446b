package hesuan.dp.account;

/** The discrete Fourier transform of a power of two of complex numbers, in place. */
final class Fourier {
  private Fourier() {}

  static void transform(double[] real, double[] imaginary, boolean inverse) {
    int n = real.length;
    int shift = Integer.numberOfLeadingZeros(n) + 1;
    for (int i = 0; i < n; i++) {
      int j = Integer.reverse(i) >>> shift;
      if (i < j) {
        swap(real, i, j);
        swap(imaginary, i, j);
      }
    }
    double[] cos = new double[n / 2];
    double[] sin = new double[n / 2];
    for (int i = 0; i < n / 2; i++) {
      double angle = 2 * Math.PI * i / n;
      cos[i] = Math.cos(angle);
      sin[i] = inverse ? Math.sin(angle) : -Math.sin(angle);
    }
    for (int half = 1; half < n; half *= 2) {
      int stride = n / (2 * half);
      for (int start = 0; start < n; start += 2 * half) {
        for (int k = 0; k < half; k++) {
          int a = start + k;
          int b = a + half;
          double c = cos[k * stride];
          double s = sin[k * stride];
          double x = real[b] * c - imaginary[b] * s;
          double y = real[b] * s + imaginary[b] * c;
          real[b] = real[a] - x;
          imaginary[b] = imaginary[a] - y;
          real[a] += x;
          imaginary[a] += y;
        }
      }
    }
    if (inverse) {
      for (int i = 0; i < n; i++) {
        real[i] /= n;
        imaginary[i] /= n;
      }
    }
  }

  private static void swap(double[] values, int i, int j) {
    double value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
}
