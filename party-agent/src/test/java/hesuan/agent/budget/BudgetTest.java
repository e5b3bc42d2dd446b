package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.store.Schema;
import hesuan.store.Store;
import hesuan.store.Transaction;
import hesuan.wire.BudgetHead;
import hesuan.wire.Chance;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BudgetTest {
  private static final PartyId OWNER = new PartyId("shop-a");
  private static final String ASSET = "shop-a/orders";
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
  private static final long DAY_SECONDS = 86_400;

  @TempDir Path folder;
  private Store store;
  private Budget budget;

  /** One step of a job's spending. */
  private interface Step {
    void run(Budget budget, Transaction t) throws SQLException;
  }

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), Agent.SCHEMA);
    budget = at(NOW);
    allow("1");
  }

  @AfterEach
  void close() {
    store.close();
  }

  private Budget at(Instant now) {
    return Budget.open(store, Clock.fixed(now, ZoneOffset.UTC));
  }

  private void allow(String limit) {
    budget.allow(ASSET, "phone", Epsilon.parse(limit), null, Epsilon.ZERO, 0);
  }

  private static JobId job(int number) {
    return JobId.of(OWNER, "token-of-job-" + number);
  }

  private static Digest query(JobId job) {
    return Digest.of("query of " + job);
  }

  private static SecretBytes seed(int number) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) number;
    return new SecretBytes(bytes);
  }

  private static List<Plan.Charge> charges(String epsilon) {
    return List.of(
        new Plan.Charge(
            ProductRef.parse("shop-a/orders@3"), OWNER, "phone", Epsilon.parse(epsilon), "0"));
  }

  private static void run(Store store, Budget budget, Step step) {
    store.inTransaction(
        "step",
        t -> {
          step.run(budget, t);
          return null;
        });
  }

  private static Step reserving(JobId job, String epsilon) {
    return (budget, t) -> budget.reserve(t, job, query(job), charges(epsilon));
  }

  private static Step charging(JobId job, String epsilon) {
    return (budget, t) -> budget.charge(t, job, query(job), charges(epsilon), seed(1));
  }

  private static Step freeing(JobId job) {
    return (budget, t) -> budget.free(t, job);
  }

  private void reserve(JobId job, String epsilon) {
    run(store, budget, reserving(job, epsilon));
  }

  private void chargeFor(JobId job, String epsilon) {
    run(store, budget, charging(job, epsilon));
  }

  private void free(JobId job) {
    run(store, budget, freeing(job));
  }

  private BudgetLine line() {
    return budget.lines().getFirst();
  }

  private static void assertRefused(ErrorCode expected, Runnable work) {
    assertEquals(expected, assertThrows(ProblemException.class, work::run).problem().code());
  }

  @Test
  void reserve_beyondWhatIsLeft_isRefusedAndSaysHowMuchIs() {
    reserve(job(1), "0.7");
    ProblemException e = assertThrows(ProblemException.class, () -> reserve(job(2), "0.4"));
    assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
    assertEquals(
        "epsilon of at most 0.3 (left: 0.3 of 1 by the sum of epsilons, rho 0 of 0.028396703215)",
        e.problem().expected());
    assertEquals("0.4 (rho 0.08)", e.problem().found());
    assertEquals(Epsilon.parse("0.3"), line().left());
  }

  @Test
  void everyStep_twice_countsOnce() {
    reserve(job(1), "0.6");
    reserve(job(1), "0.6");
    chargeFor(job(1), "0.6");
    chargeFor(job(1), "0.6");
    reserve(job(1), "0.6");
    assertEquals(Epsilon.parse("0.6"), line().charged());
    assertEquals(Epsilon.ZERO, line().reserved());
    assertEquals(Epsilon.parse("0.6"), budget.charged(job(1), charges("0.6").getFirst()));
  }

  @Test
  void charge_ofWhatWasNeverReserved_isRefused() {
    assertRefused(ErrorCode.BUDGET_EXHAUSTED, () -> chargeFor(job(1), "0.1"));
    reserve(job(1), "0.1");
    free(job(1));
    assertRefused(ErrorCode.BUDGET_EXHAUSTED, () -> chargeFor(job(1), "0.1"));
    assertEquals(Epsilon.parse("1"), line().left());
  }

  @Test
  void free_givesBackWhatWasReserved_andNeverWhatWasCharged() {
    reserve(job(1), "0.5");
    reserve(job(2), "0.5");
    chargeFor(job(2), "0.5");
    free(job(1));
    free(job(2));
    assertEquals(Epsilon.parse("0.5"), line().charged());
    assertEquals(Epsilon.parse("0.5"), line().left());
    reserve(job(1), "0.5");
    assertEquals(Epsilon.ZERO, line().left());
    at(NOW);
  }

  @Test
  void reserve_withoutAllowance_isRefused() {
    Plan.Charge other =
        new Plan.Charge(
            ProductRef.parse("shop-a/other@1"), OWNER, "phone", Epsilon.parse("0.1"), "0");
    assertRefused(
        ErrorCode.BUDGET_EXHAUSTED, () -> budget.check(job(1), query(job(1)), List.of(other)));
  }

  @Test
  void reserve_severalProductsOfOneAsset_addUp() {
    List<Plan.Charge> two =
        List.of(
            charges("0.6").getFirst(),
            new Plan.Charge(
                ProductRef.parse("shop-a/orders@4"), OWNER, "phone", Epsilon.parse("0.6"), "0"));
    assertRefused(ErrorCode.BUDGET_EXHAUSTED, () -> budget.check(job(1), query(job(1)), two));
  }

  @Test
  void rate_holdsInAnyStretchOfDays_andNothingRefreshesTheLifetime() {
    budget.allow(ASSET, "phone", Epsilon.parse("1"), null, Epsilon.parse("0.4"), 10);
    reserve(job(1), "0.4");
    chargeFor(job(1), "0.4");
    Budget soon = at(NOW.plusSeconds(10 * DAY_SECONDS - 1));
    assertEquals(
        "epsilon of at most 0 (left of 0.4 in 10 days)",
        assertThrows(ProblemException.class, () -> run(store, soon, reserving(job(2), "0.1")))
            .problem()
            .expected());
    Budget later = at(NOW.plusSeconds(10 * DAY_SECONDS));
    run(store, later, reserving(job(2), "0.4"));
    run(store, later, charging(job(2), "0.4"));
    Budget muchLater = at(NOW.plusSeconds(3650 * DAY_SECONDS));
    assertEquals(Epsilon.parse("0.2"), muchLater.lines().getFirst().left());
    assertRefused(
        ErrorCode.BUDGET_EXHAUSTED, () -> run(store, muchLater, reserving(job(3), "0.3")));
  }

  @Test
  void allow_less_takesNothingBack_andMoreIsAnEntryOfTheChain() {
    reserve(job(1), "0.8");
    allow("0.5");
    assertEquals(Epsilon.ZERO, line().left());
    long number = budget.chain().head().number();
    allow("2");
    assertEquals(Epsilon.parse("1.2"), line().left());
    assertEquals(number + 1, budget.chain().head().number());
  }

  @Test
  void manyThreads_forTheLastOfIt_exactlyOneWins() {
    AtomicInteger won = new AtomicInteger();
    reserve(job(1000), "0.9");
    race(
        64,
        job -> {
          try {
            reserve(job, "0.1");
            won.incrementAndGet();
          } catch (ProblemException e) {
            assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
          }
        });
    assertEquals(1, won.get());
    assertEquals(Epsilon.ZERO, line().left());
    at(NOW);
  }

  /** A hundred tenths come to 10 by their sum, and to 5.37 at this delta by their rhos. */
  private void spendTenths(int from, int to) {
    for (int i = from; i < to; i++) {
      reserve(job(2000 + i), "0.1");
      chargeFor(job(2000 + i), "0.1");
    }
  }

  private void allow(String limit, String delta) {
    budget.allow(ASSET, "phone", Epsilon.parse(limit), Chance.parse(delta), Epsilon.ZERO, 0);
  }

  @Test
  void manySmallJobs_composeByTheirRhos_beyondWhereTheirEpsilonsAddUpToTheLimit() {
    allow("5.37", "0.000001");
    spendTenths(0, 53);
    assertEquals(Epsilon.parse("5.3").micros(), line().all().epsilonMicros());
    assertTrue(line().charged().compareTo(Epsilon.parse("4")) < 0, line().charged().toString());
    spendTenths(53, 100);
    assertTrue(line().charged().compareTo(Epsilon.parse("5.36")) > 0);
    assertTrue(line().charged().compareTo(line().limit()) <= 0);
    ProblemException e = assertThrows(ProblemException.class, () -> reserve(job(1), "0.1"));
    assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
    assertTrue(
        e.problem()
            .expected()
            .matches(
                "epsilon of at most 0\\.0\\d+ \\(left: rho 0\\.00\\d+ of 0\\.5\\d+, 0 of 5\\.37 by .*"),
        e.problem().expected());
    reserve(job(1), line().left().toString());
    assertEquals(line(), at(NOW).lines().getFirst());
  }

  @Test
  void manyThreads_forTheLastByRho_exactlyOneWins() {
    allow("5.37", "0.000001");
    spendTenths(0, 99);
    AtomicInteger won = new AtomicInteger();
    race(
        64,
        job -> {
          try {
            reserve(job, "0.1");
            won.incrementAndGet();
          } catch (ProblemException e) {
            assertEquals(ErrorCode.BUDGET_EXHAUSTED, e.problem().code());
          }
        });
    assertEquals(1, won.get());
    at(NOW);
  }

  @Test
  void deltas_addUpToo_andARefusalSaysThatTheyAreWhatIsMissing() {
    for (int i = 0; i < 2; i++) {
      JobId job = job(i);
      run(store, budget, (b, t) -> b.reserve(t, job, query(job), failing("0.001", "0.000001")));
    }
    ProblemException e =
        assertThrows(
            ProblemException.class,
            () ->
                run(
                    store,
                    budget,
                    (b, t) -> b.reserve(t, job(3), query(job(3)), failing("0.001", "0.000001"))));
    assertEquals(
        "delta of at most 0.0000005 (left of 0.0000025, a quarter of the budget's)",
        e.problem().expected());
    assertEquals("0.001, delta 0.000001 (rho 0.0000005, delta 0.000001)", e.problem().found());
    reserve(job(4), "0.001");
    run(store, budget, (b, t) -> b.free(t, job(1)));
    run(store, budget, (b, t) -> b.reserve(t, job(3), query(job(3)), failing("0.001", "0.000001")));
    assertEquals(line(), at(NOW).lines().getFirst());
  }

  private static List<Plan.Charge> failing(String epsilon, String delta) {
    return List.of(
        new Plan.Charge(
            ProductRef.parse("shop-a/orders@3"), OWNER, "phone", Epsilon.parse(epsilon), delta));
  }

  /** Gaussian noise: its own rho, and a delta only where epsilon is asked for. */
  @Test
  void concentratedCharge_countsByItsOwnRho() {
    Plan.Charge gaussian =
        new Plan.Charge(
            ProductRef.parse("shop-a/orders@3"),
            OWNER,
            "phone",
            Epsilon.parse("0.5"),
            "0.0000001",
            new Plan.Concentrated(Rho.parse("0.0005"), "0"));
    for (int i = 0; i < 56; i++) {
      JobId job = job(i);
      run(store, budget, (b, t) -> b.reserve(t, job, query(job), List.of(gaussian)));
    }
    assertRefused(
        ErrorCode.BUDGET_EXHAUSTED,
        () ->
            run(store, budget, (b, t) -> b.reserve(t, job(60), query(job(60)), List.of(gaussian))));
    assertEquals("0.99", line().reserved().toString().substring(0, 4));
    assertEquals(0L, budget.stands(List.of(gaussian)).getFirst().jobsLeft());
    at(NOW);
  }

  @Test
  void manyThreads_reserveChargeAndFree_theChainAddsUp() {
    allow("100");
    race(
        48,
        job -> {
          reserve(job, "0.5");
          if (job.hashCode() % 3 == 0) {
            free(job);
          } else {
            chargeFor(job, "0.5");
          }
        });
    assertEquals(line(), at(NOW).lines().getFirst());
    assertEquals(Epsilon.ZERO, line().reserved());
  }

  private static void race(int jobs, Consumer<JobId> work) {
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < jobs; i++) {
        JobId job = job(i);
        pool.execute(() -> work.accept(job));
      }
    }
  }

  @Test
  void sameQuery_afterItsCharge_costsNothingAndHasTheSameNoise() {
    Digest query = Digest.of("people by city");
    reserve(job(1), query, "0.6");
    assertEquals(seed(1), charge(job(1), query, "0.6", seed(1)));
    reserve(job(2), query, "0.6");
    assertEquals(Epsilon.ZERO, line().reserved());
    assertEquals(seed(1), charge(job(2), query, "0.6", seed(2)));
    assertEquals(seed(1), charge(job(2), query, "0.6", seed(3)));
    assertEquals(Epsilon.parse("0.6"), line().charged());
    assertEquals(Epsilon.ZERO, budget.charged(job(2), charges("0.6").getFirst()));
    at(NOW);
  }

  @Test
  void sameQuery_reservedTwiceBeforeTheCharge_isChargedOnce() {
    Digest query = Digest.of("people by city");
    reserve(job(1), query, "0.4");
    reserve(job(2), query, "0.4");
    assertEquals(Epsilon.parse("0.8"), line().reserved());
    charge(job(2), query, "0.4", seed(2));
    assertEquals(seed(2), charge(job(1), query, "0.4", seed(1)));
    assertEquals(Epsilon.parse("0.4"), line().charged());
    assertEquals(Epsilon.ZERO, line().reserved());
    at(NOW);
  }

  @Test
  void otherQuery_isChargedWithItsOwnNoise() {
    reserve(job(1), Digest.of("one"), "0.4");
    reserve(job(2), Digest.of("other"), "0.4");
    charge(job(1), Digest.of("one"), "0.4", seed(1));
    assertEquals(seed(2), charge(job(2), Digest.of("other"), "0.4", seed(2)));
    assertEquals(Epsilon.parse("0.8"), line().charged());
  }

  private void reserve(JobId job, Digest query, String epsilon) {
    run(store, budget, (b, t) -> b.reserve(t, job, query, charges(epsilon)));
  }

  private SecretBytes charge(JobId job, Digest query, String epsilon, SecretBytes fresh) {
    return store.inTransaction(
        "charge", t -> budget.charge(t, job, query, charges(epsilon), fresh));
  }

  @Test
  void store_openedAgain_stillKnows() {
    reserve(job(1), "0.4");
    chargeFor(job(1), "0.4");
    BudgetHead.Head head = budget.chain().head();
    store.close();
    open(folder.resolve("state.db"));
    assertEquals(Epsilon.parse("0.6"), line().left());
    assertEquals(head, budget.chain().head());
  }

  private void open(Path file) {
    store = Store.open(file, Agent.SCHEMA);
    budget = at(NOW);
  }

  /** The process ends with the files as they are: what SQLite holds in memory is gone. */
  @Test
  void killed_betweenAnyTwoWrites_hasTheStepWholeOrNotAtAll() throws IOException {
    reserve(job(1), "0.3");
    reserve(job(2), "0.3");
    for (Step step :
        List.<Step>of(
            reserving(job(3), "0.3"),
            charging(job(1), "0.3"),
            freeing(job(2)),
            (b, t) -> {
              b.charge(t, job(3), query(job(3)), charges("0.3"), seed(3));
              b.reserve(t, job(4), query(job(4)), charges("0.3"));
            })) {
      BudgetLine before = line();
      BudgetHead.Head headBefore = budget.chain().head();
      run(
          store,
          budget,
          (b, t) -> {
            Path started = copy("started");
            step.run(b, t);
            Path done = copy("done");
            for (Path killed : List.of(started, done)) {
              assertStands(killed, before, headBefore);
            }
          });
      assertStands(copy("committed"), line(), budget.chain().head());
    }
  }

  @Test
  void killed_beyondTheSumOfEpsilons_hasTheStepWholeOrNotAtAll() {
    allow("5.37", "0.000001");
    spendTenths(0, 80);
    reserve(job(1), "0.1");
    for (Step step : List.<Step>of(reserving(job(2), "0.1"), charging(job(1), "0.1"))) {
      BudgetLine before = line();
      BudgetHead.Head headBefore = budget.chain().head();
      run(
          store,
          budget,
          (b, t) -> {
            step.run(b, t);
            assertStands(copy("done"), before, headBefore);
          });
      assertStands(copy("committed"), line(), budget.chain().head());
    }
  }

  private void assertStands(Path files, BudgetLine line, BudgetHead.Head head) {
    try (Store copy = Store.open(files.resolve("state.db"), Agent.SCHEMA)) {
      Budget after = Budget.open(copy, Clock.fixed(NOW, ZoneOffset.UTC));
      assertEquals(line, after.lines().getFirst());
      assertEquals(head, after.chain().head());
    }
  }

  private Path copy(String name) {
    try {
      Path to = Files.createTempDirectory(folder, name);
      for (String file : List.of("state.db", "state.db-wal")) {
        Files.copy(folder.resolve(file), to.resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void chain_withAnEntryChangedRemovedOrSlippedIn_isRefused() {
    reserve(job(1), "0.4");
    chargeFor(job(1), "0.4");
    reserve(job(2), "0.4");
    String cheaper = "replace(CAST(body AS TEXT), '\"0.4\"', '\"0.1\"')";
    assertDamaged(
        "UPDATE budget_entry SET body = CAST(%s AS BLOB) WHERE number = 2".formatted(cheaper));
    assertDamaged("DELETE FROM budget_entry WHERE number = 4");
    assertDamaged("DELETE FROM budget_entry WHERE number = 2");
    assertDamaged("UPDATE budget_entry SET head = '%s' WHERE number = 4".formatted(Digest.of("x")));
    assertDamaged("UPDATE budget_line SET charged_micros = 0");
    assertDamaged("UPDATE budget_line SET charged_rho_picos = charged_rho_picos - 1");
    assertDamaged("UPDATE budget_line SET reserved_rho_picos = reserved_rho_picos - 1");
    assertDamaged("UPDATE budget_line SET rho_most_picos = rho_most_picos + 1");
    assertDamaged("UPDATE budget_line SET delta_attos = NULL");
    assertDamaged("UPDATE budget_spending SET rho_picos = rho_picos - 1 WHERE state = 'charged'");
    assertDamaged("UPDATE budget_spending SET state = 'freed' WHERE state = 'charged'");
    assertDamaged("DELETE FROM budget_query");
  }

  @Test
  void chain_withAnUnchainedEntry_isRefused() {
    reserve(job(1), "0.4");
    BudgetEntry slippedIn =
        new BudgetEntry(3, 0, Digest.of("no head"), new BudgetEvent.Freed(job(1)));
    assertDamaged(
        "INSERT INTO budget_entry (number, body, head) VALUES (3, CAST('%s' AS BLOB), '%s')"
            .formatted(Json.canonicalText(slippedIn), slippedIn.head().digest()),
        "UPDATE budget_line SET reserved_micros = 0",
        "UPDATE budget_spending SET state = 'freed'");
  }

  @Test
  void chain_thatGivesAChargeBack_isRefused() {
    reserve(job(1), "0.4");
    chargeFor(job(1), "0.4");
    BudgetEntry refund =
        new BudgetEntry(4, 0, budget.chain().head().digest(), new BudgetEvent.Freed(job(1)));
    assertDamaged(
        "INSERT INTO budget_entry (number, body, head) VALUES (4, CAST('%s' AS BLOB), '%s')"
            .formatted(Json.canonicalText(refund), refund.head().digest()),
        "UPDATE budget_line SET charged_micros = 0",
        "UPDATE budget_spending SET state = 'freed'");
  }

  /** Tries the change on a copy of the files. */
  private void assertDamaged(String... changes) {
    try (Store copy = Store.open(copy("damaged").resolve("state.db"), Agent.SCHEMA)) {
      Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
      Budget.open(copy, clock);
      for (String change : changes) {
        int rows = copy.inTransaction("damage", t -> t.update(change));
        assertTrue(rows > 0, change);
      }
      assertRefused(ErrorCode.BUDGET_DAMAGED, () -> Budget.open(copy, clock));
    }
  }

  @Test
  void diskPutBack_isFoundByTheHeadThatOthersHold_andNothingIsSpent() {
    reserve(job(1), "0.3");
    Path yesterday = copy("yesterday");
    chargeFor(job(1), "0.3");
    reserve(job(2), "0.3");
    BudgetHead.Head seen = budget.chain().head();
    assertTrue(budget.chain().shown(seen, "coordinator"));
    store.close();
    open(yesterday.resolve("state.db"));

    assertFalse(budget.chain().shown(seen, "coordinator"));
    assertRefused(ErrorCode.BUDGET_ROLLED_BACK, () -> reserve(job(3), "0.1"));
    assertRefused(ErrorCode.BUDGET_ROLLED_BACK, () -> chargeFor(job(1), "0.3"));
    assertRefused(
        ErrorCode.BUDGET_ROLLED_BACK, () -> budget.check(job(3), query(job(3)), charges("0.1")));
    budget = at(NOW);
    assertEquals(List.of(new BudgetChain.Lost(seen, "coordinator")), budget.chain().lost());
    assertRefused(ErrorCode.BUDGET_ROLLED_BACK, () -> reserve(job(3), "0.1"));
  }

  @Test
  void diskPutBack_resolvedByItsOwner_goesOnBehindTheLostEntries() {
    Path yesterday = copy("yesterday");
    reserve(job(1), "0.3");
    BudgetHead.Head between = budget.chain().head();
    chargeFor(job(1), "0.3");
    BudgetHead.Head seen = budget.chain().head();
    store.close();
    open(yesterday.resolve("state.db"));
    assertFalse(budget.chain().shown(seen, "brand-b"));

    budget.resolve(List.of(new Budget.Spent(ASSET, "phone", Epsilon.parse("0.3"), null)));
    assertEquals(Epsilon.parse("0.7"), line().left());
    assertEquals(seen.number() + 1, budget.chain().head().number());
    assertTrue(budget.chain().shown(seen, "brand-b"));
    assertTrue(budget.chain().shown(between, "shop-c"));
    reserve(job(2), "0.7");
    assertEquals(Epsilon.ZERO, at(NOW).lines().getFirst().left());
  }

  @Test
  void resolve_productNotNamed_losesAllThatIsLeft() {
    assertRefused(ErrorCode.CONFLICT, () -> budget.resolve(List.of()));
    assertFalse(budget.chain().shown(new BudgetHead.Head(9, Digest.of("lost")), "coordinator"));
    budget.resolve(List.of());
    assertEquals(Epsilon.ZERO, line().left());
    assertEquals(Epsilon.parse("1"), line().charged());
  }

  @Test
  void anotherHistoryOfTheSameLength_isFoundToo() {
    Path yesterday = copy("yesterday");
    reserve(job(1), "0.3");
    BudgetHead.Head seen = budget.chain().head();
    store.close();
    open(yesterday.resolve("state.db"));
    reserve(job(2), "0.1");
    assertEquals(seen.number(), budget.chain().head().number());
    assertFalse(budget.chain().shown(seen, "coordinator"));
  }

  @Test
  void forecast_saysWhenItEndsAndHowManyJobsFit() {
    assertEquals(
        new BudgetForecast(30, 0, Epsilon.ZERO, null, null, null),
        budget.forecast(line(), 30, null));
    reserve(job(1), "0.2");
    chargeFor(job(1), "0.2");
    Budget later = at(NOW.plusSeconds(5 * DAY_SECONDS));
    run(store, later, reserving(job(2), "0.1"));
    run(store, later, charging(job(2), "0.1"));
    BudgetForecast forecast = later.forecast(line(), 10, null);
    assertEquals(2, forecast.jobs());
    assertEquals(Epsilon.parse("0.3"), forecast.charged());
    assertEquals(7, forecast.jobsLeft());
    assertEquals(LocalDate.parse("2026-12-19"), forecast.endsOn());
    assertEquals(3, later.forecast(line(), 10, Epsilon.parse("0.2")).jobsLeft());
    assertNull(at(NOW.plusSeconds(90 * DAY_SECONDS)).forecast(line(), 10, null).endsOn());
  }

  @Test
  void ledgerOfBeforeTheChain_isTakenOverWithWhatItSpent() {
    Path old = folder.resolve("old.db");
    try (Store before = Store.open(old, new Schema("agent", Agent.class, List.of("1-agent.sql")))) {
      before.inTransaction(
          "old ledger",
          t -> {
            t.update("INSERT INTO allowance VALUES ('shop-a/orders', 'phone', 1000000, 0)");
            t.update(
                "INSERT INTO spending VALUES ('shop-a/orders', 'phone', 0, 'job-1', 300000, 'charged')");
            return t.update(
                "INSERT INTO spending VALUES ('shop-a/orders', 'phone', 0, 'job-2', 200000, 'freed')");
          });
    }
    try (Store after = Store.open(old, Agent.SCHEMA)) {
      Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
      assertEquals(Epsilon.parse("0.7"), Budget.open(after, clock).lines().getFirst().left());
      assertEquals(Epsilon.parse("0.7"), Budget.open(after, clock).lines().getFirst().left());
    }
  }
}
