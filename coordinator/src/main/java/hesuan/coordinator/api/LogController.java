package hesuan.coordinator.api;

import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.Consistency;
import hesuan.coordinator.api.Views.LogKeys;
import hesuan.coordinator.record.FederationLog;
import hesuan.identity.Certificates;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The federation's log for whoever is signed in: checkpoint and tiles as C2SP tlog-tiles lays them
 * out. Entries are salted commitments; what opens them is in receipts only.
 */
@Requires(beans = Federation.class)
@Controller("/api/v1/log")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "log")
final class LogController {
  private static final Pattern TILE =
      Pattern.compile("(?:[0-7]|entries)/(?:x[0-9]{3}/){0,5}[0-9]{3}(?:\\.p/[0-9]{1,3})?");

  private final FederationLog log;
  private final Federation federation;
  private final TlsContexts tls;

  LogController(FederationLog log, Federation federation, TlsContexts tls) {
    this.log = log;
    this.federation = federation;
    this.tls = tls;
  }

  /** The signed note over the log's present state. */
  @Get(value = "/checkpoint", produces = MediaType.TEXT_PLAIN)
  String checkpoint(@Parameter(hidden = true) Caller caller) {
    caller.require(Role.values());
    return log.checkpoint();
  }

  /**
   * A tile of hashes or a bundle of entries.
   *
   * @param path after tile/, as tlog-tiles names it: {@code 0/x001/067}, {@code entries/000.p/5}
   */
  @Get(value = "/tile/{path:.+}", produces = MediaType.APPLICATION_OCTET_STREAM)
  byte[] tile(@Parameter(hidden = true) Caller caller, @PathVariable String path) {
    caller.require(Role.values());
    if (!TILE.matcher(path).matches()) {
      throw unknown(path);
    }
    try {
      return Files.readAllBytes(federation.logFolder().resolve("tile").resolve(path));
    } catch (NoSuchFileException e) {
      throw unknown(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProblemException unknown(String path) {
    return new ProblemException(ErrorCode.UNKNOWN_PATH, "tile", "a tile of this log", path);
  }

  /** Proof that the log of an earlier size is the beginning of this one. */
  @Get("/consistency")
  Consistency consistency(@Parameter(hidden = true) Caller caller, @QueryValue long from) {
    caller.require(Role.values());
    return new Consistency(from, log.checkpoint(), Present.texts(log.proveConsistency(from)));
  }

  /** The log's name and its owner's keys. */
  @Get("/keys")
  LogKeys keys(@Parameter(hidden = true) Caller caller) {
    caller.require(Role.values());
    return new LogKeys(
        federation.name(),
        federation.name() + "/" + log.keys().party(),
        Json.node(log.keys()),
        List.of(
            Base64.getEncoder()
                .encodeToString(Certificates.encoded(tls.identity().current().root()))));
  }
}
