/**
 * Oblivious transfers by the million: {@link hesuan.transfer.Transfers} gives two parties
 * correlated rows in both directions, the first from short messages and the rest silently, from
 * trees of seeds and a code; {@link hesuan.transfer.ChosenTransfers} makes of them transfers of
 * chosen words. Semi-honest. docs/protocols/silent-ot.md has messages, parameters and what each
 * side learns.
 */
@org.jspecify.annotations.NullMarked
package hesuan.transfer;
