package hesuan.coordinator.schedule;

import hesuan.job.JobEvent;
import hesuan.job.JobState;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Who keeps a job from going on, and since when that is more than a hiccup. */
final class Absence {
  private final Line line;
  private final Clock clock;
  private final Timing timing;
  private final long startMillis;

  /** Begins with the coordinator's own start, when everyone is still gone. */
  Absence(Line line, Clock clock, Timing timing) {
    this.line = line;
    this.clock = clock;
    this.timing = timing;
    this.startMillis = clock.millis();
  }

  List<PartyId> notConnected(Job job) {
    return job.parties().stream().filter(party -> !line.connected(party)).toList();
  }

  /** Those whose verdict is missing, because they are not there or take too long. */
  List<PartyId> unanswered(Job job, List<PartyId> admitted) {
    boolean late = clock.millis() - job.createdMillis() >= timing.planWait().toMillis();
    return job.parties().stream()
        .filter(party -> !admitted.contains(party))
        .filter(party -> late || !line.connected(party))
        .toList();
  }

  Problem why(PartyId party) {
    return line.connected(party)
        ? new Problem(ErrorCode.PEER_SILENT, party.value(), "an answer", "none yet")
        : line.whyGone(party);
  }

  /** A party that has been gone for too long while an attempt needs it. */
  Optional<JobEvent> lost(Job job) {
    if (!(job.state() instanceof JobState.Running)
        && !(job.state() instanceof JobState.Releasing)) {
      return Optional.empty();
    }
    boolean all = job.spec().run().onPartyLoss().equals("fail");
    List<PartyId> needed = all ? job.parties() : List.of(job.facts().leader());
    return needed.stream()
        .filter(this::isLost)
        .findFirst()
        .map(
            party ->
                new JobEvent.Trouble(
                    party,
                    job.attempt(),
                    new Problem(
                        ErrorCode.PEER_SILENT,
                        party.value(),
                        "connected to the coordinator",
                        "gone for "
                            + (clock.millis() - line.goneSinceMillis(party)) / 1000
                            + " s")));
  }

  private boolean isLost(PartyId party) {
    long now = clock.millis();
    return !line.connected(party)
        && now - line.goneSinceMillis(party) >= timing.lossGrace().toMillis()
        && (line.goneSinceMillis(party) > startMillis
            || now - startMillis >= timing.startGrace().toMillis());
  }
}
