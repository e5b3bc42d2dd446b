package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One run in memory; who fails closes its end of the channel, as the runtime does. */
final class Run {
  final VoleParameters parameters;
  VoleParameters senderParameters;
  UnaryOperator<Channel> receiverWire = channel -> channel;
  UnaryOperator<Channel> senderWire = channel -> channel;
  long seed = 1;
  Workers workers = Workers.ONE;
  long bytes;
  @Nullable VoleShares receiver;
  @Nullable VoleSenderShares sender;
  @Nullable RuntimeException receiverFailure;
  @Nullable RuntimeException senderFailure;

  Run(int count, boolean malicious) {
    parameters = new VoleParameters(Digest.of("run"), count, malicious);
    senderParameters = parameters;
  }

  static SecureRandom seeded(long seed) {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(seed);
      return random;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  Run start() {
    MemoryChannel[] ends = MemoryChannel.pair(new PartyId("receiver"), new PartyId("sender"));
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    Thread other =
        Thread.startVirtualThread(
            () -> {
              try {
                sender =
                    new VoleSender(senderParameters, seeded(2 * seed), workers)
                        .run(senderWire.apply(ends[1]));
              } catch (RuntimeException e) {
                failure.set(e);
                ends[1].close();
              }
            });
    try {
      receiver =
          new VoleReceiver(parameters, seeded(2 * seed + 1), workers)
              .run(receiverWire.apply(ends[0]));
    } catch (RuntimeException e) {
      receiverFailure = e;
      ends[0].close();
    }
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    senderFailure = failure.get();
    bytes = ends[0].bytesSent() + ends[1].bytesSent();
    return this;
  }

  /** Elements for which c is not a Delta + b. */
  int wrong() {
    VoleShares shares = java.util.Objects.requireNonNull(receiver, () -> "" + receiverFailure);
    VoleSenderShares theirs = java.util.Objects.requireNonNull(sender, () -> "" + senderFailure);
    if (shares.count() != parameters.count() || theirs.count() != parameters.count()) {
      throw new AssertionError(shares.count() + " and " + theirs.count() + " elements");
    }
    long[] delta = {theirs.delta0(), theirs.delta1()};
    long[] product = new long[2];
    int wrong = 0;
    for (int i = 0; i < shares.count(); i++) {
      Gf128.multiply(product, 0, shares.a(), i, delta, 0);
      boolean holds =
          (product[0] ^ theirs.b()[2 * i]) == shares.c()[2 * i]
              && (product[1] ^ theirs.b()[2 * i + 1]) == shares.c()[2 * i + 1];
      wrong += holds ? 0 : 1;
    }
    return wrong;
  }
}
