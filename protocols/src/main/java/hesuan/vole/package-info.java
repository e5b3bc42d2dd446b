/**
 * Silent vector oblivious linear evaluation over GF(2^128): two parties come out with c = a Delta +
 * b for long vectors, one of them holding a and c, the other Delta and b, after a conversation that
 * is far shorter than the vectors. {@link hesuan.vole.VoleReceiver} and {@link
 * hesuan.vole.VoleSender} are the two ends; docs/protocols/vole.md has messages, parameters and
 * what each side learns.
 */
@org.jspecify.annotations.NullMarked
package hesuan.vole;
