package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.plan.JobReader;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan job}: what an analyst does. */
@picocli.CommandLine.Command(
    name = "job",
    description =
        "Validate, plan, submit, watch and cancel jobs; read results. 作业的校验、计划、提交、观察、取消与结果。",
    subcommands = {
      JobCommands.Validate.class,
      JobCommands.PlanIt.class,
      JobCommands.Submit.class,
      JobCommands.Run.class,
      JobCommands.Watch.class,
      JobCommands.ListAll.class,
      JobCommands.Show.class,
      JobCommands.Cancel.class,
      JobCommands.Result.class
    })
final class JobCommands extends Group {

  @picocli.CommandLine.Command(
      name = "validate",
      description = "Read a job and write every default into it; asks nobody. 校验作业并补全默认值。")
  static final class Validate extends Command {
    @Parameters(paramLabel = "FILE")
    Path file = Path.of("");

    @Override
    protected int run(Console console) throws Exception {
      JobSpec spec = JobReader.read(Files.readString(file));
      console.say(
          "%s is a job. Next: hesuan job plan --home FOLDER %s",
          "%s 是有效作业。下一步：hesuan job plan --home 目录 %s", file, file);
      console.document(spec);
      return Exit.OK;
    }
  }

  /** A command about a job that is in a file. */
  abstract static class FileCommand extends HomeCommand {
    @Parameters(paramLabel = "FILE", description = "The job, YAML or JSON. 作业文件。")
    Path file = Path.of("");

    Map<String, String> ask() throws Exception {
      return Map.of("spec", Files.readString(file));
    }
  }

