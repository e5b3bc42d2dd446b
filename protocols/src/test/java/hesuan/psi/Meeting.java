package hesuan.psi;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One intersection in memory, each party on its own thread. A party that fails closes its channel,
 * as the runtime does.
 */
final class Meeting {
  static final PartyId RECEIVER = new PartyId("shop-r");
  static final PartyId SENDER = new PartyId("brand-s");

  final List<Throwable> failures = new CopyOnWriteArrayList<>();
  @Nullable IntersectionOutcome receiver;
  @Nullable IntersectionOutcome sender;
  long receiverBytes;
  long senderBytes;

  /** Wraps the end of one party: a test's way to lie or to listen. */
  UnaryOperator<Channel> receiverWire = channel -> channel;

  UnaryOperator<Channel> senderWire = channel -> channel;
  @Nullable IntersectionParameters senderParameters;
  Workers workers = Workers.ONE;
  int receiverFirst;
  int senderFirst;
  SizeCheck senderCheck = SizeCheck.NONE;
  final List<Integer> bucketsDone = new CopyOnWriteArrayList<>();

  static IntersectionParameters parameters(IntersectionParameters.Engine engine, boolean both) {
    return IntersectionParameters.of(Digest.of("meeting"), RECEIVER, SENDER, engine, both);
  }

  static long[] blocks(Digest session, Collection<Integer> ids) {
    ItemBlocks blocks = new ItemBlocks(session);
    ids.forEach(id -> blocks.add("id-" + id));
    return blocks.toArray();
  }

  Meeting run(
      IntersectionParameters parameters,
      Collection<Integer> receiverIds,
      Collection<Integer> senderIds) {
    return run(
        parameters,
        blocks(parameters.session(), receiverIds),
        blocks(parameters.session(), senderIds));
  }

  Meeting run(IntersectionParameters parameters, long[] receiverItems, long[] senderItems) {
    MemoryChannel[] ends = MemoryChannel.pair(RECEIVER, SENDER);
    List<Thread> threads = new ArrayList<>();
    threads.add(
        guarded(
            ends[0],
            () -> {
              CollectedMatches matches = new CollectedMatches();
              IntersectionEnd end =
                  new IntersectionReceiver(
                          parameters, receiverItems, workers, Run.seeded(receiverItems.length))
                      .run(
                          receiverWire.apply(ends[0]),
                          receiverFirst,
                          (bucket, numbers) -> {
                            bucketsDone.add(bucket);
                            matches.done(bucket, numbers);
                          });
              receiver = outcome(true, matches, end);
            }));
    threads.add(
        guarded(
            ends[1],
            () -> {
              IntersectionParameters own = senderParameters == null ? parameters : senderParameters;
              CollectedMatches matches = new CollectedMatches();
              IntersectionEnd end =
                  new IntersectionSender(
                          own,
                          ItemSource.of(senderItems),
                          senderCheck,
                          workers,
                          Run.seeded(senderItems.length + 1))
                      .run(senderWire.apply(ends[1]), senderFirst, matches);
              sender = outcome(own.bothLearn(), matches, end);
            }));
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    receiverBytes = ends[0].bytesSent();
    senderBytes = ends[1].bytesSent();
    return this;
  }

  private static IntersectionOutcome outcome(
      boolean learns, CollectedMatches matches, IntersectionEnd end) {
    return new IntersectionOutcome(learns, matches.ascending(), end.peerItems(), end.transcript());
  }

  private Thread guarded(MemoryChannel end, Runnable role) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                role.run();
              } catch (RuntimeException | Error e) {
                failures.add(e);
                end.close();
              }
            });
  }

  IntersectionOutcome receiver() {
    return present(receiver);
  }

  IntersectionOutcome sender() {
    return present(sender);
  }

  private IntersectionOutcome present(@Nullable IntersectionOutcome outcome) {
    if (outcome == null) {
      AssertionError error = new AssertionError("no outcome");
      failures.forEach(error::addSuppressed);
      throw error;
    }
    return outcome;
  }
}
