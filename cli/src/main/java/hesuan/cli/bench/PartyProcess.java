package hesuan.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The bench's end of a party's process. */
final class PartyProcess implements AutoCloseable {
  private static final int STOP_SECONDS = 5;

  /**
   * A line of a party.
   *
   * @param text null when the process has ended
   */
  record Said(PartyProcess by, @Nullable String text) {
    /** Why the run is over, if that is what was said. */
    @Nullable Problem failure() {
      if (text == null) {
        return by.ended();
      }
      return text.startsWith("{\"problem\"")
          ? Json.read(text, PartyLine.Failed.class).problem()
          : null;
    }
  }

  private final PartyId party;
  private final Process process;
  private final Path log;
  private final PrintStream in;
  private final Deque<String> lines = new ArrayDeque<>();

  private PartyProcess(PartyId party, Process process, Path log) {
    this.party = party;
    this.process = process;
    this.log = log;
    this.in = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /**
   * @param said where its lines go
   */
  static PartyProcess start(
      PartyId party, List<String> command, Path folder, BlockingQueue<Said> said)
      throws IOException {
    Path log = folder.resolve(party + ".log");
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    PartyProcess started = new PartyProcess(party, process, log);
    Thread.ofVirtual().start(() -> started.pass(said));
    return started;
  }

  PartyId party() {
    return party;
  }

  /** What it said and nobody has looked at; of the bench's thread only. */
  Deque<String> lines() {
    return lines;
  }

  private void pass(BlockingQueue<Said> said) {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        said.add(new Said(this, line));
      }
    } catch (IOException e) {
      // The end of the process, which is told below.
    }
    said.add(new Said(this, null));
  }

  void tell(PartyLine line) {
    try {
      in.println(Json.mapper().writeValueAsString(line));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Problem ended() {
    try {
      process.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String status = process.isAlive() ? "closed output" : "exit status " + process.exitValue();
    return new Problem(
        ErrorCode.PEER_FAILED, party.value(), "a process that runs", status + ": " + lastWords());
  }

  /** The end of what it wrote on standard error. */
  private String lastWords() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join(" | ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public void close() {
    in.close(); // its end of file stops the party
    process.destroyForcibly();
    process.onExit().join();
  }
}