  @picocli.CommandLine.Command(
      name = "plan",
      description =
          "Show steps, what each party would learn, epsilon and every party's verdict; runs"
              + " nothing. 显示计划与各方裁决，不运行。")
  static final class PlanIt extends FileCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode planned = api.post("/jobs/plan", ask());
        JsonNode plan = planned.path("plan");
        for (JsonNode step : plan.path("steps")) {
          console.say(
              "step %s: %s over %s",
              "步骤 %s：%s，涉及 %s",
              step.path("name").asText(),
              step.path("kind").asText(),
              step.path("products"));
        }
        QueryStory.tell(console, planned);
        for (JsonNode reveal : plan.path("reveals")) {
          console.say(
              "%s learns %s",
              "%s 获知 %s",
              reveal.path("to").asText(),
              QueryStory.learns(console, reveal.path("what").asText()));
        }
        for (JsonNode charge : plan.path("charges")) {
          console.say(
              "%s charges epsilon %s for %s",
              "%s 为 %3$s 计费 epsilon %2$s",
              charge.path("owner").asText(),
              charge.path("epsilon").asText(),
              charge.path("product").asText());
        }
        for (JsonNode ask : plan.path("asks")) {
          console.say(
              "%s asks %s about at most %d of its own people",
              "%s 向 %s 查询至多 %d 名本方人员",
              ask.path("by").asText(),
              ask.path("product").asText(),
              ask.path("items").asLong());
        }
        if (plan.has("estimate")) {
          console.say(
              "about %d bytes sent and %d s",
              "约发送 %d 字节，%d 秒",
              plan.path("estimate").path("bytes").asLong(),
              plan.path("estimate").path("seconds").asLong());
        }
        Stories.refusals(console, planned.path("refusals"));
        for (JsonNode verdict : planned.path("verdicts")) {
          console.say(
              "%s: %s",
              "%s：%s",
              verdict.path("party").asText(),
              verdict.path("admitted").asBoolean()
                  ? console.text("would admit", "会准入")
                  : console.text("would refuse", "会拒绝"));
          Stories.refusals(console, verdict.path("refusals"));
          for (JsonNode budget : verdict.path("budgets")) {
            console.say(
                "  %s per %s: %s of %s spent, %s left for one job, %s now; %s jobs like this",
                "  %s（每%s）：已用 %s / %s，单个作业至多可用 %s，当前 %s；还可运行 %s 个同样的作业",
                budget.path("asset").asText(),
                budget.path("unit").asText(),
                new BigDecimal(budget.path("charged").asText())
                    .add(new BigDecimal(budget.path("reserved").asText()))
                    .toPlainString(),
                budget.path("limit").asText(),
                budget.path("left").asText(),
                budget.path("leftNow").asText(),
                budget.path("jobsLeft").asText());
          }
        }
        console.document(planned);
        return planned.path("admitted").asBoolean() ? Exit.OK : Exit.NO;
      }
    }
  }

  @picocli.CommandLine.Command(
      name = "submit",
      description = "Submit a job and return; the same submit token twice is one job. 提交后返回。")
  static final class Submit extends FileCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode job = api.post("/jobs", ask());
        console.say(
            "Submitted %s. Next: hesuan job watch --home %s %s",
            "已提交 %s。下一步：hesuan job watch --home %s %s",
            job.path("id").asText(),
            folder,
            job.path("id").asText());
        console.document(job);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "run",
      description =
          "Submit, watch to the end, show the result and verify the receipt. 提交、观察到结束、显示结果并验证凭证。")
  static final class Run extends FileCommand {
    @Option(
        names = "--receipt",
        paramLabel = "FILE",
        defaultValue = "",
        description = "Keep the receipt there. 凭证保存位置。")
    String receipt = "";

    @Override
    protected int run(Console console) throws Exception {
      Home home = home();
      try (Api coordinator = home.coordinator();
          Api agent = home.agent()) {
        String id = coordinator.post("/jobs", ask()).path("id").asText();
        console.say("Submitted %s.", "已提交 %s。", id);
        JsonNode job = watch(coordinator, id, event -> Stories.event(console, event));
        if (!job.path("state").asText().equals("done")) {
          Stories.end(console, job);
          console.document(job);
          return Exit.NO;
        }
        Map<String, Object> story = new LinkedHashMap<>();
        JsonNode result = agent.get("/jobs/" + id + "/result");
        Stories.result(console, result);
        byte[] bytes = receipt(agent, id);
        if (!receipt.isEmpty()) {
          Files.write(Path.of(receipt), bytes);
        }
        Verification verification =
            ReceiptVerifier.verify(bytes, Json.read(agent.bytes("/keys"), TrustedKeys.class));
        boolean verified = verification instanceof Verification.Verified;
        console.say(
            verified ? "The receipt verifies, offline." : "The receipt does NOT verify.",
            verified ? "凭证离线验证通过。" : "凭证验证未通过。");
        story.put("job", job);
        story.put("result", result);
        story.put("receiptVerified", verified);
        console.document(story);
        return verified ? Exit.OK : Exit.NO;
      }
    }
  }

  /** A receipt is written a moment after the end. */
  static byte[] receipt(Api agent, String job) throws InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        byte[] bytes = agent.bytes("/jobs/" + job + "/receipt");
        Receipt.read(bytes);
        return bytes;
      } catch (ProblemException e) {
        if (tries == 50) {
          throw e;
        }
        Thread.sleep(100);
      }
    }
  }

  /** Follows a job's events until nothing more can come; its last state. */
  static JsonNode watch(Api coordinator, String id, Consumer<JsonNode> told) throws Exception {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                coordinator.stream("/jobs/" + new JobId(id) + "/events").body(),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data:") && line.length() > "data: ".length()) {
          JsonNode event =
              Json.tree(line.substring("data:".length()).strip().getBytes(StandardCharsets.UTF_8));
          told.accept(event);
          if (Stories.isEnd(event.path("state").asText())) {
            break;
          }
        }
      }
    }
    return coordinator.get("/jobs/" + id);
  }

  @picocli.CommandLine.Command(name = "watch", description = "Follow a job to its end. 观察作业直到结束。")
  static final class Watch extends HomeCommand {
    @Parameters(paramLabel = "JOB")
    String id = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode job = watch(api, id, event -> Stories.event(console, event));
        Stories.end(console, job);
        console.document(job);
        return job.path("state").asText().equals("done") ? Exit.OK : Exit.NO;
      }
    }
  }

  @picocli.CommandLine.Command(
      name = "list",
      description = "Jobs of this party, newest first. 本方作业列表。")
  static final class ListAll extends HomeCommand {
    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode jobs = api.get("/jobs").path("jobs");
        for (JsonNode job : jobs) {
          console.line(
              "%-22s %-14s %-10s %s"
                  .formatted(
                      job.path("id").asText(), job.path("state").asText(),
                      job.path("submitter").asText(), job.path("name").asText()));
        }
        console.document(jobs);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "show",
      description = "One job, and at an agent's home what this party decided. 查看作业及本方裁决。")
  static final class Show extends HomeCommand {
    @Parameters(paramLabel = "JOB")
    String id = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode job = api.get("/jobs/" + new JobId(id));
        Stories.end(console, job);
        Map<String, Object> both = new LinkedHashMap<>(Map.of("job", job));
        if (home().isAgent()) {
          try (Api agent = home().agent()) {
            JsonNode own = agent.get("/jobs/" + id);
            decided(console, own);
            both.put("party", own);
          } catch (ProblemException e) {
            if (e.problem().code() != ErrorCode.UNKNOWN_JOB) {
              throw e;
            }
            console.say("This party has not been asked, or never heard of it.", "本方未被询问，或从未收到该作业。");
          }
        }
        console.document(both);
      }
      return Exit.OK;
    }

    private static void decided(Console console, JsonNode own) {
      for (JsonNode decision : own.path("decisions")) {
        console.say(
            "policy, phase %s: %s",
            "策略，阶段 %s：%s",
            decision.path("phase").asText(),
            decision.path("allow").asBoolean()
                ? console.text("allowed", "允许")
                : console.text("denied", "拒绝"));
      }
      for (JsonNode spent : own.path("budget")) {
        console.say(
            "charged epsilon %s on %s",
            "%2$s 计费 epsilon %1$s", spent.path("charged").asText(), spent.path("product").asText());
      }
    }
  }

  @picocli.CommandLine.Command(
      name = "cancel",
      description = "Cancel a job that has not ended. 取消作业。")
  static final class Cancel extends HomeCommand {
    @Parameters(paramLabel = "JOB")
    String id = "";

    @Override
    protected int run(Console console) throws Exception {
      try (Api api = home().coordinator()) {
        JsonNode job = api.post("/jobs/" + new JobId(id) + "/cancel", Map.of());
        Stories.end(console, job);
        console.document(job);
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "result",
      description = "The result, from this party's own agent. 从本方代理读取结果。")
  static final class Result extends HomeCommand {
    enum Format {
      TEXT,
      CSV,
      ARROW
    }

    @Parameters(paramLabel = "JOB")
    String id = "";

    @Option(
        names = "--format",
        paramLabel = "text|csv|arrow",
        defaultValue = "text",
        description = "A table to read, CSV, or an Arrow file. 可读表格、CSV 或 Arrow 文件。")
    Format format = Format.TEXT;

    @Option(
        names = "--out",
        paramLabel = "FILE",
        defaultValue = "",
        description = "Write there; without it CSV goes to standard output. 输出文件；缺省时 CSV 写到标准输出。")
    String out = "";

    @Override
    protected int run(Console console) throws Exception {
      if (format == Format.ARROW && out.isEmpty()) {
        throw new ProblemException(
            ErrorCode.MISSING_FIELD, "--out", "a file for --format arrow", "none");
      }
      try (Api agent = home().agent()) {
        JsonNode result = agent.get("/jobs/" + new JobId(id) + "/result");
        if (format == Format.TEXT) {
          Stories.result(console, result);
          console.document(result);
          return Exit.OK;
        }
        write(console, new ResultFile(result));
      }
      return Exit.OK;
    }

    private void write(Console console, ResultFile file) throws IOException {
      if (out.isEmpty()) {
        System.out.write(file.csv());
        System.out.flush();
        return;
      }
      try (OutputStream to = Files.newOutputStream(Path.of(out))) {
        if (format == Format.CSV) {
          to.write(file.csv());
        } else {
          file.arrow(to);
        }
      }
      console.say("Written to %s.", "已写入 %s。", out);
    }
  }
}
