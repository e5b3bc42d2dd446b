package hesuan.job;

import hesuan.wire.PartyId;
import java.util.List;

/** What one party says to a plan: admitted, or refused with every reason that it found. */
public record PartyVerdict(PartyId party, List<Refusal> refusals) {
  public PartyVerdict {
    refusals = List.copyOf(refusals);
  }

  public static PartyVerdict admitted(PartyId party) {
    return new PartyVerdict(party, List.of());
  }

  public boolean admitted() {
    return refusals.isEmpty();
  }
}
