/**
 * A party's log on plain files: the C2SP tiles of a Merkle tree, the envelopes that its leaves
 * commit to, and the signed checkpoint. What is in a checkpoint is on the disk; what a crash leaves
 * behind is finished when the log is opened again.
 */
@org.jspecify.annotations.NullMarked
package hesuan.log;
