package hesuan.cli.bench;

import hesuan.cli.PeopleWork;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An intersection as a job between real agents: each run is timed from submitting the job until the
 * list lies in the receiver's folder, so it holds admission, reading both files, the protocol,
 * release, and evidence. Starting the processes and publishing the files are not in it.
 */
record JobPsi(PsiBench bench) {
  private static final String BOUND =
      "processor time of both agents on the same cores: the protocol, reading the files, hashing the ids";

  Figures measure() throws Exception {
    PsiCase size = bench.size();
    Path folder = Files.createTempDirectory("hesuan-bench-psi");
    try (PeopleWork work =
        PeopleWork.open(
            folder, bench.protocol, bench.heap, List.of(ids(size, 0), ids(size, 1)))) {
      List<Path> lists = new ArrayList<>();
      List<Long> nanos = bench.nanosByRun(() -> lists.add(work.run()));
      for (Path list : lists) {
        long found = PeopleWork.people(list);
        if (found != size.shared()) {
          throw new ProblemException(
              ErrorCode.PROTOCOL_VIOLATION, list.toString(), "" + size.shared(), "" + found);
        }
      }
      double seconds = Figures.warmMedianSeconds(nanos);
      Map<String, Object> more = new LinkedHashMap<>(bench.more(seconds));
      Map<String, Long> memory = work.peakMemoryBytes();
      more.put("memoryOfEach", memory);
      return new Figures(
          bench.work(),
          bench.parameters(),
          BOUND,
          seconds,
          nanos.getFirst() / 1e9,
          work.bytesSent(),
          memory.values().stream().mapToLong(Long::longValue).max().orElse(0),
          more);
    }
  }

  /** Mobile numbers as people write them, without the country's prefix. */
  private PeopleWork.Ids ids(PsiCase size, int party) {
    return each -> {
      byte[] number = "13000000000".getBytes(StandardCharsets.US_ASCII);
      size.forEach(
          party,
          bench.seed,
          id -> {
            System.arraycopy(id, PsiCase.ID_BYTES - 9, number, 2, 9);
            each.accept(number);
          });
    };
  }
}
