/**
 * The steps of a plan as this party runs them: its own rows in, the protocol with the others over
 * channels, and at the leader an output that nobody has allowed to leave yet.
 */
@org.jspecify.annotations.NullMarked
package hesuan.agent.step;
