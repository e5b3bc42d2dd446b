package hesuan.psi;

import hesuan.wire.Digest;

/**
 * How an intersection ended whose matches went to a {@link BucketSink}.
 *
 * @param peerItems the size that the peer told
 * @param transcript of everything that was said, the same at both parties; it reveals nothing
 */
public record IntersectionEnd(int peerItems, Digest transcript) {}
