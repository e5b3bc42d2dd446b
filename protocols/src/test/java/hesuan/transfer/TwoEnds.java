package hesuan.transfer;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Two ends of a protocol in memory; who fails closes its end of the channel, as the runtime does.
 */
public final class TwoEnds<R> {
  public UnaryOperator<Channel> firstWire = channel -> channel;
  public UnaryOperator<Channel> secondWire = channel -> channel;
  public @Nullable R first;
  public @Nullable R second;
  public @Nullable RuntimeException firstFailure;
  public @Nullable RuntimeException secondFailure;
  public long bytes;

  public static SecureRandom seeded(long seed) {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(seed);
      return random;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  public TwoEnds<R> run(Function<Channel, R> one, Function<Channel, R> two) {
    MemoryChannel[] ends = MemoryChannel.pair(new PartyId("first"), new PartyId("second"));
    AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
    Thread other =
        Thread.startVirtualThread(
            () -> {
              try {
                second = two.apply(secondWire.apply(ends[1]));
              } catch (RuntimeException e) {
                failure.set(e);
                ends[1].close();
              }
            });
    try {
      first = one.apply(firstWire.apply(ends[0]));
    } catch (RuntimeException e) {
      firstFailure = e;
      ends[0].close();
    }
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    secondFailure = failure.get();
    bytes = ends[0].bytesSent() + ends[1].bytesSent();
    return this;
  }

  /** Throws on what either end threw: the one that did not just lose its peer first. */
  public TwoEnds<R> orThrow() {
    for (RuntimeException failure : new RuntimeException[] {firstFailure, secondFailure}) {
      if (failure != null
          && !(failure instanceof ProblemException problem
              && problem.problem().code() == ErrorCode.PEER_SILENT)) {
        throw failure;
      }
    }
    if (firstFailure != null) {
      throw firstFailure;
    }
    return this;
  }

  /** Whether an end refused what the other said. */
  public boolean violated() {
    return isViolation(firstFailure) || isViolation(secondFailure);
  }

  private static boolean isViolation(@Nullable RuntimeException failure) {
    return failure instanceof ProblemException problem
        && problem.problem().code() == ErrorCode.PROTOCOL_VIOLATION;
  }
}
