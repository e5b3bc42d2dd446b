/**
 * How nodes talk. The control plane is gRPC, dialled by the agent: one long-lived stream each, with
 * heartbeats in both directions. The data plane is Netty, agent to agent: direct where an address
 * is offered, else through the coordinator's relay, which carries the ciphertext of the two agents'
 * own TLS session. Both planes speak TLS 1.3 with certificates at both ends and nothing else.
 */
@org.jspecify.annotations.NullMarked
package hesuan.transport;
