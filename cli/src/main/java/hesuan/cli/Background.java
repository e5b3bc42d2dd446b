package hesuan.cli;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Processes of this machine that go on when the command has ended: one for each home folder. */
final class Background {
  private static final Duration START_MAX = Duration.ofSeconds(60);
  private static final Duration STOP_MAX = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(100);

  private Background() {}

  static Path logFile(Path home) {
    return home.resolve("process.log");
  }

  private static Path pidFile(Path home) {
    return home.resolve("process.pid");
  }

  /** The launcher's path: this very program, with the same JDK and options. */
  static String launcher() {
    String root = System.getProperty("hesuan.root");
    if (root == null) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT, "hesuan.root", "a start by the launcher ./hesuan", "another");
    }
    return Path.of(root, "hesuan").toString();
  }

  static Optional<ProcessHandle> running(Path home) throws IOException {
    if (!Files.exists(pidFile(home))) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(Files.readString(pidFile(home)).strip()))
        .filter(ProcessHandle::isAlive)
        .filter(p -> p.info().command().map(c -> c.endsWith("java")).orElse(true));
  }

  /** Starts, and returns when it answers; its output goes to {@link #logFile}. */
  static ProcessHandle start(Path home, List<String> arguments, BooleanSupplier answers)
      throws IOException, InterruptedException {
    Optional<ProcessHandle> already = running(home);
    if (already.isPresent()) {
      return already.get();
    }
    Process process = launch(home, arguments);
    long end = System.nanoTime() + START_MAX.toNanos();
    while (!answers.getAsBoolean()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroy();
        throw new ProblemException(
            ErrorCode.ENVIRONMENT,
            home.toString(),
            "a process that answers within " + START_MAX.toSeconds() + " s",
            (process.isAlive() ? "silence" : "an end")
                + "; see "
                + logFile(home)
                + ": "
                + lastLine(home));
      }
      Thread.sleep(LOOK);
    }
    return process.toHandle();
  }

  static Process launch(Path home, List<String> arguments) throws IOException {
    Files.createDirectories(home);
    List<String> command = new ArrayList<>(List.of(launcher()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile(home).toFile()))
            .start();
    Files.writeString(pidFile(home), process.pid() + "\n");
    return process;
  }

  /** Whether there was one to stop. */
  static boolean stop(Path home) throws IOException, InterruptedException {
    Optional<ProcessHandle> process = running(home);
    process.ifPresent(ProcessHandle::destroy);
    long end = System.nanoTime() + STOP_MAX.toNanos();
    while (process.isPresent() && process.get().isAlive()) {
      if (System.nanoTime() > end) {
        process.get().destroyForcibly();
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
    Files.deleteIfExists(pidFile(home));
    return process.isPresent();
  }

  private static String lastLine(Path home) throws IOException {
    List<String> lines =
        Files.exists(logFile(home)) ? Files.readAllLines(logFile(home)) : List.of();
    return lines.isEmpty() ? "" : lines.getLast();
  }
}
