package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.coordinator.Coordinator;
import hesuan.coordinator.CoordinatorConfig;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A federation on this machine: a coordinator and some parties, each a process of its own with a
 * folder of its own. For the demo and for tests that kill processes.
 */
final class DemoFederation {
  private static final Duration START_MAX = Duration.ofSeconds(120);

  private final Path folder;
  private final Map<String, Process> processes = new LinkedHashMap<>();
  private final Ports ports = new Ports();
  private int controlPort;
  private int relayPort;
  private int coordinatorApiPort;

  DemoFederation(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  Path home(String node) {
    return folder.resolve(node);
  }

  Home at(String node) {
    return new Home(home(node));
  }

  /** Empties the folder and starts the coordinator. */
  void found() throws IOException {
    found(Map.of());
  }

  void found(Map<String, String> environment) throws IOException {
    remove();
    Files.createDirectories(folder);
    controlPort = ports.take();
    relayPort = ports.take();
    coordinatorApiPort = ports.take();
    Coordinator.init(
        home("coordinator"),
        new CoordinatorConfig(
            "demo",
            "127.0.0.1:" + controlPort,
            "127.0.0.1:" + relayPort,
            "127.0.0.1:" + coordinatorApiPort,
            List.of("127.0.0.1"),
            Duration.ofHours(24)),
        Coordinator.Surroundings.real());
    startCoordinator(environment);
  }

  void startCoordinator(Map<String, String> environment) throws IOException {
    launch("coordinator", "coordinator", environment);
    await("coordinator", () -> answers("coordinator"));
  }

  /**
   * Enrols a party.
   *
   * @param inbound whether its agent takes direct connections; else the relay carries them
   */
  void join(String party, boolean inbound) throws IOException {
    String token;
    try (Api api = at("coordinator").coordinator()) {
      token = api.post("/tokens/join", Map.of("party", party)).path("token").asText();
    }
    Agent.join(
        new Agent.Join(
            home(party),
            new AgentConfig(
                new PartyId(party),
                "",
                "127.0.0.1:" + controlPort,
                "127.0.0.1:" + coordinatorApiPort,
                inbound ? "127.0.0.1:" + ports.take() : null,
                null,
                "127.0.0.1:" + ports.take(),
                256,
                2),
            token),
        Clock.systemUTC(),
        new SecureRandom());
  }

  void startAgent(String party, Map<String, String> environment) throws IOException {
    launch(party, "agent", environment);
  }

  void awaitAgent(String party) {
    await(party, () -> answers(party));
  }

  private void launch(String node, String kind, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(Background.launcher(), kind, "start", "--home", home(node).toString())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(Background.logFile(home(node)).toFile()));
    builder.environment().putIfAbsent("HESUAN_JAVA_OPTS", "-Xmx768m");
    builder.environment().putAll(environment);
    synchronized (processes) {
      processes.put(node, builder.start());
    }
  }

  private boolean answers(String node) {
    Home home = at(node);
    try (Api api = home.isCoordinator() ? home.coordinator() : home.agent()) {
      JsonNode health = api.get("/health");
      return home.isCoordinator() || health.path("connected").asBoolean();
    } catch (IOException | ProblemException e) {
      return false;
    }
  }

  private void await(String node, BooleanSupplier ready) {
    Background.await(node, home(node), process(node), START_MAX, ready);
  }

  Process process(String node) {
    synchronized (processes) {
      return processes.get(node);
    }
  }

  static void pause() {
    Background.pause();
  }

  /** In good order. */
  void stop() {
    List<Process> all;
    synchronized (processes) {
      all = new ArrayList<>(processes.values());
      processes.clear();
    }
    all.forEach(Process::destroy);
    for (Process process : all) {
      try {
        if (!process.waitFor(5, java.util.concurrent.TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
      }
    }
    letPortsGo();
  }

  /** At once, with everything that was written. */
  void destroy() {
    synchronized (processes) {
      processes.values().forEach(Process::destroyForcibly);
      processes.values().forEach(p -> p.onExit().join());
      processes.clear();
    }
    letPortsGo();
    try {
      remove();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void letPortsGo() {
    try {
      ports.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void remove() throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }
}
