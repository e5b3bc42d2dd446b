package hesuan.agent.job;

import hesuan.control.Propose;
import hesuan.evidence.Envelope;
import hesuan.job.JobFacts;
import hesuan.job.PartyJobState;
import hesuan.wire.Contract;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One job as it is stored here.
 *
 * @param plan as proposed; only a job whose plan this party compiled alike gets beyond the verdict
 * @param countersignatures everyone's, once the job was started
 * @param noiseSeed of the charge: another attempt, or the same query again, repeats the noise
 */
public record JobEntry(
    JobId id,
    Propose proposal,
    Plan plan,
    PartyJobState state,
    @Nullable Envelope countersignature,
    List<Envelope> countersignatures,
    @Nullable SecretBytes noiseSeed,
    long createdSeconds,
    long deadlineMillis) {

  public JobEntry {
    countersignatures = List.copyOf(countersignatures);
  }

  public JobSpec spec() {
    return Json.read(proposal.getSpec().toByteArray(), JobSpec.class);
  }

  public Contract contract() {
    return Json.read(proposal.getContract().getContract().toByteArray(), Contract.class);
  }

  public JobFacts facts() {
    return JobFacts.of(plan);
  }
}
