package hesuan.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.Budget;
import hesuan.ids.IdQuality;
import hesuan.policy.Decision;
import hesuan.wire.Contract;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The documents that this API speaks. */
final class Views {
  private Views() {}

  record Health(String status, boolean connected) {}

  record Member(PartyId party, Digest keys, String dataAddress) {}

  /**
   * @param lineProblem why there is no line to the coordinator
   */
  record Party(
      PartyId party,
      String federation,
      String coordinator,
      boolean connected,
      @Nullable Problem lineProblem,
      String certificateUntil,
      Digest keys,
      String dataAddress,
      String relayAddress,
      String software,
      long clockSkewMillis,
      Digest policyBundle,
      List<Member> members) {}

  record Published(
      Product product, IdQuality quality, boolean accepted, @Nullable Problem refused) {}

  record HeldProduct(Product product, boolean withdrawn, boolean accepted) {}

  record WithdrawnProduct(ProductRef ref, boolean withdrawn) {}

  record HeldContract(
      Contract contract, boolean signedByMe, List<PartyId> signatures, boolean withdrawn) {}

  record JobLine(String job, String state, String purpose, boolean admitted, long createdSeconds) {}

  record Job(
      String job,
      String state,
      JsonNode detail,
      Plan plan,
      List<Decision> decisions,
      List<Spent> budget) {}

  record Spent(String product, String unit, String charged) {}

  record Line(
      String asset,
      String unit,
      String limit,
      int periodDays,
      String reserved,
      String charged,
      String left) {
    static Line of(Budget.Line line) {
      return new Line(
          line.asset(),
          line.unit(),
          line.limit().toString(),
          line.periodDays(),
          line.reserved().toString(),
          line.charged().toString(),
          line.left().toString());
    }
  }

  record Result(String job, JsonNode result, Released released) {}

  record Released(PartyId leader, Digest release, List<PartyId> consents) {}
}
