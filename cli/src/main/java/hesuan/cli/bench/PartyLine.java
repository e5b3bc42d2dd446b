package hesuan.cli.bench;

import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.Map;

/**
 * What a bench and the processes of its parties tell each other: a JSON document on each line of
 * standard input and output. A party says Ready and hears Addresses; for each run it says At, hears
 * Go and says Ran; it ends with Peaks. Or it says Failed.
 */
sealed interface PartyLine {
  /**
   * @param port 0 where it does not listen
   */
  record Ready(int port) implements PartyLine {}

  /**
   * @param relayPort 0 without a relay
   */
  record Addresses(Map<String, Integer> ports, int relayPort) implements PartyLine {
    int port(PartyId party) {
      return ports.getOrDefault(party.value(), 0);
    }
  }

  record At(int run) implements PartyLine {}

  record Go(int run) implements PartyLine {}

  /**
   * @param bytesSent frames, before TLS
   */
  record Ran(int run, long nanos, long cpuNanos, long bytesSent, Map<String, String> found)
      implements PartyLine {}

  record Peaks(long peakMemoryBytes, long heapPeakBytes, Map<String, Object> more)
      implements PartyLine {}

  record Failed(Problem problem) implements PartyLine {}
}
