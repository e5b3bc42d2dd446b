package hesuan.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import hesuan.wire.Chance;
import hesuan.wire.Epsilon;
import org.jspecify.annotations.Nullable;

/**
 * How one product's budget stands, as its owner tells somebody who plans a job. Nothing in it
 * depends on data: charges follow from plans alone.
 *
 * @param delta with which the limit may fail; null: the owner has said none, and epsilons are added
 * @param charged the least epsilon that holds for what is charged, whichever way it is counted
 * @param reserved by how much more what is reserved would make it
 * @param left the largest epsilon of one more job without a delta
 * @param leftNow less than {@code left} where the owner bounds the rate
 * @param jobsLeft how many jobs like the one that is planned fit into what is left; null: it costs
 *     nothing
 * @param endsOn the day it ends on at the rate of the last days; null: nothing was charged in these
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BudgetStand(
    String asset,
    String unit,
    Epsilon limit,
    @Nullable Chance delta,
    Epsilon reserved,
    Epsilon charged,
    Epsilon left,
    Epsilon leftNow,
    @Nullable Long jobsLeft,
    @Nullable String endsOn) {}
