package hesuan.agent.lookup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.agent.budget.Budget;
import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.PublishRequest;
import hesuan.channel.MemoryChannel;
import hesuan.evidence.SigningKeys;
import hesuan.group.Workers;
import hesuan.policy.PartySettings;
import hesuan.policy.PolicyEngine;
import hesuan.psi.ItemBlocks;
import hesuan.psi.QueryBudget;
import hesuan.psi.UnbalancedAsker;
import hesuan.psi.UnbalancedDataset;
import hesuan.psi.UnbalancedFilter;
import hesuan.psi.UnbalancedHolder;
import hesuan.psi.UnbalancedParameters;
import hesuan.store.Store;
import hesuan.wire.Digest;
import hesuan.wire.Disclosure;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real store, real files and real questions to what was prepared. */
class PreparedSetsTest {
  private static final PartyId HOLDER = new PartyId("mall-b");
  private static final PartyId ASKER = new PartyId("brand-a");
  private static final ProductRef FIRST = ProductRef.parse("mall-b/visits@1");
  private static final ProductRef SECOND = ProductRef.parse("mall-b/visits@2");
  private static final ProductRef THIRD = ProductRef.parse("mall-b/visits@3");
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-21T08:00:00Z"), ZoneOffset.UTC);

  @TempDir Path home;
  private final SecureRandom random = new SecureRandom();
  private Store store;
  private SigningKeys keys;
  private OwnProducts own;
  private PreparedSets sets;
  private KeptFilters filters;

  @BeforeEach
  void open() {
    store = Store.open(home.resolve("state.db"), Agent.SCHEMA);
    keys = SigningKeys.generate(HOLDER, random);
    AgentConfig config = new AgentConfig(HOLDER, "fed", "c:1", "c:2", null, null, "c:3", 256, 1);
    own =
        new OwnProducts(
            store,
            keys,
            PolicyEngine.builtIn(PartySettings.defaults()),
            Budget.open(store, CLOCK),
            home.resolve("tmp"),
            config,
            CLOCK,
            random);
    restart();
  }

  @AfterEach
  void close() {
    keys.close();
    store.close();
  }

  private void restart() {
    sets = new PreparedSets(home.resolve("own"), store, own, Workers.ONE, random);
    sets.restarted();
    filters = new KeptFilters(home.resolve("others"), store, random);
    filters.removeUnknown();
  }

  private static String phone(int person) {
    return "138%08d".formatted(person);
  }

  private void publish(int from, int to) throws IOException {
    Path file = home.resolve("visits-" + from + "-" + to + ".csv");
    StringBuilder rows = new StringBuilder("phone\n");
    for (int i = from; i < to; i++) {
      rows.append(phone(i)).append('\n');
    }
    Files.writeString(file, rows);
    own.publish(
        new PublishRequest(
            "visits",
            "visits",
            Json.mapper().createObjectNode().put("kind", "csv").put("path", file.toString()),
            new Product.Id("phone", IdRule.PHONE_CN),
            List.of(
                new Product.DisclosureRule(
                    "phone",
                    Disclosure.JOIN_KEY,
                    List.of(ASKER.value()),
                    List.of("audience"),
                    LocalDate.of(2027, 1, 1))),
            new Product.Terms(20, Epsilon.parse("1")),
            null,
            Epsilon.parse("1"),
            null,
            null));
  }

  private record Asked(List<Integer> found, long holderBytes, UnbalancedFilter filter) {}

  /** Which of the people from 0 to 99 are in the set. */
  private Asked ask(UnbalancedDataset set, @Nullable UnbalancedFilter cached) throws Exception {
    MemoryChannel[] ends = MemoryChannel.pair(ASKER, HOLDER);
    UnbalancedParameters parameters =
        new UnbalancedParameters(Digest.of("job"), ASKER, HOLDER, set.version(), 1);
    Thread holder =
        Thread.ofPlatform()
            .start(
                () ->
                    new UnbalancedHolder(parameters, set, QueryBudget.upTo(1000), Workers.ONE)
                        .run(ends[1]));
    ItemBlocks blocks = new ItemBlocks(set.version().dataset());
    for (int i = 0; i < 100; i++) {
      blocks.add(normalised(i));
    }
    UnbalancedAsker.Answer answer =
        new UnbalancedAsker(parameters, blocks.toArray(), cached, Workers.ONE, random).run(ends[0]);
    holder.join();
    List<Integer> found = new ArrayList<>();
    for (int match : answer.outcome().matches()) {
      found.add(match);
    }
    return new Asked(found, ends[1].bytesSent(), answer.filter());
  }

  private static byte[] normalised(int person) {
    var normaliser = new hesuan.ids.IdNormaliser(IdRule.PHONE_CN);
    assertEquals(hesuan.ids.IdNormaliser.Verdict.NORMALISED, normaliser.accept(phone(person)));
    return java.util.Arrays.copyOf(normaliser.bytes(), normaliser.length());
  }

