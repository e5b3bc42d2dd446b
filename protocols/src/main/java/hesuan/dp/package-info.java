/**
 * Noise and thresholds of differential privacy, on integers only: floating point in a sampler is a
 * known leak (Mironov 2012), so what is drawn here is exact for a rational scale. Noise comes from
 * a secret seed and a label, so that a retry of the same step repeats the same noise instead of
 * averaging it away. Doubles appear only where an interval is reported about noise already public
 * in kind, never in what is drawn.
 */
@org.jspecify.annotations.NullMarked
package hesuan.dp;
