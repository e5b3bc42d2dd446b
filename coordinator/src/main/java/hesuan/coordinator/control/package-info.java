/**
 * The gRPC side: who is connected, what each agent says, and what it is told. Who speaks comes from
 * the certificate alone.
 */
@org.jspecify.annotations.NullMarked
package hesuan.coordinator.control;
