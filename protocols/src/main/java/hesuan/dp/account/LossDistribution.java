package hesuan.dp.account;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The distribution of the sum of many privacy losses, from which {@code delta(epsilon) = E[max(0, 1
 * - e^(epsilon - loss))]} follows. Losses are put on a grid and added by Fourier transform.
 *
 * <p>Every step errs upwards. A loss between two points of the grid is split between them so that
 * its masses under P and under Q stay what they are (Doroshenko, Ghazi, Kamath, Kumar, Manurangsi
 * 2022): no pair of distributions with those masses is easier to tell apart. The masses are
 * weighted with {@code exp(tilt * loss)} first and relieved of it afterwards, so that the region
 * around the answer has most of the weight and the transform's rounding is small relative to delta,
 * however small delta is. What lies above the grid is bounded by Chernoff and added; what wraps
 * around is not taken off.
 */
final class LossDistribution {
  private static final int POINTS = 1 << 16;
  private static final int POINTS_MANY = 1 << 18;
  private static final long MANY = 1000;

  /** Half the width of the grid in standard deviations of the tilted sum. */
  private static final double REACH = 14;

  /** Covers the rounding of sums and of the three-point cut of densities. */
  private static final double UP = 1 + 1e-7;

  private static final double TILT_LOSS_MAX = 500;

  private record Part(PrivacyEvent.Mechanism mechanism, double copies) {}

  /** Moments of the tilted sum: the logarithm of its mass, its mean and variance. */
  private record Tilted(double log, double mean, double variance, double reach) {}

  private final List<Part> parts = new ArrayList<>();
  private final double failing;
  private final double copies;

  private LossDistribution(Map<PrivacyEvent.Mechanism, Long> events) {
    double keeping = 0; // logarithm of the mass that no failure takes
    double all = 0;
    for (Map.Entry<PrivacyEvent.Mechanism, Long> each : events.entrySet()) {
      double count = (double) each.getValue() * Losses.copies(each.getKey());
      parts.add(new Part(each.getKey(), count));
      keeping += count * Math.log1p(-Losses.failing(each.getKey()));
      all += count;
    }
    this.failing = -Math.expm1(keeping) * UP;
    this.copies = all;
  }

  /** At least the least epsilon at which the composed events are (epsilon, delta)-private. */
  static double epsilon(Map<PrivacyEvent.Mechanism, Long> events, double delta) {
    LossDistribution distribution = new LossDistribution(events);
    return distribution.failing < delta ? distribution.epsilon(delta) : Double.POSITIVE_INFINITY;
  }

  private double epsilon(double delta) {
    double tilt = tilt(delta - failing);
    if (bound(tilt, delta - failing) == Double.POSITIVE_INFINITY) {
      return Double.POSITIVE_INFINITY; // losses beyond any grid: another rule must answer
    }
    Tilted at = tilted(tilt);
    double half = REACH * Math.sqrt(at.variance) + 2 * at.reach;
    int points = copies <= MANY ? POINTS : POINTS_MANY;
    double step = 2 * half / points;
    long lowest = Math.round(at.mean / step) - points / 2;
    double[] sum = composed(tilt, step, lowest, points);

    double peak = Arrays.stream(sum).max().orElse(0);
    double blur = (1e-13 + copies * 1e-14) * peak; // the transform's rounding
    double log = logMass(tilt, step);
    double top = (lowest + points) * step;
    double above = failing + beyond(top, tilt, step, log, at);
    double shrink = Math.exp(-step);
    double weighted = 0; // sum over losses l above a point x of mass(l) exp(x - l)
    double told = above;
    for (int i = points - 1; i >= 0; i--) {
      double loss = (lowest + i) * step;
      // delta at the point i: what the point i + 1 and those above it add.
      told += (1 - shrink) * weighted;
      if (!(told * UP <= delta)) {
        return Math.max(0, (loss + step) * (1 + 1e-12) + 1e-15);
      }
      if (loss < 0) {
        return 0;
      }
      weighted = weighted * shrink + (Math.max(0, sum[i]) + blur) * Math.exp(log - tilt * loss);
    }
    return Double.POSITIVE_INFINITY; // the grid lies too high: another rule must answer
  }

  /**
   * The tilt at which {@code E[max(0, 1 - e^(epsilon - loss))]} is bounded best by {@code E[e^(tilt
   * (loss - epsilon))]} times the greatest {@code e^(-tilt y) (1 - e^-y)}: there the answer has its
   * weight.
   */
  private double tilt(double delta) {
    double low = Math.log(1e-4);
    double high = Math.log(1e7);
    double golden = (Math.sqrt(5) - 1) / 2;
    for (int i = 0; i < 60; i++) {
      double left = high - golden * (high - low);
      double right = low + golden * (high - low);
      double atRight = bound(Math.exp(right), delta);
      if (atRight == Double.POSITIVE_INFINITY || bound(Math.exp(left), delta) < atRight) {
        high = right;
      } else {
        low = left;
      }
    }
    return Math.exp(low);
  }

