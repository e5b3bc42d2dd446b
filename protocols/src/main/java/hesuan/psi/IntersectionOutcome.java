package hesuan.psi;

import hesuan.wire.Digest;

/**
 * What a party holds at the end of an intersection.
 *
 * @param learns whether this party was to learn its matches; without it they are empty
 * @param matches which of the own items the peer has too, by their numbers, ascending
 * @param peerItems the size that the peer told
 * @param transcript of everything that was said, the same at both parties; it reveals nothing
 */
public record IntersectionOutcome(
    boolean learns, int[] matches, int peerItems, Digest transcript) {}
