package hesuan.agent.api;

import hesuan.agent.AgentConfig;
import hesuan.agent.Contracts;
import hesuan.agent.Members;
import hesuan.agent.budget.Budget;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.job.JobBook;
import hesuan.agent.job.Receipts;
import hesuan.agent.lookup.PreparedSets;
import hesuan.evidence.TrustedKeys;
import hesuan.wire.Digest;
import hesuan.wire.Problem;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the controllers may see and touch of the agent.
 *
 * @param tokenHash of the admin token
 * @param say tells the coordinator now what it has not heard yet
 */
public record AgentView(
    AgentConfig config,
    Digest tokenHash,
    OwnProducts products,
    PreparedSets prepared,
    Contracts contracts,
    Members members,
    Budget budget,
    JobBook jobs,
    Receipts receipts,
    Supplier<TrustedKeys> trustedKeys,
    Supplier<String> checkpoint,
    Supplier<State> state,
    Supplier<Map<String, Problem>> refusedByCoordinator,
    Runnable say) {

  /**
   * How the agent stands now.
   *
   * @param lineProblem why there is no line to the coordinator
   */
  public record State(
      boolean connected,
      Optional<Problem> lineProblem,
      Instant certificateUntil,
      Digest keys,
      String relayAddress,
      long clockSkewMillis,
      Digest policyBundle) {}
}
