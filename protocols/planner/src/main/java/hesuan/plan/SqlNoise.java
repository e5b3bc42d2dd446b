package hesuan.plan;

import hesuan.aggregate.SecureSumSettings;
import hesuan.dp.Delta;
import hesuan.dp.QueryNoise;
import hesuan.dp.account.GaussianCalibration;
import hesuan.dp.account.PrivacyEvent;
import hesuan.wire.Contract;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the owners of a query's table share the noise ({@code privacy.noise: shared}): how many of
 * them may be unreliable is for the contract to say, since every owner's promise leans on it.
 */
final class SqlNoise {
  private static final Pattern ASSUMPTION =
      Pattern.compile("shared-noise:(\\d{1,4})-of-(\\d{1,4})");

  /** Above so many owners, only a part of them may be unreliable: docs/adr/0034. */
  private static final int SMALL_MAX = 100;

  private static final int PART_OF_MANY = 5;
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  private SqlNoise() {}

  static boolean isShared(JobSpec job) {
    return job.privacy().noise().equals(JobReader.SHARED_NOISE);
  }

  /** What a contract must assume so that this query may run. */
  static String assumption(Plan.DpQuery query, Plan.SharedNoise shared) {
    return "shared-noise:%d-of-%d".formatted(shared.unreliable(), query.products().size());
  }

  /**
   * Half of delta is the selection's where there is one.
   *
   * @return delta of the selection
   */
  static String ofSelection(JobSpec job) {
    BigDecimal delta = new BigDecimal(job.privacy().delta());
    return Fields.plain(isShared(job) ? delta.divide(TWO) : delta);
  }

  /** The query with its noise as the job asks for it. */
  static Plan.DpQuery noised(Plan.DpQuery query, JobSpec job, Contract contract) {
    if (!isShared(job)) {
      return query;
    }
    String delta = query.selection() == null ? job.privacy().delta() : ofSelection(job);
    if (new BigDecimal(delta).signum() <= 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "privacy.delta", "more than 0, such as 1e-7", delta);
    }
    int owners = query.products().size();
    int unreliable = unreliable(contract, owners);
    if (owners > SMALL_MAX && unreliable > owners / PART_OF_MANY) {
      throw new ProblemException(
          ErrorCode.CONTRACT_VIOLATED,
          "contract.assumptions",
          "at most %d of %d owners unreliable".formatted(owners / PART_OF_MANY, owners),
          "" + unreliable);
    }
    Epsilon epsilon =
        query.aggregates().stream()
            .map(Plan.Aggregate::epsilon)
            .reduce(Epsilon.ZERO, Epsilon::plus);
    Rho rho =
        GaussianCalibration.rho(
            epsilon,
            Delta.parse(delta),
            tried -> event(query.withNoise(new Plan.SharedNoise(unreliable, delta, tried))));
    return query.withNoise(new Plan.SharedNoise(unreliable, delta, rho));
  }

  /** What all figures give away together. */
  static PrivacyEvent event(Plan.DpQuery query) {
    return PrivacyEvent.of(QueryNoise.of(query, 1).shielded());
  }

  /** The most that the contract says of so many owners; 1 where it says nothing. */
  private static int unreliable(Contract contract, int owners) {
    int most = 0;
    for (String assumption : contract.assumptions()) {
      Matcher words = ASSUMPTION.matcher(assumption);
      if (words.matches() && Integer.parseInt(words.group(2)) == owners) {
        most = Math.max(most, Integer.parseInt(words.group(1)));
      }
    }
    return Math.clamp(most, 1, owners - 1);
  }

  /**
   * A second sum over other owners, less the first, would show one owner's figures under its share
   * alone. So where a loss is tolerated there is one attempt; and whoever is lost counts among the
   * unreliable, as does whoever reads the sum.
   */
  static void requireOneSum(
      JobSpec job, Plan.DpQuery query, Collection<PartyId> parties, PartyId leader) {
    Plan.SharedNoise shared = query.shared();
    int owners = query.products().size();
    if (shared == null || !query.tolerateLoss() || shared.isWhole(owners)) {
      return;
    }
    SecureSumSettings sum =
        SecureSumSettings.ofShares(
            job.digest(),
            List.copyOf(parties),
            leader,
            1,
            query.products().stream().map(ProductRef::party).toList(),
            shared.unreliable(),
            true);
    if (sum.membersLosable() == 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.onPartyLoss",
          "fail: with %s nobody can be lost, who is counts among the unreliable"
              .formatted(assumption(query, shared)),
          job.run().onPartyLoss());
    }
    if (job.run().attempts() > 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "run.attempts",
          "1 with onPartyLoss continue: two sums of different owners would show one owner's share",
          "" + job.run().attempts());
    }
  }
}
