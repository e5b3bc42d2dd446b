package hesuan.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopbackBenchTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void run_small_reportsWhatItDid(boolean relayed, @TempDir Path folder) throws Exception {
    var parameters = new LoopbackBench.Parameters(4 << 20, 100_000, 1, relayed);
    var result = new LoopbackBench(folder, Clock.systemUTC(), new SecureRandom()).run(parameters);
    assertEquals(parameters, result.parameters());
    assertTrue(result.bytesSent() > 41 * 100_000, result.toString());
    assertTrue(result.seconds() > 0 && result.latencyMicros() > 0, result.toString());
  }
}
