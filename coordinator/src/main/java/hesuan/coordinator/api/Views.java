package hesuan.coordinator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import hesuan.http.ProblemReply;
import hesuan.job.BudgetStand;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the API says and takes, as documents: names, numbers and texts only. Times are ISO 8601 in
 * UTC. Fields that are absent do not apply.
 */
final class Views {
  private Views() {}

  @Schema(name = "Health")
  record Health(String status, String federation, String time) {}

  @Schema(name = "Version")
  record Version(String software, String api, int protocol) {}

  /**
   * @param party absent for the operator
   */
  @Schema(name = "Whoami")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Whoami(@Nullable String party, List<String> roles, String by) {}

  /**
   * @param keys the party's public signing keys, whose digest contracts pin
   * @param dataAddress empty: reached through the relay
   */
  @Schema(name = "Party")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Party(
      String party,
      String keysDigest,
      @Schema(type = "object") JsonNode keys,
      String enrolledAt,
      boolean connected,
      String dataAddress,
      String software,
      @Nullable Long clockSkewMillis) {}

  @Schema(name = "Parties")
  record Parties(
      String federation, @Schema(type = "object") JsonNode coordinatorKeys, List<Party> parties) {}

  @Schema(name = "JoinTokenAsk")
  record JoinTokenAsk(String party) {}

  /**
   * @param token shown once; the agent joins with it
   */
  @Schema(name = "JoinToken")
  record JoinTokenView(String token, String party, String expiresAt) {}

  /**
   * @param party whose token; absent: the caller's own party, or for the operator the operator
   * @param role admin, analyst or auditor
   * @param days until it expires, 1 to 366; absent: 90
   */
  @Schema(name = "ApiTokenAsk")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ApiTokenAsk(
      @Nullable String party, String role, @Nullable String label, @Nullable Integer days) {}

  @Schema(name = "ApiToken")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ApiTokenView(
      String id,
      @Nullable String party,
      String role,
      String label,
      String createdBy,
      String createdAt,
      String expiresAt,
      boolean revoked) {}

  /**
   * @param token shown once
   */
  @Schema(name = "IssuedApiToken")
  record IssuedApiToken(String token, ApiTokenView entry) {}

  @Schema(name = "ApiTokens")
  record ApiTokenList(List<ApiTokenView> tokens) {}

  /**
   * @param document the product as its owner signed it
   * @param digest of the document, as plans pin it
   */
  @Schema(name = "Product")
  record ProductView(
      String ref,
      String party,
      String title,
      String digest,
      String publishedAt,
      boolean withdrawn,
      @Schema(type = "object") JsonNode document) {}

  @Schema(name = "Products")
  record ProductList(List<ProductView> products) {}

  /**
   * @param state offered (signatures are missing), inForce, or withdrawn
   */
  @Schema(name = "Contract")
  record ContractView(
      String id,
      String state,
      String digest,
      String createdBy,
      String createdAt,
      List<String> parties,
      List<String> signed,
      List<String> missing,
      int jobs,
      @Schema(type = "object") JsonNode document) {}

  @Schema(name = "Contracts")
  record ContractList(List<ContractView> contracts) {}

  /**
   * @param spec the job, as YAML or JSON text
   */
  @Schema(name = "JobAsk")
  record JobAsk(String spec) {}

  /**
   * @param spec the accepted copy, every default written in
   */
  @Schema(name = "ValidJob")
  record ValidJob(String specDigest, @Schema(type = "object") JsonNode spec) {}

  @Schema(name = "Problem")
  record ProblemView(
      String code, String at, String expected, String found, ProblemReply.Sentences sentences) {}

  /**
   * @param party whose word it is; absent where nobody's
   * @param change the smallest change that would pass, or empty
   */
  @Schema(name = "Refusal")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record RefusalView(@Nullable String party, String rule, String change, ProblemView problem) {}

  /**
   * @param budgets how those of its products stand that the job would charge
   */
  @Schema(name = "Verdict")
  record VerdictView(
      String party, boolean admitted, List<RefusalView> refusals, List<BudgetView> budgets) {}

  /**
   * An owner's word, in epsilon.
   *
   * @param delta with which the limit may fail; absent where the owner has said none
   * @param charged the least epsilon that holds for what is charged, whichever way it is counted
   * @param reserved by how much more what is reserved would make it
   * @param left the largest epsilon of one more job without a delta
   * @param leftNow less than {@code left} where the owner bounds the rate
   * @param jobsLeft how many jobs like this fit into what is left; absent where it costs nothing
   * @param endsOn at the rate of the last days; absent where nothing was charged in these
   */
  @Schema(name = "BudgetStand")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record BudgetView(
      String asset,
      String unit,
      String limit,
      @Nullable String delta,
      String reserved,
      String charged,
      String left,
      String leftNow,
      @Nullable Long jobsLeft,
      @Nullable String endsOn) {
    static BudgetView of(BudgetStand stand) {
      return new BudgetView(
          stand.asset(),
          stand.unit(),
          stand.limit().toString(),
          stand.delta() == null ? null : stand.delta().toString(),
          stand.reserved().toString(),
          stand.charged().toString(),
          stand.left().toString(),
          stand.leftNow().toString(),
          stand.jobsLeft(),
          stand.endsOn());
    }
  }

