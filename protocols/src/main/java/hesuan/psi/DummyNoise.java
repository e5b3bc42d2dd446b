package hesuan.psi;

/**
 * How many dummies a helper adds to a group: {@code offset + noise}, between 0 and twice the
 * helper's {@linkplain OverlapParameters#offset offset}; asked once per group and run, in order. A
 * retried step must get the same numbers, or averaging would remove the noise.
 */
@FunctionalInterface
public interface DummyNoise {
  int draw(int group);
}
