package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.coordinator.Coordinator;
import hesuan.coordinator.CoordinatorConfig;
import hesuan.store.ScratchFolder;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Processes that do not come up, or come up where another was killed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackgroundTest {
  private static final String COORDINATOR = ThreeParties.COORDINATOR;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private DemoFederation federation;
  private Map<String, String> environment;

  @BeforeAll
  void found() throws Exception {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    System.setProperty("hesuan.root", module.getParent().toString());
    Path classpath = module.resolve("target/background.classpath");
    Files.writeString(classpath, System.getProperty("java.class.path"));
    environment =
        Map.of(
            "HESUAN_JAVA_OPTS",
            "-Xmx256m -XX:TieredStopAtLevel=1",
            "HESUAN_CLASSPATH",
            classpath.toString());
    federation = new DemoFederation(module.resolve("target/background"));
    Runtime.getRuntime().addShutdownHook(new Thread(federation::destroy));
    federation.found(environment);
  }

  @AfterAll
  void end() {
    federation.destroy();
  }

  @Test
  void start_ofAHomeThatRuns_endsAndSaysWhy() throws Exception {
    Set<String> unpacked = unpacked();
    ProblemException refused = awaitInVain(federation.home(COORDINATOR));
    assertTrue(refused.getMessage().contains("an end with status"), refused::getMessage);
    assertTrue(refused.getMessage().contains("another that does"), refused::getMessage);
    assertTrue(federation.process(COORDINATOR).isAlive());
    assertEquals(unpacked, unpacked(), "what the first one has loaded");
  }

  @Test
  void start_onAPortThatIsTaken_endsAndSaysWhich() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      for (int which = 0; which < 3; which++) {
        String[] listen = {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"};
        listen[which] = address;
        Path home = federation.folder().resolve("taken-" + which);
        Coordinator.init(
            home,
            new CoordinatorConfig(
                "taken",
                listen[0],
                listen[1],
                listen[2],
                List.of("127.0.0.1"),
                Duration.ofHours(1)),
            Coordinator.Surroundings.real());
        ProblemException refused =
            assertThrows(ProblemException.class, () -> Coordinator.start(home).close());
        assertEquals(ErrorCode.ENVIRONMENT, refused.problem().code());
        assertEquals(address, refused.problem().at());
      }
      ProblemException refused = awaitInVain(federation.folder().resolve("taken-2"));
      assertTrue(refused.getMessage().contains(address), refused::getMessage);
    }
  }

  @Test
  void start_afterAKill_clearsWhatWasUnpacked() throws Exception {
    Process process = federation.process(COORDINATOR);
    Set<String> before = unpacked();
    assertFalse(before.isEmpty());
    process.destroyForcibly().waitFor();
    assertEquals(before, unpacked());
    federation.startCoordinator(environment);
    Set<String> after = unpacked();
    assertEquals(before.size(), after.size());
    assertFalse(after.removeAll(before), "what the killed one had unpacked");
  }

  @Test
  void running_whenTheNumberIsAnothers_isNone(@TempDir Path home) throws Exception {
    Path file = home.resolve("process.pid");
    Files.writeString(file, ProcessHandle.current().pid() + "\n");
    assertTrue(Background.running(home).isPresent());
    Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
    assertTrue(Background.running(home).isEmpty());
  }

  /** Starts a coordinator that is to end by itself. */
  private ProblemException awaitInVain(Path home) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(Background.launcher(), COORDINATOR, "start", "--home", home.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(Background.logFile(home).toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      return assertThrows(
          ProblemException.class,
          () -> Background.await("second", home, process, PATIENCE, () -> false));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Libraries in the home of the coordinator, under names that are drawn for each process. */
  private Set<String> unpacked() throws IOException {
    Path folder = federation.home(COORDINATOR).resolve(ScratchFolder.UNPACKED);
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
    }
  }
}
