package hesuan.psi.many;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.psi.IntersectionParameters;
import hesuan.psi.IntersectionParameters.Engine;
import hesuan.psi.ItemSource;
import hesuan.wire.Digest;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The plain intersection is the oracle. */
class ManyIntersectionTest {
  private static final int BUCKET = IntersectionParameters.BUCKET_ITEMS;

  static List<Integer> ids(int from, int to) {
    List<Integer> ids = new ArrayList<>(IntStream.range(from, to).boxed().toList());
    Collections.shuffle(ids, new Random(from * 31L + to));
    return ids;
  }

  /** Sets in which every person is with every party by a coin, so all pairs share people. */
  private static List<List<Integer>> random(int parties, int people, double share, long seed) {
    Random random = new Random(seed);
    List<List<Integer>> sets = new ArrayList<>();
    for (int p = 0; p < parties; p++) {
      List<Integer> set = new ArrayList<>();
      for (int person = 0; person < people; person++) {
        if (random.nextDouble() < share) {
          set.add(person);
        }
      }
      Collections.shuffle(set, random);
      sets.add(set);
    }
    return sets;
  }

  private static int[] plain(List<List<Integer>> sets, int party) {
    Set<Integer> shared = new HashSet<>(sets.getFirst());
    sets.forEach(shared::retainAll);
    List<Integer> own = sets.get(party);
    return IntStream.range(0, own.size()).filter(i -> shared.contains(own.get(i))).toArray();
  }

