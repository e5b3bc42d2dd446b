package hesuan.agent.api;

/**
 * A signed-in caller: somebody of the party that runs this agent.
 *
 * @param by {@code token} or {@code certificate}
 */
public record Owner(String by) {}
