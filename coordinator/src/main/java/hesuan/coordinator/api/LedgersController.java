package hesuan.coordinator.api;

import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.Ledger;
import hesuan.coordinator.api.Views.LedgerLine;
import hesuan.coordinator.api.Views.RuleAsk;
import hesuan.coordinator.record.FederationLog;
import hesuan.coordinator.record.Ledgers;
import hesuan.evidence.Predicate.PointsRule;
import hesuan.evidence.ledger.Ledger.Replay;
import hesuan.evidence.ledger.Outcome;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;

/** The ledgers, replayed from the receipts in the federation's log; for every signed-in caller. */
@Requires(beans = Federation.class)
@Controller("/api/v1/ledgers")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "ledgers")
final class LedgersController {
  private final Ledgers ledgers;
  private final FederationLog log;

  LedgersController(Ledgers ledgers, FederationLog log) {
    this.ledgers = ledgers;
    this.log = log;
  }

  /** The certificate ledger: one certificate a product version, and each use of it. */
  @Get("/certificate")
  Ledger certificate(@Parameter(hidden = true) Caller caller) {
    caller.require(Role.values());
    return view("certificate", ledgers.certificates());
  }

  /** The rights ledger: points earned by verified contribution, redeemed, expired, reversed. */
  @Get("/rights")
  Ledger rights(@Parameter(hidden = true) Caller caller) {
    caller.require(Role.values());
    return view("rights", ledgers.rights());
  }

  /** Says by which rule points are earned from here on. Operator only. */
  @Post("/rights/rule")
  Ledger rule(@Parameter(hidden = true) Caller caller, @Body RuleAsk ask) {
    caller.requireOperator();
    ledgers.changeRule(
        new Ledgers.PointsRuleTerms(
            ask.pointsPerProduct(),
            ask.pointsPerRun(),
            ask.outstandingMax(),
            ask.expiryDays(),
            ask.services().stream()
                .map(service -> new PointsRule.Service(service.code(), service.points()))
                .toList()),
        ask.revision());
    return view("rights", ledgers.rights());
  }

  private Ledger view(String name, Replay<? extends hesuan.evidence.ledger.Ledger<?>> replay) {
    return new Ledger(
        name,
        log.origin(),
        replay.ledger().root().hex(),
        log.checkpoint(),
        replay.ledger().rows(),
        replay.missing(),
        replay.lines().stream()
            .filter(line -> line.outcome() instanceof Outcome.Refused)
            .map(
                line ->
                    new LedgerLine(
                        line.index(),
                        line.envelope().hex(),
                        Present.problem(((Outcome.Refused) line.outcome()).problem())))
            .toList());
  }
}
