/**
 * Boolean circuits between two parties over XOR-shared bits, 64 gates to a word: {@link
 * hesuan.circuit.BitTriples} are spent by {@link hesuan.circuit.Gates}, of which {@link
 * hesuan.circuit.Equality} builds a tree; {@link hesuan.circuit.Select} goes from shared bits to
 * sums. {@link hesuan.circuit.Circuit} holds all that two parties need. Semi-honest.
 * docs/protocols/gmw.md has messages and what each side learns.
 */
@org.jspecify.annotations.NullMarked
package hesuan.circuit;
