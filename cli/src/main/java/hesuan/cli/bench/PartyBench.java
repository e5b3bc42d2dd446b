package hesuan.cli.bench;

import hesuan.channel.Channel;
import hesuan.wire.PartyId;
import java.util.Map;

/**
 * What one party of a bench does, in a process of its own.
 *
 * @param <P> what is made before the clock starts
 */
public interface PartyBench<P> {
  /** Makes this party's input; not timed. */
  P prepare(BenchParty me) throws Exception;

  /**
   * Runs the protocol once; timed. All parties begin together.
   *
   * @param channels to every other party, fresh for this run
   * @param run 0 for the cold one
   * @return what this party found, by name, such as a count or a digest: whoever reports the same
   *     name must have found the same, and the bench's truth where it says one
   */
  Map<String, String> run(BenchParty me, P prepared, Map<PartyId, Channel> channels, int run)
      throws Exception;

  /**
   * More figures of this party, measured once after the runs.
   *
   * @param channels fresh ones
   */
  default Map<String, Object> after(BenchParty me, P prepared, Map<PartyId, Channel> channels)
      throws Exception {
    return Map.of();
  }
}
