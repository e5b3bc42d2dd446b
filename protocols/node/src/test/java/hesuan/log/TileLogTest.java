package hesuan.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.evidence.Checkpoint;
import hesuan.evidence.Envelope;
import hesuan.evidence.Merkle;
import hesuan.evidence.MerkleTree;
import hesuan.evidence.Predicate;
import hesuan.evidence.Receipt;
import hesuan.evidence.ReceiptVerifier;
import hesuan.evidence.SigningKeys;
import hesuan.evidence.Statement;
import hesuan.evidence.TrustedKeys;
import hesuan.evidence.Verification;
import hesuan.log.MemoryDisk.Crash;
import hesuan.wire.ContractId;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.SecretBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TileLogTest {
  private static final String FEDERATION = "example.org";
  private static final long NOW = 1_790_000_000L;
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(NOW), ZoneOffset.UTC);
  private static final SecureRandom RANDOM =
      new SecureRandom(); // salts: nothing here depends on them
  private static final SigningKeys OWNER = keys("brand-a");
  private static final SigningKeys OTHER = keys("mall-b");
  private static final TrustedKeys TRUSTED =
      TrustedKeys.always(FEDERATION, List.of(OWNER.publicKeys(), OTHER.publicKeys()));

  private static SigningKeys keys(String party) {
    byte[] secret = new byte[65];
    new Random(party.hashCode()).nextBytes(secret);
    secret[0] = 1;
    return SigningKeys.importSecret(new PartyId(party), new SecretBytes(secret));
  }

  private static Envelope statement(SigningKeys speaker, int number) {
    return new Statement(
            Statement.Kind.CONTRACT,
            new Predicate.Agreement(
                speaker.party(),
                new ContractId("ctr-" + number),
                Digest.of("contract " + number),
                NOW - 5,
                null))
        .sign(speaker);
  }

  private static TileLog open(Disk disk) throws IOException {
    return TileLog.open(disk, OWNER, FEDERATION, CLOCK, RANDOM);
  }

  private static void assertVerifies(Receipt receipt) {
    Verification result = ReceiptVerifier.verify(receipt, TRUSTED);
    assertInstanceOf(Verification.Verified.class, result, () -> "" + result.checks());
  }

  @Test
  void append_givesAReceiptThatVerifies_alsoOfAnotherSpeaker() throws IOException {
    TileLog log = open(new MemoryDisk());
    assertVerifies(log.append(statement(OWNER, 1)));
    Receipt second = log.append(statement(OTHER, 2), OTHER.publicKeys(), List.of(), List.of());
    assertVerifies(second);
    assertEquals(1, second.index());
    assertVerifies(log.prove(0));
    assertEquals(second, log.find(statement(OTHER, 2).digest()).orElseThrow());
  }

  @Test
  void append_sameEnvelopeAgain_isTheSameEntry() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    Receipt first = log.append(statement(OWNER, 1));
    assertEquals(first, log.append(statement(OWNER, 1)));
    assertEquals(first, open(disk).append(statement(OWNER, 1)));
    assertEquals(1, log.size());
  }

  @Test
  void append_envelopeThatDoesNotVerify_isRefusedAndNothingIsWritten() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    List<String> before = disk.paths();
    assertThrows(ProblemException.class, () -> log.append(statement(OTHER, 1)));
    assertEquals(before, disk.paths());
    assertEquals(0, log.size());
  }

  @Test
  void append_salts_areNeverRepeated() throws IOException {
    TileLog log = open(new MemoryDisk());
    assertFalse(
        log.append(statement(OWNER, 1)).salt().equals(log.append(statement(OWNER, 2)).salt()));
  }

  @Test
  void files_haveTheNamesOfTheTilesLayout(@TempDir Path directory) throws IOException {
    try (TileLog log = TileLog.open(directory, OWNER, FEDERATION, CLOCK, RANDOM)) {
      for (int i = 0; i < 257; i++) {
        log.append(statement(OWNER, i));
      }
      assertTrue(log.fsck().sound(), () -> log.fsck().faults().toString());
    }
    for (String name :
        List.of(
            "checkpoint",
            "tile/0/000",
            "tile/0/001.p/1",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/1")) {
      assertTrue(Files.exists(directory.resolve(name)), name);
    }
    byte[] rootOfTheFull = Files.readAllBytes(directory.resolve("tile/1/000.p/1"));
    byte[] full = Files.readAllBytes(directory.resolve("tile/0/000"));
    assertEquals(256 * 32, full.length);
    assertArrayEquals(TileTree.rootOf(full, 0, 256), rootOfTheFull);
    assertEquals("x001/x234/067", Tiles.number(1_234_067));
    assertEquals("tile/3/x123/456.p/7", Tiles.tile(3, 123_456, 7));
  }

  @Test
  void open_whileAnotherHasItOpen_isRefused(@TempDir Path directory) {
    try (TileLog log = TileLog.open(directory, OWNER, FEDERATION, CLOCK, RANDOM)) {
      ProblemException refused =
          assertThrows(
              ProblemException.class,
              () -> TileLog.open(directory, OWNER, FEDERATION, CLOCK, RANDOM));
      assertEquals(ErrorCode.ENVIRONMENT, refused.problem().code());
      log.append(statement(OWNER, 1));
    }
    try (TileLog again = TileLog.open(directory, OWNER, FEDERATION, CLOCK, RANDOM)) {
      assertEquals(1, again.size());
    }
  }

  @Test
  void append_fromManyThreads_isOneEntryEach_andSharesCheckpoints() throws Exception {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    List<Envelope> envelopes = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      envelopes.add(statement(OWNER, i));
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Receipt>> receipts = new ArrayList<>();
      for (int round = 0; round < 2; round++) {
        for (Envelope each : envelopes) {
          receipts.add(threads.submit(() -> log.append(each)));
        }
      }
      for (Future<Receipt> each : receipts) {
        assertVerifies(each.get());
      }
    }
    assertEquals(60, log.size());
    assertTrue(log.fsck().sound());
  }

  /** The world ends before every single effect of five appends that fill one tile. */
  @ParameterizedTest
  @EnumSource(Crash.class)
  void crash_anywhere_losesNothingAcknowledged_andRepeatsNothing(Crash crash) throws IOException {
    MemoryDisk base = new MemoryDisk();
    TileLog before = open(base);
    for (int i = 0; i < 253; i++) {
      before.append(statement(OWNER, i));
    }
    List<Envelope> envelopes = new ArrayList<>();
    for (int i = 253; i < 258; i++) {
      envelopes.add(statement(OWNER, i));
    }
    int effects = effectsOf(base.after(Crash.KEEPS_ALL), envelopes);
    assertTrue(effects > 50, "appends have effects: " + effects);
    for (int point = 0; point < effects; point++) {
      MemoryDisk disk = base.after(Crash.KEEPS_ALL);
      disk.crashAfter(point);
      List<Receipt> acknowledged = appendUntilTheEnd(disk, envelopes);
      MemoryDisk found = disk.after(crash);
      found.crashAfter(point % 7); // and the recovery is cut off too
      appendUntilTheEnd(found, List.of());
      assertRecovers(found.after(crash), acknowledged, envelopes, crash + " at " + point);
    }
  }

  private static int effectsOf(MemoryDisk disk, List<Envelope> envelopes) {
    appendUntilTheEnd(disk, envelopes);
    return disk.effects();
  }

  private static List<Receipt> appendUntilTheEnd(MemoryDisk disk, List<Envelope> envelopes) {
    List<Receipt> acknowledged = new ArrayList<>();
    try {
      TileLog log = open(disk);
      for (Envelope each : envelopes) {
        acknowledged.add(log.append(each));
      }
    } catch (IOException | UncheckedIOException e) {
      // the end
    }
    return acknowledged;
  }

  private static void assertRecovers(
      MemoryDisk disk, List<Receipt> acknowledged, List<Envelope> envelopes, String when)
      throws IOException {
    TileLog log = open(disk);
    for (Receipt each : acknowledged) {
      Receipt now = log.find(each.envelopeDigest()).orElseThrow(() -> new AssertionError(when));
      assertEquals(each.index(), now.index(), when);
      assertEquals(each.salt(), now.salt(), when);
      Checkpoint then = Checkpoint.unverified(each.checkpoint());
      Checkpoint today = Checkpoint.unverified(log.checkpoint());
      assertTrue(
          Merkle.consistent(
              then.size(),
              then.root(),
              today.size(),
              today.root(),
              log.proveConsistency(then.size())),
          when);
    }
    for (Envelope each : envelopes) {
      log.append(each);
    }
    assertEquals(253 + envelopes.size(), log.size(), when);
    assertVerifies(log.prove(254));
    if (when.hashCode() % 8 == 0) { // reads everything: on some of them
      assertTrue(log.fsck().sound(), () -> when + ": " + log.fsck().faults());
    }
  }

  @Test
  void append_afterAnIoError_isRefusedUntilReopened() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    disk.crashAfter(4);
    assertThrows(UncheckedIOException.class, () -> log.append(statement(OWNER, 1)));
    disk.crashAfter(Integer.MAX_VALUE);
    assertThrows(IllegalStateException.class, () -> log.append(statement(OWNER, 1)));
    assertVerifies(open(disk).append(statement(OWNER, 1)));
  }

  @Test
  void bitRot_inAnyFile_isFoundByFsckOrOnOpening() throws IOException {
    MemoryDisk sound = new MemoryDisk();
    TileLog log = open(sound);
    for (int i = 0; i < 3; i++) {
      log.append(statement(OWNER, i));
    }
    Random random = new Random(3);
    for (String path : sound.paths()) {
      if (path.contains(".p/") && !path.endsWith(".p/3")) {
        continue; // partial tiles of earlier sizes: nothing reads them any more
      }
      MemoryDisk rotten = sound.after(Crash.KEEPS_ALL);
      rotten.flipBit(path, random.nextInt(rotten.read(path).orElseThrow().length));
      boolean found;
      try {
        found = !open(rotten).fsck().sound();
      } catch (ProblemException e) {
        found = true;
      }
      assertTrue(found, path);
    }
  }

  @Test
  void open_checkpointOfAnotherLog_isRefused() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    log.append(statement(OWNER, 1));
    assertThrows(
        ProblemException.class, () -> TileLog.open(disk, OTHER, FEDERATION, CLOCK, RANDOM));
    assertThrows(
        ProblemException.class, () -> TileLog.open(disk, OWNER, "example.net", CLOCK, RANDOM));
  }

  @Test
  void open_checkpointSetBackByHand_neverShowsTwoHistoriesUnnoticed() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    log.append(statement(OWNER, 1));
    byte[] old = disk.read("checkpoint").orElseThrow();
    Receipt second = log.append(statement(OWNER, 2));
    disk.write("checkpoint", old);
    TileLog restored = open(disk);
    assertEquals(2, restored.size(), "the records beyond it are integrated again");
    assertEquals(
        Checkpoint.unverified(second.checkpoint()), Checkpoint.unverified(restored.checkpoint()));
  }

  @Test
  void open_recordsBehindAGap_areForgotten() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileLog log = open(disk);
    byte[] empty = disk.read("checkpoint").orElseThrow();
    log.append(statement(OWNER, 1));
    log.append(statement(OWNER, 2));
    disk.write("checkpoint", empty);
    disk.delete("records/000." + statement(OWNER, 1).digest() + ".json");
    TileLog restored = open(disk);
    assertEquals(0, restored.size());
    restored.append(statement(OWNER, 3));
    restored.append(statement(OWNER, 4));
    assertTrue(open(disk).fsck().sound());
  }

  @Test
  void tiles_over65536Leaves_proveLikeAPlainTree() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    TileTree tiles = TileTree.empty(disk);
    MerkleTree plain = new MerkleTree();
    Random random = new Random(11);
    List<byte[]> hashes = new ArrayList<>();
    while (tiles.size() < 70_000) {
      List<byte[]> leaves = new ArrayList<>();
      for (int i = random.nextInt(3000); i >= 0; i--) {
        byte[] leaf = ("leaf " + hashes.size()).getBytes(StandardCharsets.UTF_8);
        leaves.add(leaf);
        hashes.add(Merkle.leafHash(leaf));
        plain.append(hashes.getLast());
      }
      for (var file : tiles.append(leaves).entrySet()) {
        disk.write(file.getKey(), file.getValue());
      }
      assertEquals(plain.root(), tiles.root());
    }
    TileTree loaded = TileTree.load(disk, tiles.size());
    assertEquals(plain.root(), loaded.root());
    for (int i = 0; i < 200; i++) {
      int index = random.nextInt(hashes.size());
      assertTrue(
          Merkle.includes(
              hashes.get(index),
              index,
              loaded.size(),
              Merkle.inclusionProof(loaded, index, loaded.size()),
              plain.root()));
    }
  }
}
