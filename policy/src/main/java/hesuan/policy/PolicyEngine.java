package hesuan.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.styra.opa.wasm.OpaPolicy;
import hesuan.policy.Decision.Change;
import hesuan.policy.Decision.Obligation;
import hesuan.policy.Decision.Reason;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * Evaluates compiled rules in process. Safe for many threads: each decision borrows an instance and
 * loads settings and question anew, so nothing of an earlier one is left to leak; an instance that
 * threw or was late is dropped. The first instance takes about a second, a decision well under a
 * millisecond.
 *
 * <p>The engine reads malformed JSON as "undefined" without an error, accepts trailing bytes, and
 * lets the last of two equal keys win. So it is given only bytes that this class wrote itself from
 * typed records, in ASCII.
 */
public final class PolicyEngine {
  private static final int INPUT_BYTES_MAX = 256 << 10;
  private static final int SETTINGS_BYTES_MAX = 128 << 10;
  private static final int RESULT_CHARS_MAX = 512 << 10;
  private static final int REASONS_MAX = 500;
  private static final int MEMORY_PAGES_MAX = 1024; // of 64 KiB: 64 MiB
  private static final long INSTANCE_STACK_BYTES = 2 << 20;

  private final PolicyBundle bundle;
  private final Duration timeout;
  private final LongSupplier nanoTime;
  private final Semaphore permits;
  private final ConcurrentLinkedDeque<OpaPolicy> idle = new ConcurrentLinkedDeque<>();
  private volatile Settings settings;

  private record Settings(PartySettings document, String data, Digest digest) {}

  /**
   * @param timeout for one evaluation, and as long again for an instance to come free
   * @param nanoTime measures decisions: {@code System::nanoTime}
   */
  public PolicyEngine(
      PolicyBundle bundle,
      PartySettings settings,
      int instances,
      Duration timeout,
      LongSupplier nanoTime) {
    this.bundle = bundle;
    this.timeout = timeout;
    this.nanoTime = nanoTime;
    this.permits = new Semaphore(instances);
    this.settings = prepare(settings);
    idle.add(instance());
  }

  /** The shipped rules, two instances, three seconds for a decision. */
  public static PolicyEngine builtIn(PartySettings settings) {
    return new PolicyEngine(
        PolicyBundle.builtIn(), settings, 2, Duration.ofSeconds(3), System::nanoTime);
  }

  /** From the next decision on; how a kill switch is thrown. */
  public void settings(PartySettings changed) {
    settings = prepare(changed);
  }

  public PartySettings settings() {
    return settings.document();
  }

  public Digest bundleDigest() {
    return bundle.digest();
  }

  /** Never throws: what goes wrong is a denial that says so. */
  public Decision decide(PolicyInput input) {
    long start = nanoTime.getAsLong();
    Settings current = settings;
    byte[] question;
    try {
      question = Json.canonical(input);
    } catch (ProblemException e) {
      byte[] nothing = {};
      return decision(
          input.phase(), current, nothing, Answer.denial("input.malformed", "input"), start);
    }
    Answer answer =
        question.length > INPUT_BYTES_MAX
            ? Answer.denial("input.size", "input")
            : met(input, ask(current.data(), ascii(question)));
    return decision(input.phase(), current, question, answer, start);
  }

  private record Answer(boolean allow, List<Reason> reasons, List<Obligation> obligations) {
    static Answer denial(String rule, String at) {
      return new Answer(
          false, List.of(new Reason(rule, at, "an answer", "none", Change.NONE)), List.of());
    }
  }

  /** An obligation that the plan does not meet, or that nobody here knows, is a denial. */
  private static Answer met(PolicyInput input, Answer answer) {
    for (Obligation each : answer.obligations()) {
      if (!each.kind().equals(Decision.GROUP_MINIMUM) || each.value() > input.minGroup()) {
        return Answer.denial("obligation.unmet", each.kind());
      }
    }
    return answer;
  }

  private Decision decision(
      Phase phase, Settings current, byte[] question, Answer answer, long start) {
    Digest input = Digest.of(question);
    Digest id = Digest.of(bundle.digest() + " " + current.digest() + " " + input);
    return new Decision(
        "dec-" + id.hex().substring(0, 32),
        phase,
        bundle.digest(),
        current.digest(),
        input,
        answer.allow(),
        answer.reasons(),
        answer.obligations(),
        (nanoTime.getAsLong() - start) / 1000);
  }

