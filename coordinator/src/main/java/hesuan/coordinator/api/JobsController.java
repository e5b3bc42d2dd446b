package hesuan.coordinator.api;

import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.BudgetView;
import hesuan.coordinator.api.Views.JobAsk;
import hesuan.coordinator.api.Views.JobList;
import hesuan.coordinator.api.Views.JobView;
import hesuan.coordinator.api.Views.PlannedJob;
import hesuan.coordinator.api.Views.ReceiptList;
import hesuan.coordinator.api.Views.ValidJob;
import hesuan.coordinator.api.Views.VerdictView;
import hesuan.coordinator.record.FederationLog;
import hesuan.coordinator.schedule.Job;
import hesuan.coordinator.schedule.Jobs;
import hesuan.coordinator.schedule.Line;
import hesuan.coordinator.schedule.PlanAsks;
import hesuan.coordinator.schedule.Planning;
import hesuan.coordinator.schedule.Scheduler;
import hesuan.job.PlanOpinion;
import hesuan.plan.JobReader;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Header;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.sse.Event;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Jobs. Results are never here: a job says which parties' agents hold them. */
@Requires(beans = Federation.class)
@Controller("/api/v1/jobs")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "jobs")
final class JobsController {
  private static final int PAGE = 100;

  private final Scheduler scheduler;
  private final Jobs jobs;
  private final FederationLog log;
  private final Line line;
  private final JobEvents events;

  JobsController(Scheduler scheduler, Jobs jobs, FederationLog log, Line line, JobEvents events) {
    this.scheduler = scheduler;
    this.jobs = jobs;
    this.log = log;
    this.line = line;
    this.events = events;
  }

  /** Reads a job and writes every default into it; asks nobody. */
  @Post("/validate")
  ValidJob validate(@Parameter(hidden = true) Caller caller, @Body JobAsk ask) {
    caller.require(Role.ANALYST, Role.ADMIN);
    JobSpec spec = JobReader.read(ask.spec());
    return new ValidJob(spec.digest().hex(), Json.node(spec));
  }

  /** Plans a job without running it, and asks every party for its verdict. */
  @Post("/plan")
  PlannedJob plan(@Parameter(hidden = true) Caller caller, @Body JobAsk ask) {
    caller.require(Role.ANALYST, Role.ADMIN);
    PlanAsks.Asked asked = scheduler.ask(caller.requireParty(), JobReader.read(ask.spec()));
    Planning.Prepared prepared = asked.prepared();
    Plan plan = prepared.plan();
    boolean admitted = plan != null && asked.verdicts().stream().allMatch(PlanOpinion::admitted);
    return new PlannedJob(
        prepared.id().value(),
        admitted,
        prepared.spec().digest().hex(),
        plan == null ? null : plan.digest().hex(),
        Json.node(prepared.spec()),
        plan == null ? null : Json.node(plan),
        Present.refusals(prepared.refusals()),
        asked.verdicts().stream()
            .map(
                each ->
                    new VerdictView(
                        each.party().value(),
                        each.admitted(),
                        Present.refusals(each.refusals()),
                        each.budgets().stream().map(BudgetView::of).toList()))
            .toList());
  }

  /** Submits a job: 201 when it is new, 200 when the same submission was accepted before. */
  @Post
  @ApiResponse(responseCode = "201", description = "accepted")
  @ApiResponse(responseCode = "200", description = "accepted before, with the same token and spec")
  HttpResponse<JobView> submit(@Parameter(hidden = true) Caller caller, @Body JobAsk ask) {
    caller.require(Role.ANALYST, Role.ADMIN);
    Scheduler.Submitted submitted =
        scheduler.submit(caller.requireParty(), caller.by(), JobReader.read(ask.spec()));
    JobView view = view(submitted.job());
    return submitted.created() ? HttpResponse.created(view) : HttpResponse.ok(view);
  }

  /**
   * The jobs in which the caller's party takes part, newest first.
   *
   * @param state only those in that state
   * @param before the {@code next} of the page before
   * @param limit 1 to 100
   */
  @Get
  JobList list(
      @Parameter(hidden = true) Caller caller,
      @QueryValue @Nullable String state,
      @QueryValue @Nullable Long before,
      @QueryValue @Nullable Integer limit) {
    int max = limit == null ? PAGE : limit;
    if (max < 1 || max > PAGE) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "limit", "1 to " + PAGE, "" + max);
    }
    Jobs.Page page =
        jobs.list(
            Optional.ofNullable(caller.party()),
            Optional.ofNullable(state),
            Optional.ofNullable(before),
            max);
    return new JobList(
        page.jobs().stream().map(Present::summary).toList(), page.next().orElse(null));
  }

  /** One job: its state, whom it waits for, why it was refused or failed, who holds results. */
  @Get("/{id}")
  JobView get(@Parameter(hidden = true) Caller caller, String id) {
    return view(seen(caller, id));
  }

  /** Cancels a job that has not ended; one that has stays as it is. */
  @Post("/{id}/cancel")
  JobView cancel(@Parameter(hidden = true) Caller caller, String id) {
    caller.require(Role.ANALYST, Role.ADMIN);
    Job job = seen(caller, id);
    boolean admin = caller.roles().contains(Role.ADMIN);
    if (!admin && !job.submitter().equals(caller.party())) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "job", "a job of your own party", "of " + job.submitter());
    }
    return view(scheduler.cancel(Optional.ofNullable(caller.party()), job.id()));
  }

  /** What happens to a job, as it happens, from its beginning or after Last-Event-ID. */
  @ApiResponse(
      responseCode = "200",
      description = "events, each with a JobEvent as its data",
      content =
          @Content(
              mediaType = MediaType.TEXT_EVENT_STREAM,
              schema = @Schema(implementation = Views.JobEventView.class)))
  @Get(value = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM)
  Publisher<Event<String>> events(
      @Parameter(hidden = true) Caller caller,
      String id,
      @Header("Last-Event-ID") @Nullable Long lastEventId) {
    return events.of(seen(caller, id).id(), lastEventId == null ? 0 : lastEventId);
  }

  /** Every receipt of a job, with its proofs. */
  @Get("/{id}/receipts")
  ReceiptList receipts(@Parameter(hidden = true) Caller caller, String id) {
    Job job = seen(caller, id);
    return new ReceiptList(
        job.id().value(), log.ofJob(job.id()).stream().map(Present::receipt).toList());
  }

  private Job seen(Caller caller, String id) {
    return jobs.requireSeen(Optional.ofNullable(caller.party()), new JobId(id));
  }

  private JobView view(Job job) {
    List<PartyId> notConnected =
        job.parties().stream().filter(party -> !line.connected(party)).toList();
    return Present.job(job, notConnected);
  }
}
