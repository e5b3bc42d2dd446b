package hesuan.cli;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Processes of this machine that go on when the command has ended: one for each home folder. */
final class Background {
  private static final Duration START_MAX = Duration.ofSeconds(60);
  private static final Duration STOP_MAX = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(50);

  /** How far the times of processes and of files may differ. */
  private static final Duration CLOCKS = Duration.ofSeconds(10);

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
    Instant written = Files.getLastModifiedTime(pidFile(home)).toInstant();
    return ProcessHandle.of(Long.parseLong(Files.readString(pidFile(home)).strip()))
        .filter(ProcessHandle::isAlive)
        .filter(p -> p.info().command().map(c -> c.endsWith("java")).orElse(true))
        .filter(p -> isOlder(p, written));
  }

  /** One that began after its number was written has the number of a process that is gone. */
  private static boolean isOlder(ProcessHandle process, Instant written) {
    return process.info().startInstant().map(s -> s.isBefore(written.plus(CLOCKS))).orElse(true);
  }

  /** Starts, and returns when it answers; its output goes to {@link #logFile}. */
  static ProcessHandle start(Path home, List<String> arguments, BooleanSupplier answers)
      throws IOException, InterruptedException {
    Optional<ProcessHandle> already = running(home);
    if (already.isPresent()) {
      return already.get();
    }
    Process process = launch(home, arguments);
    try {
      await(home.toString(), home, process, START_MAX, answers);
    } catch (ProblemException e) {
      process.destroy();
      throw e;
    }
    return process.toHandle();
  }

  /**
   * Returns when the process answers.
   *
   * @param at whose process it is, for the message
   * @throws ProblemException ENVIRONMENT, with the last words of its log, when it has ended or is
   *     silent for too long
   */
  static void await(String at, Path home, Process process, Duration max, BooleanSupplier answers) {
    long start = System.nanoTime();
    while (true) {
      boolean alive = process.isAlive(); // asked first, so that one that ends now is asked again
      if (answers.getAsBoolean()) {
        return;
      }
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      if (!alive || waited.compareTo(max) > 0) {
        String found =
            alive
                ? "silence for " + waited.toSeconds() + " s"
                : "an end with status %d after %.1f s"
                    .formatted(process.exitValue(), waited.toMillis() / 1000.0);
        throw new ProblemException(
            ErrorCode.ENVIRONMENT,
            at,
            "a process that answers within " + max.toSeconds() + " s",
            found + "; " + logFile(home) + ": " + lastWords(home));
      }
      pause();
    }
  }

  static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ErrorCode.CANCELLED, "process", "to go on", "interrupted");
    }
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

  /** The last line that it wrote, of a stack trace the first cause: not where it was. */
  static String lastWords(Path home) {
    try {
      List<String> lines =
          Files.readString(logFile(home), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank() && !Character.isWhitespace(line.charAt(0)))
              .toList();
      return lines.isEmpty() ? "nothing" : lines.getLast();
    } catch (IOException e) {
      return "nothing";
    }
  }
}
