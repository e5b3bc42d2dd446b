package hesuan.agent.budget;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import hesuan.wire.BudgetHead;
import hesuan.wire.Digest;
import hesuan.wire.Epsilon;
import hesuan.wire.JobId;
import java.util.List;

/** What an entry of the budget's chain says. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = BudgetEvent.Allowed.class, name = "allowed"),
  @JsonSubTypes.Type(value = BudgetEvent.Reserved.class, name = "reserved"),
  @JsonSubTypes.Type(value = BudgetEvent.Charged.class, name = "charged"),
  @JsonSubTypes.Type(value = BudgetEvent.Freed.class, name = "freed"),
  @JsonSubTypes.Type(value = BudgetEvent.Repeated.class, name = "repeated"),
  @JsonSubTypes.Type(value = BudgetEvent.Resolved.class, name = "resolved")
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

  record Amount(Key key, Epsilon epsilon) {}

  /**
   * The owner's word, in place of the one before; what is spent stays spent.
   *
   * @param limit for the product's life
   * @param rate at most in any {@code rateDays} in a row; without meaning where those are 0
   */
  record Allowed(Key key, Epsilon limit, Epsilon rate, int rateDays) implements BudgetEvent {}

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
   * and this much counts as spent for them. The numbers between are never given again.
   */
  record Resolved(List<BudgetHead.Head> lost, List<Amount> spent) implements BudgetEvent {
    public Resolved {
      lost = List.copyOf(lost);
      spent = List.copyOf(spent);
    }
  }
}
