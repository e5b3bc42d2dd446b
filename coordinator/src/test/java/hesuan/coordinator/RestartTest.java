package hesuan.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.job.StepHook;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole coordinator goes and comes back while a job is in each of its states. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RestartTest {
  private Market market;

  @BeforeAll
  void open(@TempDir Path folder) throws Exception {
    market = Market.open(folder);
  }

  @AfterAll
  void close() {
    market.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"proposed", "countersigned", "running", "releasing"})
  void restart_inThatState_jobIsDone(String state) {
    market.mall.answersProposals = !state.equals("proposed");
    market.brand.runsSteps = !state.equals("running");
    market.brand.releases = false;
    if (state.equals("countersigned")) {
      market.brand.runsSteps = false;
    }
    String id = market.submitted(Market.spec("restart-" + state));
    if (state.equals("countersigned")) {
      market.awaitState(id, "running");
      market.mall.hangUp();
    }
    market.awaitState(id, state);

    market.brand.hangUp();
    market.mall.hangUp();
    market.federation.restart(StepHook.NONE);
    assertEquals(state, market.state(id));
    market.mall.answersProposals = true;
    market.brand.runsSteps = true;
    market.brand.releases = true;
    for (ScriptedAgent agent : List.of(market.brand, market.mall)) {
      agent.connect(market.federation);
    }
    if (state.equals("releasing")) {
      market.brand.release(id, 1);
    }
    market.awaitSettled(id, "done");
    assertEquals(
        3,
        market
            .federation
            .get(market.analyst, "/jobs/" + id + "/receipts")
            .json()
            .path("receipts")
            .size());
  }
}