  private static List<Integer> range(int from, int to) {
    return java.util.stream.IntStream.range(from, to).boxed().toList();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(home.resolve("own"))) {
      return all.toList();
    }
  }

  private long rows() {
    return store.read(
        "rows",
        t -> t.one("SELECT count(*) FROM prepared_set", row -> row.getLong(1)).orElseThrow());
  }

  @Test
  void prepared_isMadeOnce_andTheSameAfterARestart() throws Exception {
    publish(0, 200);
    UnbalancedDataset made = sets.of(FIRST);
    assertEquals(200, made.items());
    assertEquals(range(0, 100), ask(made, null).found());
    restart();
    UnbalancedDataset again = sets.of(FIRST);
    assertEquals(made.filter().digest(), again.filter().digest());
    assertEquals(range(0, 100), ask(again, made.filter()).found());
    assertEquals(1, files().size());
    assertEquals(made.version(), sets.ahead(FIRST, Duration.ofSeconds(9)).orElseThrow().version());
  }

  @Test
  void nextVersion_isMadeOfTheOneBefore_andSendsOnlyWhatChanged() throws Exception {
    publish(0, 200);
    UnbalancedDataset first = sets.of(FIRST);
    publish(10, 220);
    restart();
    UnbalancedDataset second = sets.of(SECOND);
    assertEquals(first.version(), second.version());
    assertEquals(1, second.revision());
    assertEquals(210, second.items());
    assertEquals(range(10, 100), ask(second, first.filter()).found());
    Asked whole = ask(second, null);
    assertEquals(range(10, 100), whole.found());
    assertTrue(ask(second, whole.filter()).holderBytes() < whole.holderBytes());
    // the version before stands as it was
    assertEquals(range(0, 100), ask(sets.of(FIRST), null).found());
  }

  @Test
  void muchChanged_beginsAnewUnderAnotherKey() throws Exception {
    publish(0, 200);
    UnbalancedDataset first = sets.of(FIRST);
    publish(1000, 1200);
    UnbalancedDataset second = sets.of(SECOND);
    assertNotEquals(first.version(), second.version());
    assertEquals(0, second.revision());
    assertEquals(List.of(), ask(second, null).found());
  }

  @Test
  void withdrawn_destroysTheSeed_andWhatSharedItIsMadeAnew() throws Exception {
    publish(0, 200);
    sets.of(FIRST);
    publish(0, 201);
    UnbalancedDataset second = sets.of(SECOND);
    own.withdraw(FIRST);
    sets.forget(FIRST);
    assertEquals(0, rows());
    assertEquals(List.of(), files());
    assertEquals(
        ErrorCode.WITHDRAWN,
        assertThrows(ProblemException.class, () -> sets.of(FIRST)).problem().code());
    UnbalancedDataset anew = sets.of(SECOND);
    assertNotEquals(second.version(), anew.version());
    assertEquals(range(0, 100), ask(anew, null).found());
  }

  @Test
  void withdrawnJustBeforeAKill_isDestroyedAtTheNextStart() throws Exception {
    publish(0, 200);
    sets.of(FIRST);
    own.withdraw(FIRST);
    restart();
    assertEquals(0, rows());
    assertEquals(List.of(), files());
  }

  @Test
  void killWhileMaking_leavesNothing_andADamagedFileIsMadeAnewUnderAnotherKey() throws Exception {
    publish(0, 200);
    UnbalancedDataset first = sets.of(FIRST);
    Path stray = home.resolve("own/visits-9-00.part");
    Files.writeString(stray, "half");
    byte[] bytes =
        Files.readAllBytes(
            files().stream().filter(f -> !f.equals(stray)).findFirst().orElseThrow());
    restart();
    assertFalse(Files.exists(stray));
    Path file = files().getFirst();
    assertArrayEquals(bytes, Files.readAllBytes(file));
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    restart();
    UnbalancedDataset anew = sets.of(FIRST);
    assertNotEquals(first.version(), anew.version());
    assertEquals(range(0, 100), ask(anew, null).found());
    publish(0, 202);
    assertEquals(1, sets.of(SECOND).revision());
    publish(0, 203);
    assertEquals(2, sets.of(THIRD).revision());
  }

  @Test
  void file_holdsNoIdentifierInClear() throws Exception {
    publish(0, 200);
    sets.of(FIRST);
    String bytes =
        new String(
            Files.readAllBytes(files().getFirst()), java.nio.charset.StandardCharsets.ISO_8859_1);
    assertFalse(bytes.contains(phone(7).substring(3)));
  }

  @Test
  void filterOfAnother_isKeptByProduct_andAskedForAgainWhereItIsDamaged() throws Exception {
    publish(0, 200);
    UnbalancedDataset first = sets.of(FIRST);
    UnbalancedFilter got = ask(first, null).filter();
    filters.keep(FIRST.asset(), got);
    restart();
    assertEquals(
        Optional.of(got.digest()),
        filters.find(FIRST.asset(), first.version()).map(UnbalancedFilter::digest));
    assertEquals(Optional.empty(), filters.find("mall-b/other", first.version()));
    publish(0, 201);
    filters.keep(FIRST.asset(), sets.of(SECOND).filter());
    try (Stream<Path> all = Files.list(home.resolve("others"))) {
      List<Path> kept = all.toList();
      assertEquals(1, kept.size());
      byte[] bytes = Files.readAllBytes(kept.getFirst());
      bytes[bytes.length - 1] ^= 1;
      Files.write(kept.getFirst(), bytes);
    }
    assertEquals(Optional.empty(), filters.find(FIRST.asset(), first.version()));
  }
}
