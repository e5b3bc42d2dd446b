package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.dp.account.LossSum;
import hesuan.store.Schema;
import hesuan.store.Store;
import hesuan.wire.BudgetHead;
import hesuan.wire.Chance;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store as a release of before the accountant wrote it, byte by byte. */
class BudgetUpgradeTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-21T08:00:00Z"), ZoneOffset.UTC);
  private static final PartyId OWNER = new PartyId("shop-a");
  private static final String KEY = "\"key\":{\"asset\":\"shop-a/orders\",\"unit\":\"phone\"}";
  private static final Schema BEFORE =
      new Schema(
          "agent",
          Agent.class,
          List.of(
              "1-agent.sql",
              "2-people.sql",
              "3-budget.sql",
              "4-queries.sql",
              "5-buckets.sql",
              "6-lookup.sql"));

  @TempDir Path folder;
  private Path file;
  private final List<String> entries = new ArrayList<>();
  private final List<String> heads = new ArrayList<>();

  private static JobId job(int number) {
    return JobId.of(OWNER, "token-of-job-" + number);
  }

  private static Digest query(int number) {
    return Digest.of("query " + number);
  }

  private void entry(String event) {
    String text =
        "{\"atSeconds\":1795000000,\"event\":%s,\"number\":%d,\"previous\":\"%s\"}"
            .formatted(
                event,
                entries.size() + 1,
                heads.isEmpty() ? BudgetEntry.NONE.digest() : heads.getLast());
    entries.add(text);
    heads.add(Digest.of(text).hex());
  }

  /** Limit 1: job 1 charged with 0.6, job 2 reserved with 0.3; each failed with a ten-millionth. */
  @BeforeEach
  void write() {
    entry("{%s,\"kind\":\"allowed\",\"limit\":\"1\",\"rate\":\"0\",\"rateDays\":0}".formatted(KEY));
    for (int i = 1; i <= 2; i++) {
      entry(
          "{\"amounts\":[{\"epsilon\":\"%s\",%s}],\"job\":\"%s\",\"kind\":\"reserved\",\"query\":\"%s\"}"
              .formatted(i == 1 ? "0.6" : "0.3", KEY, job(i), query(i)));
    }
    entry("{\"job\":\"%s\",\"kind\":\"charged\"}".formatted(job(1)));
    file = folder.resolve("state.db");
    try (Store store = Store.open(file, BEFORE)) {
      store.inTransaction(
          "a store of before",
          t -> {
            for (int i = 0; i < entries.size(); i++) {
              t.update(
                  "INSERT INTO budget_entry (number, body, head) VALUES (?, ?, ?)",
                  i + 1,
                  entries.get(i).getBytes(StandardCharsets.UTF_8),
                  heads.get(i));
            }
            t.update(
                "INSERT INTO budget_line VALUES ('shop-a/orders', 'phone', 1000000, 0, 0, 300000, 600000)");
            for (int i = 1; i <= 2; i++) {
              t.update(
                  "INSERT INTO budget_spending VALUES (?, 'shop-a/orders', 'phone', ?, ?, 1795000000)",
                  job(i).value(),
                  i == 1 ? 600_000 : 300_000,
                  i == 1 ? "charged" : "reserved");
            }
            t.update(
                "INSERT INTO budget_query VALUES (?, ?, ?)",
                query(1).hex(),
                job(1).value(),
                new byte[32]);
            String plan =
                """
                {"charges":[{"delta":"0.0000001","epsilon":"0.6","owner":"shop-a","product":"shop-a/orders@3","unit":"phone"}]}""";
            return t.update(
                "INSERT INTO job (id, proposal, plan, state, created_seconds, deadline_millis) VALUES (?, ?, ?, '{}', 0, 0)",
                job(1).value(),
                new byte[0],
                plan.getBytes(StandardCharsets.UTF_8));
          });
    }
  }

  private static List<Plan.Charge> charges(String epsilon) {
    return List.of(
        new Plan.Charge(
            ProductRef.parse("shop-a/orders@3"), OWNER, "phone", Epsilon.parse(epsilon), "0"));
  }

  @Test
  void open_keepsTheChainAndRefreshesNothing() {
    try (Store store = Store.open(file, Agent.SCHEMA)) {
      Budget budget = Budget.open(store, CLOCK);
      BudgetLine line = budget.lines().getFirst();
      assertEquals(Epsilon.parse("0.6"), line.charged());
      assertEquals(Epsilon.parse("0.3"), line.reserved());
      assertEquals(Epsilon.parse("0.1"), line.left());
      assertNull(line.filter().delta());
      assertTrue(
          budget
              .chain()
              .shown(new BudgetHead.Head(4, new Digest(heads.getLast())), "who kept the old head"));
      ProblemException e =
          assertThrows(
              ProblemException.class, () -> budget.check(job(3), query(3), charges("0.2")));
      assertEquals("epsilon of at most 0.1 (left of 1)", e.problem().expected());
      budget.check(job(3), query(3), charges("0.1"));
      store.inTransaction(
          "go on",
          t -> {
            budget.charge(t, job(2), query(2), charges("0.3"), new SecretBytes(new byte[32]));
            budget.reserve(t, job(3), query(3), charges("0.1"));
            return null;
          });
    }
    try (Store store = Store.open(file, Agent.SCHEMA)) {
      assertEquals(Epsilon.ZERO, Budget.open(store, CLOCK).lines().getFirst().left());
    }
  }

  /** Of job 1 the plan is there; of job 2 it is not, and the most that a job may state counts. */
  @Test
  void deltaSaidLater_countsWhatWasSpentBefore() {
    try (Store store = Store.open(file, Agent.SCHEMA)) {
      Budget budget = Budget.open(store, CLOCK);
      long number = budget.chain().head().number();
      assertEquals(5, number);
      LossSum all = budget.lines().getFirst().all();
      assertEquals(
          new LossSum(900_000, 1_000_100_000_000_000L, 225_000_000_000L, 1_000_100_000_000_000L),
          all);
      budget.allow("shop-a/orders", "phone", Epsilon.parse("5"), null, Epsilon.ZERO, 0);
      assertNull(budget.lines().getFirst().filter().delta());
      budget.allow("shop-a/orders", "phone", Epsilon.parse("5"), Budget.DELTA, Epsilon.ZERO, 0);
      assertEquals(ErrorCode.BUDGET_EXHAUSTED, refused(budget, "0.1"));
      Chance wide = Chance.parse("0.01");
      budget.allow("shop-a/orders", "phone", Epsilon.parse("5"), wide, Epsilon.ZERO, 0);
      BudgetLine line = budget.lines().getFirst();
      assertEquals(Epsilon.parse("4.1"), line.left());
      assertEquals(
          line.filter().rhoMost().picos() - 225_000_000_000L,
          line.filter().rhoLeft(line.all()).picos());
      assertEquals(line, Budget.open(store, CLOCK).lines().getFirst());
    }
  }

  private static ErrorCode refused(Budget budget, String epsilon) {
    return assertThrows(
            ProblemException.class, () -> budget.check(job(9), query(9), charges(epsilon)))
        .problem()
        .code();
  }
}
