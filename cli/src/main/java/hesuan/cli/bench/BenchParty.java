package hesuan.cli.bench;

import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.security.SecureRandom;
import java.util.List;

/**
 * Who a party of a bench is, and what it may use.
 *
 * @param parties all, this one among them, in the bench's order
 * @param seed of the inputs; the same at every party
 * @param workers {@code --threads} of them
 * @param random for the protocol's secrets
 */
public record BenchParty(
    PartyId self, List<PartyId> parties, long seed, Workers workers, SecureRandom random) {
  public BenchParty {
    parties = List.copyOf(parties);
  }

  public int index() {
    return parties.indexOf(self);
  }

  /** Of two parties. */
  public PartyId peer() {
    return parties.get(1 - index());
  }

  /** What binds a run's secrets to it; the same at every party. */
  public Digest session(int run) {
    return Digest.of("bench " + seed + " " + run);
  }
}
