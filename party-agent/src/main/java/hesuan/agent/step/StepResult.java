package hesuan.agent.step;

import hesuan.wire.Digest;
import org.jspecify.annotations.Nullable;

/**
 * What a party has when a step is done.
 *
 * @param transcript digest of what was said, for the receipt
 * @param output at the leader
 */
public record StepResult(Digest transcript, @Nullable Output output) {}
