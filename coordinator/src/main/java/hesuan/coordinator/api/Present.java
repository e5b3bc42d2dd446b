package hesuan.coordinator.api;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.coordinator.access.ApiTokens;
import hesuan.coordinator.api.Views.ApiTokenView;
import hesuan.coordinator.api.Views.ContractView;
import hesuan.coordinator.api.Views.JobEventView;
import hesuan.coordinator.api.Views.JobSummary;
import hesuan.coordinator.api.Views.JobView;
import hesuan.coordinator.api.Views.ProblemView;
import hesuan.coordinator.api.Views.ProductView;
import hesuan.coordinator.api.Views.ReceiptView;
import hesuan.coordinator.api.Views.RefusalView;
import hesuan.coordinator.api.Views.ResultView;
import hesuan.coordinator.api.Views.StepDoneView;
import hesuan.coordinator.catalogue.Contracts;
import hesuan.coordinator.catalogue.Products;
import hesuan.coordinator.record.FederationLog;
import hesuan.coordinator.schedule.Job;
import hesuan.coordinator.schedule.JobNote;
import hesuan.coordinator.schedule.Jobs;
import hesuan.evidence.Receipt;
import hesuan.http.ProblemReply;
import hesuan.job.JobState;
import hesuan.job.Refusal;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.Problem;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** From what is stored to what is shown. */
final class Present {
  private Present() {}

  static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  static List<String> texts(Collection<?> values) {
    return values.stream().map(Object::toString).toList();
  }

  static ApiTokenView token(ApiTokens.Entry entry) {
    return new ApiTokenView(
        entry.id(),
        entry.party() == null ? null : entry.party().value(),
        entry.role().text(),
        entry.label(),
        entry.createdBy(),
        time(entry.createdMillis()),
        time(entry.expiresMillis()),
        entry.revoked());
  }

  static ProductView product(Products.Published published) {
    return new ProductView(
        published.product().ref().toString(),
        published.product().ref().party().value(),
        published.product().title(),
        published.digest().hex(),
        time(published.publishedMillis()),
        published.withdrawn(),
        Json.node(published.product()));
  }

  static ContractView contract(Contracts.Offered offered, int jobs) {
    List<PartyId> missing =
        offered.parties().stream().filter(p -> !offered.signatures().containsKey(p)).toList();
    return new ContractView(
        offered.contract().id().value(),
        offered.withdrawn() ? "withdrawn" : missing.isEmpty() ? "inForce" : "offered",
        offered.digest().hex(),
        offered.createdBy(),
        time(offered.createdMillis()),
        texts(offered.parties()),
        texts(offered.signatures().keySet()),
        texts(missing),
        jobs,
        Json.node(offered.contract()));
  }

  static ProblemView problem(Problem problem) {
    return new ProblemView(
        problem.code().code(),
        problem.at(),
        problem.expected(),
        problem.found(),
        new ProblemReply.Sentences(problem.sentence(false), problem.sentence(true)));
  }

  static RefusalView refusal(Refusal refusal) {
    return new RefusalView(
        refusal.party() == null ? null : refusal.party().value(),
        refusal.rule(),
        refusal.change(),
        problem(refusal.problem()));
  }

  static List<RefusalView> refusals(List<Refusal> refusals) {
    return refusals.stream().map(Present::refusal).toList();
  }

  static JobSummary summary(Job job) {
    return new JobSummary(
        job.id().value(),
        job.spec().metadata().name(),
        job.stateName(),
        job.submitter().value(),
        job.contract().value(),
        job.spec().purpose().code(),
        time(job.createdMillis()),
        time(job.deadlineMillis()));
  }

  /**
   * @param notConnected parties of the job whose agents are not connected now
   */
  static JobView job(Job job, List<PartyId> notConnected) {
    Plan plan = job.plan();
    JobState state = job.state();
    Problem reason = state instanceof JobState.Ended ended ? ended.reason() : null;
    Digest release = release(state);
    return new JobView(
        job.id().value(),
        job.spec().metadata().name(),
        job.stateName(),
        job.ended(),
        job.submitter().value(),
        job.submittedBy(),
        job.contract().value(),
        job.spec().purpose().code(),
        job.attempt(),
        job.spec().run().attempts(),
        time(job.createdMillis()),
        time(job.deadlineMillis()),
        plan == null ? List.of() : texts(plan.parties()),
        plan == null ? null : plan.leader().value(),
        state instanceof JobState.Proposed(var admitted) ? texts(admitted) : List.of(),
        state instanceof JobState.Running running
            ? running.done().stream()
                .map(done -> new StepDoneView(done.party().value(), done.step()))
                .toList()
            : List.of(),
        texts(waitingFor(job, notConnected)),
        state instanceof JobState.Refused refused ? refusals(refused.refusals()) : List.of(),
        reason == null ? null : problem(reason),
        release == null ? null : release.hex(),
        state instanceof JobState.Ended ended && ended.receipts().written(),
        state instanceof JobState.Done
            ? job.spec().outputs().stream()
                .map(o -> new ResultView(o.name(), o.form(), texts(o.to())))
                .toList()
            : List.of(),
        job.specDigest().hex(),
        plan == null ? null : plan.digest().hex(),
        Json.node(job.spec()),
        plan == null ? null : Json.node(plan));
  }

  private static @Nullable Digest release(JobState state) {
    return switch (state) {
      case JobState.Done done -> done.release();
      case JobState.Refused s -> s.lateRelease();
      case JobState.Failed s -> s.lateRelease();
      case JobState.Aborted s -> s.lateRelease();
      case JobState.Expired s -> s.lateRelease();
      case JobState.Proposed _,
          JobState.Countersigned _,
          JobState.Running _,
          JobState.Releasing _ ->
          null;
    };
  }

  private static List<PartyId> waitingFor(Job job, List<PartyId> notConnected) {
    return switch (job.state()) {
      case JobState.Proposed(var admitted) ->
          job.parties().stream().filter(p -> !admitted.contains(p)).toList();
      case JobState.Countersigned _ -> notConnected;
      case JobState.Running _ -> job.parties();
      case JobState.Releasing _ -> List.of(job.facts().leader());
      case JobState.Ended ended -> ended.receipts().owed();
    };
  }

  static JobEventView event(Jobs.Event event) {
    JobNote note = event.note();
    JsonNode refusals = note.refusals();
    return new JobEventView(
        event.sequence(),
        time(event.atMillis()),
        note.what(),
        note.state(),
        note.party() == null ? null : note.party().value(),
        note.attempt(),
        note.step(),
        note.waitingFor() == null ? null : texts(note.waitingFor()),
        note.problem() == null ? null : problem(note.problem()),
        refusals == null
            ? null
            : StreamSupport.stream(refusals.spliterator(), false)
                .map(each -> refusal(Json.read(each, Refusal.class)))
                .toList());
  }

  static ReceiptView receipt(FederationLog.Entry entry) {
    Receipt federation = Receipt.read(entry.federation());
    byte[] party = entry.party();
    return new ReceiptView(
        entry.index(),
        entry.issuer().value(),
        entry.kind().text(),
        federation.envelopeDigest().hex(),
        Json.tree(federation.envelope().unverifiedPayload()),
        Json.node(federation),
        party == null ? null : Json.tree(party));
  }
}
