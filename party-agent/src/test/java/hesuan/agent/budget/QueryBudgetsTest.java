package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.agent.budget.BudgetEvent.Query;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class QueryBudgetsTest {
  private static final PartyId ASKER = new PartyId("brand-a");
  private static final PartyId ANOTHER = new PartyId("pay-c");
  private static final ProductRef FIRST = ProductRef.parse("mall-b/visits@1");
  private static final ProductRef SECOND = ProductRef.parse("mall-b/visits@2");
  private static final String ASSET = FIRST.asset();
  private static final long ROWS = 100_000;

  @TempDir Path folder;
  private Store store;
  private Budget budget;
  private QueryBudgets queries;

  private interface Step {
    void run(Transaction t) throws SQLException;
  }

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), Agent.SCHEMA);
    reopen();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    budget = Budget.open(store, Clock.fixed(Instant.parse("2026-11-21T08:00:00Z"), ZoneOffset.UTC));
    queries = budget.queries();
  }

  private void in(Step step) {
    store.inTransaction(
        "test",
        t -> {
          step.run(t);
          return null;
        });
  }

  private static JobId job(int number) {
    return JobId.of(ASKER, "token-of-job-" + number);
  }

  private static List<Query> asks(PartyId by, ProductRef product, boolean lookup, long items) {
    return List.of(QueryBudgets.query(product, by, lookup, items, ROWS));
  }

  private static List<Query> asks(long items) {
    return asks(ASKER, FIRST, false, items);
  }

  private void charged(int number, List<Query> asked) {
    in(t -> queries.reserve(t, job(number), asked));
    in(t -> queries.charge(t, job(number), asked));
  }

  private static Problem problem(Executable work) {
    return assertThrows(ProblemException.class, work).problem();
  }

  private static void exhausted(Executable work) {
    assertEquals(ErrorCode.QUERIES_EXHAUSTED, problem(work).code());
  }

  private void answer(int number, int attempt) {
    queries.answer(job(number), ASKER, attempt, null);
  }

  @Test
  void reserve_beyondTheOwnersLimit_isRefusedAndSaysWhatIsLeft() {
    queries.allow(ASSET, ASKER, 1000L);
    charged(1, asks(600));
    Problem refused = problem(() -> charged(2, asks(401)));
    assertEquals(ErrorCode.QUERIES_EXHAUSTED, refused.code());
    assertTrue(refused.expected().contains("at most 400 items"), refused.expected());
    assertEquals(
        ErrorCode.QUERIES_EXHAUSTED, problem(() -> queries.check(job(2), asks(401))).code());
    charged(3, asks(400));
    reopen();
    exhausted(() -> charged(4, asks(1)));
    assertEquals(0L, queries.lines().getFirst().left());
  }

  @Test
  void reserve_countsEveryVersionAndEngineAgainstTheOwnersNumber_andEachCounterpartyApart() {
    queries.allow(ASSET, ASKER, 1000L);
    charged(1, asks(ASKER, FIRST, false, 500));
    charged(2, asks(ASKER, SECOND, true, 500));
    exhausted(() -> charged(3, asks(ASKER, SECOND, true, 1)));
    charged(4, asks(ANOTHER, FIRST, false, 1000));
  }

  @Test
  void usual_isOnePercentOfAVersionByFilter_andTenTimesTheRowsByTheOthers() {
    charged(1, asks(ASKER, FIRST, true, ROWS / 100));
    exhausted(() -> charged(2, asks(ASKER, FIRST, true, 1)));
    charged(3, asks(ASKER, SECOND, true, ROWS / 100));
    charged(4, asks(10 * ROWS));
    exhausted(() -> charged(5, asks(ASKER, SECOND, false, 1)));
    assertEquals(3, queries.lines().size());
  }

  @Test
  void unlimited_isSaidAndHasNoEnd() {
    queries.allow(ASSET, ASKER, null);
    charged(1, asks(1L << 40));
    assertNull(queries.lines().getFirst().left());
    reopen();
  }

  @Test
  void everyStep_repeatedForOneJob_countsOnce() {
    queries.allow(ASSET, ASKER, 1000L);
    for (int i = 0; i < 3; i++) {
      in(t -> queries.reserve(t, job(1), asks(400)));
    }
    for (int i = 0; i < 3; i++) {
      in(t -> queries.charge(t, job(1), asks(400)));
    }
    in(t -> queries.free(t, job(1)));
    answer(1, 1);
    answer(1, 1);
    assertEquals(400, queries.lines().getFirst().asked());
    reopen();
  }

  @Test
  void free_beforeTheChargeGivesBack_andTheJobMayAskAgain() {
    queries.allow(ASSET, ASKER, 1000L);
    in(t -> queries.reserve(t, job(1), asks(1000)));
    in(t -> queries.free(t, job(1)));
    assertEquals(0, queries.lines().getFirst().asked());
    charged(1, asks(1000));
    reopen();
    assertEquals(1000, queries.lines().getFirst().asked());
  }

  @Test
  void answer_withoutACharge_isRefused() {
    exhausted(() -> answer(1, 1));
    in(t -> queries.reserve(t, job(1), asks(10)));
    exhausted(() -> answer(1, 1));
    in(t -> queries.free(t, job(1)));
    exhausted(() -> answer(1, 1));
    exhausted(() -> in(t -> queries.charge(t, job(1), asks(10))));
    charged(1, asks(10));
    assertDoesNotThrow(() -> answer(1, 1));
    exhausted(() -> queries.answer(job(1), ANOTHER, 1, null));
  }

  @Test
  void answer_ofAnotherAttempt_isChargedAgain_unlessTheFirstNeverAnsweredOrTheQuestionIsTheSame() {
    queries.allow(ASSET, ASKER, 1000L);
    charged(1, asks(400));
    answer(1, 2); // attempt 1 broke off before
    assertEquals(400, queries.lines().getFirst().asked());
    answer(1, 3);
    assertEquals(800, queries.lines().getFirst().asked());
    exhausted(() -> answer(1, 4));
    reopen();
    assertEquals(800, queries.lines().getFirst().asked());

    charged(2, asks(ASKER, FIRST, true, 100));
    Digest same = Digest.of("elements");
    queries.answer(job(2), ASKER, 1, same);
    queries.answer(job(2), ASKER, 2, same);
    assertEquals(900, queries.lines().getFirst().asked());
    queries.answer(job(2), ASKER, 3, Digest.of("others"));
    assertEquals(1000, queries.lines().getFirst().asked());
  }

  @Test
  void tables_thatSayLessThanTheChain_areFoundOut() {
    charged(1, asks(400));
    in(t -> t.update("UPDATE query_spending SET items = 1"));
    assertEquals(ErrorCode.BUDGET_DAMAGED, problem(this::reopen).code());
  }

  @Test
  void rolledBack_nothingIsReserved_andAfterwardsOnlyWhatTheOwnerAllowsAnew() {
    queries.allow(ASSET, ASKER, 1000L);
    charged(1, asks(400));
    budget.chain().shown(new BudgetHead.Head(99, Digest.of("seen elsewhere")), "coordinator");
    assertEquals(ErrorCode.BUDGET_ROLLED_BACK, problem(() -> charged(2, asks(1))).code());
    budget.resolve(List.of());
    exhausted(() -> charged(3, asks(1)));
    exhausted(() -> charged(4, asks(ANOTHER, FIRST, false, 1)));
    reopen();
    queries.allow(ASSET, ASKER, 500L);
    charged(5, asks(100));
    exhausted(() -> charged(6, asks(1)));
    reopen();
  }
}
