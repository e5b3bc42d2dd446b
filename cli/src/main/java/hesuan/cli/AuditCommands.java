package hesuan.cli;

import hesuan.agent.query.SqlAudit;
import hesuan.dp.BitPool;
import hesuan.dp.audit.AuditCase;
import hesuan.dp.audit.AuditSuite;
import hesuan.dp.audit.Auditor;
import hesuan.wire.SecretBytes;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code hesuan audit}: promises put to the test on this machine. */
@picocli.CommandLine.Command(
    name = "audit",
    description = "Try to break what is promised. 尝试打破所作的承诺。",
    subcommands = {AuditCommands.Dp.class})
final class AuditCommands extends Group {

  @picocli.CommandLine.Command(
      name = "dp",
      description =
          "Run every noised aggregate, and whole SQL plans, on neighbouring databases, and beside them mutants that must be rejected. 在相邻数据库上运行每种加噪聚合与完整的 SQL 计划，并运行必须被识破的变异体。")
  static final class Dp extends Command {
    @Option(
        names = "--draws",
        paramLabel = "N",
        defaultValue = "200000",
        description = "Runs on each database in each vote. 每次投票中每个数据库的运行次数。")
    int draws;

    @Override
    protected int run(Console console) {
      byte[] seed = new byte[BitPool.SEED_BYTES];
      new SecureRandom().nextBytes(seed);
      Auditor auditor = new Auditor(new SecretBytes(seed), draws);
      List<Auditor.Verdict> verdicts = new ArrayList<>();
      for (AuditCase tried : cases()) {
        Auditor.Verdict verdict = auditor.audit(tried);
        verdicts.add(verdict);
        console.line(
            "%s %-34s %-58s %d/%d"
                .formatted(
                    verdict.isRight() ? "✓" : "✗",
                    tried.name(),
                    tried.mutation().fault(),
                    verdict.against(),
                    verdict.votes()));
      }
      Auditor.Score score = Auditor.Score.of(verdicts);
      console.say(
          "Mutation score %d / %d; %d wrong verdicts.",
          "变异得分 %d / %d；错误判定 %d 个。", score.rejected(), score.mutants(), score.wrong().size());
      console.document(
          Map.of(
              "draws", draws,
              "mutants", score.mutants(),
              "mutantsRejected", score.rejected(),
              "wrongVerdicts", score.wrong().size(),
              "cases", verdicts.stream().map(Dp::row).toList()));
      return score.wrong().isEmpty() ? Exit.OK : Exit.NO;
    }

    private static List<AuditCase> cases() {
      List<AuditCase> cases = new ArrayList<>(AuditSuite.all());
      cases.addAll(SqlAudit.all());
      return cases;
    }

    private static Map<String, Object> row(Auditor.Verdict verdict) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("pipeline", verdict.tried().name());
      row.put("mutation", verdict.tried().mutation().name());
      row.put("epsilon", verdict.tried().epsilon());
      row.put("delta", verdict.tried().delta());
      row.put("votesAgainst", verdict.against());
      row.put("votes", verdict.votes());
      row.put("rejected", verdict.rejected());
      return row;
    }
  }
}
