package hesuan.agent.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.dp.audit.Auditor;
import hesuan.wire.SecretBytes;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlAuditTest {
  private static final Auditor AUDITOR = new Auditor(new SecretBytes(new byte[32]), 8_000);

  @Test
  void audit_everyPlan_passes_andEveryMutantIsRejected() {
    Auditor.Score score = Auditor.Score.of(AUDITOR.audit(SqlAudit.all()));
    System.out.println(
        "audit of SQL plans: mutation score " + score.rejected() + " / " + score.mutants());
    assertEquals(List.of(), score.wrong());
    assertTrue(score.mutants() > 0);
  }
}
