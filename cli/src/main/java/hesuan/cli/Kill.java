package hesuan.cli;

import hesuan.coordinator.Coordinator;
import hesuan.job.StepHook;
import hesuan.job.StepName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The kill test's hand: {@code HESUAN_KILL_AT=agent-charge-after-store} makes the process end
 * itself with SIGKILL the first time it comes there; {@code HESUAN_KILL_AT=@FILE} does so once for
 * each time that the file is written. Nothing happens unless that is set.
 */
final class Kill {
  private Kill() {}

  static StepHook hook() {
    String at = System.getenv("HESUAN_KILL_AT");
    if (at == null || at.isEmpty()) {
      return StepHook.NONE;
    }
    if (at.startsWith("@")) {
      Path file = Path.of(at.substring(1));
      return step -> dieIfWritten(file, step);
    }
    StepName wanted = StepName.of(at);
    return step -> {
      if (step == wanted) {
        die();
      }
    };
  }

  /** The file is gone first, so that the next process lives. */
  private static synchronized void dieIfWritten(Path file, StepName step) {
    try {
      if (Files.exists(file) && Files.readString(file).equals(step.text())) {
        Files.delete(file);
        die();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Coordinator.Surroundings coordinator() {
    Coordinator.Surroundings real = Coordinator.Surroundings.real();
    return new Coordinator.Surroundings(real.clock(), real.random(), real.timing(), hook());
  }

  private static void die() {
    try {
      new ProcessBuilder("kill", "-9", "" + ProcessHandle.current().pid()).start();
      TimeUnit.MINUTES.sleep(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
