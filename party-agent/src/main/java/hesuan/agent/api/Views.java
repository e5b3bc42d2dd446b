package hesuan.agent.api;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.budget.BudgetForecast;
import hesuan.agent.budget.BudgetLine;
import hesuan.agent.budget.QueryBudgets;
import hesuan.agent.data.OwnProducts;
import hesuan.ids.IdQuality;
import hesuan.policy.Decision;
import hesuan.wire.Chance;
import hesuan.wire.Contract;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.math.BigDecimal;
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

  /**
   * @param opening of the fingerprint in the product, for an auditor; tells others who know most
   *     rows the rest
   */
  record HeldProduct(
      Product product,
      boolean withdrawn,
      boolean accepted,
      OwnProducts.@Nullable Opening opening) {}

  record WithdrawnProduct(ProductRef ref, boolean withdrawn) {}

  /**
   * @param ready false: it goes on; ask again
   * @param revision counts what was made of the version before
   */
  record PreparedProduct(
      ProductRef ref, boolean ready, int revision, long people, @Nullable Digest filter) {}

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

  /**
   * @param limit for the product's life
   * @param delta with which the limit may fail; null: the owner has said none, and epsilons are
   *     added
   * @param rate at most in any {@code rateDays} in a row, where those are not 0
   * @param charged the least epsilon that holds for what is charged, whichever way it is counted
   * @param reserved by how much more what is reserved would make it
   * @param left the largest epsilon of one more job without a delta
   * @param leftNow the same for a job of today
   * @param added epsilons, counted by their sum
   * @param concentrated rhos, counted by their sum; null where {@code delta} is
   */
  record Line(
      String asset,
      String unit,
      String limit,
      @Nullable String delta,
      String rate,
      int rateDays,
      String reserved,
      String charged,
      String left,
      String leftNow,
      Count added,
      @Nullable Count concentrated,
      Forecast forecast) {
    static Line of(BudgetLine line, BudgetForecast forecast) {
      return new Line(
          line.asset(),
          line.unit(),
          line.limit().toString(),
          text(line.filter().delta()),
          line.rate().toString(),
          line.rateDays(),
          line.reserved().toString(),
          line.charged().toString(),
          line.left().toString(),
          line.leftNow().toString(),
          Count.added(line),
          Count.concentrated(line),
          new Forecast(
              forecast.days(),
              forecast.jobs(),
              forecast.charged().toString(),
              forecast.lastJob() == null ? null : forecast.lastJob().toString(),
              forecast.jobsLeft(),
              forecast.endsOn() == null ? null : forecast.endsOn().toString()));
    }
  }

  private static @Nullable String text(@Nullable Object value) {
    return value == null ? null : value.toString();
  }

  private static String decimal(long units, int decimals) {
    return BigDecimal.valueOf(units, decimals).stripTrailingZeros().toPlainString();
  }

  /**
   * One way of counting: a job goes ahead while either keeps what is charged and reserved to the
   * most.
   *
   * @param charged epsilons added up, or rhos
   * @param most of charged and reserved together
   * @param delta of both together, or what fails outside rho
   * @param deltaMost the most that these may come to; null: not bounded
   */
  record Count(
      String charged, String reserved, String most, String delta, @Nullable String deltaMost) {
    static Count added(BudgetLine line) {
      return new Count(
          decimal(line.chargedSum().epsilonMicros(), 6),
          decimal(line.reservedSum().epsilonMicros(), 6),
          line.limit().toString(),
          decimal(line.all().deltaAttos(), 18),
          line.filter().delta() == null ? null : decimal(line.filter().failingAttosMost(), 18));
    }

    static @Nullable Count concentrated(BudgetLine line) {
      return line.filter().delta() == null
          ? null
          : new Count(
              decimal(line.chargedSum().rhoPicos(), 12),
              decimal(line.reservedSum().rhoPicos(), 12),
              line.filter().rhoMost().toString(),
              decimal(line.all().outsideAttos(), 18),
              decimal(line.filter().failingAttosMost(), 18));
    }
  }

  /**
   * An estimate, never a rule.
   *
   * @param days looked back upon
   * @param jobs charged in these days
   * @param jobCost of the latest job, or the one asked about
   * @param jobsLeft how many more of that cost fit
   * @param endsOn at the rate of these days
   */
  record Forecast(
      int days,
      int jobs,
      String charged,
      @Nullable String jobCost,
      @Nullable Long jobsLeft,
      @Nullable String endsOn) {}

  /**
   * @param number of the last entry
   * @param lost what others have seen of this chain and this disk has not: nothing is spent
   */
  record BudgetLedger(long number, Digest head, List<LostHead> lost) {}

  record LostHead(long number, Digest head, String toldBy) {}

  /**
   * @param product its name
   * @param delta with which the limit may fail; null: as it stands
   */
  record Allowance(String product, Epsilon limit, @Nullable Chance delta, @Nullable Rate rate) {
    record Rate(Epsilon epsilon, int days) {}
  }

  /**
   * How many items a counterparty may ask of a product.
   *
   * @param lookup the version whose account this is, where the filters of each have their own
   * @param limit null: without limit
   * @param usual the owner has not said
   */
  record QueryLine(
      String asset,
      PartyId by,
      @Nullable ProductRef lookup,
      @Nullable Long limit,
      boolean usual,
      long asked,
      @Nullable Long left) {
    static QueryLine of(QueryBudgets.Line line) {
      return new QueryLine(
          line.asset(),
          line.by(),
          line.lookup(),
          line.limit(),
          line.usual(),
          line.asked(),
          line.left());
    }
  }

  /**
   * @param product its name
   * @param limit over all versions, with what was asked before; left out only with {@code
   *     unlimited}
   */
  record QueryAllowance(String product, PartyId by, @Nullable Long limit, boolean unlimited) {}

  record Resolution(List<SpentByLost> spent) {}

  /**
   * @param delta of the lost jobs together; null: all that is left of it
   */
  record SpentByLost(String product, Epsilon epsilon, @Nullable Chance delta) {}

  record Result(String job, JsonNode result, Released released) {}

  /**
   * @param id names the parameters by the beginning of their digest
   * @param receipt digest of this party's receipt of the job; null until the job has ended here
   * @param release digest of the leader's signed release
   * @param consents digests of the contributors' signed consents to it
   */
  record ModelLine(
      String id,
      Digest parameters,
      String job,
      @Nullable Digest receipt,
      Digest release,
      List<Digest> consents) {}

  /**
   * @param model description, features, label and parameters
   * @param curve a row a round, under the columns
   */
  record Model(ModelLine registered, JsonNode model, JsonNode columns, JsonNode curve) {}

  record Released(PartyId leader, Digest release, List<PartyId> consents) {}
}
