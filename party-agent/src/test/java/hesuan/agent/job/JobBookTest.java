package hesuan.agent.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import hesuan.agent.Agent;
import hesuan.control.Propose;
import hesuan.job.PartyJobState;
import hesuan.store.Store;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.JobId;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobBookTest {
  private static final PartyId SHOP = new PartyId("shop-a");
  private static final PartyId BRAND = new PartyId("brand-b");

  @TempDir Path folder;
  private Store store;
  private JobBook book;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("state.db"), Agent.SCHEMA);
    book = new JobBook(store);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private JobId job(String token, String contract, PartyJobState state) {
    JobId id = JobId.of(BRAND, token);
    Plan plan =
        new Plan(
            id,
            Digest.of("spec of " + token),
            new ContractId(contract),
            Digest.of("contract"),
            "audience.report",
            List.of(SHOP, BRAND),
            BRAND,
            List.of(
                new Plan.ProductPin(
                    ProductRef.parse("shop-a/orders@3"), Digest.of("document"), Digest.of("x"))),
            List.of(
                new Plan.SecureSum(
                    "sum",
                    List.of(ProductRef.parse("shop-a/orders@3")),
                    "city",
                    "x",
                    List.of(),
                    false,
                    List.of(),
                    null,
                    null)),
            List.of(),
            List.of(new Plan.Reveal(BRAND, "table")),
            List.of(),
            List.of(),
            List.of(new JobSpec.Output("table", List.of(BRAND), "aggregate")),
            20,
            600,
            3,
            new Plan.Estimate(1000, 1));
    store.inTransaction(
        "job",
        t -> {
          JobBook.insert(
              t,
              new JobEntry(
                  id, Propose.getDefaultInstance(), plan, state, null, List.of(), null, 1, 2));
          return true;
        });
    return id;
  }

  @Test
  void jobsUnder_countsWhatWasChargedUnderThatContract_butNotTheJobItself() {
    PartyJobState running = new PartyJobState.Running(1, List.of(), null);
    JobId self = job("self", "ctr-one", running);
    job("charged", "ctr-one", new PartyJobState.Charged(1, null, null));
    job("running", "ctr-one", running);
    job("considered", "ctr-one", new PartyJobState.Considered());
    job("declined", "ctr-one", new PartyJobState.Declined(List.of(), false, null));
    job("elsewhere", "ctr-two", running);
    job("likewise", "ctr-one-more", running);
    assertEquals(2, book.jobsUnder("ctr-one", self));
    assertEquals(3, book.jobsUnder("ctr-one", JobId.of(BRAND, "other")));
    assertEquals(1, book.jobsUnder("ctr-two", self));
    assertEquals(0, book.jobsUnder("ctr-three", self));
  }

  @Test
  void find_again_readsTheStateAnew_butNotThePlan() {
    JobId id = job("self", "ctr-one", new PartyJobState.Considered());
    JobEntry before = book.find(id).orElseThrow();
    store.inTransaction(
        "state",
        t -> {
          JobBook.state(t, id, new PartyJobState.Admitted());
          return true;
        });
    JobEntry after = book.find(id).orElseThrow();
    assertEquals(new PartyJobState.Admitted(), after.state());
    assertSame(before.plan(), after.plan());
    assertEquals(List.of(id), book.ids());
  }
}
