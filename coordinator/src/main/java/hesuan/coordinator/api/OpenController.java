package hesuan.coordinator.api;

import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.Health;
import hesuan.coordinator.api.Views.Version;
import hesuan.coordinator.api.Views.Whoami;
import hesuan.coordinator.control.Control;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;

/** What may be asked without signing in, and who one is after it. */
@Requires(beans = Federation.class)
@Controller("/api/v1")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "service")
final class OpenController {
  private final Federation federation;
  private final Clock clock;

  OpenController(Federation federation, Clock clock) {
    this.federation = federation;
    this.clock = clock;
  }

  /** Whether the coordinator serves. */
  @Get("/health")
  Health health() {
    return new Health("up", federation.name(), clock.instant().toString());
  }

  /** Versions of software, API and agent protocol. */
  @Get("/version")
  Version version() {
    return new Version(federation.software(), "v1", Control.PROTOCOL_VERSION);
  }

  /** For whom the caller speaks, and as what. */
  @Get("/whoami")
  Whoami whoami(@Parameter(hidden = true) Caller caller) {
    return new Whoami(
        caller.party() == null ? null : caller.party().value(),
        caller.roles().stream().map(Role::text).sorted().toList(),
        caller.by());
  }
}
