package hesuan.cli;

import hesuan.source.Source;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An intersection of two parties' people, each with a process, a folder and a file of its own: what
 * {@code hesuan bench psi --csv} measures, from submitting the job until the list lies in the
 * receiver's folder.
 */
public final class PeopleWork implements AutoCloseable {
  private static final List<String> PARTIES = List.of("leader", "helper");
  private static final String PURPOSE = "audience.intersect";

  private final BenchFederation federation;
  private final String engine;
  private int asked;
  private String job = "";

  /** One party's identifiers, given one after the other as they stand in the file. */
  @FunctionalInterface
  public interface Ids {
    void forEach(Consumer<byte[]> each);
  }

  private PeopleWork(BenchFederation federation, String engine) {
    this.federation = federation;
    this.engine = engine;
  }

  /**
   * Founds the federation, writes the files and publishes them; nothing of it is measured.
   *
   * @param heap of an agent
   * @param ids of the leader, who receives, and of the helper
   */
  public static PeopleWork open(Path folder, String engine, String heap, List<Ids> ids)
      throws IOException {
    PeopleWork work = new PeopleWork(new BenchFederation(folder, PARTIES, heap), engine);
    try {
      for (int i = 0; i < PARTIES.size(); i++) {
        work.publish(PARTIES.get(i), ids.get(i));
      }
      work.federation.contract("people", PURPOSE, "intersect", "members");
      return work;
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  private void publish(String party, Ids ids) throws IOException {
    Path file = federation.processes.home(party).resolve("people.csv");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      out.write("phone\n".getBytes(StandardCharsets.US_ASCII));
      ids.forEach(
          id -> {
            try {
              out.write(id);
              out.write('\n');
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }
    federation.publish(
        party, "people", new Source.Csv(file).document(), "plain", PARTIES.subList(0, 1), PURPOSE);
  }

  /** Runs the job to its end; its list lies in the leader's folder then. */
  public Path run() throws Exception {
    asked++;
    String spec =
        """
        apiVersion: hesuan/v1
        kind: Job
        metadata: {name: bench-people, submitToken: bench-people-%d}
        purpose: {code: %s}
        contract: %s
        inputs: {own: leader/people@1, others: helper/people@1}
        what:
          template: {name: audience.intersect, parameters: {engine: %s}}
        privacy: {unit: phone, minGroup: 20}
        outputs: [{name: shared, to: [leader], form: members}]
        """
            .formatted(asked, PURPOSE, BenchFederation.CONTRACT, engine);
    job = federation.run(spec);
    Path list = federation.processes.home("leader").resolve("results/" + job + "/shared.csv");
    for (int tries = 0; !Files.exists(list); tries++) {
      if (tries == 200) {
        throw new ProblemException(ErrorCode.INTERNAL, job, "a list of people", "none");
      }
      DemoFederation.pause();
    }
    return list;
  }

  /** Of the last run. */
  public long bytesSent() throws IOException {
    return federation.bytesSent(job);
  }

  public Map<String, Long> peakMemoryBytes() throws IOException {
    return federation.peakMemoryBytes();
  }

  /** Lines of a list, its header left out. */
  public static long people(Path list) throws IOException {
    try (Stream<String> lines = Files.lines(list)) {
      return lines.count() - 1;
    }
  }

  @Override
  public void close() {
    federation.close();
  }
}
