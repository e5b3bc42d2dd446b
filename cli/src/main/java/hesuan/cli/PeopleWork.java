package hesuan.cli;

import hesuan.source.Source;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An intersection of two parties' people, each with a process, a folder and a file of its own: what
 * {@code hesuan bench psi --csv} and {@code --parquet} measure, from submitting the job until the
 * list lies in the receiver's folder.
 */
public final class PeopleWork implements AutoCloseable {
  private static final List<String> PARTIES = List.of("leader", "helper");
  private static final String PURPOSE = "audience.intersect";

  private final BenchFederation federation;
  private final String engine;
  private final String list;
  private int asked;
  private String job = "";

  /** Writes one party's people, a column {@code phone}, into its folder. */
  @FunctionalInterface
  public interface People {
    Source write(Path folder) throws IOException;
  }

  private PeopleWork(BenchFederation federation, String engine, String list) {
    this.federation = federation;
    this.engine = engine;
    this.list = list;
  }

  /**
   * Founds the federation, writes the files and publishes them; nothing of it is measured.
   *
   * @param list {@code csv} or {@code parquet}: the file at the end
   * @param heap of an agent
   * @param people of the leader, who receives, and of the helper
   */
  public static PeopleWork open(
      Path folder, String engine, String list, String heap, List<People> people)
      throws IOException {
    PeopleWork work =
        new PeopleWork(
            new BenchFederation(folder, PARTIES, BenchFederation.heap(heap)), engine, list);
    try {
      for (int i = 0; i < PARTIES.size(); i++) {
        work.publish(PARTIES.get(i), people.get(i));
      }
      work.federation.contract("people", PURPOSE, "intersect", "members");
      return work;
    } catch (IOException | RuntimeException e) {
      work.close();
      throw e;
    }
  }

  private void publish(String party, People people) throws IOException {
    federation.publish(
        party,
        "people",
        people.write(federation.processes.home(party)).document(),
        "plain",
        PARTIES.subList(0, 1),
        PURPOSE);
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
          template: {name: audience.intersect, parameters: {engine: %s, list: %s}}
        privacy: {unit: phone, minGroup: 20}
        outputs: [{name: shared, to: [leader], form: members}]
        """
            .formatted(asked, PURPOSE, BenchFederation.CONTRACT, engine, list);
    job = federation.run(spec);
    Path file = federation.processes.home("leader").resolve("results/" + job + "/shared." + list);
    for (int tries = 0; !Files.exists(file); tries++) {
      if (tries == 200) {
        throw new ProblemException(ErrorCode.INTERNAL, job, "a list of people", "none");
      }
      DemoFederation.pause();
    }
    return file;
  }

  /** Of the last run. */
  public long bytesSent() throws IOException {
    return federation.bytesSent(job);
  }

  public Map<String, Long> peakMemoryBytes() throws IOException {
    return federation.peakMemoryBytes();
  }

  @Override
  public void close() {
    federation.close();
  }
}
