/**
 * Proofs to two aggregators that every cell of a vector lies in a range, of which neither learns a
 * cell: Prio3SumVecWithMultiproof of draft-irtf-cfrg-vdaf-18 for two aggregators, in the field of
 * 64 bits with three proofs. Start at {@link hesuan.range.RangeCheck}; what it promises is in
 * {@code docs/protocols/two-aggregators.md}.
 */
@org.jspecify.annotations.NullMarked
package hesuan.range;
