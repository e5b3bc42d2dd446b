package hesuan.coordinator.api;

import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.ContractList;
import hesuan.coordinator.api.Views.ContractView;
import hesuan.coordinator.api.Views.ProductList;
import hesuan.coordinator.api.Views.ProductView;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.control.Control;
import hesuan.coordinator.schedule.Jobs;
import hesuan.wire.Contract;
import hesuan.wire.ContractId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProductRef;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.annotation.Status;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Data products and contracts. Products come from agents; contracts are offered here. */
@Requires(beans = Federation.class)
@Controller("/api/v1")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "catalogue")
final class CatalogueController {
  private final Products products;
  private final Contracts contracts;
  private final Jobs jobs;
  private final Control control;

  CatalogueController(Products products, Contracts contracts, Jobs jobs, Control control) {
    this.products = products;
    this.contracts = contracts;
    this.jobs = jobs;
    this.control = control;
  }

  /** Every published version, or those of one party. */
  @Get("/products")
  ProductList products(
      @Parameter(hidden = true) Caller caller, @QueryValue @Nullable String party) {
    caller.require(Role.values());
    return new ProductList(
        products.list().stream()
            .filter(each -> party == null || each.product().ref().party().value().equals(party))
            .map(Present::product)
            .toList());
  }

  /** One version. */
  @Get("/products/{party}/{name}/{version}")
  ProductView product(
      @Parameter(hidden = true) Caller caller, String party, String name, int version) {
    caller.require(Role.values());
    return Present.product(products.require(new ProductRef(new PartyId(party), name, version)));
  }

  /**
   * Offers a contract to its parties, whose agents sign it. The body is the contract's document
   * (docs/api.md). Admins of a party in it; the same offer again does nothing.
   */
  @Post("/contracts")
  @Status(HttpStatus.CREATED)
  ContractView create(@Parameter(hidden = true) Caller caller, @Body Map<String, Object> contract) {
    caller.require(Role.ADMIN);
    Contracts.Offered offered =
        contracts.create(caller.requireParty(), Json.read(Json.node(contract), Contract.class));
    control.relay(offered.contract().id());
    return view(offered);
  }

  /** The contracts of the caller's party; all of them for the operator. */
  @Get("/contracts")
  ContractList contracts(@Parameter(hidden = true) Caller caller) {
    List<Contracts.Offered> all = contracts.list(Optional.ofNullable(caller.party()));
    return new ContractList(all.stream().map(this::view).toList());
  }

  /** One contract of the caller's party. */
  @Get("/contracts/{id}")
  ContractView contract(@Parameter(hidden = true) Caller caller, String id) {
    return view(seen(caller, new ContractId(id)));
  }

  /** Withdraws from a contract: it no longer binds, and its running jobs end. */
  @Post("/contracts/{id}/withdraw")
  ContractView withdraw(@Parameter(hidden = true) Caller caller, String id) {
    caller.require(Role.ADMIN);
    control.withdraw(caller.requireParty(), new ContractId(id));
    return view(seen(caller, new ContractId(id)));
  }

  private Contracts.Offered seen(Caller caller, ContractId id) {
    return caller.party() == null
        ? contracts.require(id)
        : contracts.requireSeen(caller.party(), id);
  }

  private ContractView view(Contracts.Offered offered) {
    return Present.contract(offered, jobs.usesOf(offered.contract().id()));
  }
}
