package hesuan.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.store.Schema;
import hesuan.store.Store;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetTest {
  private static final PartyId OWNER = new PartyId("shop-a");
  private static final String ASSET = "shop-a/orders";
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");

  @TempDir Path folder;
  private Store store;
  private Budget budget;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), schema());
    budget = at(NOW);
    budget.allow(ASSET, "phone", Epsilon.parse("1"), 0);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static Schema schema() {
    return new Schema("agent", Agent.class, List.of("1-agent.sql"));
  }

  private Budget at(Instant now) {
    return new Budget(store, Clock.fixed(now, ZoneOffset.UTC));
  }

  private static JobId job(int number) {
    return JobId.of(OWNER, "token-of-job-" + number);
  }

  private static List<Plan.Charge> charge(String epsilon) {
    return List.of(
        new Plan.Charge(
            ProductRef.parse("shop-a/orders@3"), OWNER, "phone", Epsilon.parse(epsilon), "0"));
  }

  private void reserve(Budget from, JobId job, String epsilon) {
    store.inTransaction(
        "reserve",
        t -> {
          from.reserve(t, job, charge(epsilon));
          return null;
        });
  }

  private void chargeFor(JobId job) {
    store.inTransaction(
        "charge",
        t -> {
          budget.charge(t, job);
          return null;
        });
  }

  private void free(JobId job) {
    store.inTransaction(
        "free",
        t -> {
          budget.free(t, job);
          return null;
        });
  }

  private Budget.Line line() {
    return budget.lines().getFirst();
  }

  @Test
  void reserve_beyondWhatIsLeft_isRefusedAndSaysHowMuchIs() {
    reserve(budget, job(1), "0.7");
    ProblemException e = assertThrows(ProblemException.class, () -> reserve(budget, job(2), "0.4"));
    assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
    assertEquals("epsilon of at most 0.3 (left of 1)", e.problem().expected());
    assertEquals(Epsilon.parse("0.3"), line().left());
  }

  @Test
  void everyStep_twice_countsOnce() {
    reserve(budget, job(1), "0.6");
    reserve(budget, job(1), "0.6");
    chargeFor(job(1));
    chargeFor(job(1));
    reserve(budget, job(1), "0.6");
    assertEquals(Epsilon.parse("0.6"), line().charged());
    assertEquals(Epsilon.ZERO, line().reserved());
    assertEquals(Epsilon.parse("0.6"), budget.charged(job(1), charge("0.6").getFirst()));
  }

  @Test
  void free_givesBackWhatWasReserved_andNeverWhatWasCharged() {
    reserve(budget, job(1), "0.5");
    reserve(budget, job(2), "0.5");
    chargeFor(job(2));
    free(job(1));
    free(job(2));
    assertEquals(Epsilon.parse("0.5"), line().charged());
    assertEquals(Epsilon.parse("0.5"), line().left());
    reserve(budget, job(1), "0.5");
    assertEquals(Epsilon.ZERO, line().left());
  }

  @Test
  void reserve_withoutAllowance_isRefused() {
    Plan.Charge other =
        new Plan.Charge(
            ProductRef.parse("shop-a/other@1"), OWNER, "phone", Epsilon.parse("0.1"), "0");
    assertThrows(ProblemException.class, () -> budget.check(job(1), List.of(other)));
  }

  @Test
  void period_thatBegins_bringsANewAllowance_andAllowingLessTakesNothingBack() {
    budget.allow(ASSET, "phone", Epsilon.parse("1"), 30);
    reserve(budget, job(1), "1");
    chargeFor(job(1));
    Budget later = at(NOW.plusSeconds(31L * 86_400));
    assertEquals(Epsilon.parse("1"), later.lines().getFirst().left());
    reserve(later, job(2), "1");
    budget.allow(ASSET, "phone", Epsilon.parse("0.5"), 30);
    assertEquals(Epsilon.parse("1"), line().charged());
    assertEquals(Epsilon.ZERO, line().left());
  }

  @Test
  void manyThreads_forTheLastOfIt_neverOverspend() throws InterruptedException {
    AtomicInteger won = new AtomicInteger();
    reserve(budget, job(1000), "0.9");
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 64; i++) {
        JobId job = job(i);
        pool.execute(
            () -> {
              try {
                reserve(budget, job, "0.05");
                won.incrementAndGet();
              } catch (ProblemException e) {
                assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
              }
            });
      }
    }
    assertEquals(2, won.get());
    assertEquals(Epsilon.ZERO, line().left());
  }

  @Test
  void store_openedAgain_stillKnows() {
    reserve(budget, job(1), "0.4");
    chargeFor(job(1));
    store.close();
    store = Store.open(folder.resolve("state.db"), schema());
    budget = at(NOW);
    assertEquals(Epsilon.parse("0.6"), line().left());
  }
}
