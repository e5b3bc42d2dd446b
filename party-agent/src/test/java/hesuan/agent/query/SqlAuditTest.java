package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertEquals;

import hesuan.dp.audit.AuditCase;
import hesuan.dp.audit.Auditor;
import hesuan.dp.audit.Mutation;
import hesuan.wire.SecretBytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlAuditTest {
  private static final Auditor AUDITOR = new Auditor(new SecretBytes(new byte[32]), 8_000);

  @Test
  void audit_everyPlan_passes_andEveryMutantIsRejected() {
    List<String> wrong = new ArrayList<>();
    int mutants = 0;
    int rejected = 0;
    for (AuditCase tried : SqlAudit.all()) {
      Auditor.Verdict verdict = AUDITOR.audit(tried);
      if (tried.mutation() != Mutation.NONE) {
        mutants++;
        rejected += verdict.rejected() ? 1 : 0;
      }
      if (verdict.rejected() == (tried.mutation() == Mutation.NONE)) {
        wrong.add(
            tried.name() + ", " + tried.mutation().fault() + ": " + verdict.against() + " votes");
      }
    }
    System.out.println("audit of SQL plans: mutation score " + rejected + " / " + mutants);
    assertEquals(List.of(), wrong);
  }
}