  /**
   * @param admitted whether the coordinator and every party would let it run
   * @param plan absent where it cannot be put to the parties
   * @param refusals the coordinator's own and those of the owners' published rules
   */
  @Schema(name = "PlannedJob")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record PlannedJob(
      String job,
      boolean admitted,
      String specDigest,
      @Nullable String planDigest,
      @Schema(type = "object") JsonNode spec,
      @Schema(type = "object") @Nullable JsonNode plan,
      List<RefusalView> refusals,
      List<VerdictView> verdicts) {}

  @Schema(name = "JobSummary")
  record JobSummary(
      String id,
      String name,
      String state,
      String submitter,
      String contract,
      String purpose,
      String createdAt,
      String deadlineAt) {}

  /**
   * @param next pass as {@code before} for the next page; absent on the last
   */
  @Schema(name = "Jobs")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record JobList(List<JobSummary> jobs, @Nullable Long next) {}

  @Schema(name = "StepDone")
  record StepDoneView(String party, String step) {}

  /**
   * @param heldBy parties whose agents hold the result: it is never here
   */
  @Schema(name = "Result")
  record ResultView(String output, String form, List<String> heldBy) {}

  /**
   * @param state proposed, countersigned, running, releasing, done, refused, failed, aborted,
   *     expired
   * @param attempt under way or last; 0 before the first
   * @param admittedBy parties that have countersigned, while proposed
   * @param waitingFor parties that are awaited: their verdict, connection, steps or receipt
   * @param releaseDigest of the leader's release document, once released
   * @param results where the results are, once done
   */
  @Schema(name = "Job")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record JobView(
      String id,
      String name,
      String state,
      boolean ended,
      String submitter,
      String submittedBy,
      String contract,
      String purpose,
      int attempt,
      int attemptsMax,
      String createdAt,
      String deadlineAt,
      List<String> parties,
      @Nullable String leader,
      List<String> admittedBy,
      List<StepDoneView> stepsDone,
      List<String> waitingFor,
      List<RefusalView> refusals,
      @Nullable ProblemView problem,
      @Nullable String releaseDigest,
      boolean receiptWritten,
      List<ResultView> results,
      String specDigest,
      @Nullable String planDigest,
      @Schema(type = "object") JsonNode spec,
      @Schema(type = "object") @Nullable JsonNode plan) {}

  /**
   * @param sequence counts up from 1; watchers resume after it by Last-Event-ID
   * @param what submitted, admit, countersign, begin, advance, release, finish, refuse, retry,
   *     fail, abort, expire, late-release, write-receipt, take-receipt, waiting
   */
  @Schema(name = "JobEvent")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record JobEventView(
      long sequence,
      String at,
      String what,
      String state,
      @Nullable String party,
      @Nullable Integer attempt,
      @Nullable String step,
      @Nullable List<String> waitingFor,
      @Nullable ProblemView problem,
      @Nullable List<RefusalView> refusals) {}

  /**
   * @param federationReceipt proves the statement by the federation's log
   * @param partyReceipt proves it by the issuer's own log; absent for the coordinator's
   */
  @Schema(name = "Receipt")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ReceiptView(
      long logIndex,
      String issuer,
      String kind,
      String envelopeDigest,
      @Schema(type = "object") JsonNode statement,
      @Schema(type = "object") JsonNode federationReceipt,
      @Schema(type = "object") @Nullable JsonNode partyReceipt) {}

  @Schema(name = "Receipts")
  record ReceiptList(String job, List<ReceiptView> receipts) {}

  /**
   * @param proof hashes in base 16, RFC 6962 order
   */
  @Schema(name = "Consistency")
  record Consistency(long from, String checkpoint, List<String> proof) {}

  /** What a verifier needs to trust before it verifies: keys of the coordinator and the members. */
  @Schema(name = "LogKeys")
  record LogKeys(
      String federation,
      String origin,
      @Schema(type = "object") JsonNode coordinatorKeys,
      List<String> rootCertificate) {}

  /**
   * @param root over the rows: equal ledgers have equal roots
   * @param rows every fact as a line of text, sorted
   * @param missing entries of the log whose receipts were not there
   * @param refused entries that the ledger's rules do not take
   */
  @Schema(name = "Ledger")
  record Ledger(
      String ledger,
      String origin,
      String root,
      String checkpoint,
      List<String> rows,
      long missing,
      List<LedgerLine> refused) {}

  @Schema(name = "LedgerLine")
  record LedgerLine(long index, String envelopeDigest, ProblemView problem) {}

  @Schema(name = "Service")
  record ServiceView(String code, long points) {}

  /**
   * @param revision one above the rule that stands
   */
  @Schema(name = "RuleAsk")
  record RuleAsk(
      int revision,
      long pointsPerProduct,
      long pointsPerRun,
      long outstandingMax,
      int expiryDays,
      List<ServiceView> services) {}
}
