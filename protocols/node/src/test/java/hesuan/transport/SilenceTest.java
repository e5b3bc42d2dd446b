package hesuan.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SilenceTest {
  private final Silence silence = new Silence();

  @Test
  void beat_afterSomethingWasHeard_beginsAnew() {
    assertEquals(0, silence.beat());
    assertEquals(1, silence.beat());
    assertEquals(2, silence.beat());
    assertEquals(2 * Silence.BEAT_MILLIS, silence.millis());
    silence.heard();
    assertEquals(0, silence.beat());
    assertEquals(1, silence.beat());
  }

  @Test
  void occupied_isNoSilence_nowOrRightAfter() {
    silence.beat();
    silence.occupied(
        () -> {
          for (int i = 0; i < 2 * Silence.BEATS_MAX; i++) {
            assertEquals(0, silence.beat());
          }
        });
    assertEquals(0, silence.beat());
    assertEquals(1, silence.beat());
  }
}
