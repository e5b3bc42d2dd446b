package hesuan.agent.step;

import hesuan.agent.data.OwnProducts;
import hesuan.agent.data.OwnRows;
import hesuan.group.Workers;
import hesuan.psi.BucketSink;
import hesuan.source.PeopleItems;
import hesuan.wire.Digest;
import hesuan.wire.Plan;
import hesuan.wire.ProductRef;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The people whom this party brings to an intersection, and which of them were found shared, bucket
 * by bucket, also by attempts before this one. Gone when closed, but for a list that was kept.
 */
final class OwnPeople implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnPeople.class);

  private final StepContext context;
  private final Digest session;
  private final String column;
  private final PeopleItems items;
  private final BitSet shared = new BitSet();
  private boolean kept;

  private OwnPeople(StepContext context, Digest session, String column, PeopleItems items) {
    this.context = context;
    this.session = session;
    this.column = column;
    this.items = items;
  }

  /**
   * Reads them from their source, with identifiers where a list is to come of it.
   *
   * @param session the same for all attempts of the job
   * @throws hesuan.wire.ProblemException GROUP_TOO_SMALL where this party receives and brings fewer
   *     than a list may hold; SOURCE_CHANGED
   */
  static OwnPeople read(
      OwnProducts own,
      List<ProductRef> products,
      Digest session,
      StepContext context,
      Workers workers) {
    boolean receives = context.plan().outputs().getFirst().to().contains(context.self());
    try (OwnRows rows = own.open(products).orElseThrow()) {
      PeopleItems items = rows.items(session, receives, workers);
      OwnPeople people = new OwnPeople(context, session, rows.product().id().column(), items);
      try {
        rows.requireUntouched();
        if (receives) {
          PeerSize.requireCrowd(items.size(), context.plan().minGroup());
        }
        return people;
      } catch (RuntimeException e) {
        people.close();
        throw e;
      }
    }
  }

  PeopleItems items() {
    return items;
  }

  String column() {
    return column;
  }

  /** Filled by the sink. */
  BitSet shared() {
    return shared;
  }

  /**
   * The first bucket that no attempt has done. Buckets of another attempt hold the same people
   * under the same numbers if session, size and order are the same.
   */
  int firstOpen() {
    Digest run = Digest.of(session + "/" + items.size() + "/" + items.order());
    return context.doneBuckets().open(run);
  }

  /** Collects what buckets give, and stores it for another attempt. */
  BucketSink sink() {
    return new BucketSink() {
      @Override
      public void begin(int first, int buckets) {
        context.doneBuckets().begin(first, buckets, shared);
        if (buckets > 1) {
          LOG.info("{} begins with bucket {} of {}", context.plan().job(), first, buckets);
        }
      }

      @Override
      public void done(int bucket, int[] matches) {
        for (int number : matches) {
          shared.set(number);
        }
        context.doneBuckets().done(bucket, matches);
      }
    };
  }

  /** The list of these; whoever has it closes it, and with it these people. */
  KeptPeople keep(BitSet chosen, Plan.ListFormat format) {
    kept = true;
    return new KeptPeople(
        column,
        new KeptPeople.Ids() {
          @Override
          public void forEach(PeopleItems.Visitor visitor) throws IOException {
            items.forEach(chosen, visitor);
          }

          @Override
          public void close() {
            items.close();
          }
        },
        format);
  }

  @Override
  public void close() {
    if (!kept) {
      items.close();
    }
  }
}
