package hesuan.psi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverlapTest {
  /** Group of an id under the tests' grouping column: the id modulo the groups; some have none. */
  private static int groupOf(int id, int groups) {
    return id % 7 == 6 ? -1 : id % groups;
  }

  private static Set<Integer> range(int from, int to) {
    Set<Integer> ids = new TreeSet<>();
    IntStream.range(from, to).forEach(ids::add);
    return ids;
  }

  private static List<Long> join(List<Set<Integer>> sets, int groups) {
    Long[] counts = new Long[groups];
    java.util.Arrays.fill(counts, 0L);
    for (int id : sets.get(0)) {
      int group = groupOf(id, groups);
      if (group >= 0 && sets.stream().allMatch(set -> set.contains(id))) {
        counts[group]++;
      }
    }
    return List.of(counts);
  }

  private static void assertJoin(List<Set<Integer>> sets, int groups) {
    Run run = new Run(sets, groups, id -> groupOf(id, groups));
    run.start();
    assertEquals(join(sets, groups), run.outcome().noisyCounts());
    assertEquals(Set.of(run.outcome().transcript()), run.transcripts());
  }

  @ParameterizedTest
  @CsvSource({"0,0", "0,5", "5,0", "1,1", "2,1", "31,31", "97,13", "13,97", "2500,300"})
  void twoParties_countLikeAJoin(int leader, int helper) {
    assertJoin(List.of(range(0, leader), range(0, helper)), 3);
    assertJoin(List.of(range(0, leader), range(leader / 2, leader / 2 + helper)), 1);
  }

  @ParameterizedTest
  @CsvSource({"0,0,0", "0,3,5", "1,1,1", "1,0,1", "31,37,41", "101,7,300", "10,2300,10"})
  void threeParties_countLikeAJoin(int leader, int first, int second) {
    assertJoin(List.of(range(0, leader), range(0, first), range(0, second)), 4);
    assertJoin(List.of(range(0, leader), range(5, 5 + first), range(3, 3 + second)), 1);
  }

  @Test
  void fourAndFiveParties_countLikeAJoin() {
    assertJoin(List.of(range(0, 40), range(2, 60), range(4, 70), range(0, 30)), 3);
    assertJoin(List.of(range(0, 40), range(2, 60), range(4, 70), range(0, 30), range(8, 50)), 2);
  }

  @Test
  void allDifferent_countsNothing() {
    assertJoin(List.of(range(0, 50), range(50, 100)), 2);
    assertJoin(List.of(range(0, 50), range(50, 100), range(100, 150)), 2);
  }

  @Test
  void pairwiseMembers_areNotCounted() {
    assertJoin(List.of(range(0, 50), range(0, 50), range(100, 150)), 2);
    assertJoin(List.of(range(0, 50), range(100, 150), range(0, 50)), 2);
  }

  @Test
  void noise_ofEveryHelper_isInTheCounts() {
    List<Set<Integer>> sets = List.of(range(0, 30), range(0, 30), range(0, 30));
    Run run = new Run(sets, 2, id -> id % 2);
    int offset = run.parameters.offset(0);
    run.noise = helper -> group -> offset + (helper == 0 ? 3 + group : -3 * group);
    run.start();
    assertEquals(List.of(15L + 3, 15L + 4 - 3), run.outcome().noisyCounts());

    run = new Run(sets, 2, id -> id % 2);
    run.noise = helper -> group -> helper == 0 ? 0 : 2 * offset;
    run.start();
    assertEquals(List.of(15L, 15L), run.outcome().noisyCounts());
  }

  /** A mutant that sends fewer fillers would show the noise in the length; lengths are checked. */
  @Test
  void bytesSent_doNotDependOnTheNoise() {
    Set<Long> sizes = new TreeSet<>();
    for (int part = 0; part < 3; part++) {
      Run run = new Run(List.of(range(0, 9), range(0, 9)), 2, id -> id % 2);
      int draw = part * run.parameters.offset(0);
      run.noise = helper -> group -> draw;
      run.start();
      run.outcome();
      sizes.add(run.bytesSent());
    }
    assertEquals(1, sizes.size());
  }

  @Test
  void noise_outsideItsRange_isADefect() {
    Run run = new Run(List.of(range(0, 9), range(0, 9)), 2, id -> id % 2);
    run.noise = helper -> group -> 2 * run.parameters.offset(0) + 1;
    run.start();
    assertTrue(run.failures().stream().anyMatch(e -> e instanceof IllegalArgumentException));
  }

  @Test
  void itemsOfNoGroup_travelLikeOthers() {
    Set<Long> sizes = new TreeSet<>();
    for (Function<Integer, Integer> group :
        List.<Function<Integer, Integer>>of(id -> -1, id -> id % 2)) {
      Run run = new Run(List.of(range(0, 20), range(0, 20)), 2, group);
      run.start();
      sizes.add(run.bytesSent());
      long sum = run.outcome().noisyCounts().stream().mapToLong(Long::longValue).sum();
      assertEquals(group.apply(0) < 0 ? 0 : 20, sum);
    }
    assertEquals(1, sizes.size());
  }

  @Test
  void differentParameters_stopBothSidesAtTheOpening() {
    Run run = new Run(List.of(range(0, 9), range(0, 9)), 2, id -> id % 2);
    run.helperParameters =
        new OverlapParameters(
            Digest.of("another session"),
            run.parameters.leader(),
            run.parameters.helpers(),
            2,
            run.parameters.delta());
    run.start();
    assertEquals(2, run.failures().size());
    for (Throwable e : run.failures()) {
      assertEquals(ErrorCode.PROTOCOL_VIOLATION, ((ProblemException) e).problem().code());
    }
  }

  @Test
  void parameters_digest_dependsOnEveryField() {
    Run run = new Run(List.of(Set.of(), Set.of(), Set.of()), 2, id -> 0);
    OverlapParameters p = run.parameters;
    List<OverlapParameters.Helper> swapped = new ArrayList<>(p.helpers()).reversed();
    List<OverlapParameters.Helper> dearer =
        List.of(
            p.helpers().get(0),
            new OverlapParameters.Helper(p.helpers().get(1).party(), Epsilon.parse("2.5")));
    Set<Digest> digests =
        Set.of(
            p.digest(),
            new OverlapParameters(Digest.of("b"), p.leader(), p.helpers(), 2, "0.01").digest(),
            new OverlapParameters(p.session(), p.leader(), swapped, 2, "0.01").digest(),
            new OverlapParameters(p.session(), p.leader(), dearer, 2, "0.01").digest(),
            new OverlapParameters(p.session(), p.leader(), p.helpers(), 3, "0.01").digest(),
            new OverlapParameters(p.session(), p.leader(), p.helpers(), 2, "0.011").digest());
    assertEquals(6, digests.size());
  }

  @Test
  void parameters_thatNeedTooManyDummies_areRefused() {
    Run run = new Run(List.of(Set.of(), Set.of()), 1, id -> 0);
    List<OverlapParameters.Helper> stingy =
        List.of(
            new OverlapParameters.Helper(
                run.parameters.helpers().get(0).party(), Epsilon.parse("0.001")));
    ProblemException e =
        assertThrows(
            ProblemException.class,
            () ->
                new OverlapParameters(
                    run.parameters.session(), run.parameters.leader(), stingy, 500, "0.000001"));
    assertEquals(ErrorCode.INVALID_VALUE, e.problem().code());
  }

  @Test
  void repeatedOwnKeys_areADefectOfTheCaller() {
    byte[] keys = new byte[64];
    assertThrows(IllegalArgumentException.class, () -> Inputs.checked(keys));
  }
}
