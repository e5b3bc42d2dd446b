package hesuan.agent.step;

import hesuan.channel.Channel;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * One attempt, as a step sees it.
 *
 * @param noiseSeed of this party for this job: the same in every attempt
 * @param doneBuckets of the job's one step that goes bucket by bucket
 * @param channels to a party, by name; both ends ask for the same name
 */
public record StepContext(
    PartyId self,
    Plan plan,
    int attempt,
    SecretBytes noiseSeed,
    DoneBuckets doneBuckets,
    BiFunction<PartyId, String, Channel> channels) {

  public boolean leads() {
    return self.equals(plan.leader());
  }

  public Channel leader(String name) {
    return channels.apply(plan.leader(), name);
  }

  public Map<PartyId, Channel> others(String name) {
    Map<PartyId, Channel> others = new TreeMap<>();
    for (PartyId party : plan.parties()) {
      if (!party.equals(self)) {
        others.put(party, channels.apply(party, name));
      }
    }
    return others;
  }

  /** Names this part of the step in all attempts: for what one of them takes over from another. */
  public Digest lastingSession(String part) {
    return Digest.of(plan.digest() + "/" + part);
  }

  /** Names this run of this part of the step: everything cryptographic is bound to it. */
  public Digest session(String part) {
    return Digest.of(plan.digest() + "/" + attempt + "/" + part);
  }
}
