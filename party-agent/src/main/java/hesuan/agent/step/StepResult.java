package hesuan.agent.step;

import hesuan.wire.Digest;
import org.jspecify.annotations.Nullable;

/**
 * What a party has when a step is done.
 *
 * @param transcript digest of what was said, for the receipt
 * @param output at the leader
 * @param people at a receiver of a list of people
 */
public record StepResult(Digest transcript, @Nullable Output output, @Nullable KeptPeople people) {
  StepResult(Digest transcript, @Nullable Output output) {
    this(transcript, output, null);
  }
}
