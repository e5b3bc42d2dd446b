package hesuan.dp.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.SecretBytes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuditorTest {
  private static final Auditor AUDITOR = new Auditor(new SecretBytes(new byte[32]), 20_000);

  @Test
  void audit_everyPipeline_passes_andEveryMutantIsRejected() {
    Auditor.Score score = Auditor.Score.of(AUDITOR.audit(AuditSuite.all()));
    System.out.println(
        "audit of the DP core: mutation score " + score.rejected() + " / " + score.mutants());
    assertEquals(List.of(), score.wrong());
    assertTrue(score.mutants() > 0);
  }

  @Test
  void bounds_areClopperAndPearsons() {
    // The textbook's: 8 of 20 at 95 %.
    assertEquals(0.19119, Binomial.lower(8, 20, 0.025), 1e-5);
    assertEquals(0.63946, Binomial.upper(8, 20, 0.025), 1e-5);
    assertEquals(0, Binomial.lower(0, 10, 0.05));
    assertEquals(1 - Math.pow(0.05, 0.1), Binomial.upper(0, 10, 0.05), 1e-9);
    assertEquals(Math.pow(0.05, 0.1), Binomial.lower(10, 10, 0.05), 1e-9);
    assertEquals(1, Binomial.upper(10, 10, 0.05));
    double p = Binomial.lower(5_000, 20_000, 0.001);
    assertTrue(p > 0.24 && p < 0.2406, "" + p);
  }

  @Test
  void rows_boundedPerPerson_areAtMostWhatTheBoundsSay() {
    BoundedRows bounds = new BoundedRows(2, 3);
    List<BoundedRows.Row> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      rows.add(new BoundedRows.Row(i % 2, i % 5, i));
    }
    List<BoundedRows.Row> bounded = bounds.of(rows);
    assertEquals(12, bounded.size());
    for (int person = 0; person < 2; person++) {
      int each = person;
      assertEquals(
          2,
          bounded.stream().filter(r -> r.person() == each).map(r -> r.group()).distinct().count());
    }
  }
}
