package hesuan.job;

import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import org.jspecify.annotations.Nullable;

/**
 * One reason why a job may not run.
 *
 * @param party whose word it is, or null where the job itself cannot be compiled
 * @param rule the rule's name: {@code terms.minGroup}, {@code disclosure.city}, {@code plan}, or a
 *     policy's own
 * @param change the smallest change that would pass, written as the job or the product would say it
 *     ({@code privacy.minGroup: 50}); empty where none is known
 */
public record Refusal(@Nullable PartyId party, String rule, Problem problem, String change) {}
