/**
 * Proof of what happened, checkable by anyone without us: keys, the signed envelope, the statement
 * in it, the Merkle log that orders envelopes, the receipt that carries all of this in one file,
 * and its verifier. Pure: the log's files are {@code hesuan.log}'s, the secret keys' file is the
 * node's.
 */
@org.jspecify.annotations.NullMarked
package hesuan.evidence;
