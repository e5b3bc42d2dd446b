package hesuan.agent.api;

import hesuan.agent.budget.Budget;
import hesuan.agent.budget.BudgetLine;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Optional;

/** What may still be learned of this party's people, and the owner's word on it. */
@Controller("/api/v1/budget")
@ExecuteOn(TaskExecutors.BLOCKING)
@Requires(beans = AgentView.class)
@Tag(name = "budget")
final class BudgetController {
  private static final int DAYS = 30;
  private static final int DAYS_MAX = 3660;

  private final AgentView agent;

  BudgetController(AgentView agent) {
    this.agent = agent;
  }

  /** How each product stands, and for how long that lasts at the rate of the last days. */
  @Get
  List<Views.Line> budget(
      @Parameter(hidden = true) Owner owner,
      @Parameter(description = "Days that the forecast looks back upon: 30 where none are given.")
          @QueryValue
          Optional<Integer> days,
      @Parameter(description = "What one more job would cost: as the latest where none is given.")
          @QueryValue
          Optional<String> epsilon) {
    int back = days.orElse(DAYS);
    if (back < 1 || back > DAYS_MAX) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "days", "1 to " + DAYS_MAX, "" + back);
    }
    Epsilon shape = epsilon.map(Epsilon::parse).orElse(null);
    return agent.budget().lines().stream()
        .map(line -> Views.Line.of(line, agent.budget().forecast(line, back, shape)))
        .toList();
  }

  /** The chain's head, and whatever others have seen of it that this disk has not. */
  @Get("/ledger")
  Views.BudgetLedger ledger(@Parameter(hidden = true) Owner owner) {
    return ledger();
  }

  /** Sets what a product's jobs may spend; what is spent stays spent. */
  @Post("/allow")
  List<Views.Line> allow(@Parameter(hidden = true) Owner owner, @Body Views.Allowance allowance) {
    BudgetLine line = line(allowance.product());
    Views.Allowance.Rate rate = allowance.rate();
    agent
        .budget()
        .allow(
            line.asset(),
            line.unit(),
            allowance.limit(),
            allowance.delta(),
            rate == null ? Epsilon.ZERO : rate.epsilon(),
            rate == null ? 0 : rate.days());
    return budget(owner, Optional.empty(), Optional.empty());
  }

  /** How many items each counterparty asked of each product, and may still ask. */
  @Get("/queries")
  List<Views.QueryLine> queries(@Parameter(hidden = true) Owner owner) {
    return agent.budget().queries().lines().stream().map(Views.QueryLine::of).toList();
  }

  /** Sets how many items a counterparty may ask of a product; what was asked stays asked. */
  @Post("/queries")
  List<Views.QueryLine> allowQueries(
      @Parameter(hidden = true) Owner owner, @Body Views.QueryAllowance allowance) {
    if ((allowance.limit() == null) != allowance.unlimited()) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "limit", "a number of items, or unlimited", "neither or both");
    }
    String asset = line(allowance.product()).asset();
    agent.budget().queries().allow(asset, allowance.by(), allowance.limit());
    return queries(owner);
  }

  /**
   * After a rollback: what counts as spent by the lost entries. Of a product that is not named,
   * everything that is left; without a delta, all that is left of delta.
   */
  @Post("/resolve")
  Views.BudgetLedger resolve(
      @Parameter(hidden = true) Owner owner, @Body Views.Resolution resolution) {
    agent
        .budget()
        .resolve(
            resolution.spent().stream()
                .map(
                    s -> {
                      BudgetLine line = line(s.product());
                      return new Budget.Spent(line.asset(), line.unit(), s.epsilon(), s.delta());
                    })
                .toList());
    return ledger();
  }

  private Views.BudgetLedger ledger() {
    var head = agent.budget().chain().head();
    return new Views.BudgetLedger(
        head.number(),
        head.digest(),
        agent.budget().chain().lost().stream()
            .map(l -> new Views.LostHead(l.head().number(), l.head().digest(), l.toldBy()))
            .toList());
  }

  private BudgetLine line(String product) {
    String asset = product.contains("/") ? product : agent.config().party() + "/" + product;
    return agent.budget().lines().stream()
        .filter(l -> l.asset().equals(asset))
        .findFirst()
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.UNKNOWN_PRODUCT, "product", "a product with a budget", product));
  }
}
