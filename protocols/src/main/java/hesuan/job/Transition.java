package hesuan.job;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a step decided: the state to store, then the effects to carry out.
 *
 * @param name of the change, or null where the state stays and nothing is stored
 */
public record Transition<S, E>(@Nullable TransitionName name, S state, List<E> effects) {
  public Transition {
    effects = List.copyOf(effects);
  }

  static <S, E> Transition<S, E> stay(S state, List<E> effects) {
    return new Transition<>(null, state, effects);
  }

  public boolean changed() {
    return name != null;
  }
}
