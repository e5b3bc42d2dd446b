package hesuan.dp.audit;

import hesuan.dp.BitPool;
import hesuan.wire.SecretBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds a pipeline against its promise {@code P(event | D) <= e^epsilon P(event | D') + delta} in
 * both directions. A vote runs it on both databases, picks the threshold event that looks worst in
 * a quarter of the runs, and counts that event in the other runs; it says "broken" if Clopper and
 * Pearson's bounds put the promise out of reach. The majority of the votes decides.
 *
 * <p>A right pipeline gets one such vote with probability at most 4 x 0.001, so is rejected with
 * less than 10^-6. A wrong one may pass: runs this few see no event rarer than about 10^-4.
 */
public final class Auditor {
  private static final int VOTES = 5;
  private static final double ALPHA = 0.001;
  private static final int CALIBRATING = 4; // one run in so many
  private static final int CANDIDATES = 400;

  private final SecretBytes seed;
  private final int draws;

  /**
   * @param draws runs on each of the two databases in each vote
   */
  public Auditor(SecretBytes seed, int draws) {
    if (draws < 100) {
      throw new IllegalArgumentException("draws " + draws);
    }
    this.seed = seed;
    this.draws = draws;
  }

  /**
   * @param against how many votes found the promise broken
   */
  public record Verdict(AuditCase tried, int against, int votes) {
    public boolean rejected() {
      return 2 * against > votes;
    }

    public boolean isMutant() {
      return tried.mutation() != Mutation.NONE;
    }

    /** Mutants are to be rejected, and nothing else. */
    public boolean isRight() {
      return rejected() == isMutant();
    }
  }

  /**
   * What the verdicts come to: an audit that rejects nothing proves nothing.
   *
   * @param rejected of the mutants
   * @param wrong a pipeline that was rejected, or a mutant that was not
   */
  public record Score(int mutants, int rejected, List<Verdict> wrong) {
    public static Score of(List<Verdict> verdicts) {
      List<Verdict> mutants = verdicts.stream().filter(Verdict::isMutant).toList();
      return new Score(
          mutants.size(),
          (int) mutants.stream().filter(Verdict::rejected).count(),
          verdicts.stream().filter(verdict -> !verdict.isRight()).toList());
    }
  }

  public Verdict audit(AuditCase tried) {
    int against = 0;
    for (int vote = 0; vote < VOTES; vote++) {
      BitPool bits = BitPool.of(seed, "audit", tried.name(), tried.mutation().name(), "" + vote);
      against += isBroken(tried, bits) ? 1 : 0;
    }
    return new Verdict(tried, against, VOTES);
  }

  public List<Verdict> audit(List<AuditCase> cases) {
    List<Verdict> verdicts = new ArrayList<>();
    cases.forEach(each -> verdicts.add(audit(each)));
    return verdicts;
  }

  /** An event {@code observed >= from}, or {@code observed < from}, and what it would prove. */
  private record Event(boolean up, long from, double excess) {
    long hits(long[] sorted) {
      int below = below(sorted, from);
      return up ? sorted.length - below : below;
    }
  }

  private boolean isBroken(AuditCase tried, BitPool bits) {
    int calibrating = draws / CALIBRATING;
    long[] with = observed(tried, bits, true, calibrating);
    long[] without = observed(tried, bits, false, calibrating);
    Event up = worst(tried, with, without, true);
    Event down = worst(tried, without, with, false);
    long[] withAgain = observed(tried, bits, true, draws - calibrating);
    long[] withoutAgain = observed(tried, bits, false, draws - calibrating);
    return proves(tried, up, withAgain, withoutAgain)
        || proves(tried, down, withoutAgain, withAgain);
  }

  private static long[] observed(AuditCase tried, BitPool bits, boolean with, int runs) {
    long[] observed = new long[runs];
    for (int i = 0; i < runs; i++) {
      observed[i] = tried.observation().observe(bits, with);
    }
    Arrays.sort(observed);
    return observed;
  }

  /** The event of which there is most too much, in standard deviations. */
  private static Event worst(AuditCase tried, long[] likely, long[] rarely, boolean up) {
    Event worst = new Event(up, up ? Long.MAX_VALUE : Long.MIN_VALUE, Double.NEGATIVE_INFINITY);
    double factor = Math.exp(tried.epsilon());
    int stride = Math.max(1, likely.length / CANDIDATES);
    for (int i = 0; i < likely.length; i += stride) {
      for (long from : new long[] {likely[i], likely[i] + 1}) {
        Event event = new Event(up, from, 0);
        double p = (event.hits(likely) + 0.5) / (likely.length + 1);
        double q = (event.hits(rarely) + 0.5) / (rarely.length + 1);
        double deviation = Math.sqrt(p * (1 - p) + factor * factor * q * (1 - q));
        double excess = (p - factor * q - tried.delta()) / deviation;
        if (excess > worst.excess) {
          worst = new Event(up, from, excess);
        }
      }
    }
    return worst;
  }

  private static boolean proves(AuditCase tried, Event event, long[] likely, long[] rarely) {
    double least = Binomial.lower(event.hits(likely), likely.length, ALPHA);
    double most = Binomial.upper(event.hits(rarely), rarely.length, ALPHA);
    return least > Math.exp(tried.epsilon()) * most + tried.delta();
  }

  private static int below(long[] sorted, long from) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < from) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
