package hesuan.agent.budget;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import hesuan.dp.account.Loss;
import hesuan.dp.account.PrivacyFilter;
import hesuan.wire.BudgetHead;
import hesuan.wire.Chance;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobId;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.ProductRef;
import hesuan.wire.Rho;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an entry of the budget's chain says. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = BudgetEvent.Allowed.class, name = "allowed"),
  @JsonSubTypes.Type(value = BudgetEvent.Reserved.class, name = "reserved"),
  @JsonSubTypes.Type(value = BudgetEvent.Charged.class, name = "charged"),
  @JsonSubTypes.Type(value = BudgetEvent.Freed.class, name = "freed"),
  @JsonSubTypes.Type(value = BudgetEvent.Repeated.class, name = "repeated"),
  @JsonSubTypes.Type(value = BudgetEvent.Resolved.class, name = "resolved"),
  @JsonSubTypes.Type(value = BudgetEvent.QueriesAllowed.class, name = "queriesAllowed"),
  @JsonSubTypes.Type(value = BudgetEvent.QueriesReserved.class, name = "queriesReserved"),
  @JsonSubTypes.Type(value = BudgetEvent.QueriesCharged.class, name = "queriesCharged"),
  @JsonSubTypes.Type(value = BudgetEvent.QueriesChargedAgain.class, name = "queriesChargedAgain"),
  @JsonSubTypes.Type(value = BudgetEvent.QueriesFreed.class, name = "queriesFreed")
})
public sealed interface BudgetEvent {
  /** What a budget is kept for: the people whom one id column of one product names. */
  record Key(String asset, String unit) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int byAsset = asset.compareTo(other.asset);
      return byAsset != 0 ? byAsset : unit.compareTo(other.unit);
    }
  }

  /**
   * What a job costs one product, in full. Entries of before the accountant say epsilon alone: rho
   * is what follows from it, and what their deltas came to was written off in one entry later.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Amount(
      Key key,
      Epsilon epsilon,
      @Nullable Chance delta,
      @Nullable Rho rho,
      @Nullable Chance outside) {
    public Amount {
      if ((delta == null) != (rho == null) || (delta == null) != (outside == null)) {
        throw new ProblemException(
            ErrorCode.BUDGET_DAMAGED, key.asset(), "delta, rho and outside, or none", "some");
      }
    }

    Amount(Key key, Loss loss) {
      this(key, loss.epsilon(), loss.delta(), loss.rho(), loss.outside());
    }

    Loss loss() {
      return delta == null || rho == null || outside == null
          ? Loss.of(epsilon, Chance.ZERO)
          : new Loss(epsilon, delta, rho, outside);
    }
  }

  /**
   * The owner's word, in place of the one before; what is spent stays spent.
   *
   * @param limit for the product's life
   * @param rate at most in any {@code rateDays} in a row; without meaning where those are 0
   * @param delta with which the limit may fail; null in entries of before the accountant, by which
   *     epsilons were added and deltas not bounded
   * @param rhoMost what limit and delta allow of rho; null where delta is
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Allowed(
      Key key,
      Epsilon limit,
      Epsilon rate,
      int rateDays,
      @Nullable Chance delta,
      @Nullable Rho rhoMost)
      implements BudgetEvent {
    Allowed(Key key, PrivacyFilter filter, Epsilon rate, int rateDays) {
      this(
          key,
          filter.limit(),
          rate,
          rateDays,
          filter.delta(),
          filter.delta() == null ? null : filter.rhoMost());
    }

    PrivacyFilter filter() {
      return new PrivacyFilter(limit, delta, rhoMost == null ? Rho.ZERO : rhoMost);
    }
  }

  /**
   * @param query the canonical query that the job asks ({@link CanonicalQuery})
   */
  record Reserved(JobId job, Digest query, List<Amount> amounts) implements BudgetEvent {
    public Reserved {
      amounts = List.copyOf(amounts);
    }
  }

  record Charged(JobId job) implements BudgetEvent {}

  record Freed(JobId job) implements BudgetEvent {}

  /** The job asks what was charged before, gets the same noise, and costs nothing. */
  record Repeated(JobId job, Digest query) implements BudgetEvent {}

  /**
   * The owner's word on a ledger that was rolled back: the entries up to the lost heads are gone,
   * and this much counts as spent for them. The numbers between are never given again. Without lost
   * heads: what an agent of before had spent and this chain does not hold.
   */
  record Resolved(List<BudgetHead.Head> lost, List<Amount> spent) implements BudgetEvent {
    public Resolved {
      lost = List.copyOf(lost);
      spent = List.copyOf(spent);
    }
  }

  /** Who may ask of which product, of whatever version. */
  record QueryKey(String asset, PartyId by) implements Comparable<QueryKey> {
    @Override
    public int compareTo(QueryKey other) {
      int byAsset = asset.compareTo(other.asset);
      return byAsset != 0 ? byAsset : by.compareTo(other.by);
    }
  }

  /**
   * Items of which one job tells a counterparty whether they are in a product.
   *
   * @param lookup by a filter that lives as long as the version does
   * @param usual what may be asked where the owner has not said how much
   */
  record Query(ProductRef product, PartyId by, boolean lookup, long items, long usual) {
    QueryKey key() {
      return new QueryKey(product.asset(), by);
    }
  }

  /**
   * The owner's word on how many items a counterparty may ask, in place of the one before and of
   * what is usual; what was asked stays asked.
   *
   * @param limit null: as many as it likes
   */
  record QueriesAllowed(QueryKey key, @Nullable Long limit) implements BudgetEvent {}

  record QueriesReserved(JobId job, List<Query> queries) implements BudgetEvent {
    public QueriesReserved {
      queries = List.copyOf(queries);
    }
  }

  record QueriesCharged(JobId job) implements BudgetEvent {}

  /** An attempt of a job that was answered before is answered too: it may ask of other people. */
  record QueriesChargedAgain(JobId job, PartyId by) implements BudgetEvent {}

  record QueriesFreed(JobId job) implements BudgetEvent {}
}
