package hesuan.coordinator.schedule;

import java.time.Duration;

/**
 * How patient the coordinator is.
 *
 * @param look how often deadlines and lost parties are looked for
 * @param repeat how often what is not acknowledged is said again
 * @param lossGrace for how long a party may be gone before its attempt counts as lost
 * @param startGrace the same right after the coordinator's own start, when everyone is still gone
 * @param planWait for how long the parties' answers to a plan are awaited before they count as
 *     silent
 */
public record Timing(
    Duration look, Duration repeat, Duration lossGrace, Duration startGrace, Duration planWait) {
  public static final Timing DEFAULT =
      new Timing(
          Duration.ofMillis(200),
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          Duration.ofSeconds(15),
          Duration.ofSeconds(4));
}
