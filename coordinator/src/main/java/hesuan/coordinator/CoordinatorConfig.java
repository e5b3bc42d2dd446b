package hesuan.coordinator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import hesuan.identity.KeyFiles;
import hesuan.transport.Address;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What {@code config.yaml} in a coordinator's home says. Addresses are {@code host:port}; a host
 * may be a name, an IP address or {@code 0.0.0.0}, a port may be 0: any free one.
 *
 * @param controlListen where agents dial in
 * @param relayListen where agents meet that cannot reach each other
 * @param apiListen where people and tools reach the HTTPS API
 * @param hosts DNS names and IP addresses under which others reach this machine, the first for
 *     choice; they stand in the server certificate
 * @param certificateLifetime of parties and of the coordinator itself, at most 24 h
 */
public record CoordinatorConfig(
    String federation,
    String controlListen,
    String relayListen,
    String apiListen,
    List<String> hosts,
    Duration certificateLifetime) {
  public static final int CONTROL_PORT = 7401;
  public static final int RELAY_PORT = 7402;
  public static final int API_PORT = 7443;
  private static final String FILE = "config.yaml";
  private static final YAMLMapper YAML = new YAMLMapper();

  public CoordinatorConfig {
    hosts = List.copyOf(hosts);
    Address.parse(controlListen);
    Address.parse(relayListen);
    Address.parse(apiListen);
    if (hosts.isEmpty()) {
      throw new ProblemException(
          ErrorCode.MISSING_FIELD, "hosts", "a name under which agents reach this machine", "none");
    }
  }

  /** Everything on this machine only; give names and addresses for a federation over several. */
  public static CoordinatorConfig local(String federation) {
    return new CoordinatorConfig(
        federation,
        "127.0.0.1:" + CONTROL_PORT,
        "127.0.0.1:" + RELAY_PORT,
        "127.0.0.1:" + API_PORT,
        List.of("localhost", "127.0.0.1"),
        Duration.ofHours(24));
  }

  public static boolean isIn(Path home) {
    return Files.exists(home.resolve(FILE));
  }

  public static CoordinatorConfig read(Path home) {
    Path file = home.resolve(FILE);
    try {
      return Json.read(YAML.readTree(Files.readString(file)), CoordinatorConfig.class);
    } catch (JsonProcessingException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, file.toString(), "YAML", e.getOriginalMessage());
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE,
          file.toString(),
          "a coordinator's config.yaml, as `hesuan coordinator init` writes it",
          "none");
    }
  }

  void write(Path home) throws IOException {
    KeyFiles.writePrivately(
        home.resolve(FILE),
        YAML.writeValueAsString(Json.node(this)).getBytes(StandardCharsets.UTF_8));
  }
}
