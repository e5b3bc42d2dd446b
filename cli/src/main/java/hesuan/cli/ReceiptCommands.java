package hesuan.cli;

import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hesuan receipt}: the proof of what happened. */
@picocli.CommandLine.Command(
    name = "receipt",
    description = "Get receipts, and verify them offline. 获取并离线验证凭证。",
    subcommands = {
      ReceiptCommands.Get.class,
      ReceiptCommands.Keys.class,
      ReceiptCommands.Verify.class
    })
final class ReceiptCommands extends Group {

  @picocli.CommandLine.Command(
      name = "get",
      description = "This party's receipt of a job, as a file. 取得本方的作业凭证文件。")
  static final class Get extends HomeCommand {
    @Parameters(paramLabel = "JOB")
    String job = "";

    @Option(
        names = "--out",
        paramLabel = "FILE",
        description = "Default: JOB.receipt. 默认 作业.receipt。")
    @Nullable Path out;

    @Override
    protected int run(Console console) throws Exception {
      Path file = out == null ? Path.of(job + ".receipt") : out;
      try (Api agent = home().agent()) {
        byte[] receipt = agent.bytes("/jobs/" + new JobId(job) + "/receipt");
        Files.write(file, receipt);
        console.say(
            "Wrote %s. Next: hesuan receipt verify %s --keys FILE",
            "已写入 %s。下一步：hesuan receipt verify %s --keys 文件", file, file);
        console.document(Json.tree(receipt));
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "keys",
      description =
          "The federation's public keys as this party knows them: what a verifier brings along. 本方所知的联邦公钥，供验证者使用。")
  static final class Keys extends HomeCommand {
    @Option(names = "--out", required = true, paramLabel = "FILE")
    Path out = Path.of("");

    @Override
    protected int run(Console console) throws Exception {
      try (Api agent = home().agent()) {
        byte[] keys = agent.bytes("/keys");
        Files.write(out, keys);
        console.say("Wrote %s.", "已写入 %s。", out);
        console.document(Json.tree(keys));
      }
      return Exit.OK;
    }
  }

  @picocli.CommandLine.Command(
      name = "verify",
      description =
          "Verify a receipt with nothing but the file and the keys: no network. 仅凭文件与公钥离线验证。")
  static final class Verify extends Command {
    @Parameters(paramLabel = "FILE")
    Path file = Path.of("");

    @Option(names = "--keys", required = true, paramLabel = "FILE")
    Path keys = Path.of("");

    @Override
    protected int run(Console console) throws Exception {
      TrustedKeys trusted = Json.read(Files.readAllBytes(keys), TrustedKeys.class);
      return report(console, ReceiptVerifier.verify(Files.readAllBytes(file), trusted));
    }
  }

  static int report(Console console, Verification verification) {
    List<Map<String, Object>> checks = new ArrayList<>();
    for (Verification.Check check : verification.checks()) {
      console.line(
          "  %s %s (%s)"
              .formatted(
                  check.passed() ? "✓" : "✗",
                  check.name().title(console.chinese()),
                  check.reason()));
      checks.add(
          Map.of("check", check.name().name(), "passed", check.passed(), "reason", check.reason()));
    }
    boolean verified = verification instanceof Verification.Verified;
    console.say(
        verified ? "Verified, offline." : "NOT verified: nothing in this receipt may be believed.",
        verified ? "离线验证通过。" : "验证未通过：凭证内容不可采信。");
    console.document(Map.of("verified", verified, "checks", checks));
    return verified ? Exit.OK : Exit.NO;
  }
}
