package hesuan.dp.account;

import hesuan.dp.NoiseScale;

/**
 * The privacy loss of one mechanism, {@code log(P(x) / Q(x))} for x drawn from P, as finitely many
 * losses with their masses: P and Q are the worst pair of neighbours. Each of our mechanisms is
 * symmetric, so exchanging P and Q gives the same. Densities are cut into pieces with three Gauss
 * points each, far below every tolerance used here.
 */
final class Losses {
  /** Receives a loss and the mass it has under P. */
  interface Sink {
    void take(double loss, double mass);
  }

  /** From this sigma on discrete and continuous Gaussian differ by less than {@link #NARROWER}. */
  private static final double SMOOTH_FROM = 1000;

  private static final double NARROWER = 1 - 1e-5;

  /** In standard deviations, beyond what the tilt moves. */
  private static final double REACH = 14;

  /** Stronger tilts have no use: they look beyond masses of e^-800. */
  private static final double TILT_MAX = 40;

  private static final int CHUNKS_MAX = 20_000;
  private static final double[] POINT = {0.5 - Math.sqrt(0.15), 0.5, 0.5 + Math.sqrt(0.15)};
  private static final double[] WEIGHT = {5 / 18.0, 8 / 18.0, 5 / 18.0};

  private Losses() {}

  /** The mass that no finite loss has. */
  static double failing(PrivacyEvent.Mechanism mechanism) {
    return mechanism instanceof PrivacyEvent.Approximate approximate
        ? approximate.delta().toDouble()
        : 0;
  }

  /** How many independent copies one event is. */
  static int copies(PrivacyEvent.Mechanism mechanism) {
    return switch (mechanism) {
      case PrivacyEvent.DiscreteLaplace noise -> noise.cells();
      case PrivacyEvent.DiscreteGaussian noise -> noise.cells();
      case PrivacyEvent.Laplace _,
          PrivacyEvent.Gaussian _,
          PrivacyEvent.Pure _,
          PrivacyEvent.Approximate _ ->
          1;
    };
  }

  /**
   * @param cell how fine a density must be cut
   * @param tilt the losses will be weighted with {@code exp(tilt * loss)}, so reach far enough
   */
  static void each(PrivacyEvent.Mechanism mechanism, double cell, double tilt, Sink sink) {
    switch (mechanism) {
      case PrivacyEvent.Pure pure -> response(Accountant.toDouble(pure.epsilon()), 1, sink);
      case PrivacyEvent.Approximate approximate ->
          response(
              Accountant.toDouble(approximate.epsilon()), 1 - approximate.delta().toDouble(), sink);
      case PrivacyEvent.Laplace noise -> laplace(noise.epsilon(), cell, sink);
      case PrivacyEvent.DiscreteLaplace noise -> discreteLaplace(noise, sink);
      case PrivacyEvent.Gaussian noise -> gaussian(1 / noise.sigma(), cell, tilt, sink);
      case PrivacyEvent.DiscreteGaussian noise -> {
        double sigma = noise.variance().sigma();
        if (sigma < SMOOTH_FROM) {
          discreteGaussian(sigma, noise.shift(), tilt, sink);
        } else {
          gaussian(noise.shift() / (sigma * NARROWER), cell, tilt, sink);
        }
      }
    }
  }

  /** Randomised response is the worst that (epsilon, delta) allows. */
  private static void response(double epsilon, double finite, Sink sink) {
    sink.take(epsilon, finite / (1 + Math.exp(-epsilon)));
    sink.take(-epsilon, finite / (1 + Math.exp(epsilon)));
  }

  private static void laplace(double epsilon, double cell, Sink sink) {
    sink.take(epsilon, 0.5);
    sink.take(-epsilon, Math.exp(-epsilon) / 2);
    int pieces = (int) Math.max(64, Math.ceil(2 * epsilon / Math.min(cell, 0.1)));
    double width = 2 * epsilon / pieces;
    for (int i = 0; i < pieces; i++) {
      for (int g = 0; g < POINT.length; g++) {
        double loss = -epsilon + (i + POINT[g]) * width;
        sink.take(loss, WEIGHT[g] * width * Math.exp((loss - epsilon) / 2) / 4);
      }
    }
  }

  private static void gaussian(double distance, double cell, double tilt, Sink sink) {
    double mean = distance * distance / 2;
    double low = mean - REACH * distance;
    double high = mean + (Math.min(tilt * distance, TILT_MAX) + REACH) * distance;
    int pieces = (int) Math.ceil((high - low) / Math.min(cell, 0.1 * distance));
    double width = (high - low) / pieces;
    double height = width / (distance * Math.sqrt(2 * Math.PI));
    for (int i = 0; i < pieces; i++) {
      for (int g = 0; g < POINT.length; g++) {
        double loss = low + (i + POINT[g]) * width;
        double z = (loss - mean) / distance;
        sink.take(loss, WEIGHT[g] * height * Math.exp(-z * z / 2));
      }
    }
  }

  private static void discreteGaussian(double sigma, long shift, double tilt, Sink sink) {
    double variance = sigma * sigma;
    // The loss (shift^2 - 2 shift x) / (2 variance) is high where x is low.
    long first = (long) Math.floor(-(Math.min(tilt * shift / sigma, TILT_MAX) + REACH) * sigma) - 1;
    long last = (long) Math.ceil(REACH * sigma) + 1;
    double total = 0;
    for (long x = first; x <= last; x++) {
      total += Math.exp(-x * x / (2 * variance));
    }
    for (long x = first; x <= last; x++) {
      sink.take(
          (shift * (double) shift - 2.0 * shift * x) / (2 * variance),
          Math.exp(-x * x / (2 * variance)) / total);
    }
  }

  private static void discreteLaplace(PrivacyEvent.DiscreteLaplace noise, Sink sink) {
    NoiseScale scale = noise.scale();
    double rate = (double) scale.denominator() / scale.numerator();
    long shift = noise.shift();
    double epsilon = shift * rate;
    double zero = 1 / (1 + Math.exp(-rate)); // P(x <= 0)
    sink.take(epsilon, zero);
    sink.take(-epsilon, zero * Math.exp(-epsilon));
    long chunk = Math.ceilDiv(shift, CHUNKS_MAX);
    for (long first = 1; first < shift; first += chunk) {
      long last = Math.min(first + chunk, shift) - 1;
      double most = (shift - 2.0 * first) * rate;
      double least = (shift - 2.0 * last) * rate;
      // Geometric sums of P(x) = zero (1-q) q^x and of Q(x) = P(shift - x).
      double span = -Math.expm1(-rate * (last - first + 1));
      double p = zero * Math.exp(-rate * first) * span;
      double q = zero * Math.exp(-rate * (shift - last)) * span;
      if (first == last) {
        sink.take(most, p);
      } else {
        // The two ends with the same P and Q: no distribution between them is worse.
        double down = (q * Math.exp(most) - p) / Math.expm1(most - least);
        down = Math.clamp(down - 1e-8 * p, 0, p);
        sink.take(least, down);
        sink.take(most, p - down);
      }
    }
  }
}
