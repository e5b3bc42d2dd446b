package hesuan.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What {@code config.yaml} in an agent's home says. Addresses are {@code host:port}.
 *
 * @param coordinator its control port, which this agent dials
 * @param coordinatorApi its HTTPS API, for this party's people and tools
 * @param dataListen where other agents may connect, or null: this agent has no inbound port
 * @param dataAdvertise under which address they reach it, where that differs
 * @param apiListen where the party's own people and tools reach this agent
 * @param duckdbSpillMegabytes most that DuckDB may write to {@code tmp/} where memory does not do,
 *     in plain; 0 keeps rows off the disk
 */
public record AgentConfig(
    PartyId party,
    String federation,
    String coordinator,
    String coordinatorApi,
    @Nullable String dataListen,
    @Nullable String dataAdvertise,
    String apiListen,
    int duckdbMemoryMegabytes,
    int threads,
    @Nullable Integer duckdbSpillMegabytes) {

  private static final int SPILL_MEGABYTES = 8192;

  private static final YAMLMapper YAML = new YAMLMapper();

  /** Spilling as usual. */
  public AgentConfig(
      PartyId party,
      String federation,
      String coordinator,
      String coordinatorApi,
      @Nullable String dataListen,
      @Nullable String dataAdvertise,
      String apiListen,
      int duckdbMemoryMegabytes,
      int threads) {
    this(
        party,
        federation,
        coordinator,
        coordinatorApi,
        dataListen,
        dataAdvertise,
        apiListen,
        duckdbMemoryMegabytes,
        threads,
        null);
  }

  public int spillMegabytes() {
    return duckdbSpillMegabytes == null ? SPILL_MEGABYTES : duckdbSpillMegabytes;
  }

  public static AgentConfig read(Path home) {
    Path file = home.resolve("config.yaml");
    try {
      return Json.read(YAML.readTree(Files.readString(file)), AgentConfig.class);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, file.toString(), "YAML", e.getOriginalMessage());
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE,
          file.toString(),
          "an agent's config.yaml",
          "none; `hesuan agent join` writes it");
    }
  }

  public void write(Path home) throws IOException {
    Files.writeString(home.resolve("config.yaml"), YAML.writeValueAsString(Json.node(this)));
  }

  AgentConfig in(String joined) {
    return new AgentConfig(
        party,
        joined,
        coordinator,
        coordinatorApi,
        dataListen,
        dataAdvertise,
        apiListen,
        duckdbMemoryMegabytes,
        threads,
        duckdbSpillMegabytes);
  }

  /** The address to tell others, empty when none. */
  public String advertised() {
    if (dataAdvertise != null) {
      return dataAdvertise;
    }
    return dataListen == null ? "" : dataListen;
  }
}
