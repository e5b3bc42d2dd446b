package hesuan.join;

import hesuan.wire.Digest;

/**
 * What a party holds at the end.
 *
 * @param sums at a party that learns them: group after group, the noised sum of each figure; else
 *     empty
 * @param matches at the matcher of noised matches: how many of each group; else empty
 */
public record JoinOutcome(long[] sums, long[] matches, Digest transcript) {}
