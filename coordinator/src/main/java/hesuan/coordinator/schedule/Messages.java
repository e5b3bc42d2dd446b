package hesuan.coordinator.schedule;

import com.google.protobuf.ByteString;
import hesuan.control.Contract;
import hesuan.control.Interrupt;
import hesuan.control.Propose;
import hesuan.control.Settle;
import hesuan.control.Start;
import hesuan.control.ToAgent;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.job.JobVerdict;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The control plane's messages, made from what is stored. */
public final class Messages {
  private Messages() {}

  static Propose propose(
      JobId job,
      JobSpec spec,
      Plan plan,
      List<byte[]> products,
      Contracts.Offered contract,
      long deadlineMillis) {
    return Propose.newBuilder()
        .setJob(job.value())
        .setSpec(canonical(spec))
        .setPlan(canonical(plan))
        .addAllProducts(products.stream().map(ByteString::copyFrom).toList())
        .setContract(contract(contract))
        .setDeadlineMillis(deadlineMillis)
        .build();
  }

  public static Contract contract(Contracts.Offered offered) {
    return Contract.newBuilder()
        .setContract(ByteString.copyFrom(offered.document()))
        .addAllEnvelopes(offered.signatures().values().stream().map(ByteString::copyFrom).toList())
        .setWithdrawn(offered.withdrawn())
        .build();
  }

  static ToAgent start(JobId job, int attempt, Collection<byte[]> countersignatures) {
    return ToAgent.newBuilder()
        .setStart(
            Start.newBuilder()
                .setJob(job.value())
                .setAttempt(attempt)
                .addAllCountersignatures(
                    countersignatures.stream().map(ByteString::copyFrom).toList()))
        .build();
  }

  static ToAgent settle(JobId job, JobVerdict verdict, @Nullable Problem problem) {
    return ToAgent.newBuilder()
        .setSettle(
            Settle.newBuilder()
                .setJob(job.value())
                .setVerdict(verdict.text())
                .setProblem(problem == null ? ByteString.EMPTY : canonical(problem)))
        .build();
  }

  static ToAgent interrupt(JobId job, int attempt, Problem problem) {
    return ToAgent.newBuilder()
        .setInterrupt(
            Interrupt.newBuilder()
                .setJob(job.value())
                .setAttempt(attempt)
                .setProblem(canonical(problem)))
        .build();
  }

  public static ByteString canonical(Object document) {
    return ByteString.copyFrom(Json.canonical(document));
  }
}
