package hesuan.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class JobJsonTest {
  private static final PartyId A = new PartyId("brand-a");
  private static final PartyId B = new PartyId("mall-b");
  private static final Digest D = Digest.of("d");
  private static final Problem PROBLEM = new Problem(ErrorCode.PEER_SILENT, "mall-b", "a", "b");
  private static final Refusal REFUSAL = new Refusal(null, "plan", PROBLEM, "");
  private static final JobState.Receipts RECEIPTS = new JobState.Receipts(false, List.of(A));

  static Stream<JobState> jobStates() {
    return Stream.of(
        new JobState.Proposed(List.of(A)),
        new JobState.Countersigned(1, null),
        new JobState.Countersigned(2, PROBLEM),
        new JobState.Running(2, List.of(new JobState.StepDone(A, "answer"))),
        new JobState.Releasing(2),
        new JobState.Done(2, D, RECEIPTS),
        new JobState.Refused(List.of(REFUSAL), null, RECEIPTS),
        new JobState.Failed(1, B, PROBLEM, D, RECEIPTS),
        new JobState.Aborted(A, null, RECEIPTS),
        new JobState.Expired(List.of(B), null, RECEIPTS));
  }

  static Stream<PartyJobState> partyJobStates() {
    return Stream.of(
        new PartyJobState.Considered(),
        new PartyJobState.Admitted(),
        new PartyJobState.Declined(List.of(REFUSAL), true, D),
        new PartyJobState.Charged(1, PROBLEM, null),
        new PartyJobState.Running(1, List.of("answer"), null),
        new PartyJobState.AwaitingRelease(1, D),
        new PartyJobState.Released(1, D, List.of(B), null),
        new PartyJobState.Settled(JobVerdict.DONE, null, true, D, List.of(B), null, D));
  }

  @ParameterizedTest
  @MethodSource("jobStates")
  void jobState_roundTrips(JobState state) {
    assertEquals(state, Json.read(Json.canonical(state), JobState.class));
  }

  @ParameterizedTest
  @MethodSource("partyJobStates")
  void partyJobState_roundTrips(PartyJobState state) {
    assertEquals(state, Json.read(Json.canonical(state), PartyJobState.class));
  }

  @Test
  void verdict_roundTrips() {
    PartyVerdict verdict = new PartyVerdict(A, List.of(new Refusal(A, "r", PROBLEM, "c")));
    assertEquals(verdict, Json.read(Json.canonical(verdict), PartyVerdict.class));
    assertEquals(
        "{\"party\":\"brand-a\",\"refusals\":[]}", Json.canonicalText(PartyVerdict.admitted(A)));
  }

  @ParameterizedTest
  @EnumSource(TransitionName.class)
  void transition_hasBothItsSteps(TransitionName name) {
    assertEquals(name.before(), StepName.of(name.before().text()));
    assertNotEquals(name.before(), name.after());
  }

  @Test
  void steps_areThoseOfTheTransitions() {
    assertEquals(
        List.of(StepName.values()),
        Arrays.stream(TransitionName.values())
            .flatMap(n -> Stream.of(n.before(), n.after()))
            .toList());
  }

  @Test
  void jobId_isThatOfSubmitterAndToken() {
    assertEquals(JobId.of(A, "token"), JobId.of(A, "token"));
    assertNotEquals(JobId.of(A, "token"), JobId.of(B, "token"));
    assertNotEquals(JobId.of(new PartyId("ab"), "c"), JobId.of(new PartyId("abc"), ""));
  }
}
