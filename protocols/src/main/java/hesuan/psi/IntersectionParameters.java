package hesuan.psi;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;

/**
 * What both parties of one intersection agree on; its digest opens the conversation, so two parties
 * with different ideas stop before anything else is sent.
 *
 * @param session binds the run to its job, step and attempt (a digest of them all), and keys the
 *     {@link ItemBlocks}. Where buckets that an earlier attempt finished are to be kept, it leaves
 *     the attempt out: the blocks decide which item is in which bucket.
 * @param receiver learns which of its items the sender has too
 * @param bothLearn the sender then also learns which of its items the receiver has
 * @param bucketItems larger inputs are split into independent runs of about that many items
 * @param sizeStep what a party says of its size is rounded up to a multiple of this; 1 tells it
 *     exactly
 * @param runs of how many that belong together this is one: no two different items look alike in
 *     any of them, but with the probability that one run alone would have
 */
public record IntersectionParameters(
    Digest session,
    PartyId receiver,
    PartyId sender,
    Engine engine,
    boolean bothLearn,
    int bucketItems,
    int sizeStep,
    int runs) {
  static final int VERSION = 1;
  static final String PROTOCOL = "hesuan/intersection/" + VERSION;

  /** Items of one party, padding included. */
  public static final int ITEMS_MAX = 1 << 27;

  /** So that a million with its padding is one bucket. */
  public static final int BUCKET_ITEMS = 5 << 18;

  public static final int BUCKET_ITEMS_MIN = 64;
  public static final int BUCKET_ITEMS_MAX = 1 << 22;

  /** Two different items look alike anywhere in a run with at most this probability, 2^-40. */
  static final int STATISTICAL_BITS = 40;

  /** How an item becomes a value that only holders of the item can know. */
  public enum Engine {
    /** Diffie-Hellman in ristretto255: fewest assumptions, 0.1 ms an item. */
    ECDH("ecdh"),
    /** Vector oblivious linear evaluation over a key-value store, parties that follow it. */
    VOLE("vole"),
    /** The same, against a peer that does not. */
    VOLE_MALICIOUS("vole-malicious");

    private final String label;

    Engine(String label) {
      this.label = label;
    }

    /** The name in jobs, documents and digests. */
    public String label() {
      return label;
    }
  }

  public IntersectionParameters {
    if (receiver.equals(sender)) {
      throw invalid("parties", "two different ones", receiver.value() + " twice");
    }
    if (bucketItems < BUCKET_ITEMS_MIN || bucketItems > BUCKET_ITEMS_MAX) {
      throw invalid("bucketItems", BUCKET_ITEMS_MIN + " to " + BUCKET_ITEMS_MAX, "" + bucketItems);
    }
    if (sizeStep < 1 || sizeStep > ITEMS_MAX) {
      throw invalid("sizeStep", "1 to " + ITEMS_MAX, "" + sizeStep);
    }
    if (runs < 1 || runs > ITEMS_MAX) {
      throw invalid("runs", "1 to " + ITEMS_MAX, "" + runs);
    }
  }

  /** A run that stands alone. */
  public IntersectionParameters(
      Digest session,
      PartyId receiver,
      PartyId sender,
      Engine engine,
      boolean bothLearn,
      int bucketItems,
      int sizeStep) {
    this(session, receiver, sender, engine, bothLearn, bucketItems, sizeStep, 1);
  }

  /** With the usual bucket and sizes that are told exactly. */
  public static IntersectionParameters of(
      Digest session, PartyId receiver, PartyId sender, Engine engine, boolean bothLearn) {
    return new IntersectionParameters(
        session, receiver, sender, engine, bothLearn, BUCKET_ITEMS, 1);
  }

  private static ProblemException invalid(String at, String expected, String found) {
    return new ProblemException(ErrorCode.INVALID_VALUE, at, expected, found);
  }

  /** The size that a party with that many items tells; with a step it is never zero. */
  int announced(int items) {
    return announced(items, sizeStep);
  }

  /** The same for any intersection with that step. */
  public static int announced(int items, int sizeStep) {
    long steps = Math.max(sizeStep == 1 ? 0 : 1, ((long) items + sizeStep - 1) / sizeStep);
    long announced = steps * sizeStep;
    if (announced > ITEMS_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "items", "at most " + ITEMS_MAX, "" + announced);
    }
    return (int) announced;
  }

  /** Bytes of a tag that travels, for announced sizes: 40 bits and the logarithms of both. */
  public int tagBytes(int receiverItems, int senderItems) {
    return switch (engine) {
      case ECDH, VOLE ->
          Math.max(
              8,
              Math.ceilDiv(
                  STATISTICAL_BITS + bits(receiverItems) + bits(senderItems) + bits(runs), 8));
      case VOLE_MALICIOUS -> 16;
    };
  }

  /** The logarithm to base 2, rounded up. */
  private static int bits(int value) {
    return value <= 1 ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(value - 1);
  }

  public Digest digest() {
    return Digest.of(
        String.join(
            "\n",
            PROTOCOL,
            session.hex(),
            receiver.value(),
            sender.value(),
            engine.label(),
            bothLearn ? "both" : "receiver",
            "" + bucketItems,
            "" + sizeStep,
            "" + runs));
  }
}