  private double bound(double tilt, double delta) {
    Tilted at = tilted(tilt);
    return tilt * at.reach > TILT_LOSS_MAX
        ? Double.POSITIVE_INFINITY
        : (at.log - Math.log(delta) - tilt * Math.log1p(1 / tilt) - Math.log1p(tilt)) / tilt;
  }

  /** By a coarse cut: it steers only. */
  private Tilted tilted(double tilt) {
    double log = 0;
    double mean = 0;
    double variance = 0;
    double reach = 0;
    for (Part part : parts) {
      double[] sums = new double[4];
      Losses.each(
          part.mechanism,
          1,
          tilt,
          (loss, mass) -> {
            double weight = mass * Math.exp(Math.min(700, tilt * loss));
            sums[0] += weight;
            sums[1] += weight * loss;
            sums[2] += weight * loss * loss;
            sums[3] = Math.max(sums[3], Math.abs(loss));
          });
      double centre = sums[1] / sums[0];
      log += part.copies * Math.log(sums[0]);
      mean += part.copies * centre;
      variance += part.copies * Math.max(0, sums[2] / sums[0] - centre * centre);
      reach = Math.max(reach, sums[3]);
    }
    return new Tilted(log, mean, variance, reach);
  }

  /** The tilted sum on the grid, with total mass one. */
  private double[] composed(double tilt, double step, long lowest, int points) {
    double[] real = new double[points];
    double[] imaginary = new double[points];
    Arrays.fill(real, 1);
    double[] partReal = new double[points];
    double[] partImaginary = new double[points];
    for (Part part : parts) {
      Arrays.fill(partReal, 0);
      Arrays.fill(partImaginary, 0);
      double[] total = new double[1];
      onGrid(
          part.mechanism,
          tilt,
          step,
          (index, mass) -> {
            partReal[Math.floorMod(index, points)] += mass;
            total[0] += mass;
          });
      Fourier.transform(partReal, partImaginary, false);
      for (int i = 0; i < points; i++) {
        double length = Math.hypot(partReal[i], partImaginary[i]) / total[0];
        double angle = part.copies * Math.atan2(partImaginary[i], partReal[i]);
        double power = Math.pow(length, part.copies);
        double cos = power * Math.cos(angle);
        double sin = power * Math.sin(angle);
        double before = real[i];
        real[i] = before * cos - imaginary[i] * sin;
        imaginary[i] = before * sin + imaginary[i] * cos;
      }
    }
    Fourier.transform(real, imaginary, true);
    double[] sum = new double[points];
    for (int i = 0; i < points; i++) {
      sum[i] = real[Math.floorMod(lowest + i, points)];
    }
    return sum;
  }

  /** Logarithm of the mass of the tilted sum on the grid. */
  private double logMass(double tilt, double step) {
    double log = 0;
    for (Part part : parts) {
      double[] total = new double[1];
      onGrid(part.mechanism, tilt, step, (_, mass) -> total[0] += mass);
      log += part.copies * Math.log(total[0]);
    }
    return log;
  }

  /** Chernoff: at least the mass of losses above the top of the grid. */
  private double beyond(double top, double tilt, double step, double log, Tilted at) {
    double more = REACH / 2 / Math.sqrt(Math.max(at.variance, 1e-300));
    double least = 1;
    for (double further : new double[] {more, more / 4, TILT_LOSS_MAX / 4 / at.reach}) {
      if ((tilt + further) * at.reach < 700) {
        double exponent = logMass(tilt + further, step) - (tilt + further) * top;
        least = Math.min(least, Math.exp(exponent));
      }
    }
    return Math.min(least, Math.exp(log - tilt * top)) * UP;
  }

  private interface GridSink {
    void take(long index, double mass);
  }

  /** Splits every loss between its neighbours on the grid, keeping its masses under P and Q. */
  private static void onGrid(
      PrivacyEvent.Mechanism mechanism, double tilt, double step, GridSink sink) {
    double between = Math.expm1(step);
    Losses.each(
        mechanism,
        step,
        tilt,
        (loss, mass) -> {
          long above = (long) Math.ceil(loss / step);
          double down = mass * Math.clamp(Math.expm1(above * step - loss) / between, 0, 1);
          sink.take(above, (mass - down) * Math.exp(tilt * (above * step)));
          sink.take(above - 1, down * Math.exp(tilt * ((above - 1) * step)));
        });
  }
}
