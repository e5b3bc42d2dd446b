package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.channel.Channel;
import hesuan.channel.HandOn;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostilePeerTest {
  private static final int COUNT = 2000;

  private static Run tampered(byte tag, boolean bySender, UnaryOperator<byte[]> change) {
    Run run = new Run(COUNT, true);
    if (bySender) {
      run.senderWire = channel -> changed(channel, tag, change);
    } else {
      run.receiverWire = channel -> changed(channel, tag, change);
    }
    return run.start();
  }

  /** Changes what this end sends under one tag. */
  private static Channel changed(Channel end, byte victim, UnaryOperator<byte[]> change) {
    return new HandOn(
        end, (to, tag, body) -> to.send(tag, tag == victim ? change.apply(body) : body));
  }

  private static void assertCaught(Run run) {
    assertTrue(
        run.receiverFailure instanceof ProblemException
            || run.senderFailure instanceof ProblemException,
        () -> run.receiverFailure + " " + run.senderFailure);
    assertTrue(
        isViolation(run.receiverFailure) || isViolation(run.senderFailure),
        () -> run.receiverFailure + " " + run.senderFailure);
  }

  private static boolean isViolation(@org.jspecify.annotations.Nullable RuntimeException failure) {
    return failure instanceof ProblemException problem
        && problem.problem().code() == ErrorCode.PROTOCOL_VIOLATION;
  }

  /** Of the sender: opening, points, challenge, trees, answer; of the receiver: the others. */
  @ParameterizedTest
  @CsvSource({
    "1,true", "3,true", "6,true", "8,true", "10,true", "1,false", "2,false", "4,false", "5,false",
    "7,false", "9,false"
  })
  void message_ofAnotherLength_isRefused(byte tag, boolean bySender) {
    assertCaught(tampered(tag, bySender, body -> Arrays.copyOf(body, body.length - 1)));
    assertCaught(tampered(tag, bySender, body -> Arrays.copyOf(body, body.length + 1)));
  }

  /** A flipped bit: refused, or of no effect (a sum that the receiver did not choose). */
  @ParameterizedTest
  @CsvSource({
    "1,true", "3,true", "6,true", "8,true", "10,true", "1,false", "2,false", "4,false", "5,false",
    "7,false", "9,false"
  })
  void message_flippedBit_neverGivesAWrongResult(byte tag, boolean bySender) {
    int caught = 0;
    for (double where : new double[] {0, 0.3, 0.51, 0.7, 1}) {
      Run run =
          tampered(
              tag,
              bySender,
              body -> {
                body[(int) (where * (body.length - 1))] ^= 4;
                return body;
              });
      if (run.receiverFailure == null && run.senderFailure == null) {
        assertEquals(0, run.wrong());
      } else {
        assertCaught(run);
        caught++;
      }
    }
    assertTrue(caught >= 1, "not once");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void trees_bothSumsOfALevelChanged_areCaught(boolean lastLevel) {
    TreeLayout layout = VolePlan.of(COUNT).layout();
    int level = lastLevel ? layout.depth() - 1 : 3;
    assertCaught(
        tampered(
            Peer.TREES,
            true,
            body -> {
              int at = (5 * layout.depth() + level) * 32;
              body[at + 7] ^= 1;
              body[at + 16 + 7] ^= 1;
              return body;
            }));
  }

  @Test
  void trees_closingElementChanged_isCaught() {
    assertCaught(
        tampered(
            Peer.TREES,
            true,
            body -> {
              body[body.length - 16 * 300] ^= (byte) 0x80;
              return body;
            }));
  }

  @Test
  void corrections_unlikeInSomeGroups_areCaught() {
    assertCaught(
        tampered(
            Peer.CORRECTIONS,
            false,
            body -> {
              for (int group = 0; group < 6; group++) {
                body[body.length / GroupSeeds.GROUPS * group + 9] ^= 1;
              }
              return body;
            }));
  }

  /** Where nothing comes after the short method, its own check must see it. */
  @Test
  void corrections_unlikeInSomeGroupsOfAShortRun_areCaught() {
    Run run = new Run(100, true);
    run.receiverWire =
        channel ->
            changed(
                channel,
                Peer.CORRECTIONS,
                body -> {
                  for (int group = 0; group < 6; group++) {
                    body[body.length / GroupSeeds.GROUPS * group + 9] ^= 1;
                  }
                  return body;
                });
    assertTrue(isViolation(run.start().senderFailure));
  }

  /** Without the checks the same lie goes through, so it is they that catch it. */
  @Test
  void trees_semiHonestRun_doesNotNotice() {
    Run run = new Run(COUNT, false);
    run.senderWire =
        channel ->
            changed(
                channel,
                Peer.TREES,
                body -> {
                  body[body.length - 16 * 300] ^= (byte) 0x80;
                  return body;
                });
    assertTrue(run.start().wrong() > 0);
  }

  @Test
  void opening_otherParameters_isRefusedByBoth() {
    for (VoleParameters other :
        new VoleParameters[] {
          new VoleParameters(Digest.of("another"), COUNT, true),
          new VoleParameters(Digest.of("run"), COUNT + 1, true),
          new VoleParameters(Digest.of("run"), COUNT, false)
        }) {
      Run run = new Run(COUNT, true);
      run.senderParameters = other;
      run.start();
      assertTrue(isViolation(run.receiverFailure) && isViolation(run.senderFailure));
    }
  }

  @Test
  void opening_sameRoleTwice_isRefusedByBoth() throws Exception {
    MemoryChannel[] ends = MemoryChannel.pair(new PartyId("one"), new PartyId("two"));
    VoleParameters parameters = new VoleParameters(Digest.of("run"), COUNT, true);
    Future<?> other =
        Executors.newVirtualThreadPerTaskExecutor()
            .submit(() -> new VoleReceiver(parameters, Run.seeded(1), Workers.ONE).run(ends[1]));
    VoleReceiver receiver = new VoleReceiver(parameters, Run.seeded(2), Workers.ONE);
    assertThrows(ProblemException.class, () -> receiver.run(ends[0]));
    assertThrows(ExecutionException.class, other::get);
  }

  @Test
  void baseTransfers_notAnElement_isRefused() {
    byte[] identity = new byte[32];
    byte[] notCanonical = new byte[32];
    Arrays.fill(notCanonical, (byte) 0xff);
    byte[] negative = new byte[32];
    negative[0] = 1;
    for (byte[] bad : new byte[][] {identity, notCanonical, negative}) {
      Run key = tampered(Peer.BASE_KEY, false, body -> bad.clone());
      assertTrue(isViolation(key.senderFailure));
    }
    for (byte[] bad : new byte[][] {notCanonical, negative}) {
      Run points =
          tampered(
              Peer.BASE_POINTS,
              true,
              body -> {
                System.arraycopy(bad, 0, body, 64 * 17, 32);
                return body;
              });
      assertTrue(isViolation(points.receiverFailure));
    }
  }
}