  private static Circle assertIntersection(ManyParameters parameters, List<List<Integer>> sets) {
    Circle circle = new Circle().run(parameters, sets);
    Set<Digest> transcripts = new HashSet<>();
    for (int p = 0; p < sets.size(); p++) {
      ManyOutcome outcome = circle.outcome(p);
      boolean learns = parameters.receivers().contains(Circle.party(p));
      assertEquals(learns, outcome.learns());
      assertArrayEquals(
          learns ? plain(sets, p) : new int[0],
          outcome.matches(),
          parameters + " at " + p + " of " + sets.stream().map(List::size).toList());
      for (int q = 0; q < sets.size(); q++) {
        assertEquals(
            IntersectionParameters.announced(sets.get(q).size(), parameters.sizeStep()),
            outcome.sizes().get(Circle.party(q)));
      }
      transcripts.add(outcome.transcript());
    }
    assertEquals(1, transcripts.size());
    return circle;
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 6, 7, 8, 9, 10})
  void anyNumberOfParties_andOfReceivers(int parties) {
    for (int receivers = 1; receivers <= parties; receivers += parties / 2) {
      assertIntersection(
          Circle.parameters(Engine.VOLE, parties, receivers, BUCKET, 1),
          random(parties, 130, 0.85, parties));
    }
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void smallAndUnequalSizes(Engine engine) {
    int[] sizes = {0, 1, 2, 31, 97, 64};
    for (int i = 0; i < sizes.length; i++) {
      List<List<Integer>> sets = new ArrayList<>();
      for (int p = 0; p < 3; p++) {
        int size = sizes[(i + p * p) % sizes.length];
        sets.add(ids(0, size));
      }
      assertIntersection(Circle.parameters(engine, 3, 1 + i % 3, BUCKET, 1), sets);
    }
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void allEqual_allDifferent_andOnlyPairsInCommon(Engine engine) {
    ManyParameters parameters = Circle.parameters(engine, 4, 4, BUCKET, 1);
    assertIntersection(parameters, List.of(ids(0, 61), ids(0, 61), ids(0, 61), ids(0, 61)));
    assertIntersection(parameters, List.of(ids(0, 61), ids(61, 90), ids(90, 99), ids(99, 140)));
    assertIntersection(parameters, List.of(ids(0, 61), ids(0, 61), ids(0, 61), ids(61, 122)));
    assertIntersection(parameters, List.of(ids(0, 20), ids(20, 40), ids(0, 40), ids(0, 40)));
  }

  /** One party's set decides alone, whichever it is: a mutant that leaves its store out fails. */
  @Test
  void everyParty_canLeaveAnItemOut() {
    for (int parties : new int[] {3, 5}) {
      for (int without = 0; without < parties; without++) {
        List<List<Integer>> sets = new ArrayList<>();
        for (int p = 0; p < parties; p++) {
          sets.add(p == without ? ids(7, 20) : ids(0, 20));
        }
        assertIntersection(Circle.parameters(Engine.VOLE, parties, 3, BUCKET, 1), sets);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Engine.class)
  void buckets_ofTheLargestSet(Engine engine) {
    ManyParameters parameters = Circle.parameters(engine, 4, 3, 64, 1);
    assertIntersection(parameters, List.of(ids(0, 200), ids(50, 201), ids(60, 190), ids(0, 170)));
    assertIntersection(parameters, List.of(ids(0, 9), ids(3, 7), ids(0, 40), ids(0, 300)));
    assertIntersection(parameters, List.of(ids(0, 300), ids(0, 150), ids(0, 0), ids(0, 30)));
  }

  @Test
  void sizesWithAStep_areHidden() {
    ManyParameters parameters = Circle.parameters(Engine.VOLE, 3, 3, 64, 50);
    Set<String> bytes = new HashSet<>();
    for (int size : new int[] {0, 1, 49, 50}) {
      Circle circle =
          assertIntersection(parameters, List.of(ids(0, 80), ids(0, size), ids(0, size)));
      bytes.add(lengths(circle, 3));
    }
    assertEquals(1, bytes.size());
  }

  private static String lengths(Circle circle, int parties) {
    List<Long> all = new ArrayList<>();
    for (int a = 0; a < parties; a++) {
      for (int b = 0; b < parties; b++) {
        if (a != b) {
          all.add(circle.bytes(a, b));
        }
      }
    }
    return all.toString();
  }

  /** Nothing that travels has a length that tells what two parties share, or all. */
  @Test
  void lengths_dependOnSizesOnly() {
    for (int receivers : new int[] {1, 2, 4}) {
      ManyParameters parameters = Circle.parameters(Engine.VOLE, 4, receivers, BUCKET, 1);
      Set<String> bytes = new HashSet<>();
      for (int from : new int[] {0, 10, 40}) {
        Circle circle =
            new Circle()
                .run(parameters, List.of(ids(0, 40), ids(from, from + 40), ids(0, 40), ids(0, 40)));
        circle.outcome(3);
        bytes.add(lengths(circle, 4));
      }
      assertEquals(1, bytes.size());
    }
  }

  @Test
  void bucketsDone_areNotDoneAgain_whoeverLacksThem() {
    ManyParameters parameters = Circle.parameters(Engine.VOLE, 3, 3, 64, 1);
    List<List<Integer>> sets = List.of(ids(0, 250), ids(0, 250), ids(0, 250));
    Circle whole = assertIntersection(parameters, sets);
    Circle rest = new Circle();
    rest.firstOpen.put(Circle.party(0), 3);
    rest.firstOpen.put(Circle.party(1), 4);
    rest.firstOpen.put(Circle.party(2), 2);
    rest.run(parameters, sets);
    for (int p = 0; p < 3; p++) {
      assertEquals(List.of(0, 1, 2, 3), whole.bucketsDone.get(Circle.party(p)));
      assertEquals(List.of(2, 3), rest.bucketsDone.get(Circle.party(p)));
      int[] matches = rest.outcome(p).matches();
      assertTrue(matches.length > 60 && matches.length < 200, "" + matches.length);
    }
  }

  /** Whoever takes items into memory refuses them, for two parties and for many. */
  @Test
  void repeatedItems_areADefectOfTheCaller() {
    long[] items = Circle.blocks(List.of(4, 5, 6, 5));
    assertThrows(IllegalArgumentException.class, () -> ItemSource.of(items));
  }

  @Test
  void parameters_refuseWhatHidesNothing() {
    for (int parties : new int[] {2, 11}) {
      assertThrows(
          RuntimeException.class, () -> Circle.parameters(Engine.VOLE, parties, 1, BUCKET, 1));
    }
    ManyParameters good = Circle.parameters(Engine.VOLE, 4, 2, BUCKET, 1);
    // Another receiver, without the pivot who would prove the list to it.
    assertThrows(
        ProblemException.class,
        () ->
            ManyParameters.of(
                good.session(),
                good.leader(),
                good.pivot(),
                good.others(),
                List.of(good.leader(), good.others().getFirst()),
                Engine.VOLE));
    assertThrows(
        ProblemException.class,
        () ->
            ManyParameters.of(
                good.session(),
                good.leader(),
                good.leader(),
                good.others(),
                List.of(good.leader()),
                Engine.VOLE));
  }

  @Test
  void parameters_digest_dependsOnEveryField() {
    ManyParameters good = Circle.parameters(Engine.VOLE, 4, 2, BUCKET, 1);
    Set<Digest> digests = new HashSet<>();
    digests.add(good.digest());
    digests.add(Circle.parameters(Engine.ECDH, 4, 2, BUCKET, 1).digest());
    digests.add(Circle.parameters(Engine.VOLE, 5, 2, BUCKET, 1).digest());
    digests.add(Circle.parameters(Engine.VOLE, 4, 3, BUCKET, 1).digest());
    digests.add(Circle.parameters(Engine.VOLE, 4, 2, 64, 1).digest());
    digests.add(Circle.parameters(Engine.VOLE, 4, 2, BUCKET, 2).digest());
    digests.add(
        ManyParameters.of(
                good.session(),
                good.pivot(),
                good.leader(),
                good.others(),
                good.receivers(),
                Engine.VOLE)
            .digest());
    digests.add(
        ManyParameters.of(
                Digest.of("another"),
                good.leader(),
                good.pivot(),
                good.others(),
                good.receivers(),
                Engine.VOLE)
            .digest());
    assertEquals(8, digests.size());
  }

  /** Two items look alike in any of the buckets with at most 2^-40, not in each. */
  @Test
  void tags_areLongEnoughForAllBucketsTogether() {
    ManyParameters parameters = Circle.parameters(Engine.VOLE, 3, 1, BUCKET, 1);
    for (int logLoad = 6; logLoad <= 21; logLoad++) {
      for (int logBuckets = 0; logBuckets <= 7; logBuckets++) {
        int bytes =
            parameters
                .centres(Digest.of("a bucket"), 1 << logBuckets)
                .tagBytes(1 << logLoad, 1 << logLoad);
        assertTrue(8 * bytes >= 40 + 2 * logLoad + logBuckets, logLoad + ", " + logBuckets);
      }
    }
  }

  @Test
  void geometries_areSharedByLikeSizes_andAtMostTwiceTheOwn() {
    for (int largest : new int[] {0, 1, 2, 100, 1000, 1 << 20}) {
      for (int load : new int[] {0, 1, 2, 3, 99, 100, 1000, 700_000}) {
        if (load <= largest) {
          int room = ManyParameters.geometry(largest, load).keys();
          assertTrue(room >= load && room <= Math.max(1, largest), largest + ", " + load);
          assertTrue(room <= 2 * Math.max(1, load), largest + ", " + load + ": " + room);
        }
      }
    }
    assertEquals(
        ManyParameters.geometry(1000, 1000).keys(), ManyParameters.geometry(1000, 501).keys());
  }
}