  private Answer ask(String data, String question) {
    try {
      if (!permits.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        return Answer.denial("engine.busy", "engine");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.denial("engine.interrupted", "engine");
    }
    try {
      OpaPolicy borrowed = idle.poll();
      OpaPolicy policy = borrowed == null ? instance() : borrowed;
      Answer answer = read(evaluate(policy, data, question));
      idle.push(policy); // only after a whole answer: what failed is dropped
      return answer;
    } catch (TimeoutException e) {
      return Answer.denial("engine.timeout", "engine");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Answer.denial("engine.interrupted", "engine");
    } catch (MalformedResult e) {
      return Answer.denial("engine.result", "engine");
    } catch (ExecutionException | RuntimeException e) {
      return Answer.denial("engine.failed", "engine");
    } finally {
      permits.release();
    }
  }

  /** On a thread of its own, because only an interrupt stops a running module. */
  private String evaluate(OpaPolicy policy, String data, String question)
      throws InterruptedException, ExecutionException, TimeoutException {
    FutureTask<String> task = new FutureTask<>(() -> policy.data(data).input(question).evaluate());
    Thread thread =
        Thread.ofPlatform().daemon().name("policy").stackSize(INSTANCE_STACK_BYTES).start(task);
    try {
      return task.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      thread.interrupt();
    }
  }

  /** No host functions: a policy that calls one (time, random, network, parsing) cannot run. */
  private OpaPolicy instance() {
    try {
      OpaPolicy policy =
          OpaPolicy.builder()
              .withDefaultBuiltins(false)
              .withMaxMemory(MEMORY_PAGES_MAX)
              .withPolicy(bundle.wasm())
              .build();
      if (!policy.entrypoints().equals(Map.of(PolicyBundle.ENTRYPOINT, 0))) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "policy bundle",
            "the one entry point " + PolicyBundle.ENTRYPOINT,
            "" + policy.entrypoints().keySet());
      }
      return policy;
    } catch (ProblemException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT,
          "policy bundle",
          "rules compiled by `opa build -t wasm`, without host functions",
          "" + e.getMessage());
    }
  }

  private static final class MalformedResult extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** An allow is exactly that: one result, of exactly this shape, and without a reason against. */
  private static Answer read(String result) throws MalformedResult {
    if (result == null || result.length() > RESULT_CHARS_MAX) {
      throw new MalformedResult();
    }
    JsonNode results;
    try {
      results = Json.tree(result.getBytes(StandardCharsets.UTF_8));
    } catch (ProblemException e) {
      throw new MalformedResult();
    }
    require(results.isArray() && results.size() == 1);
    JsonNode value = fields(results.get(0), Set.of("result")).get("result");
    fields(value, Set.of("allow", "reasons", "obligations"));
    require(value.get("allow").isBoolean());
    List<Reason> reasons = new ArrayList<>();
    for (JsonNode node : list(value.get("reasons"))) {
      reasons.add(reason(node));
    }
    List<Obligation> obligations = new ArrayList<>();
    for (JsonNode node : list(value.get("obligations"))) {
      fields(node, Set.of("kind", "value"));
      require(node.get("value").canConvertToLong() && node.get("value").isIntegralNumber());
      obligations.add(new Obligation(text(node.get("kind")), node.get("value").longValue()));
    }
    boolean allow = value.get("allow").booleanValue();
    require(allow == reasons.isEmpty());
    require(allow || obligations.isEmpty());
    return new Answer(allow, reasons, obligations);
  }

  private static Reason reason(JsonNode node) throws MalformedResult {
    fields(node, Set.of("rule", "at", "expected", "found", "change"));
    JsonNode change = fields(node.get("change"), Set.of("kind", "args"));
    List<String> args = new ArrayList<>();
    for (JsonNode arg : list(change.get("args"))) {
      args.add(text(arg));
    }
    String rule = text(node.get("rule"));
    require(Reason.RULE.matcher(rule).matches());
    return new Reason(
        rule,
        text(node.get("at")),
        text(node.get("expected")),
        text(node.get("found")),
        new Change(text(change.get("kind")), args));
  }

  private static JsonNode fields(JsonNode node, Set<String> names) throws MalformedResult {
    require(node.isObject());
    Set<String> found = new HashSet<>();
    node.fieldNames().forEachRemaining(found::add);
    require(found.equals(names));
    return node;
  }

  private static JsonNode list(JsonNode node) throws MalformedResult {
    require(node.isArray() && node.size() <= REASONS_MAX);
    return node;
  }

  private static String text(JsonNode node) throws MalformedResult {
    require(node.isTextual() || (node.isIntegralNumber() && node.canConvertToLong()));
    return node.asText();
  }

  private static void require(boolean holds) throws MalformedResult {
    if (!holds) {
      throw new MalformedResult();
    }
  }

  private static Settings prepare(PartySettings settings) {
    byte[] data = Json.canonical(Map.of("settings", settings.data()));
    if (data.length > SETTINGS_BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "settings",
          "at most " + SETTINGS_BYTES_MAX + " bytes",
          data.length + " bytes");
    }
    return new Settings(settings, ascii(data), Digest.ofDocument(settings));
  }

  /** The engine's library encodes by the platform's charset, so it gets ASCII only. */
  private static String ascii(byte[] json) {
    String text = new String(json, StandardCharsets.UTF_8);
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x7f) {
        out.append(c);
      } else {
        out.append("\\u%04x".formatted((int) c));
      }
    }
    return out.toString();
  }
}
