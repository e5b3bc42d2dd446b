package hesuan.agent.budget;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.agent.budget.BudgetEvent.Allowed;
import hesuan.agent.budget.BudgetEvent.Amount;
import hesuan.agent.budget.BudgetEvent.Charged;
import hesuan.agent.budget.BudgetEvent.Freed;
import hesuan.agent.budget.BudgetEvent.Key;
import hesuan.agent.budget.BudgetEvent.Reserved;
import hesuan.dp.account.Loss;
import hesuan.dp.account.PrivacyFilter;
import hesuan.wire.Chance;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Rho;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a chain may say, whoever wrote it: entries are chained here by the rules, and then read. */
class BudgetReplayTest {
  private static final Key KEY = new Key("shop-a/orders", "phone");
  private static final PrivacyFilter FILTER =
      PrivacyFilter.of(Epsilon.parse("5"), Chance.parse("0.000001"));

  private BudgetReplay replay = new BudgetReplay();
  private int jobs;

  private void append(BudgetEvent event) {
    BudgetEntry entry =
        new BudgetEntry(replay.head().number() + 1, 0, replay.head().digest(), event);
    replay.append(Json.read(Json.canonical(entry), BudgetEntry.class));
  }

  private void allow() {
    append(new Allowed(KEY, FILTER, Epsilon.ZERO, 0));
  }

  private Reserved reservation(Loss loss) {
    JobId job = JobId.of(new PartyId("shop-a"), "token-of-job-" + jobs++);
    return new Reserved(job, Digest.of("query of " + job), List.of(new Amount(KEY, loss)));
  }

  private static Loss pure(String epsilon) {
    return Loss.of(Epsilon.parse(epsilon), Chance.ZERO);
  }

  private void assertRefused(BudgetEvent event) {
    assertEquals(
        ErrorCode.BUDGET_DAMAGED,
        assertThrows(ProblemException.class, () -> append(event)).problem().code());
  }

  @Test
  void limit_withMoreRhoThanFollowsFromIt_isRefused() {
    Rho more = new Rho(FILTER.rhoMost().picos() + 1);
    assertRefused(
        new Allowed(KEY, new PrivacyFilter(FILTER.limit(), FILTER.delta(), more), Epsilon.ZERO, 0));
    Rho less = new Rho(FILTER.rhoMost().picos() - 1);
    append(
        new Allowed(KEY, new PrivacyFilter(FILTER.limit(), FILTER.delta(), less), Epsilon.ZERO, 0));
  }

  @Test
  void reservations_upToTheLastThatFits_areRead_andNotOneMore() {
    allow();
    long fit = FILTER.more(hesuan.dp.account.LossSum.ZERO, pure("0.1"));
    assertEquals(88, fit);
    for (int i = 0; i < fit; i++) {
      Reserved reserved = reservation(pure("0.1"));
      append(reserved);
      if (i % 2 == 0) {
        append(new Charged(reserved.job()));
      }
    }
    assertRefused(reservation(pure("0.1")));
  }

  /** Each way of counting holds for a part of them, neither for all. */
  @Test
  void tracks_mixed_areRefused() {
    allow();
    append(reservation(pure("0.9"))); // rho 0.405 of 0.4417
    for (int i = 0; i < 41; i++) {
      append(reservation(pure("0.1")));
    }
    // 5 of 5 by the sum; of rho 0.61 is long spent
    assertRefused(reservation(pure("0.01")));
  }

  @Test
  void deltaOfAReservation_counts() {
    allow();
    Loss failing = Loss.of(Epsilon.parse("0.01"), Chance.parse("0.0000001"));
    append(reservation(failing));
    append(reservation(failing));
    assertRefused(reservation(failing));
    // by one way of counting it has none: there it fits
    append(reservation(new Loss(failing.epsilon(), failing.delta(), failing.rho(), Chance.ZERO)));
    // and now the other way holds no longer: what is left is what rho leaves
    assertRefused(reservation(pure("1")));
    append(reservation(pure("0.9")));
  }

  @Test
  void freed_givesBackEveryPart() {
    allow();
    Loss all = new Loss(Epsilon.parse("5"), Chance.parse("0.0000002"), Rho.ZERO, Chance.ZERO);
    Reserved reserved = reservation(all);
    append(reserved);
    append(new Freed(reserved.job()));
    append(reservation(all));
    assertEquals(
        Loss.of(Epsilon.ZERO, Chance.ZERO).epsilon().micros(),
        replay.lines().get(KEY).charged().epsilonMicros());
    assertEquals(200_000_000_000L, replay.lines().get(KEY).reserved().deltaAttos());
  }

  /** Whoever asks what, in whatever order: after each step one of the two ways holds for all. */
  @Test
  void anySequence_thatIsRead_keepsOneOfTheTwo() {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      replay = new BudgetReplay();
      allow();
      List<Reserved> open = new ArrayList<>();
      for (int step = 0; step < 250; step++) {
        Reserved next = reservation(loss(random));
        try {
          append(next);
          open.add(next);
        } catch (ProblemException e) {
          assertEquals(ErrorCode.BUDGET_DAMAGED, e.problem().code());
        }
        if (!open.isEmpty() && random.nextInt(3) > 0) {
          Reserved one = open.remove(random.nextInt(open.size()));
          append(random.nextInt(4) == 0 ? new Freed(one.job()) : new Charged(one.job()));
        }
        assertOneHolds();
      }
    }
  }

  private void assertOneHolds() {
    var all = replay.lines().get(KEY).all();
    long failing = FILTER.delta().attos() / 4;
    boolean basic = all.epsilonMicros() <= FILTER.limit().micros() && all.deltaAttos() <= failing;
    boolean concentrated =
        all.rhoPicos() <= FILTER.rhoMost().picos() && all.outsideAttos() <= failing;
    assertEquals(true, basic || concentrated, all.toString());
  }

  private static Loss loss(Random random) {
    Epsilon epsilon = new Epsilon(1 + random.nextLong(200_000));
    Chance delta = random.nextInt(4) == 0 ? new Chance(1L << random.nextInt(36)) : Chance.ZERO;
    return random.nextBoolean()
        ? Loss.of(epsilon, delta)
        : new Loss(epsilon, delta, new Rho(1 + Rho.of(epsilon).picos() / 3), Chance.ZERO);
  }

  @Test
  void entryOfBeforeTheAccountant_isReadAndKeepsItsBytes() {
    String text =
        """
        {"atSeconds":1795000000,"event":{"amounts":[{"epsilon":"0.4","key":{"asset":"shop-a/orders","unit":"phone"}}],"job":"job-abcdefghijklmnop","kind":"reserved","query":"%s"},"number":2,"previous":"%s"}"""
            .formatted(Digest.of("query"), Digest.of("before"));
    BudgetEntry entry = Json.read(text, BudgetEntry.class);
    assertEquals(text, Json.canonicalText(entry));
    Amount amount = ((Reserved) entry.event()).amounts().getFirst();
    assertEquals(pure("0.4"), amount.loss());
    String allowed =
        """
        {"atSeconds":1795000000,"event":{"key":{"asset":"shop-a/orders","unit":"phone"},"kind":"allowed","limit":"1","rate":"0","rateDays":0},"number":1,"previous":"%s"}"""
            .formatted(BudgetEntry.NONE.digest());
    assertEquals(allowed, Json.canonicalText(Json.read(allowed, BudgetEntry.class)));
  }
}
